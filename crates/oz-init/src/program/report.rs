//! How init learns whether a program was executed: the child's end of a pipe closes when it was.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use oz_core::OsBytes;
use oz_core::wire::Reader;
use oz_core::wire::frame::MAX_UNTRUSTED;
use oz_core::wire::init::{FromInit, Stage};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use crate::failure::Failure;

/// Above the numbers that a program's own descriptors get.
const ABOVE: i32 = 10;

/// Longest subject of a failure.
const LONGEST: usize = 1024;

/// Init's end.
pub struct Report(OwnedFd);

/// What it says.
pub enum News {
    /// Nothing yet.
    Pending,
    /// The program is being executed.
    Started,
    /// It could not be.
    Failed(Failure),
}

impl Report {
    /// Both ends.
    pub fn pipe() -> io::Result<(Self, OwnedFd)> {
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok((Self(read), rustix::io::fcntl_dupfd_cloexec(write, ABOVE)?))
    }

    /// What is known now.
    pub fn read(&self) -> News {
        let mut buffer = [0; 4096];
        match rustix::io::read(&self.0, &mut buffer) {
            Ok(0) => News::Started,
            Ok(length) => News::Failed(decode(&buffer[..length])),
            Err(Errno::AGAIN | Errno::INTR) => News::Pending,
            Err(_) => News::Started,
        }
    }
}

impl AsFd for Report {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Only code of this program writes here: before the other program is executed, the pipe is closed.
fn decode(bytes: &[u8]) -> Failure {
    let mut reader = Reader::<()>::new(MAX_UNTRUSTED);
    reader.push(bytes, []);
    match reader.next().map(|frame| frame.map(|frame| frame.decode())) {
        Ok(Some(Ok(FromInit::Failed {
            stage,
            subject,
            errno,
            ..
        }))) => Failure {
            stage,
            subject,
            errno,
        },
        _ => Failure {
            stage: Stage::Execute,
            subject: "report".into(),
            errno: 0,
        },
    }
}

/// The same, small enough for one write.
pub fn shorten(failure: Failure) -> Failure {
    let subject = failure.subject.as_bytes();
    let subject = subject.get(..LONGEST).unwrap_or(subject);
    Failure {
        subject: OsBytes::from(subject.to_vec()),
        ..failure
    }
}
