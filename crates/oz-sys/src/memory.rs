//! Files in memory.

use std::io::{self, Write};
use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, SealFlags, SeekFrom};

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

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
