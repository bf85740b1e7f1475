//! What is known of the host when a plan is built; gathered by `oz-host`, never here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Tree, User};

/// Facts of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// Who runs the daemon.
    pub user: User,
    /// What the probed paths are; those that do not exist are absent. A path below the home whose
    /// first component there is a symbolic link is a `Symlink` to its canonical path, which has an
    /// entry of its own; a link deeper down stands for itself.
    pub paths: Paths,
    /// The user's well-known directories by their XDG name (`DOWNLOAD`, `DOCUMENTS`, …), absolute.
    pub xdg: BTreeMap<String, PathBuf>,
    /// Where the protected places of the home really are, as far as that is another path than their own (a
    /// symlinked `~/.ssh`); looked at only for profiles that share something.
    pub protected: Vec<PathBuf>,
    /// What the patterns among a profile's rules match, by the rule.
    pub matches: BTreeMap<String, Matches>,
    /// Names in the directories that [`ways`](super::ways) asks for, sorted, at most [`MAX_NAMES`] + 1; what
    /// cannot be listed is absent.
    pub listings: BTreeMap<PathBuf, Vec<String>>,
    /// Processors online.
    pub cpus: u32,
    /// Memory of the machine, in bytes.
    pub memory: u64,
    /// How many files a program of the user's session may have open unless it asks for more: the soft
    /// limit. Descriptors on their way between programs are counted for the user as a whole against
    /// the limit of each sender.
    pub open_files: u32,
    /// `$XDG_RUNTIME_DIR/oz`: sockets and live files of the daemon, a directory of mode 0700.
    pub runtime: PathBuf,
    /// `$XDG_STATE_HOME/oz`: what lasts, a directory of mode 0700.
    pub state: PathBuf,
    /// Where copies are kept that sandboxes make by writing: a directory of mode 0700 on a file system that the kernel
    /// takes for it.
    pub copies: PathBuf,
    /// The tree that is to stand for the host's system. Of a host with one `paths` says what the common probes are in it.
    pub tree: Option<TreeFacts>,
    /// Variables of the caller's session that a plan may use (`LANG`, `LC_*`, `TZ`, …): see
    /// [`SESSION_VARIABLES`].
    pub session: BTreeMap<String, String>,
}

/// What paths of the host are. Those that are looked at whatever is launched can be shared by all launches: most of them are, and
/// to copy and compare them would take longer than all else that is done with facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    shared: Arc<BTreeMap<PathBuf, PathFact>>,
    own: BTreeMap<PathBuf, PathFact>,
}

impl Paths {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, as far as is known now shared by all that are made from these.
    #[must_use]
    pub fn into_shared(mut self) -> Self {
        Arc::make_mut(&mut self.shared).append(&mut self.own);
        self
    }

    /// What a path is; none if it is not there, or was not looked at.
    pub fn get(&self, path: impl AsRef<Path>) -> Option<&PathFact> {
        let path = path.as_ref();
        self.own.get(path).or_else(|| self.shared.get(path))
    }

    /// Whether there is something.
    pub fn contains_key(&self, path: impl AsRef<Path>) -> bool {
        self.get(path).is_some()
    }

