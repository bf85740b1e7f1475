//! `files`: what the app sees of the user's files and of the system.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{Rule, RulePath};
use crate::plan::{Access, Drops};

/// What the app sees of the user's files and of the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// The app's home directory.
    pub home: Home,
    /// What every sandbox of this profile sees of the user's files, by path. The most specific path decides.
    pub rules: BTreeMap<RulePath, Rule>,
    /// What files that are named on the command line become.
    pub arguments: Access,
    /// What files become that are dragged from outside and dropped on a window.
    pub drops: Drops,
    /// Whether the rest of the directory that such a file is in is shown with it, read-only: subtitles of a film,
    /// pictures of a page, the other files of a project. Never the home itself.
    pub siblings: bool,
    /// More read-only configuration and data of the system that the app needs, under /etc,
    /// /var/lib or /var/cache.
    pub system: Vec<SystemPath>,
    /// Where in the user's home the app keeps what is its own when it runs without a sandbox. No sandbox sees it: it is
    /// what `oz enable --data copy` copies into the app's own home, and what `--data present` lets its sandbox have.
    pub data: Vec<DataPath>,
}

/// The app's home directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// In memory, gone with the sandbox.
    #[default]
    Ephemeral,
    /// A directory of its own that lasts.
    Private,
    /// The user's own, without what is protected. What the app writes is kept apart, for the user to look at, take over or
    /// throw away: `oz changes`, `oz merge`, `oz discard`.
    CopyOnWrite,
    /// An empty directory in which nothing can be made, not even the user's fonts and themes are there.
    None,
}

impl Home {
    /// As a profile and the command line say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeral",
            Self::Private => "private",
            Self::CopyOnWrite => "copy-on-write",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Home {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [
            Self::None,
            Self::Ephemeral,
            Self::Private,
            Self::CopyOnWrite,
        ]
        .into_iter()
        .find(|home| home.word() == word)
        .ok_or_else(|| "a home is none, ephemeral, private or copy-on-write".to_owned())
    }
}

/// An absolute path under /etc, /var/lib or /var/cache.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct SystemPath(String);

/// A path below the home, written with `~/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct DataPath(String);

impl DataPath {
    /// The path, seen from the home.
    pub fn below_home(&self) -> &std::path::Path {
        std::path::Path::new(&self.0[2..])
    }
}

impl TryFrom<String> for DataPath {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        match path.strip_prefix("~/") {
            Some(below) if plain(below) => Ok(Self(path)),
            _ => Err("data of an app lies below the home\nwrite a plain path such as ~/.config/app, without patterns".to_owned()),
        }
    }
}

impl From<DataPath> for String {
    fn from(path: DataPath) -> Self {
        path.0
    }
}

/// Whether every component is a plain name.
fn plain(relative: &str) -> bool {
    relative.len() < 4096
        && relative
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."))
}

impl SystemPath {
    /// As a path.
    pub fn as_path(&self) -> &std::path::Path {
        std::path::Path::new(&self.0)
    }
}

impl TryFrom<String> for SystemPath {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        let below = ["/etc/", "/var/lib/", "/var/cache/"]
            .iter()
            .find_map(|top| path.strip_prefix(top));
        match below {
            Some(below) if plain(below) => Ok(Self(path)),
            _ => Err("only paths below /etc, /var/lib and /var/cache can be shown\nwrite a plain path such as /etc/libreoffice; /usr and /opt are there already".to_owned()),
        }
    }
}

impl From<SystemPath> for String {
    fn from(path: SystemPath) -> Self {
        path.0
    }
}
