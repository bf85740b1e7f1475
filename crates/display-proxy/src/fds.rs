//! Which descriptors of an app may be mapped by the host, and which may only be read.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, MemfdFlags, OFlags, SealFlags, StatxFlags};
use rustix::io::Errno;

/// What an app's pool descriptor turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// A memory file that cannot shrink any more: the host may map it.
    Sealed,
    /// Readable without delay, but it may shrink under whoever maps it.
    Copyable,
}

/// File systems whose regular files answer a read without asking another process.
///
/// FUSE and network file systems are missing on purpose: a read there can last for ever.
const LOCAL: &[u64] = &[
    TMPFS,
    0x8584_58f6, // ramfs
    0xef53,      // ext2, ext3, ext4
    0x9123_683e, // btrfs
    0x5846_5342, // xfs
    0xf2f5_2010, // f2fs
    0x794c_7630, // overlay
    0x2fc1_2fc1, // zfs
];

/// The file system that ordinary memory files are on.
const TMPFS: u64 = 0x0102_1994;

/// Looks at a pool's descriptor and seals it if it lets itself be sealed.
pub(crate) fn classify(fd: BorrowedFd<'_>) -> Result<Memory, Errno> {
    match rustix::fs::fcntl_get_seals(fd) {
        Ok(seals) if !is_mappable(fd, seals)? => Ok(Memory::Copyable),
        Ok(seals) if seals.contains(SealFlags::SHRINK) => Ok(Memory::Sealed),
        Ok(seals) if seals.contains(SealFlags::SEAL) => Ok(Memory::Copyable),
        Ok(_) => match rustix::fs::fcntl_add_seals(fd, SealFlags::SHRINK) {
            Ok(()) => Ok(Memory::Sealed),
            // Opened for reading only: cannot be sealed through this descriptor.
            Err(_) => Ok(Memory::Copyable),
        },
        Err(_) => {
            let regular =
                FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode) == FileType::RegularFile;
            if regular && LOCAL.contains(&file_system(fd)?) {
                Ok(Memory::Copyable)
            } else {
                Err(Errno::ACCESS)
            }
        }
    }
}

/// Whether a host can map it, which it does for reading and writing. Huge pages may not be there when they
/// are touched, or at all.
fn is_mappable(fd: BorrowedFd<'_>, seals: SealFlags) -> Result<bool, Errno> {
    let read_only = seals.intersects(SealFlags::WRITE | SealFlags::FUTURE_WRITE);
    let both = rustix::fs::fcntl_getfl(fd)?.contains(OFlags::RDWR);
    Ok(both && !read_only && file_system(fd)? == TMPFS)
}

fn file_system(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    #[expect(clippy::cast_sign_loss, reason = "magic numbers are bit patterns")]
    let magic = rustix::fs::fstatfs(fd)?.f_type as u64;
    Ok(magic)
}

/// The file system of memory that devices share, which nobody can mount: `DMA_BUF_MAGIC`.
const DMABUF: u64 = 0x444d_4142;

/// Whether this is memory of a GPU, which its host can map without asking anybody.
///
/// Its name comes first: to give it the kernel asks no file system, which could be one that never answers. Files may
/// have such a name too, also of such a file system. But these have a type, which the kernel remembers, and memory that devices share
/// is of none. Only then its file system is asked what it is: it is one of the kernel's own.
pub(crate) fn is_gpu_memory(fd: BorrowedFd<'_>) -> bool {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let name = rustix::fs::readlinkat(rustix::fs::CWD, link, Vec::new());
    name.is_ok_and(|name| name.as_bytes().starts_with(b"/dmabuf:"))
        && is_of_no_type(fd)
        && file_system(fd).is_ok_and(|magic| magic == DMABUF)
}

/// Whether a file is of no type: a thing of the kernel's own, for no file system may have one. What is remembered of it is enough to say
/// so, and nobody is asked.
fn is_of_no_type(fd: BorrowedFd<'_>) -> bool {
    const TYPE: u16 = 0o170_000;
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    rustix::fs::statx(fd, "", flags, StatxFlags::TYPE)
        .is_ok_and(|stat| stat.stx_mask & StatxFlags::TYPE.bits() != 0 && stat.stx_mode & TYPE == 0)
}

/// How many bytes of a GPU's memory this is. Its files have no size but an end.
pub(crate) fn gpu_memory_size(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    rustix::fs::seek(fd, rustix::fs::SeekFrom::End(0))
}

/// The size of the file behind a descriptor.
pub(crate) fn size(fd: BorrowedFd<'_>) -> u64 {
    rustix::fs::fstat(fd)
        .ok()
        .and_then(|stat| u64::try_from(stat.st_size).ok())
        .unwrap_or(0)
}

