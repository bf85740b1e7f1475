//! The display proxy of one sandbox.

use std::path::Path;
use std::sync::Arc;

use oz_core::plan::{Buffers, Clipboard, Service};
use serde::{Deserialize, Serialize};

use super::proxy::{Program, Supervisor, Turn};
use super::{Command, Sandbox};
use crate::failure::{Failure, Kind};

/// The proxy's exit code when the host compositor went away.
const HOST_GONE: i32 = 3;
/// Most windows that are counted.
const WINDOWS: u32 = 10_000;

pub(super) const PROGRAM: Program = Program {
    service: Service::Wayland,
    name: "display-proxy",
    reports: "reports",
};

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

/// What it may say; anything more in a line is ignored.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    Ready,
    HostGone,
    ClientRefused,
    WindowOpened,
    WindowClosed,
    #[serde(other)]
    Unknown,
}

/// Serves a sandbox's Wayland socket until the sandbox ends, by when the task that runs this
/// is aborted.
pub(super) async fn supervise(sandbox: Arc<Sandbox>, mut supervisor: Supervisor) {
    let (Some(display), Some(host)) = (&sandbox.plan.display, &sandbox.host_socket) else {
        return;
    };
    // The token is for the first window only.
    let mut token = sandbox.activation_token.clone();
    loop {
        let proxy = match supervisor.turn().await {
            Ok(Turn::Earlier(proxy)) => Ok(proxy),
            Ok(Turn::Wanted) => {
                let token = token.take();
                let config = Config {
                    sandbox: sandbox.id.as_str(),
                    host_socket: host,
                    app_id: display.app_id.as_deref(),
                    clipboard: display.clipboard,
                    buffers: display.buffers,
                    activation_token: token.as_deref(),
                };
                supervisor.start(&config, None)
            }
            Err(_) => return,
        };
        let ended = match proxy {
            Ok(proxy) => {
                let take = |event| take(&sandbox, &event);
                Ok(supervisor.follow(proxy, take, std::future::pending()).await)
            }
            Err(error) => Err(error),
        };
        let gone = matches!(ended, Ok(code) if code == Some(HOST_GONE)) || !answers(host);
        // Otherwise the count stays for a moment: programs that end now may have lost their windows.
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

fn take(sandbox: &Sandbox, event: &Event) {
    match event {
        Event::WindowOpened => sandbox.publish(|published| {
            published.windows = (published.windows + 1).min(WINDOWS);
        }),
        Event::WindowClosed => sandbox.publish(|published| {
            published.windows = published.windows.saturating_sub(1);
        }),
        Event::ClientRefused => tracing::info!("the display proxy refused a client"),
        // The exit code says it too, and init hears of it then.
        Event::HostGone => tracing::info!("the host compositor is gone"),
        Event::Ready | Event::Unknown => {}
    }
}

/// Whether the compositor is there.
pub(super) fn answers(host: &Path) -> bool {
    crate::launch::display::answers(host).is_ok()
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
    fn known_events_are_understood_and_new_kinds_ignored() {
        let understood = |text: &str| serde_json::from_str::<Event>(text).expect("understood");
        let opened = understood(r#"{"event":"window-opened","id":7}"#);
        assert_eq!(opened, Event::WindowOpened);
        assert_eq!(understood(r#"{"event":"new"}"#), Event::Unknown);
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
