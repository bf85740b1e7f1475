//! The plan of a sandbox: everything that a launch will do, as data.
//!
//! A plan is made once, by the daemon, from a profile, a request and facts of the
//! host ([`build`](fn@build)). It can be printed (`oz plan`), compared in tests, and is checked twice:
//! by the daemon that made it and by the init that executes it ([`check`]).
//! Nothing about a sandbox is decided outside its plan.

#[cfg(feature = "profiles")]
pub mod apparmor;
#[cfg(feature = "profiles")]
mod build;
pub mod check;
pub mod facts;
pub mod forward;
pub mod layout;
pub mod network;
mod ops;
pub mod syscalls;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::report::Wall;
pub use crate::wire::audio::Gate;
#[cfg(feature = "profiles")]
pub use build::{
    BuildError, Request, build, common, common_probes, likely, own_probes, place_of, probes, ways,
};
pub use facts::HostFacts;
pub use forward::Forward;
pub use network::{Mode, Network};
pub use ops::{Access, Bind, Effect, Op, Overlay, Source, below};

/// Version of the encoding of plans and of all that the daemon and an init tell each other: an init refuses
/// any other plan than its own, and a daemon takes no sandbox over that was started by another. A test of
/// `wire` knows the encoding of each version.
pub const VERSION: u32 = 21;

/// The readable name of a running sandbox: `firefox`, `firefox-2`.
///
/// 1 to 64 characters of `a-z 0-9 - _ .`, the first one a letter or a digit, so that it can
/// be a file name, a host name's label and a part of a command line as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SandboxId(String);

/// Why a name is not a sandbox's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a sandbox name: 1 to 64 of a-z 0-9 - _ . starting with a letter or a digit")]
pub struct InvalidId(pub String);

impl SandboxId {
    /// Longest name, in bytes.
    pub const MAX: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SandboxId {
    type Error = InvalidId;

    fn try_from(name: String) -> Result<Self, InvalidId> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        let first = name.bytes().next().unwrap_or(b'-');
        if name.len() <= Self::MAX
            && (first.is_ascii_lowercase() || first.is_ascii_digit())
            && name.bytes().all(allowed)
        {
            Ok(Self(name))
        } else {
            Err(InvalidId(name))
        }
    }
}

impl From<SandboxId> for String {
    fn from(id: SandboxId) -> Self {
        id.0
    }
}

impl std::str::FromStr for SandboxId {
    type Err = InvalidId;

    fn from_str(name: &str) -> Result<Self, InvalidId> {
        name.to_owned().try_into()
    }
}

impl fmt::Display for SandboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that a launch does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`VERSION`].
    pub version: u32,
    /// Name of the sandbox.
    pub id: SandboxId,
    /// Name of the profile that it follows.
    pub profile: String,
    /// Who the app is, inside as outside.
    pub user: User,
    /// Host name inside.
    pub hostname: String,
    /// What the root file system is made of, in order.
    pub root: Vec<Op>,
    /// Sockets that init listens on, each served by a proxy outside or a helper inside.
    pub listeners: Vec<Listener>,
    /// Environment of every program inside; a program can get more with its run.
    pub environment: BTreeMap<String, String>,
    /// System calls that the app may make; all others fail.
    pub syscalls: SyscallPolicy,
    /// Resource limits, per process unless said otherwise.
    pub limits: Limits,
    /// When the sandbox ends.
    pub life: Life,
    /// Windows; absent: the app has no display.
    pub display: Option<Display>,
    /// How the gate for sound stands at the start; absent: the session has no place for a sound
    /// server, so there is no socket either.
    pub audio: Option<Gate>,
    /// The private bus has the portals of the desktop: file dialogs, opening links, settings.
    pub portals: bool,
    /// What of the network is inside.
    pub network: Network,
    /// The distribution's tree that stands for the host's system; the mounts are in `root`.
    pub tree: Option<Tree>,
    /// Where the app's home lies on the host, for people; the mounts are in `root`.
    pub home: Home,
    /// What the profile's rules came to on this host, for people; the mounts are in `root`.
    pub rules: Vec<Ruled>,
    /// Places of the user's home that are the app's own, given to it by the user: the only protected ones that may be
    /// written, and of those only what is data.
    pub own: Vec<PathBuf>,
    /// What files that are named as arguments become.
    pub arguments: Access,
    /// What files become that are dropped on a window.
    pub drops: Drops,
    /// Whether the rest of their directories is shown with them, read-only.
    pub siblings: bool,
    /// Walls that must hold whole, beyond those without which there is no launch.
    pub required: Vec<Wall>,
}

impl Plan {
    /// The places of the user that the profile shares. The home is none of them, nor is what only
    /// shows how the desktop looks: no program can be run from there.
    pub fn shares(&self) -> impl Iterator<Item = &Bind> {
        self.root.iter().filter_map(|op| match op {
            Op::Bind(bind) => {
                let of_user = matches!(bind.source, Source::User(_));
                let own = bind.path == self.user.home || bind.path == Path::new(layout::LIVE);
                (of_user && !bind.noexec && !own).then_some(bind)
            }
            _ => None,
        })
    }
}

