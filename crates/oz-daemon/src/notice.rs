//! Telling the person, by notifications of the desktop. Nobody waits for them, and nothing in them is an app's but what
//! is named so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oz_core::denied::Denied;
use tokio::time::Instant;
use zbus::Variant;

use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::owner;
use crate::sandbox::Sandbox;
use crate::sandbox::denials::Denial;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The service's own time.
const TIME: i32 = -1;
/// How long nothing more is said of a profile whose sandboxes die.
const QUIET: Duration = Duration::from_secs(60);

/// What was told already: an app that is started again and again tells a person nothing new.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Told>);

#[derive(Default)]
struct Told {
    /// By profile.
    denied: BTreeSet<(String, Denied)>,
    /// Likewise, when it was said last.
    died: BTreeMap<String, Instant>,
}

impl Told {
    fn is_new(&mut self, profile: &str, denied: Denied) -> bool {
        denied.entry().told && self.denied.insert((profile.to_owned(), denied))
    }

    fn may_say_dead(&mut self, profile: &str, now: Instant) -> bool {
        let last = self.died.get(profile);
        let may = last.is_none_or(|last| now.duration_since(*last) >= QUIET);
        if may {
            self.died.insert(profile.to_owned(), now);
        }
        may
    }
}

impl Notices {
    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that the person wants it to have is not given.
pub(crate) fn not_given(daemon: &Daemon, sandbox: &Sandbox, failure: &Failure) {
    let summary = format!("“{}” does not get that file", sandbox.called());
    show(daemon, summary, failure.to_string());
}

/// A file that it has is not opened with another app.
pub(crate) fn not_opened(daemon: &Daemon, sandbox: &Sandbox, failure: &Failure) {
    let summary = format!("“{}” cannot open a file with another app", sandbox.called());
    show(daemon, summary, failure.to_string());
}

/// It was refused something; said once for each profile and kind, and not to somebody who has decided so.
pub(crate) fn denied(daemon: &Daemon, sandbox: &Sandbox, denial: &Denial) {
    let is_known = sandbox.is_decided(denial.denied);
    if is_known
        || !daemon
            .notices
            .told()
            .is_new(&sandbox.plan.profile, denial.denied)
    {
        return;
    }
    let entry = denial.denied.entry();
    let mut body = format!("{} {}", entry.what, entry.why);
    if !denial.subject.is_empty() {
        body.push_str(&format!(" It was about “{}”.", denial.subject));
    }
    body.push_str(&format!(
        " `oz denied {}` and the panel list it.",
        sandbox.id
    ));
    show(
        daemon,
        format!("“{}” was refused something", sandbox.called()),
        body,
    );
}

/// It ended, and neither the person nor its programs wanted that.
pub(crate) fn died(daemon: &Daemon, sandbox: &Sandbox, why: String) {
    if daemon
        .notices
        .told()
        .may_say_dead(&sandbox.plan.profile, Instant::now())
    {
        show(
            daemon,
            format!("“{}” has ended unexpectedly", sandbox.called()),
            why,
        );
    }
}

fn show(daemon: &Daemon, summary: String, body: String) {
    let Some(bus) = daemon.bus.get().cloned() else {
        return;
    };
    tokio::spawn(async move {
        let can = owner::call(&bus, NAME, PATH, NAME, "GetCapabilities", &()).await;
        let can: Vec<String> = can
            .and_then(|reply| reply.body().deserialize().ok())
            .unwrap_or_default();
        let markup = can.iter().any(|ability| ability == "body-markup");
        let body = if markup { escaped(&body) } else { body };
        let hints: HashMap<&str, Variant<'_>> = HashMap::new();
        let actions: [&str; 0] = [];
        let arguments = (
            "Oz",
            0_u32,
            "dialog-warning",
            &summary,
            &body,
            &actions[..],
            hints,
            TIME,
        );
        owner::call(&bus, NAME, PATH, NAME, "Notify", &arguments).await
    });
}

/// For services that read markup in a notification's body.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_an_app_is_shown_not_obeyed() {
        assert_eq!(
            escaped("<a href='x'>&amp;</a>"),
            "&lt;a href=&#39;x&#39;&gt;&amp;amp;&lt;/a&gt;"
        );
    }

    #[test]
    fn an_app_that_is_refused_the_same_again_says_nothing_new() {
        let mut told = Told::default();
        assert!(told.is_new("firefox", Denied::Microphone));
        assert!(!told.is_new("firefox", Denied::Microphone));
        assert!(told.is_new("mpv", Denied::Microphone));
        assert!(told.is_new("firefox", Denied::Link));
        assert!(
            !told.is_new("firefox", Denied::PasteIn),
            "nobody would wonder"
        );
    }

    #[test]
    fn what_dies_all_the_time_is_said_once_in_a_while() {
        let (mut told, now) = (Told::default(), Instant::now());
        assert!(told.may_say_dead("firefox", now));
        assert!(!told.may_say_dead("firefox", now));
        assert!(told.may_say_dead("mpv", now));
        assert!(told.may_say_dead("firefox", now + QUIET));
    }
}
