//! `net-proxy`: one forward of one sandbox, or what its network refuses.
//!
//! For a forward it accepts on a socket that it was given and carries bytes between each connection and one
//! destination; it looks at none of them. One side of it is hostile, so it is a process of its own for
//! each forward: it has no right but to connect to that destination, and can cost nobody else
//! anything. For a forward out of a sandbox it enters the sandbox's namespaces first, so that what
//! it connects to can only be inside. What a network refuses is in packets of the app, which a process of its own reads too.

mod arguments;
mod confine;
mod datagrams;
mod refusals;
mod streams;

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use anyhow::{Context, Result};
use oz_core::plan::forward::Endpoint;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use arguments::{Forward, Inside, Work};

fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("OZ_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "it ends");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match arguments::read(std::env::args().skip(1))? {
        Work::Forward(forward) => relay(forward),
        Work::Refusals { socket, reports } => {
            confine::confine(None)?;
            refusals::serve(&socket, reports).context("cannot say what was refused")
        }
    }
}

fn relay(forward: Forward) -> Result<()> {
    let Forward {
        listener,
        target,
        inside,
    } = forward;
    // While there is one thread: a process with more cannot enter a user namespace.
    if let Some(inside) = &inside {
        enter(inside, &target).context("cannot enter the sandbox")?;
    }
    confine::confine(Some(&target))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?;
    runtime.block_on(serve(listener, target, inside.is_some()))
}

fn enter(inside: &Inside, target: &Endpoint) -> Result<()> {
    let enter =
        |namespace: &OwnedFd, kind| move_into_link_name_space(namespace.as_fd(), Some(kind));
    enter(&inside.user, LinkNameSpaceType::User)?;
    enter(&inside.net, LinkNameSpaceType::Network)?;
    if matches!(target, Endpoint::Unix(_)) {
        enter(&inside.mount, LinkNameSpaceType::Mount)?;
    }
    // The rights over the sandbox that came with its user namespace.
    Ok(oz_sys::privileges::drop_all()?)
}

async fn serve(listener: OwnedFd, target: Endpoint, inside: bool) -> Result<()> {
    rustix::io::ioctl_fionbio(&listener, true)?;
    match &target {
        Endpoint::Udp(address) => {
            let socket = tokio::net::UdpSocket::from_std(listener.into())?;
            datagrams::serve(socket, *address).await
        }
        Endpoint::Tcp(_) | Endpoint::Unix(_) => {
            let listener = streams::Listener::new(listener)?;
            let target = streams::Target {
                endpoint: target,
                inside,
            };
            streams::serve(listener, target).await
        }
    }
}