    /// All of which something is known, by their order.
    pub fn all(&self) -> impl Iterator<Item = &Path> {
        let mut all: Vec<&Path> = self
            .own
            .keys()
            .chain(self.shared.keys())
            .map(PathBuf::as_path)
            .collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// It is this now.
    pub fn insert(&mut self, path: PathBuf, fact: PathFact) {
        self.own.insert(path, fact);
    }

    /// It is not there.
    pub fn remove(&mut self, path: impl AsRef<Path>) {
        self.own.remove(path.as_ref());
        if self.shared.contains_key(path.as_ref()) {
            Arc::make_mut(&mut self.shared).remove(path.as_ref());
        }
    }
}

impl FromIterator<(PathBuf, PathFact)> for Paths {
    fn from_iter<I: IntoIterator<Item = (PathBuf, PathFact)>>(all: I) -> Self {
        Self {
            own: all.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// An unpacked distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeFacts {
    /// Which, and whether it is to be copied on writing.
    pub tree: Tree,
    /// What is right in it, in its `/etc` and in its `/var`, by the path as if the tree were the root; without empty
    /// directories, and without what has no name or target in UTF-8.
    pub entries: BTreeMap<PathBuf, PathFact>,
}

/// Most places that one pattern can mean.
pub const MAX_MATCHES: usize = 256;

/// Most things that one rule can make writable beside protected places.
pub const MAX_NAMES: usize = 512;

/// Most names that are read to find what a pattern means.
pub const MAX_LISTED: usize = 1 << 16;

/// What a pattern matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matches {
    /// The places, sorted.
    pub paths: Vec<PathBuf>,
    /// There are no more: neither [`MAX_MATCHES`] nor [`MAX_LISTED`] was reached.
    pub complete: bool,
}

/// What a path of the host is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathFact {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link and what it says.
    Symlink(PathBuf),
    /// Anything else (device node, socket, FIFO).
    Other,
}

/// Variables of the caller's session that may reach a plan, each with its reason. A name that
/// ends in `*` is a prefix.
pub const SESSION_VARIABLES: &[(&str, &str)] = &[
    ("LANG", "the user's language"),
    ("LANGUAGE", "languages to fall back to"),
    ("LC_*", "language by category"),
    ("TZ", "a time zone other than the system's"),
    ("TERM", "what the terminal that runs `oz` understands"),
    ("COLORTERM", "likewise"),
    ("NO_COLOR", "likewise"),
    (
        "WAYLAND_DISPLAY",
        "which host compositor the windows go to; not passed inside",
    ),
    (
        "XDG_RUNTIME_DIR",
        "where its socket lies; not passed inside",
    ),
    (
        "DISPLAY",
        "which X server they go to in a session without one; not passed inside",
    ),
    (
        "XAUTHORITY",
        "where the file lies that opens it; not passed inside",
    ),
    (
        "PULSE_SERVER",
        "which sound server the sound goes to; not passed inside",
    ),
    (
        "PULSE_RUNTIME_PATH",
        "where its socket lies; not passed inside",
    ),
    (
        "PULSE_COOKIE",
        "where the file lies that opens it; not passed inside",
    ),
    ("XDG_CURRENT_DESKTOP", "toolkits choose looks by it"),
    ("XCURSOR_THEME", "the user's cursor"),
    ("XCURSOR_SIZE", "its size"),
    ("GTK_THEME", "a theme that the user forces"),
    ("QT_STYLE_OVERRIDE", "likewise"),
    ("QT_SCALE_FACTOR", "likewise"),
    ("GDK_SCALE", "likewise"),
    (
        "XDG_ACTIVATION_TOKEN",
        "lets a window take the focus; used by the display proxy, and passed inside by another name",
    ),
    ("DESKTOP_STARTUP_ID", "likewise, on X11"),
    (
        "PATH",
        "how a bare command name is found; not passed inside",
    ),
];

/// Variables of the caller's session that reach a plan only if its profile passes them, each with
/// its reason.
pub const PASSABLE: &[(&str, &str)] = &[
    ("EDITOR", "the user's editor, for shells"),
    ("VISUAL", "likewise"),
    ("PAGER", "the user's pager, for shells"),
    ("LESS", "its options"),
    ("LS_COLORS", "colours of listings"),
    ("GREP_COLORS", "colours of matches"),
    ("CLICOLOR", "whether to use colours"),
    ("FORCE_COLOR", "likewise"),
    ("MOZ_LOG", "what Firefox logs"),
    ("G_MESSAGES_DEBUG", "what GLib programs log"),
    ("WAYLAND_DEBUG", "shows the protocol, to find errors"),
];

/// Whether a variable is one of [`SESSION_VARIABLES`] or [`PASSABLE`], and so may leave the
/// caller's session.
pub fn is_session_variable(name: &str) -> bool {
    is_in(SESSION_VARIABLES, name) || is_in(PASSABLE, name)
}

/// Whether a list holds a name, exactly or by a prefix that ends in `*`.
pub fn is_in(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(known, _)| match known.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *known,
    })
}
