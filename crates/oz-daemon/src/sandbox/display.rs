//! The display proxy of one sandbox: started by the first connection, started again by the next
//! one if it died, gone with the sandbox.

mod events;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::plan::{Buffers, Clipboard};
use rustix::event::{PollFd, PollFlags, Timespec};
use serde::Serialize;
use tokio::io::Interest;

use super::fifo::Fifo;
use super::{Command, Sandbox, spawn};
use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::readiness;

/// The proxy's exit code when the host compositor went away.
const HOST_GONE: i32 = 3;
/// Name of the FIFO for its reports.
const REPORTS: &str = "reports";
/// So many starts in this time are an app that kills its proxy, or a proxy that does not work.
const STARTS: (usize, Duration) = (5, Duration::from_secs(60));

/// What the proxy is told.
#[derive(Serialize)]
struct Config<'a> {
    sandbox: &'a str,
    host_socket: &'a Path,
    app_id: Option<&'a str>,
    clipboard: Clipboard,
    buffers: Buffers,
    activation_token: Option<&'a str>,
}

/// Serves a sandbox's Wayland socket until the sandbox ends, by when the task that runs this
/// is aborted. `proxy` is one that an earlier daemon started.
pub(crate) async fn supervise(
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    listener: OwnedFd,
    proxy: Option<Child>,
) {
    let (Some(display), Some(host)) = (&sandbox.plan.display, &sandbox.host_socket) else {
        return;
    };
    let fifo = Fifo::of(&daemon.directories, &sandbox.id, REPORTS);
    let program = daemon.directories.program("display-proxy");
    let mut running = proxy;
    let mut starts = VecDeque::new();
    // The token is for the first window only.
    let mut token = sandbox.activation_token.clone();
    loop {
        let proxy = match running.take() {
            Some(proxy) => Ok(proxy),
            None => {
                if connection(&listener).await.is_err() {
                    return;
                }
                if !may_start(&mut starts, Instant::now()) {
                    tracing::warn!("the display proxy ended too often; it waits a minute");
                    tokio::time::sleep(STARTS.1).await;
                }
                let config = Config {
                    sandbox: sandbox.id.as_str(),
                    host_socket: host,
                    app_id: display.app_id.as_deref(),
                    clipboard: display.clipboard,
                    buffers: display.buffers,
                    activation_token: token.take().as_deref(),
                }
                .encode();
                start(&program, config, &listener, &fifo)
            }
        };
        let ended = match proxy {
            Ok(proxy) => follow(&sandbox, proxy, &fifo).await,
            Err(error) => Err(error),
        };
        let gone = matches!(ended, Ok(code) if code == Some(HOST_GONE)) || !answers(host);
        if !gone {
            sandbox.publish(|published| published.windows = 0);
        }
        match ended {
            // The exit code is known of children only, and that of an earlier daemon is none.
            Ok(_) if gone => {
                let _ = sandbox.ask(Command::Abandon(host_gone(host)));
                return;
            }
            Ok(_) => tracing::warn!("the display proxy ended"),
            Err(error) => tracing::error!(error = error.line(), "no display proxy"),
        }
    }
}

impl Config<'_> {
    fn encode(&self) -> io::Result<OwnedFd> {
        let json = serde_json::to_vec(self).map_err(io::Error::other)?;
        oz_sys::memory::memfd_sealed(&json)
    }
}

fn start(
    program: &Path,
    config: io::Result<OwnedFd>,
    listener: &OwnedFd,
    fifo: &Fifo,
) -> Result<Child> {
    let prepared = config.and_then(|config| Ok((config, fifo.writer()?)));
    let (config, reports) = prepared.map_err(|error| {
        Failure::new(
            Kind::Host,
            format!("cannot talk to a display proxy: {error}"),
            "",
        )
    })?;
    let stderr = io::stderr();
    let mut fds = vec![
        (config.as_fd(), 3),
        (listener.as_fd(), 4),
        (reports.as_fd(), 5),
    ];
    if spawn::logs_to_stderr() {
        fds.push((stderr.as_fd(), 2));
    }
    let arguments = ["--config-fd", "3", "--listen-fd", "4", "--report-fd", "5"];
    let arguments = arguments.map(String::from);
    spawn::program(program, &arguments, &spawn::log_level(), &fds)
}

/// Follows what a proxy reports until it ends; its exit code if it is known.
async fn follow(sandbox: &Sandbox, child: Child, fifo: &Fifo) -> Result<Option<i32>> {
    sandbox.publish(|published| published.proxy = child.name());
    let _ = sandbox.ask(Command::Save);
    let proxy = KillOnDrop(Some(child));
    let Some(child) = &proxy.0 else {
        return Ok(None);
    };
    let reported = async {
        match fifo.reader() {
            Ok(reports) => events::follow(sandbox, reports).await,
            Err(error) => Err(error.into()),
        }
    };
    let code = tokio::select! {
        code = child.wait() => code,
        reported = reported => {
            if let Err(error) = reported {
                tracing::warn!(%error, "the display proxy breaks its protocol and is killed");
                child.kill();
            }
            child.wait().await
        }
    };
    // The count of windows stays for a moment: programs that end now may have lost them.
    sandbox.publish(|published| published.proxy = None);
    Ok(code)
}

/// Whether the compositor is there.
pub(super) fn answers(host: &Path) -> bool {
    crate::launch::display::answers(host).is_ok()
}

/// A proxy never outlives its supervision.
struct KillOnDrop(Option<Child>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(child) = self.0.take() {
            child.kill();
            crate::child::reap(child);
        }
    }
}

/// Waits until somebody connects. The socket leaves the event loop again, because the proxy will
/// accept on it.
async fn connection(listener: &OwnedFd) -> io::Result<()> {
    let waiting = readiness::watch(listener.as_fd(), Interest::READABLE)?;
    loop {
        let mut ready = waiting.readable().await?;
        // What the event loop remembers may be a connection that the last proxy accepted.
        let mut now = [PollFd::new(listener, PollFlags::IN)];
        let at_once = Timespec::default();
        if rustix::event::poll(&mut now, Some(&at_once))? > 0 {
            return Ok(());
        }
        ready.clear_ready();
    }
}

fn may_start(starts: &mut VecDeque<Instant>, now: Instant) -> bool {
    let (most, window) = STARTS;
    starts.retain(|start| now.duration_since(*start) < window);
    starts.push_back(now);
    starts.len() <= most
}

pub(super) fn host_gone(socket: &Path) -> Failure {
    Failure::new(
        Kind::NoDisplay,
        format!("the host compositor at {} is gone", socket.display()),
        "Start the app again from within the new session",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_dies_all_the_time_is_not_started_all_the_time() {
        let mut starts = VecDeque::new();
        let now = Instant::now();
        for _ in 0..STARTS.0 {
            assert!(may_start(&mut starts, now));
        }
        assert!(!may_start(&mut starts, now));
        assert!(may_start(&mut starts, now + STARTS.1));
    }

    #[test]
    fn the_proxy_is_told_in_the_words_that_it_knows() {
        let config = Config {
            sandbox: "gedit",
            host_socket: Path::new("/run/user/1000/wayland-1"),
            app_id: None,
            clipboard: Clipboard::Both,
            buffers: Buffers::Shared,
            activation_token: Some("t"),
        };
        insta::assert_snapshot!(serde_json::to_string(&config).expect("encodes"), @r#"{"sandbox":"gedit","host_socket":"/run/user/1000/wayland-1","app_id":null,"clipboard":"both","buffers":"shared","activation_token":"t"}"#);
    }
}
