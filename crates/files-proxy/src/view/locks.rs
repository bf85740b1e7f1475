//! POSIX record locks of programs inside, taken on the file itself, so that they and programs
//! outside keep each other out.
//!
//! All programs of the sandbox lock through this process, and locks of one process never
//! conflict. So each owner gets an open file description of its own, whose locks do
//! (`F_OFD_SETLK`).

use std::collections::HashMap;
use std::fs::File;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{View, host};

/// Most owners of locks at once.
const MOST: usize = 64;

/// A range of a file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    /// The last byte that belongs to it.
    pub(crate) end: u64,
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    Shared,
    Exclusive,
    None,
}

/// Who locks what: by number of the node and the kernel's name for the owner.
#[derive(Debug, Default)]
pub(crate) struct Locks(HashMap<(u64, u64), File>);

impl Locks {
    /// Takes or gives up a lock at once, or says `EAGAIN`.
    pub(crate) fn set(
        &mut self,
        view: &View,
        handle: u64,
        owner: u64,
        lock: Lock,
        span: Span,
    ) -> Result<(), Errno> {
        let open = view.handles.get(handle)?;
        let key = (open.ino, owner);
        if !self.0.contains_key(&key) {
            if lock == Lock::None {
                return Ok(());
            }
            if self.0.len() >= MOST {
                return Err(Errno::NOLCK);
            }
            let mode = open.flags & OFlags::RWMODE;
            self.0.insert(key, host::reopen(open.file()?, mode)?);
        }
        let file = self.0.get(&key).ok_or(Errno::NOLCK)?;
        control(file, FcntlArg::F_OFD_SETLK(&flock(lock, span)?))
    }

    /// What would keep an owner from a lock, if anything.
    pub(crate) fn test(
        &self,
        view: &View,
        handle: u64,
        owner: u64,
        lock: Lock,
        span: Span,
    ) -> Result<Option<(Lock, Span)>, Errno> {
        let open = view.handles.get(handle)?;
        let mut wanted = flock(lock, span)?;
        let own = self.0.get(&(open.ino, owner));
        control(
            own.unwrap_or(open.file()?),
            FcntlArg::F_OFD_GETLK(&mut wanted),
        )?;
        let found = match i32::from(wanted.l_type) {
            libc::F_UNLCK => return Ok(None),
            libc::F_WRLCK => Lock::Exclusive,
            _ => Lock::Shared,
        };
        let start = wanted.l_start.cast_unsigned();
        let end = match wanted.l_len {
            0 => u64::MAX,
            length => start.saturating_add(length.cast_unsigned()) - 1,
        };
        Ok(Some((found, Span { start, end })))
    }

    /// An owner has closed a descriptor of a file, which gives up all its locks on it.
    pub(crate) fn close(&mut self, view: &View, handle: u64, owner: u64) {
        if let Ok(open) = view.handles.get(handle) {
            self.0.remove(&(open.ino, owner));
        }
    }
}

fn control(file: &File, what: FcntlArg) -> Result<(), Errno> {
    match fcntl(file, what) {
        Ok(_) => Ok(()),
        Err(nix::Error::EACCES) => Err(Errno::AGAIN),
        Err(error) => Err(Errno::from_raw_os_error(error as i32)),
    }
}

fn flock(lock: Lock, span: Span) -> Result<libc::flock, Errno> {
    let kind = match lock {
        Lock::Shared => libc::F_RDLCK,
        Lock::Exclusive => libc::F_WRLCK,
        Lock::None => libc::F_UNLCK,
    };
    let most = i64::MAX.cast_unsigned();
    if span.start > most || span.end < span.start {
        return Err(Errno::INVAL);
    }
    // A lock to the end of the file is one of length 0.
    let length = match span.end {
        end if end >= most => 0,
        end => (end - span.start + 1).cast_signed(),
    };
    Ok(libc::flock {
        l_type: i16::try_from(kind).map_err(|_| Errno::INVAL)?,
        l_whence: i16::try_from(libc::SEEK_SET).map_err(|_| Errno::INVAL)?,
        l_start: span.start.cast_signed(),
        l_len: length,
        l_pid: 0,
    })
}