/// Memory of the proxy's own, for the host to map.
pub(crate) fn own_memory(name: &str, size: u64) -> Result<OwnedFd, Errno> {
    let fd = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&fd, size)?;
    rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK)?;
    Ok(fd)
}

/// A copy of what the host sent, which nobody can change: for the keymap.
pub(crate) fn sealed_copy(from: BorrowedFd<'_>, length: usize) -> Result<OwnedFd, Errno> {
    let mut bytes = vec![0; length];
    let mut done = 0;
    while done < length {
        match rustix::io::pread(from, &mut bytes[done..], done as u64)? {
            0 => return Err(Errno::IO),
            read => done += read,
        }
    }
    let fd = own_memory("keymap", length as u64)?;
    write_at(fd.as_fd(), &bytes, 0)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&fd, seals)?;
    Ok(fd)
}

/// Writes all of `bytes` at an offset.
pub(crate) fn write_at(fd: BorrowedFd<'_>, bytes: &[u8], offset: u64) -> Result<(), Errno> {
    let mut done = 0;
    while done < bytes.len() {
        match rustix::io::pwrite(fd, &bytes[done..], offset + done as u64)? {
            0 => return Err(Errno::IO),
            written => done += written,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memfd(flags: MemfdFlags) -> OwnedFd {
        rustix::fs::memfd_create("test", flags).unwrap()
    }

    #[test]
    fn sealable_memory_is_sealed_on_the_way() {
        let fd = memfd(MemfdFlags::ALLOW_SEALING);
        rustix::fs::ftruncate(&fd, 4096).unwrap();
        assert_eq!(classify(fd.as_fd()), Ok(Memory::Sealed));
        assert!(rustix::fs::ftruncate(&fd, 0).is_err());
    }

    #[test]
    fn unsealable_memory_is_only_copied() {
        assert_eq!(
            classify(memfd(MemfdFlags::empty()).as_fd()),
            Ok(Memory::Copyable)
        );
    }

    #[test]
    fn what_a_host_could_not_map_is_only_copied() {
        let written = memfd(MemfdFlags::ALLOW_SEALING);
        rustix::fs::fcntl_add_seals(&written, SealFlags::WRITE | SealFlags::SHRINK).unwrap();
        assert_eq!(classify(written.as_fd()), Ok(Memory::Copyable));
        // A kernel may have no huge pages.
        let huge = MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB;
        if let Ok(huge) = rustix::fs::memfd_create("test", huge) {
            assert_eq!(classify(huge.as_fd()), Ok(Memory::Copyable));
        }
        let memory = memfd(MemfdFlags::ALLOW_SEALING);
        let again = format!("/proc/self/fd/{}", memory.as_raw_fd());
        let read_only = rustix::fs::open(again, OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
        rustix::fs::fcntl_add_seals(&memory, SealFlags::SHRINK).unwrap();
        assert_eq!(classify(read_only.as_fd()), Ok(Memory::Copyable));
        assert_eq!(classify(memory.as_fd()), Ok(Memory::Sealed));
    }

    #[test]
    fn a_pipe_is_refused() {
        let (read, _write) = rustix::pipe::pipe().unwrap();
        assert!(classify(read.as_fd()).is_err());
    }

    #[test]
    fn nothing_else_is_memory_of_a_gpu() {
        let memory = memfd(MemfdFlags::ALLOW_SEALING);
        rustix::fs::ftruncate(&memory, 4096).unwrap();
        assert!(!is_gpu_memory(memory.as_fd()));
        let (pipe, _other) = rustix::pipe::pipe().unwrap();
        assert!(!is_gpu_memory(pipe.as_fd()));
        // A name alone proves nothing.
        let named = rustix::fs::memfd_create("/dmabuf:", MemfdFlags::CLOEXEC).unwrap();
        assert!(!is_gpu_memory(named.as_fd()));
        for path in ["/dev/zero", "/", "/proc/self/maps"] {
            assert!(
                !is_gpu_memory(std::fs::File::open(path).unwrap().as_fd()),
                "{path}"
            );
        }
    }

    #[test]
    fn a_sealed_copy_cannot_be_written() {
        let fd = memfd(MemfdFlags::empty());
        write_at(fd.as_fd(), b"keymap", 0).unwrap();
        let copy = sealed_copy(fd.as_fd(), 6).unwrap();
        assert_eq!(write_at(copy.as_fd(), b"x", 0), Err(Errno::PERM));
        assert_eq!(sealed_copy(fd.as_fd(), 7).unwrap_err(), Errno::IO);
    }
}
