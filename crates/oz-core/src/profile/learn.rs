//! What a trained program needs of its profile, and what not.
//!
//! What was seen can take away with one yes for all: nobody gains by that. Whatever gives needs a yes of its own, since what asked
//! for it may have been a document that the program opened. Nothing that no profile may give is ever proposed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Profile;
use super::files::{DataPath, Home, SystemPath};
use super::rules::{RulePath, XDG_NAMES};
use crate::denied::Denied;
use crate::learn::{Folded, Place, RARE};
use crate::plan::{Clipboard, Mode, syscalls};
use crate::protected;
use crate::wire::audio::{Microphone, Speaker};

/// A change of the profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// `audio.speaker`, `files.rules.xdg:MUSIC`.
    pub key: String,
    /// What it becomes.
    pub value: Value,
    /// A sentence without its end.
    pub why: String,
    /// What it gives, a sentence without its end: it needs a yes of its own. Absent: it only takes away, or tells.
    pub gives: Option<String>,
}

/// What a training comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// What would change.
    pub changes: Vec<Change>,
    /// What it did or wanted of which nothing follows, sentences without their ends.
    pub remarks: Vec<String>,
}

/// What the host has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Names that the app's directories can have.
    pub names: Vec<String>,
    /// The user's home.
    pub home: String,
    /// Where the well-known directories are, from their names.
    pub xdg: BTreeMap<String, String>,
    /// Of the places that were seen, those that are there and that the sandbox does not show.
    pub unseen: BTreeSet<String>,
}

/// Directories of configuration in which every toolkit looks.
const TOOLKITS: &[&str] = &[
    "gtk-3.0",
    "gtk-4.0",
    "dconf",
    "pulse",
    "fontconfig",
    "glib-2.0",
    "ibus",
    "fcitx5",
    "mimeapps.list",
    "user-dirs.dirs",
    "user-dirs.locale",
    "user-dirs.conf",
    "Trolltech.conf",
    "kdeglobals",
    "qt5ct",
    "qt6ct",
    "mesa_shader_cache",
    "icons",
    "themes",
    "fonts",
    "applications",
    "mime",
    "gstreamer-1.0",
    "gvfs-metadata",
    "recently-used.xbel",
    "enchant",
    "gtksourceview-4",
    "gtksourceview-3.0",
    "thumbnails",
];
/// Likewise in the home.
const OF_ALL: &[&str] = &[
    "~/.Xauthority",
    "~/.icons",
    "~/.themes",
    "~/.fonts",
    "~/.Xdefaults",
    "~/.cache",
    "~/.ICEauthority",
    "~/.XCompose",
    "~/.drirc",
    "~/.asoundrc",
    "~/.terminfo",
    "~/.pki",
];

/// Proposes.
pub fn propose(profile: &Profile, seen: &Folded, host: &Host) -> Findings {
    let mut findings = Findings::default();
    take_away(profile, seen, &mut findings);
    let mut data: Vec<String> = Vec::new();
    let mut system: Vec<String> = Vec::new();
    let mut keeps: Option<String> = None;
    for place in &seen.places {
        if host.is_own(&place.path) {
            if place.written && !place.path.starts_with("~/.cache/") {
                keeps.get_or_insert_with(|| place.path.clone());
            }
            if host.unseen.contains(&place.path) && !place.path.starts_with("~/.cache/") {
                data.push(place.path.clone());
            }
        } else if host.unseen.contains(&place.path) && !of_toolkits(&place.path) {
            if SystemPath::try_from(place.path.clone()).is_ok() {
                system.push(place.path.clone());
            } else {
                show(place, host, &mut findings);
            }
        }
    }
    list(
        profile.files.data.iter().cloned().map(String::from),
        data,
        |all| {
            findings.tell("files.data", all, "what it keeps in your home without a sandbox; none sees it unless `oz enable --data` says so");
        },
    );
    list(
        profile.files.system.iter().cloned().map(String::from),
        system,
        |all| {
            let new = all
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            findings.give(
                "files.system",
                all,
                format!("it looked for {new}"),
                "it reads configuration of this machine",
            );
        },
    );
    if let Some(place) = keeps.filter(|_| profile.files.home == Home::Ephemeral) {
        findings.give(
            "files.home",
            "private",
            format!("it wrote to {place}"),
            "what it keeps lasts, and so does what an attacker leaves there",
        );
    }
    give(profile, seen, &mut findings);
    remarks(seen, &mut findings);
    findings
}

