//! What sandboxes are refused while they run, as people are told of it.
//!
//! Whoever refuses something says which [`Denied`] it is; [`DENIED`] has the words, and what can be done about it.
//! Most refusals of the kernel (files that are not there, system calls, a network without routes) leave no trace that
//! an ordinary user could read, so they are none of these.

use serde::{Deserialize, Serialize};

/// One thing that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Denied {
    /// To record.
    Microphone,
    /// To be heard.
    Speaker,
    /// A command of the sound server that no app may give.
    SoundCommand,
    /// What was copied in it is not passed on.
    CopyOut,
    /// What was copied elsewhere is not offered to it.
    PasteIn,
    /// It wanted to take the clipboard over when nobody had done anything in it.
    CopyUnasked,
    /// Files that were dropped on it.
    Drop,
    /// Files that were picked in a dialog and that nobody is given.
    Picked,
    /// To open an address.
    Link,
    /// That another app opens a file.
    Open,
    /// More dialogs than a person can want.
    Dialogs,
    /// Something else that it asked the desktop for.
    Portal,
    /// To reach this machine or its neighbours, from a network that has the Internet only.
    Network,
    /// A program that spoke to the display in a way that no program does.
    Display,
    /// Likewise to the sound server.
    Sound,
    /// To fill the screen when nobody had done anything in it.
    Fullscreen,
}

/// What a person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Nothing: no app may do it.
    Nothing,
    /// Turn the microphone on.
    Microphone,
    /// Turn the speaker on.
    Speaker,
    /// Open the clipboard's way out.
    CopyOut,
    /// Open the clipboard's way in.
    PasteIn,
    /// Add the files, chosen by the person.
    Files,
}

/// What there is to say of one.
#[derive(Debug)]
pub struct Entry {
    /// Which.
    pub denied: Denied,
    /// As in JSON.
    pub name: &'static str,
    /// What it wanted.
    pub what: &'static str,
    /// Why it did not get it.
    pub why: &'static str,
    /// What can be done.
    pub remedy: Remedy,
    /// Whether a person is told when it happens: they have done something, or lack something, and would wonder.
    pub told: bool,
}

macro_rules! entry {
    ($denied:ident, $name:literal, $told:literal, $remedy:ident, $what:literal, $why:literal) => {
        Entry {
            denied: Denied::$denied,
            name: $name,
            what: $what,
            why: $why,
            remedy: Remedy::$remedy,
            told: $told,
        }
    };
}

/// All of them, in the order of the variants.
pub const DENIED: &[Entry] = &[
    entry!(
        Microphone,
        "microphone",
        true,
        Microphone,
        "It wanted to hear the microphone.",
        "The microphone is off for it."
    ),
    entry!(
        Speaker,
        "speaker",
        true,
        Speaker,
        "It wanted to play sound.",
        "The speaker is off for it."
    ),
    entry!(
        SoundCommand,
        "sound-command",
        false,
        Nothing,
        "It wanted to steer the sound server.",
        "No app in a sandbox may change or ask more of it than its own streams."
    ),
    entry!(
        CopyOut,
        "copy-out",
        true,
        CopyOut,
        "Something was copied in it.",
        "What is copied in it stays in it."
    ),
    entry!(
        PasteIn,
        "paste-in",
        false,
        PasteIn,
        "Something copied elsewhere could have been pasted into it.",
        "What is copied elsewhere stays outside."
    ),
    entry!(
        CopyUnasked,
        "copy-unasked",
        false,
        Nothing,
        "It wanted to fill the clipboard.",
        "Nobody had pressed a key or a button in it."
    ),
    entry!(
        Drop,
        "drop",
        true,
        Files,
        "Files were dropped on it.",
        "Its profile does not let dropped files in, or they are in a protected place."
    ),
    entry!(
        Picked,
        "picked",
        false,
        Nothing,
        "A file was picked for it in a dialog.",
        "No app in a sandbox may have what lies there."
    ),
    entry!(
        Link,
        "link",
        true,
        Nothing,
        "It wanted to open an address.",
        "The address is not one that the desktop opens for an app, or there were too many."
    ),
    entry!(
        Open,
        "open",
        false,
        Nothing,
        "It wanted another app to open a file.",
        "It is none of your files that it has, no app is known for it, or there were too many."
    ),
    entry!(
        Dialogs,
        "dialogs",
        false,
        Nothing,
        "It wanted to show one more dialog.",
        "It has shown too many within a minute, or several were waved away."
    ),
    entry!(
        Portal,
        "portal",
        true,
        Nothing,
        "It asked the desktop for something.",
        "The desktop does not do that for apps in a sandbox."
    ),
    entry!(
        Network,
        "network",
        true,
        Nothing,
        "It wanted to reach an address of this machine or of the network around it.",
        "It has the Internet and nothing else. A forward leads to one service of it."
    ),
    entry!(
        Display,
        "display",
        true,
        Nothing,
        "One of its programs lost its windows.",
        "It broke the rules of the display."
    ),
    entry!(
        Sound,
        "sound",
        false,
        Nothing,
        "One of its programs lost its sound.",
        "It broke the rules of the sound server."
    ),
    entry!(
        Fullscreen,
        "fullscreen",
        false,
        Nothing,
        "It wanted to fill the screen.",
        "Nobody had pressed a key or a button in it."
    ),
];

impl Denied {
    /// What there is to say of it.
    pub fn entry(self) -> &'static Entry {
        // The table is in the order of the variants, which a test sees to.
        &DENIED[self as usize]
    }

    /// From its name; none if a later version has it.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = DENIED.iter().find(|entry| entry.name == name);
        found.map(|entry| entry.denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_entry_and_its_name() {
        for (index, entry) in DENIED.iter().enumerate() {
            assert_eq!(entry.denied as usize, index);
            assert_eq!(entry.denied.entry().name, entry.name);
            let json = serde_json::to_string(&entry.denied).expect("a word");
            assert_eq!(json, format!("{:?}", entry.name));
            assert_eq!(Denied::from_name(entry.name), Some(entry.denied));
            for words in [entry.what, entry.why] {
                assert!(words.ends_with('.'), "{words}");
            }
        }
        assert_eq!(Denied::Fullscreen as usize + 1, DENIED.len());
        assert_eq!(Denied::from_name("weather"), None);
    }
}