impl Plan {
    /// The places of which the app changes a copy.
    pub fn overlays(&self) -> impl Iterator<Item = &Overlay> {
        self.root.iter().filter_map(|op| match op {
            Op::Overlay(overlay) => Some(overlay),
            _ => None,
        })
    }
}

/// An unpacked distribution that is the system of a sandbox instead of the host's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The directory on the host, canonical.
    pub path: PathBuf,
    /// The app may change a copy of it; else it is read-only.
    pub copied: bool,
}

/// What a rule of the profile came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// Its path or pattern, as the profile says it.
    pub rule: String,
    /// What it says.
    pub effect: Effect,
    /// The places inside where it decides; none if nothing is there.
    pub places: Vec<PathBuf>,
}

/// The user that the app runs as: always the one who started the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User id, the same inside and outside.
    pub uid: u32,
    /// Primary group id, the same inside and outside.
    pub gid: u32,
    /// Login name.
    pub name: String,
    /// Home directory, an absolute path.
    pub home: PathBuf,
}

/// A socket inside the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Who serves it.
    pub service: Service,
    /// Where it lies inside.
    pub path: PathBuf,
    /// A program inside that init starts on the first connection, with the socket as descriptor 3
    /// and `LISTEN_FDS`, confined like the app. Absent: the socket is handed to the daemon, whose
    /// proxy serves it from outside.
    pub helper: Option<Vec<String>>,
}

impl Listener {
    /// Whether whoever serves it outside has a part in it: for the X server, which is inside, that is who shows its windows.
    pub fn reaches_outside(&self) -> bool {
        self.helper.is_none() || self.service == Service::X11
    }
}

/// Who serves a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The display proxy, outside, started by the first connection.
    Wayland,
    /// The audio proxy, outside, started by the first connection.
    Pulse,
    /// The private message bus, inside, started by the first connection.
    Bus,
    /// The X server, inside, started by the first connection; its windows are the display proxy's.
    X11,
}

/// Windows of the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Display {
    /// What the host's desktop takes the windows for; absent: what the app says, sanitised.
    pub app_id: Option<String>,
    /// Copy and paste.
    pub clipboard: Clipboard,
    /// What of it may come in.
    pub clipboard_in: Passage,
    /// What may go out.
    pub clipboard_out: Passage,
    /// How pixels reach the host.
    pub buffers: Buffers,
    /// Whether windows may take the desktop's keyboard shortcuts.
    pub shortcuts: bool,
    /// Whether buffers of a GPU pass, if the host takes them.
    pub gpu: bool,
    /// By what a person sees whose windows they are.
    pub mark: Mark,
}

/// By what a person sees that a window is a sandbox's, and which one's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A border in its colour with its name in it, which the app can neither cover nor leave; and its name before the title.
    #[default]
    Border,
    /// Its name before the title. Not every desktop shows titles.
    Title,
    /// Nothing.
    None,
}

impl Mark {
    /// As a profile says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Border => "border",
            Self::Title => "title",
            Self::None => "none",
        }
    }
}

/// Directions in which what is copied may cross, always on the user's action only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Clipboard {
    /// Neither.
    Off,
    /// Both, once the user has said yes, each time.
    Ask,
    /// Into the sandbox.
    In,
    /// Out of the sandbox.
    Out,
    /// Both.
    #[default]
    Both,
}

impl Clipboard {
    /// All.
    pub const ALL: [Self; 5] = [Self::Off, Self::Ask, Self::In, Self::Out, Self::Both];

    /// As a profile and the command line say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Ask => "ask",
            Self::In => "in",
            Self::Out => "out",
            Self::Both => "both",
        }
    }

    /// Whether the user is asked even for what they have just done.
    #[must_use]
    pub fn asks(self) -> bool {
        self == Self::Ask
    }

    /// Whether the sandbox may read what the host offers.
    #[must_use]
    pub fn lets_in(self) -> bool {
        matches!(self, Self::Both | Self::In | Self::Ask)
    }

    /// Whether the host may read what the sandbox offers.
    #[must_use]
    pub fn lets_out(self) -> bool {
        matches!(self, Self::Both | Self::Out | Self::Ask)
    }
}

/// A kind of what is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Plain text.
    Text,
    /// Text with its looks, as HTML: it may name pictures that whoever shows it fetches.
    Html,
    /// Pictures of pixels. Some desktops decode what is copied before anybody pastes it.
    Images,
}

impl Content {
    /// As a profile says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Html => "html",
            Self::Images => "images",
        }
    }
}

