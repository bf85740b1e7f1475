//! The network of one sandbox in mode `internet`: rules in its network namespace first, then
//! `pasta`, a process of the host between that namespace and the host's sockets.
//!
//! The rules stay whatever becomes of pasta, so a sandbox whose pasta died has no network, and
//! never more of it. Neither needs the daemon: a later one finds pasta by number and start time.

pub(crate) mod forwards;
mod helper;
mod host;
mod pasta;
mod refusals;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_core::plan::{Forward, network};
use oz_core::wire::net::Request;
use serde::{Deserialize, Serialize};

use super::proxy::{KillOnDrop, may_start};
use super::{Command, Sandbox};
use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use helper::Helper;
use host::HostNetwork;

/// How long everything may take; it takes 60 ms on a machine that has nothing else to do.
const DEADLINE: Duration = Duration::from_secs(10);
/// When to try again if there is no pasta to be had.
const AGAIN: Duration = Duration::from_secs(10);
/// Where the programs of the system are.
const DIRECTORIES: &[&str] = &[
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
];

/// A process outside that is a part of the network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Outside {
    /// The way out.
    Pasta,
    /// What serves a forward.
    Forward(Forward),
}

/// A network that is up.
pub(crate) struct Up {
    pasta: KillOnDrop,
    host: HostNetwork,
}

/// Makes the network, before the first program runs. What fails leaves none.
pub(crate) async fn open(daemon: &Daemon, sandbox: &Sandbox) -> Result<Up> {
    let opening = async {
        let host = HostNetwork::look()?;
        let nft = program("nft", "nftables")?;
        let pasta = program("pasta", "passt")?;
        pasta::check_tun()?;
        let mut helper = Helper::start(daemon, sandbox)?;
        guard(&mut helper, &nft, &host).await?;
        let pasta = connect(&pasta, sandbox, &host, &mut helper).await?;
        Ok(Up { pasta, host })
    };
    match tokio::time::timeout(DEADLINE, opening).await {
        Ok(result) => result,
        Err(_) => Err(Failure::new(
            Kind::Timeout,
            format!(
                "pasta made no network within {} seconds",
                DEADLINE.as_secs()
            ),
            "Try again, or start the app with `--net none`",
        )),
    }
}

/// Loads the rules. A kernel without a packet log has the same ones, of which nobody hears.
async fn guard(helper: &mut Helper<'_>, nft: &Path, host: &HostNetwork) -> Result<()> {
    let rules = |told| Request::Guard {
        nft: OsBytes::from(nft.to_owned()),
        rules: network::rules(&host.blocks, host.answered(), told),
    };
    if let Err(error) = helper.ask(rules(true)).await {
        tracing::debug!(error = error.line(), "rules that tell are refused");
        helper.ask(rules(false)).await?;
    }
    Ok(())
}

/// Starts pasta and waits until the sandbox has a way out.
async fn connect(
    program: &Path,
    sandbox: &Sandbox,
    host: &HostNetwork,
    helper: &mut Helper<'_>,
) -> Result<KillOnDrop> {
    let mut failure = None;
    // Without any network of the host's, pasta wants to be told of an interface; there is one that
    // is always there, and what the host is connected to later is used all the same.
    for interface in [None, Some("lo")] {
        let (child, words) = pasta::start(program, sandbox, host, interface)?;
        let pasta = KillOnDrop::new(child);
        let ended = tokio::select! {
            biased;
            up = helper.ask(Request::Await) => {
                up?;
                return Ok(pasta);
            }
            () = pasta.ended() => words.read(),
        };
        // The helper still waits for the interface, for the next one.
        failure = Some(pasta::failure(&ended));
    }
    Err(failure.unwrap_or_else(|| pasta::failure("")))
}

