//! More files than a message of the bus can carry: they go through a socket of their own.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};

use super::Options;
use crate::error::{Error, Result};

/// The bus takes 16 descriptors in a message, and four are for the streams and the status.
const IN_MESSAGE: usize = 12;
/// Descriptors that go through the socket at once.
const AT_ONCE: usize = 16;

/// Moves the files of a request out of it if they are too many.
pub(super) fn make_room(options: &mut Options) -> Result<()> {
    let arguments = options.arguments.take().unwrap_or_default();
    let read = options.read.take().unwrap_or_default();
    let write = options.write.take().unwrap_or_default();
    let room = IN_MESSAGE.saturating_sub(options.copy.as_ref().map_or(0, Vec::len));
    if arguments.len() + read.len() + write.len() <= room {
        options.arguments = Some(arguments);
        options.read = Some(read);
        options.write = Some(write);
        return Ok(());
    }
    let count = |files: &[zbus::OwnedFd]| u32::try_from(files.len()).unwrap_or(u32::MAX);
    options.file_counts = Some((count(&read), count(&write)));
    let (indices, mut files): (Vec<u32>, Vec<zbus::OwnedFd>) = arguments.into_iter().unzip();
    options.file_arguments = Some(indices);
    files.extend(read.into_iter().chain(write));
    options.files = Some(send(&files)?.into());
    Ok(())
}

/// Sends all of them and returns where they can be received.
fn send(files: &[zbus::OwnedFd]) -> Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let made = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let (ours, theirs) = made.map_err(|error| too_many(files.len(), &error))?;
    for part in files.chunks(AT_ONCE) {
        let fds: Vec<BorrowedFd<'_>> = part.iter().map(AsFd::as_fd).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&fds));
        let sent = sendmsg(
            &ours,
            &[IoSlice::new(&[0])],
            &mut control,
            SendFlags::NOSIGNAL,
        );
        // The socket holds them all until the daemon reads, or there are too many.
        sent.map_err(|error| too_many(files.len(), &error))?;
    }
    Ok(theirs)
}

fn too_many(count: usize, error: &rustix::io::Errno) -> Error {
    Error::failed(
        format!("{count} files cannot be handed over at once: {error}."),
        "Name the directory that they are in, or fewer of them.",
    )
}
