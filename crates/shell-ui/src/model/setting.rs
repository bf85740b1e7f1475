//! What a person can change of an app's profile, key by key.

use oz_core::profile::{Layer, Profile};
use oz_host::profile_edit::Change;
use serde_json::Value;

use crate::words::tr;

/// One key that a person chooses a value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Whether it hears.
    Microphone,
    /// Whether it is heard.
    Speaker,
    /// What it reaches.
    Network,
    /// Which way copied text passes.
    Clipboard,
    /// Where it keeps its own files.
    Home,
    /// What files become that are opened with it.
    Arguments,
    /// Whether what is beside them is shown.
    Siblings,
    /// What files become that are dropped on it.
    Drops,
}

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The place of the value among [`Setting::choices`].
    pub chosen: usize,
    /// The administrator says so, and nobody else can.
    pub locked: bool,
    /// The person's own file says so.
    pub own: bool,
}

impl Setting {
    /// In the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Microphone,
        Self::Speaker,
        Self::Network,
        Self::Clipboard,
        Self::Home,
        Self::Arguments,
        Self::Siblings,
        Self::Drops,
    ];

    /// Its key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Microphone => "audio.microphone",
            Self::Speaker => "audio.speaker",
            Self::Network => "network.mode",
            Self::Clipboard => "display.clipboard",
            Self::Home => "files.home",
            Self::Arguments => "files.arguments",
            Self::Siblings => "files.siblings",
            Self::Drops => "files.drops",
        }
    }

    /// What it is about.
    pub fn title(self) -> String {
        match self {
            Self::Microphone => tr("Microphone"),
            Self::Speaker => tr("Speaker"),
            Self::Network => tr("Network"),
            Self::Clipboard => tr("Clipboard"),
            Self::Home => tr("Its Own Files"),
            Self::Arguments => tr("Files Opened With It"),
            Self::Siblings => tr("Files Beside Those"),
            Self::Drops => tr("Files Dropped on It"),
        }
    }

    /// Its values, each with its words.
    pub fn choices(self) -> Vec<(Value, String)> {
        let word = |word: &str, words: String| (Value::from(word), words);
        match self {
            Self::Microphone => vec![
                word("off", tr("Off")),
                word("silent", tr("It hears silence")),
                word("ask", tr("Ask each time")),
                word("on", tr("On")),
            ],
            Self::Speaker => vec![
                word("off", tr("Off")),
                word("silent", tr("It plays and is not heard")),
                word("on", tr("On")),
            ],
            Self::Network => vec![
                word("none", tr("None")),
                word("internet", tr("Internet")),
                word("host", tr("Network of this computer")),
            ],
            Self::Clipboard => vec![
                word("off", tr("Stays inside")),
                word("ask", tr("Both ways, after a question")),
                word("in", tr("Into it only")),
                word("out", tr("Out of it only")),
                word("both", tr("Both ways")),
            ],
            Self::Home => vec![
                word("private", tr("Kept for it alone")),
                word("ephemeral", tr("Gone when it ends")),
                word("none", tr("It keeps none")),
            ],
            Self::Arguments => vec![
                word("read", tr("To read")),
                word("write", tr("To read and to change")),
            ],
            Self::Siblings => vec![
                (Value::from(false), tr("Hidden")),
                (Value::from(true), tr("To read")),
            ],
            Self::Drops => vec![
                word("off", tr("Hidden")),
                word("ask", tr("Ask each time")),
                word("read", tr("To read")),
                word("write", tr("To read and to change")),
            ],
        }
    }

    /// How it stands in a profile.
    pub fn shown(self, profile: &Profile) -> Shown {
        let value = match self {
            Self::Microphone => serde_json::to_value(profile.audio.microphone),
            Self::Speaker => serde_json::to_value(profile.audio.speaker),
            Self::Network => serde_json::to_value(profile.network.mode),
            Self::Clipboard => serde_json::to_value(profile.display.clipboard),
            Self::Home => serde_json::to_value(profile.files.home),
            Self::Arguments => serde_json::to_value(profile.files.arguments),
            Self::Siblings => serde_json::to_value(profile.files.siblings),
            Self::Drops => serde_json::to_value(profile.files.drops),
        };
        let value = value.unwrap_or_default();
        let mut choices = self.choices().into_iter();
        Shown {
            chosen: choices.position(|(known, _)| known == value).unwrap_or(0),
            locked: profile.is_locked(self.key()),
            own: profile.layer_of(self.key()) == Some(Layer::User),
        }
    }

    /// Says the value at a place.
    pub fn choose(self, place: usize) -> Option<Change> {
        let (value, _) = self.choices().into_iter().nth(place)?;
        Some(Change::set(self.key(), value))
    }

    /// Says what is said without the person's own file.
    pub fn restore(self) -> Change {
        Change::restore(self.key())
    }
}

