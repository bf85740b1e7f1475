//! What a profile says: text with comments, in layers, made into one set of typed sections.
//!
//! A profile's text is read into a `tree` that remembers where each value stands, checked
//! against the `document`'s sections, and merged key by key along two axes: `extends` (templates
//! below, the profile above) and layers (shipped below, the administrator's, the user's above).
//! Every refusal is drawn with a caret under the place at fault.

pub mod audio;
pub mod bus;
mod catalogue;
mod decode;
pub mod display;
mod document;
mod edit;
pub mod environment;
mod error;
mod explain;
pub mod files;
pub mod identity;
pub mod learn;
pub mod life;
pub mod limits;
pub mod matching;
pub mod measure;
mod merge;
pub mod network;
pub mod rules;
mod scan;
mod schema;
mod size;
mod suggest;
pub mod syscalls;
mod tree;
pub mod walls;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use self::rules::{Rule, RulePath};
use crate::plan::Effect;

pub use audio::Audio;
pub use bus::Bus;
pub use catalogue::{Catalogue, is_of_system};
pub use display::Display;
pub use document::{Document, parse};
pub use edit::edit;
pub use environment::Environment;
pub use error::{Diagnostic, ProfileError};
pub use explain::Origin;
pub use files::Files;
pub use identity::Identity;
pub use life::Life;
pub use limits::Limits;
pub use matching::Match;
pub use network::Network;
pub use schema::schema;
pub use size::Size;
pub use syscalls::Syscalls;
pub use walls::Walls;

/// Largest text of one profile, in bytes.
pub const MAX_TEXT: usize = 256 << 10;

/// Who wrote a text; later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// It came with Oz.
    Shipped,
    /// The machine's administrator, who can also lock keys.
    Administrator,
    /// The user.
    User,
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shipped => "shipped",
            Self::Administrator => "administrator",
            Self::User => "user",
        })
    }
}

/// The text of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Name of the profile or template: the file's name without `.json`.
    pub name: String,
    /// Who wrote it.
    pub layer: Layer,
    /// Where it was read, for messages.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// It is for others to extend and matches no app by itself.
    pub template: bool,
}

/// What holds for an app once all layers and templates are merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for, one line for people.
    pub description: String,
    /// Which apps it is for.
    #[serde(rename = "match")]
    pub matches: Match,
    /// The user's files.
    pub files: Files,
    /// Variables.
    pub environment: Environment,
    /// Windows.
    pub display: Display,
    /// Speaker and microphone.
    pub audio: Audio,
    /// Network.
    pub network: Network,
    /// Message bus.
    pub bus: Bus,
    /// System calls.
    pub syscalls: Syscalls,
    /// Resources.
    pub limits: Limits,
    /// What the app learns of the machine.
    pub identity: Identity,
    /// When it ends.
    pub life: Life,
    /// What the machine must enforce.
    pub walls: Walls,
    /// Which file each value comes from, by key (`files.home`); what is absent is built in.
    #[serde(skip)]
    pub origins: BTreeMap<String, Origin>,
    /// The administrator has locked `network.mode`: a launch cannot ask for another either.
    #[serde(skip)]
    pub network_is_locked: bool,
    /// Likewise `files.home`.
    #[serde(skip)]
    pub home_is_locked: bool,
    /// Rules that are locked by themselves, as `files.rules` has them.
    #[serde(skip)]
    pub locked_rules: Vec<String>,
    /// Those of `files.data` that the user lets the app have where they are, as rules of the same words.
    #[serde(skip)]
    pub own: BTreeSet<String>,
    /// All locks, as the administrator's files say them.
    #[serde(skip)]
    pub locks: Vec<String>,
}

impl Profile {
    /// Whether the administrator has locked a key (`audio.microphone`, `files.rules.~/Music`).
    pub fn is_locked(&self, key: &str) -> bool {
        merge::Locks::of(&self.locks).hold(key)
    }

    /// Lets the app have places of its `files.data` where they are in the user's home, which only the user decides: a
    /// profile by itself never does. Where the profile has a rule of its own, that holds.
    pub fn give_own(&mut self, places: &[files::DataPath]) {
        for place in places
            .iter()
            .filter(|place| self.files.data.contains(place))
        {
            let word = String::from(place.clone());
            let Ok(path) = RulePath::try_from(word.clone()) else {
                continue;
            };
            if path.is_pattern() || self.files.rules.contains_key(&path) {
                continue;
            }
            let rule = Rule {
                effect: Effect::Write,
                optional: true,
                make: false,
            };
            self.files.rules.insert(path, rule);
            self.own.insert(word);
        }
    }

    fn from_document(name: String, document: Document) -> Self {
        Self {
            name,
            description: document.description,
            matches: document.matches,
            files: document.files,
            environment: document.environment,
            display: document.display,
            audio: document.audio,
            network: document.network,
            bus: document.bus,
            syscalls: document.syscalls,
            limits: document.limits,
            identity: document.identity,
            life: document.life,
            walls: document.walls,
            origins: BTreeMap::new(),
            network_is_locked: false,
            home_is_locked: false,
            locked_rules: Vec::new(),
            own: BTreeSet::new(),
            locks: Vec::new(),
        }
    }
}
