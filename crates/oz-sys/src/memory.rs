//! Files in memory, and the memory of others.

use std::io::{self, Write};
use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, SealFlags, SeekFrom};

use crate::check;

/// A file in memory with this content that nobody can change any more.
pub fn memfd_sealed(content: &[u8]) -> io::Result<OwnedFd> {
    seal("oz", MemfdFlags::empty(), content)
}

/// A program in memory that nobody can change any more.
pub fn program_sealed(content: &[u8]) -> io::Result<OwnedFd> {
    match seal("oz-program", MemfdFlags::EXEC, content) {
        // Before Linux 6.3 all files in memory can be executed, and the flag is not known.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            seal("oz-program", MemfdFlags::empty(), content)
        }
        sealed => sealed,
    }
}

fn seal(name: &str, more: MemfdFlags, content: &[u8]) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | more;
    let fd = rustix::fs::memfd_create(name, flags)?;
    let mut file = std::fs::File::from(fd);
    file.write_all(content)?;
    rustix::fs::seek(&file, SeekFrom::Start(0))?;
    rustix::fs::fcntl_add_seals(
        &file,
        SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
    )?;
    Ok(file.into())
}

/// Gives the kernel back what was allocated and is free again, where the C library keeps it.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes the allocator's own locks and touches only what is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Reads what a thread has at an address, as far as it is there and the buffer takes; how much that was.
///
/// The caller must be one that could trace the thread.
pub fn read_of(thread: u32, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let here = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let there = libc::iovec {
        iov_base: std::ptr::with_exposed_provenance_mut(
            usize::try_from(address).map_err(io::Error::other)?,
        ),
        iov_len: buffer.len(),
    };
    // Whole registers: the kernel looks at all bits of these.
    let (one, flags): (libc::c_ulong, libc::c_ulong) = (1, 0);
    // SAFETY: the kernel writes into `here`, which is the buffer; what `there` means in the other process it
    // finds out by itself.
    let count = check(unsafe {
        libc::syscall(
            libc::SYS_process_vm_readv,
            thread,
            &raw const here,
            one,
            &raw const there,
            one,
            flags,
        )
    })?;
    usize::try_from(count).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_not_there_is_not_read() {
        let (own, text) = (std::process::id(), *b"text");
        let mut buffer = [0; 4];
        let address = text.as_ptr().expose_provenance() as u64;
        assert_eq!(read_of(own, address, &mut buffer).expect("read"), 4);
        assert_eq!(buffer, text);
        assert!(read_of(own, 1, &mut buffer).is_err());
        assert!(read_of(own, u64::MAX, &mut buffer).is_err());
    }

    #[test]
    fn a_sealed_file_is_read_from_its_start_and_never_written() {
        let mut file = std::fs::File::from(memfd_sealed(b"content").expect("made"));
        let mut text = String::new();
        file.read_to_string(&mut text).expect("read");
        assert_eq!(text, "content");
        assert!(file.write_all(b"x").is_err());
        assert!(file.set_len(0).is_err());
    }
}