/// What was there and was not used.
fn take_away(profile: &Profile, seen: &Folded, findings: &mut Findings) {
    if profile.display.enabled && !seen.windows {
        findings.tell("display.enabled", false, "it opened no window");
    }
    let refused = |kind: Denied| seen.denied.iter().any(|name| name == kind.entry().name);
    if profile.audio.speaker != Speaker::Off && !seen.sound {
        findings.tell(
            "audio.speaker",
            "off",
            "it did not connect to the sound server",
        );
    }
    if profile.audio.microphone != Microphone::Off && !seen.sound {
        findings.tell(
            "audio.microphone",
            "off",
            "it did not connect to the sound server",
        );
    }
    if profile.bus.private && !seen.bus && !refused(Denied::Portal) {
        findings.tell(
            "bus.private",
            false,
            "it did not connect to its message bus, by which dialogs come as well",
        );
    }
    if profile.network.mode == Mode::Internet && seen.internet.is_empty() {
        findings.tell("network.mode", "none", "it talked to no other machine");
    }
    let mut deny: BTreeSet<String> = profile
        .syscalls
        .deny
        .iter()
        .cloned()
        .map(String::from)
        .collect();
    let before = deny.len();
    let mut reasons = Vec::new();
    let browser = profile.syscalls.list == super::syscalls::List::Browser;
    for group in RARE.iter().filter(|group| !seen.has_call_of(group.names)) {
        // What walls itself off does so in processes that are not watched.
        let asked_for = |name: &&str| {
            profile
                .syscalls
                .also_allow
                .iter()
                .any(|also| also.as_str() == *name)
        };
        let has = |name: &&&str| !browser && !asked_for(name) && !syscalls::is_foreign(name);
        let names: Vec<String> = group
            .names
            .iter()
            .filter(has)
            .map(|name| (*name).to_owned())
            .collect();
        if !names.is_empty() && names.iter().any(|name| !deny.contains(name)) {
            reasons.push(group.reason);
            deny.extend(names);
        }
    }
    if profile.syscalls.only.is_none() && deny.len() > before {
        let deny: Vec<String> = deny.into_iter().collect();
        findings.tell(
            "syscalls.deny",
            deny,
            format!("it used none of: {}", reasons.join("; ")),
        );
    }
}

/// A place of the user's that the sandbox does not show.
fn show(place: &Place, host: &Host, findings: &mut Findings) {
    let path = host.absolute(&place.path);
    let (home, at) = (Path::new(&host.home), Path::new(&path));
    let protected = protected::is_protected(home, at);
    let holds_some = protected.is_none() && protected::covers_protected(home, at).is_some();
    let may_write = place.written && protected.is_none() && !holds_some;
    let word = host.well_known(&place.path);
    if RulePath::try_from(word.clone()).is_err() {
        return;
    }
    let rule =
        serde_json::json!({ "access": if may_write { "write" } else { "read" }, "optional": true });
    let count = match place.files {
        1 => "one file".to_owned(),
        files => format!("{files} files"),
    };
    let does = if place.written {
        "wanted to change"
    } else {
        "looked for"
    };
    let why = format!("it {does} {count} there, which it does not have");
    let gives = match protected {
        Some(place) => format!(
            "this is a protected place, and it would read it: {}",
            place.reason
        ),
        None if may_write => "it changes all that is there".to_owned(),
        None if place.written => {
            "it reads all that is there; protected places are below, so it changes nothing"
                .to_owned()
        }
        None => "it reads all that is there".to_owned(),
    };
    findings.give(&format!("files.rules.{word}"), rule, why, gives);
}

