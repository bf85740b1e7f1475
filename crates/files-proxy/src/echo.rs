//! Telling programs inside that wait for a file to change (inotify) what the host does to it.
//!
//! The kernel tells them only of what goes through the mount that they see. So each change outside is
//! repeated there as one that changes nothing: the file is opened for writing, set to the size that
//! it has, and closed. The kernel says whose request is which, so that these stop at the view
//! ([`Shared::is_echo`]).
//!
//! That is done by a process of its own. One that waits in the view that it serves could not be ended
//! if its serving thread ended first: its device would stay open, and all who wait would wait for ever.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use std::{io, thread};

use oz_sys::process::{Fork, SingleThread};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::confine;
use crate::serve::Shared;

/// What comes in a row is told once.
const SETTLE: Duration = Duration::from_millis(20);
/// Longest name of a file.
const NAME: usize = 255;

/// The process that repeats.
#[derive(Debug)]
pub(crate) struct Echo {
    process: u32,
    socket: OwnedFd,
}

impl Echo {
    /// Starts it, as long as there is a single thread. It has nothing but what it is sent, and ends when
    /// this process does.
    pub(crate) fn start() -> io::Result<Self> {
        let kind = SocketType::SEQPACKET;
        let (ours, its) =
            rustix::net::socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
        match oz_sys::process::fork(SingleThread::check()?, 0)? {
            Fork::Parent { child, .. } => Ok(Self {
                process: child.as_raw_nonzero().get().cast_unsigned(),
                socket: ours,
            }),
            Fork::Child => {
                drop(ours);
                drop(oz_sys::descriptors::inherited(crate::LISTENER));
                if let Err(error) = repeat_all(&its) {
                    tracing::warn!(error = format!("{error:#}"), "changes outside are not told");
                }
                oz_sys::process::exit_now(0)
            }
        }
    }

    /// Tells it where.
    pub(crate) fn begin(&self, mount: &OwnedFd) -> io::Result<()> {
        oz_sys::socket::send_frame(&self.socket, b"/", &[mount.as_fd()])
    }

    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    fn tell(&self, name: &OsStr) -> io::Result<()> {
        oz_sys::socket::send_frame(&self.socket, name.as_bytes(), &[])
    }
}

/// What the process does: first comes the mount, then names.
fn repeat_all(socket: &OwnedFd) -> anyhow::Result<()> {
    let mut buffer = [0; NAME];
    let (_, fds) = oz_sys::socket::recv(socket, &mut buffer)?;
    let Some(mount) = fds.first() else {
        return Ok(());
    };
    confine::repeater(mount)?;
    loop {
        let (count, _) = oz_sys::socket::recv(socket, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        if let Err(error) = repeat(mount, OsStr::from_bytes(&buffer[..count])) {
            tracing::debug!(%error, "a change outside is not told");
        }
    }
}

fn repeat(mount: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(mount, name, flags, Mode::empty())?;
    let size = rustix::fs::fstat(&file)?.st_size;
    rustix::fs::ftruncate(&file, u64::try_from(size).unwrap_or(0))
}

/// A watch on the host's directory.
#[derive(Debug)]
pub(crate) struct Watch(OwnedFd);

impl Watch {
    /// None if the user has too many already, or the file system has none: then programs are told
    /// nothing, and see what is there when they look.
    pub(crate) fn of(host: &OwnedFd) -> Option<Self> {
        let events = WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::CREATE
            | WatchFlags::ONLYDIR;
        let place = format!("/proc/self/fd/{}", host.as_raw_fd());
        let watch = inotify::init(CreateFlags::CLOEXEC)
            .and_then(|watch| inotify::add_watch(&watch, place, events).map(|_| watch));
        match watch {
            Ok(watch) => Some(Self(watch)),
            Err(error) => {
                tracing::warn!(%error, "changes outside are not told");
                None
            }
        }
    }

    /// Has changes repeated for ever.
    pub(crate) fn serve(&self, shared: &Shared, echo: &Echo) {
        let served = loop {
            let names = match self.next() {
                Ok(Some(names)) => names,
                // More than the kernel keeps.
                Ok(None) => shared.with(|view| view.granted()).into_iter().collect(),
                Err(error) => break io::Error::from(error),
            };
            let changed = |name: &&OsString| shared.with(|view| view.changed_outside(name));
            let mut told = names.iter().filter(changed);
            if let Err(error) = told.try_for_each(|name| echo.tell(name)) {
                break error;
            }
            thread::sleep(SETTLE);
        };
        tracing::warn!(error = %served, "changes outside are told no longer");
    }

    /// Names that something has happened to; nothing if that cannot be said.
    fn next(&self) -> Result<Option<BTreeSet<OsString>>, Errno> {
        let mut names = BTreeSet::new();
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        loop {
            let event = match events.next() {
                Err(Errno::INTR) => continue,
                event => event?,
            };
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                return Ok(None);
            }
            let name = event.file_name();
            names.extend(name.map(|name| OsStr::from_bytes(name.to_bytes()).to_owned()));
            if events.is_buffer_empty() {
                return Ok(Some(names));
            }
        }
    }
}
