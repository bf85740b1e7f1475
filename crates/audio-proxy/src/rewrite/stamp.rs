//! Properties: what of an app's words reaches the host, what of the host's reaches the app, and
//! what the host can rely on.
//!
//! Both lists are of what passes. Servers act on properties: `filter.want` loads modules,
//! `target.object` and `stream.capture.sink` choose devices, `module-stream-restore.id` names whose volume
//! is remembered.

use crate::wire::props::Props;

/// What an app may say about itself and its streams; the host's mixer shows most of it.
const OUTWARD: &[&str] = &[
    "media.name",
    "media.title",
    "media.artist",
    "media.language",
    "media.software",
    "media.icon_name",
    "media.role",
    "event.id",
    "event.description",
    "application.version",
    "application.language",
    "application.icon_name",
];

/// Roles that servers know; an unknown one could be a rule of the user's.
const ROLES: &[&str] = &[
    "video",
    "music",
    "game",
    "event",
    "phone",
    "animation",
    "production",
    "a11y",
    "test",
];

/// What an app may read about its streams and clients, beyond what it may say.
const INWARD: &[&str] = &["application.name"];

/// The host's own key for whose stream it is.
pub const SANDBOX: &str = "oz.sandbox";

/// Longest text of an app that a person reads, in bytes.
const TEXT_MAX: usize = 256;

/// Whether an app may set, and remove, a property.
#[must_use]
pub fn may_say(key: &str) -> bool {
    OUTWARD.contains(&key)
}

/// Whether an app may read a property.
#[must_use]
pub fn may_read(key: &str) -> bool {
    OUTWARD.contains(&key) || INWARD.contains(&key)
}

/// Whose property list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A client.
    Client,
    /// A stream that plays.
    Playback,
    /// A stream that records.
    Record,
}

/// What every client and stream of a sandbox is marked with.
#[derive(Debug)]
pub struct Stamp {
    sandbox: String,
    app_name: Option<String>,
}

impl Stamp {
    /// The stamp of one sandbox.
    #[must_use]
    pub fn new(sandbox: &str, app_name: Option<&str>) -> Self {
        Self {
            sandbox: readable(sandbox),
            app_name: app_name.map(readable).filter(|name| !name.is_empty()),
        }
    }

    /// The sandbox's name.
    #[must_use]
    pub fn sandbox(&self) -> &str {
        &self.sandbox
    }

    /// Cleans what an app said, all of it, and adds the stamp. `name` is what the app calls itself.
    #[must_use]
    pub fn mark(&self, said: &Props, name: Option<&str>, owner: Owner) -> Props {
        let mut props = self.clean(said);
        let id = format!("org.oz.sandbox.{}", self.sandbox);
        let group = match owner {
            Owner::Client => None,
            Owner::Playback => Some("sink-input-by-application-id"),
            Owner::Record => Some("source-output-by-application-id"),
        };
        // Otherwise a role or a name that the app shares with others decides whose volume is remembered.
        if let Some(group) = group {
            props.stamp("module-stream-restore.id", &format!("{group}:{id}"));
        }
        let shown = self.app_name.clone().or_else(|| name.map(readable));
        let shown = shown.filter(|name| !name.is_empty());
        let shown = match &shown {
            Some(name) => format!("[{}] {name}", self.sandbox),
            None => format!("[{}]", self.sandbox),
        };
        props.stamp("application.name", &shown);
        props.stamp("application.id", &id);
        props.stamp(SANDBOX, &self.sandbox);
        props
    }

    /// What of an app's words passes.
    #[must_use]
    pub fn clean(&self, said: &Props) -> Props {
        let mut props = Props::default();
        for (key, _) in said.iter().filter(|(key, _)| may_say(key)) {
            let Some(text) = said.text(key) else { continue };
            if key == "media.role" && !ROLES.contains(&text) {
                continue;
            }
            let mut value = readable(text).into_bytes();
            value.push(0);
            props.put(key, &value);
        }
        props
    }
}

/// Text of an app that a person can read safely: no control characters, none that turn the direction
/// of what follows, not too long.
#[must_use]
pub fn readable(text: &str) -> String {
    let mut readable = String::new();
    for character in text.chars() {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if turns || character.is_control() {
            continue;
        }
        if readable.len() + character.len_utf8() > TEXT_MAX {
            break;
        }
        readable.push(character);
    }
    readable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Props {
        let mut props = Props::default();
        for (key, value) in pairs {
            props.put(key, format!("{value}\0").as_bytes());
        }
        props
    }

    #[test]
    fn facts_of_the_host_and_orders_to_the_server_do_not_pass() {
        let stamp = Stamp::new("firefox", None);
        for key in [
            "application.process.id",
            "application.process.user",
            "application.process.host",
            "application.process.machine_id",
            "application.process.session_id",
            "application.process.binary",
            "window.x11.xid",
            "media.filename",
            "filter.want",
            "filter.apply",
            "target.object",
            "node.target",
            "stream.capture.sink",
            "module-stream-restore.id",
            "device.id",
            "pipewire.access",
        ] {
            let marked = stamp.mark(&said(&[(key, "evil")]), None, Owner::Client);
            assert_eq!(marked.text(key), None, "{key}");
        }
    }

    #[test]
    fn the_stamp_cannot_be_forged() {
        let stamp = Stamp::new("firefox", Some("Firefox"));
        let forged = said(&[
            ("oz.sandbox", "mail"),
            ("application.name", "System"),
            ("application.id", "org.gnome.Shell"),
            ("media.name", "tone"),
        ]);
        let marked = stamp.mark(&forged, Some("System"), Owner::Playback);
        assert_eq!(marked.text("oz.sandbox"), Some("firefox"));
        assert_eq!(marked.text("application.name"), Some("[firefox] Firefox"));
        assert_eq!(
            marked.text("application.id"),
            Some("org.oz.sandbox.firefox")
        );
        assert_eq!(
            marked.text("module-stream-restore.id"),
            Some("sink-input-by-application-id:org.oz.sandbox.firefox")
        );
        assert_eq!(marked.text("media.name"), Some("tone"));
    }

    #[test]
    fn without_a_name_of_ours_the_app_s_own_is_shown_cleaned() {
        let stamp = Stamp::new("a", None);
        let marked = stamp.mark(&Props::default(), Some("x\u{202e}y\n"), Owner::Client);
        assert_eq!(marked.text("application.name"), Some("[a] xy"));
        let marked = stamp.mark(&Props::default(), None, Owner::Client);
        assert_eq!(marked.text("application.name"), Some("[a]"));
    }

    #[test]
    fn text_is_short_and_known_roles_pass() {
        let stamp = Stamp::new("a", None);
        let clean = stamp.clean(&said(&[
            ("media.name", &"ä".repeat(200)),
            ("media.role", "music"),
        ]));
        assert_eq!(clean.text("media.name").map(str::len), Some(TEXT_MAX));
        assert_eq!(clean.text("media.role"), Some("music"));
        let clean = stamp.clean(&said(&[("media.role", "my-rule")]));
        assert_eq!(clean.text("media.role"), None);
    }
}
