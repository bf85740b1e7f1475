//! `oz-explain`: what answers the refused system calls of a program, and says what they were to whoever started it.
//! What it says never comes by here.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use oz_confine::filter;
use oz_core::learn;
use oz_core::wire::explain::Config;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::proxy::KillOnDrop;
use super::{Sandbox, spawn};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};

const PROGRAM: &str = "oz-explain";

/// How long after the end of the sandbox it may still say its last numbers.
const LAST: Duration = Duration::from_secs(3);

/// What goes to init along with a program.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Where the listener of its filter is awaited.
    pub(crate) socket: OwnedFd,
    /// Numbers of allowed calls that are asked about.
    pub(crate) watched: Vec<u32>,
}

/// Starts one for a program that is about to be run in a sandbox that is ready; `report` is the caller's socket. With
/// `train` it is also said what allowed calls name.
pub(crate) fn start(
    daemon: &Daemon,
    sandbox: &Arc<Sandbox>,
    report: &OwnedFd,
    train: bool,
) -> Result<Asked> {
    let namespaces = sandbox.namespaces.get();
    let namespaces = namespaces.ok_or_else(|| Failure::gone(&sandbox.id))?;
    let filters = daemon.filters.programs(&sandbox.plan.syscalls);
    let filters = filters.map_err(|error| Failure::new(Kind::Profile, error.to_string(), ""))?;
    let config = Config {
        filter: filters.programs.to_vec(),
        policy: sandbox.plan.syscalls.clone(),
        train,
    };
    let prepare = || -> io::Result<_> {
        let json = serde_json::to_vec(&config).map_err(io::Error::other)?;
        let config = oz_sys::memory::memfd_sealed(&json)?;
        let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
        let pair = rustix::net::socketpair(family, kind, SocketFlags::CLOEXEC, None)?;
        Ok((config, pair))
    };
    let (config, (ours, theirs)) = prepare()
        .map_err(|error| Failure::new(Kind::Host, format!("cannot explain: {error}"), ""))?;
    let fds = [
        (config.as_fd(), 3),
        (theirs.as_fd(), 4),
        (report.as_fd(), 5),
        (namespaces.user.as_fd(), 6),
    ];
    let child = spawn::logging(&daemon.directories.program(PROGRAM), &[], &[], &fds)?;
    let child = KillOnDrop::new(child);
    let sandbox = Arc::clone(sandbox);
    tokio::spawn(async move {
        // It ends with the last process that it answers.
        let late = async {
            sandbox.ended().await;
            tokio::time::sleep(LAST).await;
        };
        tokio::select! {
            () = child.ended() => {}
            () = late => {}
        }
    });
    let watched = learn::watched().filter(|_| train);
    Ok(Asked {
        socket: ours,
        watched: watched.filter_map(filter::number).collect(),
    })
}

/// Takes what a caller listens on.
pub(crate) fn check_report(socket: &OwnedFd) -> Result<()> {
    let kind = rustix::net::sockopt::socket_type(socket);
    let family = rustix::net::sockopt::socket_domain(socket);
    if kind == Ok(SocketType::STREAM) && family == Ok(AddressFamily::UNIX) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::InvalidArgument,
        "the descriptor for explanations is not a stream socket",
        "Give one end of a socket pair",
    ))
}
