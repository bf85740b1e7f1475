//! `files`: what the app sees of the user's files and of the system.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Access;

/// What the app sees of the user's files and of the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// The app's home directory.
    pub home: Home,
    /// Places of the user that every sandbox of this profile sees.
    pub share: Vec<Share>,
    /// What files that are named on the command line become.
    pub arguments: Access,
    /// More read-only configuration and data of the system that the app needs, under /etc,
    /// /var/lib or /var/cache.
    pub system: Vec<SystemPath>,
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
    /// An empty directory in which nothing can be made, not even the user's fonts and themes are there.
    None,
}

impl Home {
    /// As a profile and the command line say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeral",
            Self::Private => "private",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Home {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Self::None, Self::Ephemeral, Self::Private]
            .into_iter()
            .find(|home| home.word() == word)
            .ok_or_else(|| "a home is none, ephemeral or private".to_owned())
    }
}

/// A place of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Which: `~/Music`, `xdg:DOWNLOAD`, or an absolute path.
    pub path: SharePath,
    /// May it be changed?
    #[serde(default)]
    pub access: Access,
    /// It is no error if it does not exist.
    #[serde(default)]
    pub optional: bool,
}

/// How a profile names a place of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum SharePath {
    /// `~/…`, relative to the home directory.
    Home(PathBuf),
    /// `xdg:NAME`: one of the user's well-known directories, `DOWNLOAD`, `DOCUMENTS`, …
    Xdg(String),
    /// An absolute path.
    Absolute(PathBuf),
}

/// An absolute path under /etc, /var/lib or /var/cache.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct SystemPath(String);

/// The user's well-known directories that a profile can name after `xdg:`.
pub const XDG_NAMES: &[&str] = &[
    "DESKTOP",
    "DOCUMENTS",
    "DOWNLOAD",
    "MUSIC",
    "PICTURES",
    "PUBLICSHARE",
    "TEMPLATES",
    "VIDEOS",
];

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

impl TryFrom<String> for SharePath {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        if let Some(below) = path.strip_prefix("~/") {
            if plain(below) {
                return Ok(Self::Home(below.into()));
            }
        } else if let Some(name) = path.strip_prefix("xdg:") {
            if XDG_NAMES.contains(&name) {
                return Ok(Self::Xdg(name.to_owned()));
            }
            return Err(format!(
                "there is no well-known directory called {name:?}\nthere are {}",
                XDG_NAMES.join(", ")
            ));
        } else if path.strip_prefix('/').is_some_and(plain) {
            return Ok(Self::Absolute(path.into()));
        } else if path == "~" {
            return Err("the whole home directory cannot be shared\nname the directories that the app needs, such as ~/Documents".to_owned());
        }
        Err("this does not name a place\nwrite ~/DIRECTORY, xdg:DOWNLOAD or an absolute path, without . and ..".to_owned())
    }
}

impl From<SharePath> for String {
    fn from(path: SharePath) -> Self {
        path.to_string()
    }
}

impl std::fmt::Display for SharePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Home(below) => write!(f, "~/{}", below.display()),
            Self::Xdg(name) => write!(f, "xdg:{name}"),
            Self::Absolute(path) => write!(f, "{}", path.display()),
        }
    }
}