/// What it was refused and a profile could give.
fn give(profile: &Profile, seen: &Folded, findings: &mut Findings) {
    let refused = |kind: Denied| seen.denied.iter().any(|name| name == kind.entry().name);
    if let Some(address) = seen
        .internet
        .first()
        .filter(|_| profile.network.mode == Mode::None)
    {
        let why = format!("it wanted to talk to {address}");
        findings.give(
            "network.mode",
            "internet",
            why,
            "it can send what it knows to anybody",
        );
    }
    if refused(Denied::Microphone) && profile.audio.microphone == Microphone::Off {
        findings.give(
            "audio.microphone",
            "ask",
            "it wanted to record",
            "it asks you each time whether it may hear you",
        );
    }
    if refused(Denied::Speaker) && profile.audio.speaker == Speaker::Off {
        findings.give("audio.speaker", "on", "it wanted to play", "it is heard");
    }
    let clipboard = refused(Denied::CopyOut) || refused(Denied::PasteIn);
    if clipboard && profile.display.clipboard != Clipboard::Both {
        findings.give(
            "display.clipboard",
            "both",
            "something was copied to or from it",
            "what is copied passes both ways",
        );
    }
    let extra = seen
        .refused
        .iter()
        .filter(|name| syscalls::extra(name).is_ok());
    let extra: Vec<String> = extra.cloned().collect();
    list(
        profile
            .syscalls
            .also_allow
            .iter()
            .cloned()
            .map(String::from),
        extra.clone(),
        |all| {
            let why = format!("it called {}", extra.join(", "));
            findings.give(
                "syscalls.also_allow",
                all,
                why,
                "each of them is more of the kernel that it can attack",
            );
        },
    );
}

fn remarks(seen: &Folded, findings: &mut Findings) {
    let never = seen
        .refused
        .iter()
        .filter(|name| syscalls::extra(name).is_err());
    let never: Vec<&str> = never.map(String::as_str).take(12).collect();
    if !never.is_empty() {
        findings.remarks.push(format!(
            "it was refused system calls that no profile gives: {}",
            never.join(", ")
        ));
    }
    if !seen.programs.is_empty() {
        let programs: Vec<&str> = seen.programs.iter().map(String::as_str).take(12).collect();
        findings
            .remarks
            .push(format!("it started {}", programs.join(", ")));
    }
    let sockets: Vec<&str> = seen.sockets.iter().map(String::as_str).take(8).collect();
    if !sockets.is_empty() {
        findings.remarks.push(format!(
            "it looked for sockets that no sandbox has: {}",
            sockets.join(", ")
        ));
    }
    if seen.odd > 0 {
        findings.remarks.push(format!(
            "{} names were not such as a person could read, and nothing follows from them",
            seen.odd
        ));
    }
    if seen.cut {
        findings
            .remarks
            .push("it did more different things than are kept".to_owned());
    }
}