/// A rule about the person's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As a profile writes it.
    pub path: String,
    /// What it says.
    pub effect: oz_core::plan::Effect,
    /// The administrator says so, and nobody else can.
    pub locked: bool,
    /// The person's own file says so.
    pub own: bool,
}

/// All rules of a profile.
pub fn rules(profile: &Profile) -> Vec<Rule> {
    let all = profile.files.rules.iter();
    let rule = |(path, rule): (
        &oz_core::profile::rules::RulePath,
        &oz_core::profile::rules::Rule,
    )| {
        let path = path.to_string();
        let key = rule_key(&path);
        Rule {
            effect: rule.effect,
            locked: profile.is_locked(&key),
            own: profile.layer_of(&key) == Some(Layer::User),
            path,
        }
    };
    all.map(rule).collect()
}

/// The key of a rule.
pub fn rule_key(path: &str) -> String {
    format!("files.rules.{path}")
}

/// A rule for a file that the person chose; none if no rule can name it.
pub fn rule_for(file: &std::path::Path, home: &std::path::Path, write: bool) -> Option<Change> {
    let path = match file.strip_prefix(home) {
        Ok(below) => format!("~/{}", below.to_str()?),
        Err(_) => file.to_str()?.to_owned(),
    };
    // They stand for other names.
    if path.contains(['*', '?']) || path == "~/" {
        return None;
    }
    Some(Change::set(
        rule_key(&path),
        if write { "write" } else { "read" },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::profile::{Catalogue, Text};
    use std::path::Path;

    fn profile(text: &str) -> Profile {
        let text = Text {
            name: "app".into(),
            layer: Layer::User,
            path: "/app.json".into(),
            text: text.into(),
            template: false,
        };
        Catalogue::new(vec![text]).resolve("app").expect("is one")
    }

    #[test]
    fn every_value_of_every_setting_is_one_that_a_profile_takes() {
        for setting in Setting::ALL {
            for place in 0..setting.choices().len() {
                let change = setting.choose(place).expect("is there");
                let (section, key) = change.key.split_once('.').expect("two words");
                let value = change.value.expect("a value");
                let own = profile(&format!("{{ \"{section}\": {{ \"{key}\": {value} }} }}"));
                let shown = setting.shown(&own);
                assert_eq!(
                    (shown.chosen, shown.own, shown.locked),
                    (place, true, false),
                    "{value}"
                );
            }
            let nothing = setting.shown(&profile("{}"));
            assert!(!nothing.own, "{setting:?}");
            assert_eq!(setting.choose(setting.choices().len()), None);
        }
    }

    #[test]
    fn a_rule_names_what_was_chosen_and_nothing_else() {
        let home = Path::new("/home/u");
        let rule = |path: &str, write| rule_for(Path::new(path), home, write);
        assert_eq!(
            rule("/home/u/a.b/c", false),
            Some(Change::set("files.rules.~/a.b/c", "read"))
        );
        assert_eq!(
            rule("/media/x", true),
            Some(Change::set("files.rules./media/x", "write"))
        );
        for odd in ["/home/u/a*", "/home/u/what?", "/home/u"] {
            assert_eq!(rule(odd, false), None, "{odd}");
        }
        let rules = rules(&profile(
            r#"{ "files": { "rules": { "~/a.b": "write" } } }"#,
        ));
        assert_eq!((rules[0].path.as_str(), rules[0].own), ("~/a.b", true));
    }
}