/// Keeps the network of a running sandbox, and says what it refuses, until it ends, by when the task that runs this is aborted.
/// `up` is what was just made, `found` the pasta of an earlier daemon.
pub(crate) async fn supervise(
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    up: Option<Up>,
    found: Option<Child>,
) {
    let refusals = refusals::follow(Arc::clone(&daemon), Arc::clone(&sandbox));
    tokio::join!(keep(daemon, sandbox, up, found), refusals);
}

async fn keep(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>, up: Option<Up>, found: Option<Child>) {
    let mut files = daemon.host_files.subscribe();
    let mut routes = match host::Changes::new() {
        Ok(routes) => routes,
        Err(error) => {
            // Without it an address that the host gets later would be reachable.
            tracing::error!(%error, "cannot watch the host's addresses: the sandbox has no network");
            return;
        }
    };
    let mut starts = VecDeque::new();
    let (mut pasta, mut known) = match (up, found) {
        (Some(up), _) => (Some(up.pasta), Some(up.host)),
        (None, found) => (found.map(KillOnDrop::new), None),
    };
    loop {
        let running = match pasta.take() {
            Some(running) => running,
            None => {
                if !may_start(&mut starts, Instant::now()) {
                    tracing::warn!("pasta ended too often; it waits");
                    tokio::time::sleep(AGAIN).await;
                }
                match open(&daemon, &sandbox).await {
                    Ok(up) => {
                        known = Some(up.host);
                        up.pasta
                    }
                    Err(error) => {
                        tracing::warn!(error = error.line(), "the sandbox has no network");
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                }
            }
        };
        note(&sandbox, Outside::Pasta, running.name());
        loop {
            if let Err(error) = follow(&daemon, &sandbox, &mut known).await {
                tracing::warn!(error = error.line(), "pasta is ended");
                break;
            }
            tokio::select! {
                () = running.ended() => {
                    tracing::warn!("pasta ended");
                    break;
                }
                () = routes.next() => {}
                _ = files.changed() => {}
            }
        }
        drop(running);
        note(&sandbox, Outside::Pasta, None);
    }
}

/// Publishes and saves which process it is now.
fn note(sandbox: &Sandbox, what: Outside, name: Option<(i32, u64)>) {
    sandbox.publish(|published| match name {
        Some(name) => drop(published.outside.insert(what, name)),
        None => drop(published.outside.remove(&what)),
    });
    let _ = sandbox.ask(Command::Save);
}

/// Closes what is the host's now. An error means that pasta has to be started again, if only
/// because it asks name servers that are not the host's any more.
async fn follow(daemon: &Daemon, sandbox: &Sandbox, known: &mut Option<HostNetwork>) -> Result<()> {
    let now = HostNetwork::look()?;
    if known.as_ref() == Some(&now) {
        return Ok(());
    }
    let mut helper = Helper::start(daemon, sandbox)?;
    let nft = program("nft", "nftables")?;
    let guarded = guard(&mut helper, &nft, &now);
    let guarded = tokio::time::timeout(DEADLINE, guarded).await;
    guarded.map_err(|_| Failure::new(Kind::Timeout, "nft did not end in time", ""))??;
    let before = known.replace(now.clone());
    match before {
        Some(before) if before.resolvers != now.resolvers => Err(Failure::new(
            Kind::Host,
            "the host has other name servers now",
            "",
        )),
        _ => Ok(()),
    }
}

/// A program of the system.
fn program(name: &str, package: &str) -> Result<PathBuf> {
    let mut places = DIRECTORIES
        .iter()
        .map(|directory| PathBuf::from(directory).join(name));
    places.find(|path| path.exists()).ok_or_else(|| {
        Failure::new(
            Kind::Host,
            format!("this machine has no program {name}, which an app's own network needs"),
            format!("Install the package {package}, or start the app with `--net none`"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let failure = program("oz-nonsense", "passt").expect_err("not there");
        let line = failure.line();
        assert!(
            line.contains("oz-nonsense") && line.contains("package passt"),
            "{line}"
        );
        assert!(program("sh", "dash").is_ok());
    }
}
