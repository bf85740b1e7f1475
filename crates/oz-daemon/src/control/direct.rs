//! `Launch` without the session bus: on a socket of the daemon's own, see [`oz_host::direct`].
//!
//! It lies where only the user's programs outside of sandboxes come. It takes what the method on the bus takes, and
//! gives what that gives; who connects and says nothing is not waited for.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use oz_host::direct;
use rustix::net::{SocketFlags, accept_with, bind, listen, sockopt};
use serde::Serialize;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Semaphore;
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{NATIVE_ENDIAN, to_bytes};
use zbus::{DBusError, Type};

use super::manager;
use crate::daemon::Daemon;
use crate::directories::{make_private, socket_in};
use crate::failure::{Failure, Kind, Result};
use crate::launch::options::Options;
use crate::readiness;

/// Most that connect at once; others wait in the kernel.
const MOST: usize = 64;
/// How long whoever has connected may take to ask.
const DEADLINE: Duration = Duration::from_secs(5);

/// Listens from now on.
pub(crate) fn listen_on(daemon: &Arc<Daemon>) -> io::Result<()> {
    let directory = make_private(&daemon.directories.runtime).map_err(io::Error::other)?;
    let socket = direct::socket(SocketFlags::NONBLOCK)?;
    // That of an earlier daemon stays where it was.
    match rustix::fs::unlinkat(&directory, direct::NAME, rustix::fs::AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(errno) => return Err(errno.into()),
    }
    bind(&socket, &socket_in(&directory, direct::NAME)?)?;
    listen(&socket, 128)?;
    let socket = readiness::watch(socket, Interest::READABLE)?;
    tokio::spawn(accept(Arc::clone(daemon), socket));
    Ok(())
}

async fn accept(daemon: Arc<Daemon>, socket: AsyncFd<OwnedFd>) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let accepted =
            socket.async_io(Interest::READABLE, |socket| Ok(accept_with(socket, flags)?));
        let peer = match accepted.await {
            Ok(peer) => peer,
            Err(error) => {
                tracing::warn!(%error, "a request for a launch is not taken");
                // Descriptors are short, mostly: it is no use to ask again at once.
                tokio::time::sleep(DEADLINE).await;
                continue;
            }
        };
        let daemon = Arc::clone(&daemon);
        tokio::spawn(async move {
            if let Err(error) = serve(&daemon, peer).await {
                tracing::debug!(%error, "a request for a launch");
            }
            drop(place);
        });
    }
}

async fn serve(daemon: &Arc<Daemon>, peer: OwnedFd) -> io::Result<()> {
    let who = sockopt::socket_peercred(&peer)?;
    if who.uid != rustix::process::geteuid() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let peer = readiness::watch(peer, Interest::READABLE)?;
    let mut packet = vec![0; direct::MOST];
    let received = peer.async_io(Interest::READABLE, |socket| {
        oz_sys::socket::try_recv(socket, &mut packet)
    });
    let (length, fds) = tokio::time::timeout(DEADLINE, received).await??;
    packet.truncate(length);
    match launch(daemon, packet, fds).await {
        Ok(launched) => answer(&peer, direct::DONE, &launched),
        Err(failure) => {
            let text = failure.description().unwrap_or_default();
            answer(&peer, direct::FAILED, &(failure.name().as_str(), text))
        }
    }
}

fn answer<T: Serialize + Type>(peer: &AsyncFd<OwnedFd>, first: u8, what: &T) -> io::Result<()> {
    let body = to_bytes(context(), what).map_err(io::Error::other)?;
    let packet = [&[first], body.bytes()].concat();
    let fds: Vec<_> = body.fds().iter().map(AsFd::as_fd).collect();
    // It is the only one, so there is room for it.
    oz_sys::socket::try_send(peer.get_ref(), &packet, &fds).map(drop)
}

fn context() -> Context {
    Context::new(NATIVE_ENDIAN, 0)
}

async fn launch(
    daemon: &Arc<Daemon>,
    packet: Vec<u8>,
    fds: Vec<OwnedFd>,
) -> Result<manager::Launched> {
    let data = Data::new_fds(packet, context(), fds);
    let read = data.deserialize::<(Vec<Vec<u8>>, Options)>();
    drop(data);
    let ((argv, options), _) = read.map_err(|error| {
        Failure::new(
            Kind::InvalidArgument,
            format!("the request for a launch is not understood: {error}"),
            "The daemon and `oz` may be of different versions: end the daemon, and it is started anew",
        )
    })?;
    manager::launch(daemon, argv, options).await
}
