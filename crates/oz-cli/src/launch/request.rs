//! Asking the daemon to launch: on its own socket if it listens there, else on the bus, which starts it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_host::direct;
use tokio::io::Interest;
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{NATIVE_ENDIAN, to_bytes};

use super::{Options, Reply, explain};
use crate::bus::Bus;
use crate::error::{Error, Result};

/// Launches. The descriptors in the request are closed once it is answered, and not before, so that the answer is what says
/// why there is no program; then those of the daemon and the program are the last.
pub(super) async fn launch(argv: Vec<Vec<u8>>, options: Options) -> Result<Reply> {
    let request = (argv, options);
    if let Some(socket) = send(&request) {
        return receive(socket).await;
    }
    let bus = Bus::connect().await?;
    bus.manager("Launch", &request).await
}

/// Sends it to a daemon that listens; nothing if there is none, or the request is too long.
fn send(request: &(Vec<Vec<u8>>, Options)) -> Option<OwnedFd> {
    let body = to_bytes(context(), request).ok()?;
    if body.bytes().len() > direct::MOST {
        return None;
    }
    let socket = direct::reach().ok()?;
    let fds: Vec<_> = body.fds().iter().map(AsFd::as_fd).collect();
    oz_sys::socket::send_frame(&socket, body.bytes(), &fds).ok()?;
    Some(socket)
}

async fn receive(socket: OwnedFd) -> Result<Reply> {
    let unsaid = |error: io::Error| {
        Error::failed(
            format!("the daemon ended before it answered: {error}."),
            "`oz ps` shows what runs; what ran goes on.",
        )
    };
    let socket = explain::stream(socket).map_err(unsaid)?;
    let mut packet = vec![0; direct::MOST];
    let received = socket.async_io(Interest::READABLE, || {
        oz_sys::socket::try_recv(&socket, &mut packet)
    });
    let (length, fds) = received.await.map_err(unsaid)?;
    packet.truncate(length);
    understand(packet, fds)
}

fn understand(packet: Vec<u8>, fds: Vec<OwnedFd>) -> Result<Reply> {
    let Some((first, body)) = packet.split_first() else {
        return Err(Error::failed(
            "the daemon ended before it answered.",
            "`oz ps` shows what runs; what ran goes on.",
        ));
    };
    let data = Data::new_fds(body.to_vec(), context(), fds);
    if *first == direct::DONE {
        let (reply, _) = data.deserialize().map_err(Error::from_bus)?;
        return Ok(reply);
    }
    let ((name, text), _) = data
        .deserialize::<(String, String)>()
        .map_err(Error::from_bus)?;
    Err(Error::named(name, &text))
}

fn context() -> Context {
    Context::new(NATIVE_ENDIAN, 0)
}
