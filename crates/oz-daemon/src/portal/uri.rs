//! Addresses that an app wants the desktop to open.
//!
//! An address says things to whoever is behind it, and a program of the host opens it. So it is printable ASCII, of
//! a scheme that browsers and mail programs take from anybody, and it is opened without a question only if the user
//! has just done something in a window of the app, and the app could say the same over a network of its own.

use std::sync::Arc;
use std::time::Duration;

use oz_core::denied::Denied;
use oz_core::plan::Mode;
use oz_core::wire::dialog::Response;
use oz_core::wire::portal::URI_MAX;

use super::host::{Options, Portal};
use super::own;
use crate::consent::{Answer, Question};
use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, acted, spawn};

const INTERFACE: &str = "org.freedesktop.portal.OpenURI";
/// What may be opened, each with its reason.
const SCHEMES: &[(&str, &str)] = &[
    ("https:", "browsers open it from any page"),
    ("http:", "likewise"),
    ("mailto:", "mail programs show what they would send"),
];
/// Longest address that a person is asked about: one that is not shown whole is not asked about.
const SHOWN_MAX: usize = 1000;
/// How long after a key or button it counts as the reason: apps think before they open something.
pub(super) const ACTION_LASTS: Duration = Duration::from_secs(5);
/// What opens addresses where the session has no portal that does.
const OPENERS: &[(&str, &[&str])] = &[("/usr/bin/xdg-open", &[]), ("/usr/bin/gio", &["open"])];

/// Opens an address, if it may be opened.
pub(super) async fn open(daemon: &Arc<Daemon>, sandbox: &Arc<Sandbox>, address: &str) -> Response {
    if !is_harmless(address) {
        tracing::info!("the app wants to open what no link is");
        sandbox.denied(Denied::Link, address.as_bytes(), 1);
        return Response::Ended;
    }
    let Some(_turn) = sandbox.links.take().await else {
        tracing::info!("the sandbox opens too many links");
        sandbox.denied(Denied::Link, address.as_bytes(), 1);
        return Response::Ended;
    };
    let carries = sandbox.plan.network.mode == Mode::None;
    let acted = acted::within(&daemon.directories, &sandbox.id, ACTION_LASTS);
    if carries || !acted {
        if address.len() > SHOWN_MAX {
            tracing::info!("a link is too long to ask about it");
            sandbox.denied(Denied::Link, address.as_bytes(), 1);
            return Response::Ended;
        }
        let question = Question::link(address, carries);
        if daemon.consent.ask(sandbox, question).await != Answer::Yes {
            return Response::Cancelled;
        }
    }
    pass_on(daemon, sandbox, address).await
}

/// Whether it is of a known scheme, and nothing in it could be anything but a part of it.
fn is_harmless(address: &str) -> bool {
    let is_printable = address.bytes().all(|byte| byte.is_ascii_graphic());
    let scheme = |(scheme, _): &(&str, _)| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let has_host = |rest: &str| rest.starts_with("//") && !rest[2..].starts_with(['/', '?', '#']);
    let is_whole = |rest: &str| has_host(rest) && rest.len() > 2;
    address.len() <= URI_MAX
        && is_printable
        && SCHEMES
            .iter()
            .find(|one| scheme(one))
            .is_some_and(|(scheme, _)| {
                let rest = &address[scheme.len()..];
                *scheme == "mailto:" || is_whole(rest)
            })
}

async fn pass_on(daemon: &Daemon, sandbox: &Sandbox, address: &str) -> Response {
    let portal = match daemon.bus.get() {
        Some(bus) => Portal::find(bus, INTERFACE).await,
        None => None,
    };
    if let Some(portal) = portal {
        return match portal.ask("OpenURI", "", address, Options::new()).await {
            Some((0, _)) => Response::Accepted,
            Some((1, _)) => Response::Cancelled,
            _ => Response::Ended,
        };
    }
    by_program(sandbox, address)
}

/// Has a program of the host's open it.
pub(super) fn by_program(sandbox: &Sandbox, address: &str) -> Response {
    let is_there = |(path, _): &&(&str, &[&str])| std::path::Path::new(path).exists();
    let Some((path, first)) = OPENERS.iter().find(is_there) else {
        tracing::warn!("neither the session nor this machine can open links");
        return Response::Ended;
    };
    let arguments: Vec<String> = first
        .iter()
        .copied()
        .chain([address])
        .map(str::to_owned)
        .collect();
    let variables = own::variables(sandbox);
    match spawn::program(path.as_ref(), &arguments, &variables, &[]) {
        Ok(process) => {
            crate::child::reap(process);
            Response::Accepted
        }
        Err(failure) => {
            tracing::warn!(error = failure.line(), "a link cannot be opened");
            Response::Ended
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_printable_and_of_a_known_scheme() {
        for link in [
            "https://example.org/a?b=c#d",
            "HTTP://example.org",
            "mailto:a@example.org?subject=x",
        ] {
            assert!(is_harmless(link), "{link}");
        }
        for other in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://example.org",
            "vscode://x",
            "https:",
            "https://",
            "https:///etc/passwd",
            "http:example.org",
            "-h",
            "/etc/passwd",
            "https://a/\nb",
            "https://a/ b",
            "https://\u{202e}a",
            "https://ex\u{e4}mple.org",
            "\u{e4}",
        ] {
            assert!(!is_harmless(other), "{other}");
        }
        assert!(!is_harmless(&format!("https://a/{}", "x".repeat(URI_MAX))));
    }
}
