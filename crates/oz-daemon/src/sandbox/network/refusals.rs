//! What the rules of a sandbox's network refuse, for people.
//!
//! The kernel says it on a socket that is not read here: its messages hold packets of the app. The first of them starts a
//! `net-proxy` that reads them, and that ends after a while of silence.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::denied::Denied;
use oz_core::wire::net::{Refused, Request};

use super::{AGAIN, helper};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::proxy::{KillOnDrop, follow_reports, may_start, until_readable};
use crate::sandbox::{Sandbox, spawn};

/// The kernel tells one at a time, and what read it for an earlier daemon ends within a second.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// Follows them until the task that runs this is aborted, as long as the kernel can tell.
pub(super) async fn follow(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>) {
    for _ in 0..TRIES {
        if let Err(error) = listen(&daemon, &sandbox).await {
            let error = error.line();
            tracing::info!(error, "what the network refuses is not heard");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(daemon: &Daemon, sandbox: &Arc<Sandbox>) -> Result<()> {
    let socket = helper::socket(daemon, sandbox, Request::Refusals).await?;
    let broken = |error: io::Error| Failure::new(Kind::Host, error.to_string(), "");
    let program = daemon.directories.program("net-proxy");
    let mut starts = VecDeque::new();
    loop {
        until_readable(&socket).await.map_err(broken)?;
        if !may_start(&mut starts, Instant::now()) {
            tokio::time::sleep(AGAIN).await;
        }
        let (reports, writer) = io::pipe().map_err(broken)?;
        let fds = [(socket.as_fd(), 3), (writer.as_fd(), 4)];
        let arguments = ["refusals".to_owned()];
        let reader = spawn::logging(&program, &arguments, &spawn::log_level(), &fds)?;
        let reader = KillOnDrop::new(reader);
        drop(writer);
        let take = |refused: Refused| {
            let about = said(&refused);
            sandbox.denied(Denied::Network, about.as_bytes(), refused.count);
            true
        };
        if let Err(error) = follow_reports(sandbox, reports.into(), take).await {
            tracing::warn!(%error, "what reads refusals breaks its protocol and is killed");
        }
        drop(reader);
    }
}

/// As a person would write it.
fn said(refused: &Refused) -> String {
    match refused.port {
        Some(port) => format!("{} port {port}", refused.to),
        None => refused.to.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_said_with_its_port() {
        let mut refused = Refused {
            to: "192.168.1.1".parse().expect("an address"),
            port: Some(631),
            count: 1,
        };
        assert_eq!(said(&refused), "192.168.1.1 port 631");
        refused.port = None;
        assert_eq!(said(&refused), "192.168.1.1");
    }
}