/// What may cross in one direction that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Of these kinds.
    pub types: Vec<Content>,
    /// Bytes of one copy; the rest of a longer one is cut off.
    pub most: u64,
}

impl Passage {
    /// Bytes of one copy where nothing else is said.
    pub const MOST: u64 = 64 << 20;
}

impl Default for Passage {
    /// Text.
    fn default() -> Self {
        Self {
            types: vec![Content::Text],
            most: Self::MOST,
        }
    }
}

/// What files of the user become that are dropped on a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Drops {
    /// Nothing: the app hears only of what it has.
    Off,
    /// What a file that is named as an argument becomes, once the user has said yes.
    Ask,
    /// They can be read.
    #[default]
    Read,
    /// They can be changed as well.
    Write,
}

/// How pixels reach the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Buffers {
    /// The host maps the app's own memory: no copy.
    #[default]
    Shared,
    /// The proxy copies what was damaged into memory of its own.
    Copied,
}

/// Where the app's home lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// In memory, gone with the sandbox.
    Ephemeral,
    /// A directory of the host that only this profile's sandboxes see.
    Private(PathBuf),
    /// The user's own, of which the app changes a copy; what it writes is kept beneath this directory of the host.
    CopyOnWrite(PathBuf),
    /// An empty directory of the root, read-only as the root is.
    None,
}

impl Home {
    /// As a profile and the command line say it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeral",
            Self::Private(_) => "private",
            Self::CopyOnWrite(_) => "copy-on-write",
            Self::None => "none",
        }
    }
}

/// Deny by default: what is not listed fails with ENOSYS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyscallPolicy {
    /// Name of the list, for people.
    pub name: String,
    /// Names of the calls that are allowed whatever their arguments, sorted.
    pub allow: Vec<String>,
    /// Calls that are allowed for some arguments only: all comparisons of one rule must hold,
    /// and one rule must match. Otherwise EPERM.
    pub conditional: BTreeMap<String, Vec<Vec<Comparison>>>,
    /// Names of the calls that exist but are refused with EPERM rather than ENOSYS, because
    /// programs probe for them and give up when told that they do not exist.
    pub refuse: Vec<String>,
    /// Calls of [`Self::conditional`] that succeed without being made when one of these rules matches, which
    /// are asked first: programs give up when they are refused, and what they want is so already.
    pub answered: BTreeMap<String, Vec<Vec<Comparison>>>,
    /// Programs may make user namespaces of their own, with process ids, network and ipc in them,
    /// as browsers do to wall off their renderers. Mount namespaces they can never make: init takes
    /// them away in each program's user namespace, which holds for those beneath it.
    pub user_namespaces: bool,
}

/// A comparison of one argument of a system call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Index of the argument, 0 to 5.
    pub argument: u8,
    /// Compare only the low 32 bits, as the kernel does for an `int`.
    pub low32: bool,
    /// How.
    pub operator: Operator,
}

impl Comparison {
    /// Of the low 32 bits.
    pub fn low32(argument: u8, operator: Operator) -> Self {
        Self {
            argument,
            low32: true,
            operator,
        }
    }

    /// That the low 32 bits equal a value, as a rule of its own.
    pub fn is(argument: u8, value: u64) -> Vec<Self> {
        vec![Self::low32(argument, Operator::Equal(value))]
    }
}

/// How an argument is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// It equals the value.
    Equal(u64),
    /// It differs from the value.
    NotEqual(u64),
    /// Its bits under the mask equal the value.
    MaskedEqual {
        /// Bits that count.
        mask: u64,
        /// What they are.
        value: u64,
    },
}

/// Resource limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processes and threads in the sandbox, by the pid namespace's own limit where the kernel has
    /// it (6.14) and RLIMIT_NPROC of the nested user namespace.
    pub processes: u32,
    /// Open files of one process, soft and hard.
    pub open_files: u32,
    /// Private memory that one process can write, in bytes (RLIMIT_DATA); absent: no limit.
    pub memory: Option<u64>,
    /// Memory of all processes together, in bytes, by a control group.
    pub total_memory: u64,
    /// Part of the processor beside the user's other programs, which have 100, by a control group.
    pub cpu_weight: u32,
}

impl Limits {
    /// Swap of all processes together, in bytes: what is idle can be moved out, and what takes all that
    /// there is comes to its end before the swap does.
    pub fn total_swap(&self) -> u64 {
        self.total_memory / 2
    }
}

/// When the sandbox ends; a stop request always ends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// It stays when its last program has ended.
    pub keep: bool,
    /// Names of programs (the base name of the executable, or `comm`): once all programs
    /// that `oz` started have ended, the sandbox ends when no process of these names is left.
    /// Empty: it ends with its last process, helpers not counted.
    pub watchdog: Vec<String>,
    /// Each launch gets a sandbox of its own instead of joining the running one.
    pub multi: bool,
    /// Milliseconds between the polite request to end and the end.
    pub grace_ms: u32,
}