/// The whole list, if something in it is new.
fn list(before: impl Iterator<Item = String>, new: Vec<String>, say: impl FnOnce(Vec<Value>)) {
    let mut all: Vec<String> = before.collect();
    let known = all.len();
    for one in new {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    if all.len() > known {
        say(all.into_iter().map(Value::from).collect());
    }
}

fn of_toolkits(path: &str) -> bool {
    let of_app = [".config/", ".local/share/", ".local/state/", ".cache/"];
    let below = of_app
        .iter()
        .find_map(|top| path.strip_prefix("~/")?.strip_prefix(top));
    below.is_some_and(|name| TOOLKITS.contains(&name))
        || path.starts_with("~/.cache/")
        || OF_ALL.contains(&path)
}

impl Findings {
    fn tell(&mut self, key: &str, value: impl Into<Value>, why: impl Into<String>) {
        self.changes.push(Change {
            key: key.to_owned(),
            value: value.into(),
            why: why.into(),
            gives: None,
        });
    }

    fn give(
        &mut self,
        key: &str,
        value: impl Into<Value>,
        why: impl Into<String>,
        gives: impl Into<String>,
    ) {
        self.changes.push(Change {
            key: key.to_owned(),
            value: value.into(),
            why: why.into(),
            gives: Some(gives.into()),
        });
    }
}

impl Host {
    /// Whether a place is the app's own by its name.
    fn is_own(&self, path: &str) -> bool {
        let Some(below) = path.strip_prefix("~/") else {
            return false;
        };
        let name = below.rsplit('/').next().unwrap_or_default();
        let in_place = below == format!(".{}", name.trim_start_matches('.'))
            || [".config", ".local/share", ".local/state", ".cache"]
                .iter()
                .any(|top| below == format!("{top}/{name}"));
        let name = name.trim_start_matches('.');
        in_place
            && self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
            && DataPath::try_from(path.to_owned()).is_ok()
    }

    /// A path as the host has it.
    pub fn absolute(&self, place: &str) -> String {
        match place.strip_prefix("~/") {
            Some(below) => format!("{}/{below}", self.home),
            None => place.to_owned(),
        }
    }

    /// A place by the name of the well-known directory that it is in.
    fn well_known(&self, place: &str) -> String {
        let path = self.absolute(place);
        for name in XDG_NAMES {
            let Some(directory) = self
                .xdg
                .get(*name)
                .filter(|directory| **directory != self.home)
            else {
                continue;
            };
            if let Some(rest) = path.strip_prefix(directory.as_str())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return format!("xdg:{name}{rest}");
            }
        }
        place.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Catalogue, Layer, Text};

    fn profile(text: &str) -> Profile {
        let text = Text {
            name: "app".into(),
            layer: Layer::User,
            path: "/app.json".into(),
            text: text.into(),
            template: false,
        };
        Catalogue::new(vec![text]).resolve("app").expect("is right")
    }

    fn host(unseen: &[&str]) -> Host {
        Host {
            names: vec!["app".into()],
            home: "/home/u".into(),
            xdg: BTreeMap::from([("MUSIC".to_owned(), "/home/u/Musik".to_owned())]),
            unseen: unseen.iter().map(|place| (*place).to_owned()).collect(),
        }
    }

    fn place(path: &str, written: bool) -> Place {
        Place {
            path: path.into(),
            written,
            files: 2,
        }
    }

    fn all_used() -> Folded {
        Folded {
            runs: 1,
            windows: true,
            sound: true,
            bus: true,
            calls: RARE.iter().map(|group| group.names[0].to_owned()).collect(),
            ..Folded::default()
        }
    }

    const FULL: &str = r#"{ "display": { "enabled": true }, "audio": { "speaker": "on" }, "network": { "mode": "internet" } }"#;

    fn keys(findings: &Findings, gives: bool) -> Vec<String> {
        let changes = findings
            .changes
            .iter()
            .filter(|change| change.gives.is_some() == gives);
        changes
            .map(|change| format!("{}={}", change.key, change.value))
            .collect()
    }

    #[test]
    fn what_was_not_used_is_taken_away_with_its_reason() {
        let used = Folded {
            internet: vec!["192.0.2.1:1".into()],
            ..all_used()
        };
        assert_eq!(propose(&profile(FULL), &used, &host(&[])).changes, []);
        let findings = propose(&profile(FULL), &Folded::default(), &host(&[]));
        assert_eq!(keys(&findings, true), [] as [&str; 0]);
        insta::assert_json_snapshot!(findings);
    }

    #[test]
    fn a_hostile_document_is_given_nothing_without_a_yes_of_its_own() {
        let seen = Folded {
            places: vec![
                place("~/.ssh", true),
                place("~/.config/autostart", true),
                place("~/Musik/new", true),
                place("~/notes.txt", false),
                place("~/.config/app", true),
                place("~/.config/missing", true),
                place("~/.config/gtk-3.0", true),
                // Programs are below.
                place("~/go", true),
                place("/etc/secret", false),
                place("/media/u/stick", true),
            ],
            internet: vec!["192.0.2.1:443".into()],
            refused: vec!["ptrace".into(), "mount".into()],
            denied: vec!["microphone".into(), "speaker".into(), "copy-out".into()],
            ..all_used()
        };
        let unseen = [
            "~/.ssh",
            "~/.config/autostart",
            "~/Musik/new",
            "~/notes.txt",
            "~/.config/app",
            "~/.config/gtk-3.0",
            "~/go",
            "/etc/secret",
            "/media/u/stick",
        ];
        let findings = propose(
            &profile(r#"{ "display": { "enabled": true } }"#),
            &seen,
            &host(&unseen),
        );
        assert_eq!(keys(&findings, false), ["files.data=[\"~/.config/app\"]"]);
        // Protected places are never to be written.
        for change in findings
            .changes
            .iter()
            .filter(|change| change.key.contains("/.") || change.key.ends_with("go"))
        {
            assert_eq!(change.value["access"], "read", "{change:?}");
            assert!(
                change
                    .gives
                    .as_ref()
                    .is_some_and(|gives| gives.contains("protected")),
                "{change:?}"
            );
        }
        insta::assert_json_snapshot!(findings);
    }
}
