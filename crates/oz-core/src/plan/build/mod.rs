//! From a profile to a plan.
//!
//! Pure: the same profile, request and facts give the same plan. What exists on the host is known
//! from the facts, for which [`probes`] says what to look at.

mod bus;
mod device;
mod environment;
mod etc;
mod home;
mod identity;
mod proc;
mod root;
mod rules;
mod sound;
mod system;
mod tree;
mod view;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{
    Display, Forward, Home, HostFacts, Life, Limits, Listener, Mode, Network, Op, Plan, SandboxId,
    Service, SyscallPolicy, User, VERSION, check, layout, syscalls,
};
use crate::OsBytes;
use crate::profile::rules::RulePath;
use crate::profile::{Profile, files, identity::Hostname, limits::Memory, syscalls::List};

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The sandbox's name.
    pub id: SandboxId,
    /// Nothing lasts, whatever the profile says.
    pub ephemeral: bool,
    /// Another home than the profile's.
    pub home: Option<files::Home>,
    /// Another network than the profile's.
    pub network: Option<Mode>,
    /// What the host's desktop takes the windows for, from the app's desktop entry.
    pub app_id: Option<String>,
    /// The session has a compositor or an X server that shows windows.
    pub display: bool,
    /// The session has a place where a sound server listens, or will.
    pub sound: bool,
}

/// Why there is no plan. Each message ends with what to do.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BuildError {
    /// The place of a rule is not there.
    #[error("the profile's rule for {rule} needs {}, which does not exist: make it, or write {{ \"access\": …, \"optional\": true }}", OsBytes::from(path.as_path()))]
    Missing {
        /// As the profile says it.
        rule: String,
        /// What it is on this host.
        path: PathBuf,
    },
    /// The place of a rule leads somewhere else.
    #[error("the profile's rule for {rule} leads through a symbolic link to or at {}, which an app could have made: name what the link points to", OsBytes::from(path.as_path()))]
    Link {
        /// As the profile says it.
        rule: String,
        /// The link, or a path behind it.
        path: PathBuf,
    },
    /// The place of a rule is a socket, a device or a FIFO.
    #[error("the profile's rule for {rule} is about {}, which is neither a file nor a directory: remove the rule", OsBytes::from(path.as_path()))]
    Kind {
        /// As the profile says it.
        rule: String,
        /// What it is on this host.
        path: PathBuf,
    },
    /// A pattern names nothing that could be made.
    #[error(
        "the profile's rule for {rule} is to make what it names, and is a pattern: name one directory, or leave \"make\" out"
    )]
    Make {
        /// As the profile says it.
        rule: String,
    },
    /// Only directories are copied on writing.
    #[error("the profile's rule for {rule} is to copy {} on writing, which is a single file: name the directory that it is in, or write \"read\"", OsBytes::from(path.as_path()))]
    CopyOfFile {
        /// As the profile says it.
        rule: String,
        /// What it is on this host.
        path: PathBuf,
    },
    /// The user has no such well-known directory.
    #[error(
        "the profile's rule for {rule} is about a directory that this user does not have: set it in ~/.config/user-dirs.dirs, or write {{ \"access\": …, \"optional\": true }}"
    )]
    NoSuchDirectory {
        /// As the profile says it.
        rule: String,
    },
    /// Writing there would let the app leave its sandbox.
    #[error(
        "the profile's rule for {rule} would let the app write where {place} is protected: {reason}; name a directory beside it, or only \"read\""
    )]
    Protected {
        /// As the profile says it.
        rule: String,
        /// The protected place.
        place: String,
        /// What would happen.
        reason: &'static str,
    },
    /// The administrator has said which network it is.
    #[error("the administrator has locked the network of {profile:?} to {:?}: leave `--net` out, or ask the administrator", mode.word())]
    NetworkLocked {
        /// The profile.
        profile: String,
        /// Its network.
        mode: Mode,
    },
    /// The administrator has said which home it is.
    #[error("the administrator has locked the home of {profile:?} to {:?}: leave `--home` out, or ask the administrator", home.word())]
    HomeLocked {
        /// The profile.
        profile: String,
        /// Its home.
        home: files::Home,
    },
    /// The network of the host has no wall to lead a forward through.
    #[error(
        "the profile has the forward {forward}, which leads through a wall that the network \"host\" does not have: take it out of network.forwards, or use another network"
    )]
    ForwardOnHost {
        /// The first of them.
        forward: Forward,
    },
    /// A shorter list can have only what the list has.
    #[error(
        "syscalls.only names {call}, which is not in the list {list:?}: leave it out, or see whether syscalls.also_allow may have it"
    )]
    NotListed {
        /// The call.
        call: String,
        /// The list.
        list: String,
    },
    /// The administrator has locked a rule for what lies above.
    #[error("the profile's rule for {rule} would open {}, for which the administrator has locked the rule for {locked}: remove the rule, or ask the administrator", OsBytes::from(path.as_path()))]
    Locked {
        /// As the profile says it.
        rule: String,
        /// What it is on this host.
        path: PathBuf,
        /// The locked one.
        locked: String,
    },
    /// A pattern means too much.
    #[error(
        "the profile's rule for {rule} matches more than {} places: name a directory above them, or write a narrower pattern",
        super::facts::MAX_MATCHES
    )]
    Many {
        /// As the profile says it.
        rule: String,
    },
    /// A place that cannot be hidden, for a plan is text.
    #[error("the profile's rule for {rule} is to hide {}, whose name is not UTF-8: rename it, or hide the directory that it is in", OsBytes::from(path.as_path()))]
    Name {
        /// As the profile says it.
        rule: String,
        /// What it is on this host.
        path: PathBuf,
    },
    /// Too much lies beside protected places.
    #[error("the profile's rule for {rule} would make more than {} things in {} writable one by one, because protected places lie among them: name those that the app needs", super::facts::MAX_NAMES, OsBytes::from(path.as_path()))]
    Crowded {
        /// As the profile says it.
        rule: String,
        /// The directory.
        path: PathBuf,
    },
    /// A rule of every plan is broken by what the profile asks for.
    #[error("the profile asks for what no sandbox may have: {0}")]
    Violation(#[from] check::Violation),
}

/// What there is to connect to, besides windows.
#[derive(Clone, Copy)]
struct Has {
    /// Windows can be shown.
    display: bool,
    bus: bool,
    /// An X server.
    x11: bool,
    /// And the portals on it.
    portals: bool,
    sound: bool,
}

/// Paths of the host that [`build`] must know about.
pub fn probes(profile: &Profile, user: &User) -> Vec<PathBuf> {
    let mut paths = common_probes();
    paths.extend(own_probes(profile, user));
    paths
}

/// Those of them that are asked for whatever the profile; all are the system's.
pub fn common_probes() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    system::probes(&mut paths);
    etc::probes(&mut paths);
    paths.push(layout::BUS_DAEMON.into());
    paths.push(layout::XWAYLAND.into());
    paths.push(identity::BASH.into());
    paths
}

/// The others.
pub fn own_probes(profile: &Profile, user: &User) -> Vec<PathBuf> {
    let system = profile.files.system.iter();
    let mut paths: Vec<PathBuf> = system.map(|path| path.as_path().to_owned()).collect();
    home::probes(user, &mut paths);
    rules::probes(profile, user, &mut paths);
    paths
}

/// The place on this host of a rule that is no pattern; none if the user has no such well-known directory.
pub fn place_of(facts: &HostFacts, path: &RulePath) -> Option<PathBuf> {
    rules::place_of(facts, path)
}

/// Directories of the host whose names [`build`](fn@build) must know, once it is known what patterns match: those on
/// the way from a rule for writing to a protected place.
pub fn ways(profile: &Profile, facts: &HostFacts) -> BTreeSet<PathBuf> {
    rules::ways(profile, facts)
}

/// The steps with which the root of a sandbox of this host begins, but of one whose profile shows more of a directory
/// than is shown of it anyway, or has no bus or no portals: they can be made before it is known for what.
pub fn common(facts: &HostFacts) -> Vec<Op> {
    root::common(facts)
}

/// The file systems in memory of a sandbox whose profile gives them no size: most have those.
pub fn likely(user: &User) -> Vec<Op> {
    root::likely(user)
}

/// The plan of a sandbox.
pub fn build(profile: &Profile, request: &Request, facts: &HostFacts) -> Result<Plan, BuildError> {
    let said = request.home.unwrap_or(profile.files.home);
    if profile.home_is_locked && said != profile.files.home {
        return Err(BuildError::HomeLocked {
            profile: profile.name.clone(),
            home: profile.files.home,
        });
    }
    let copies = facts.copies.join(request.id.as_str());
    let home = match said {
        files::Home::CopyOnWrite => Home::CopyOnWrite(copies.clone()),
        files::Home::None => Home::None,
        files::Home::Private if !request.ephemeral => {
            Home::Private(facts.state.join(layout::HOMES_NAME).join(&profile.name))
        }
        files::Home::Private | files::Home::Ephemeral => Home::Ephemeral,
    };
    let hostname = match &profile.identity.hostname {
        Some(hostname) => hostname.as_str().to_owned(),
        None => Hostname::nearest(request.id.as_str()).as_str().to_owned(),
    };
    let is_there = |program: &str| {
        facts
            .paths
            .contains_key(program.as_ref() as &std::path::Path)
    };
    let bus = profile.bus.private && is_there(layout::BUS_DAEMON);
    let display = profile.display.enabled && request.display;
    let x11 = display && profile.display.x11 && is_there(layout::XWAYLAND);
    let has = Has {
        display,
        bus,
        x11,
        portals: bus && profile.bus.portals && profile.display.enabled,
        sound: request.sound,
    };
    let network = network(profile, request.network)?;
    let shape = root::Shape {
        profile,
        facts,
        home: &home,
        copies: &copies,
        volatile: request.ephemeral,
        hostname: &hostname,
        has,
        network: network.mode,
    };
    let view = view::view(&shape)?;
    let plan = Plan {
        version: VERSION,
        id: request.id.clone(),
        profile: profile.name.clone(),
        user: facts.user.clone(),
        root: root::operations(&shape, &view),
        listeners: listeners(facts, has),
        environment: environment::variables(profile, facts, has),
        syscalls: calls(profile)?,
        limits: Limits {
            processes: profile.limits.processes.get(),
            open_files: open_files(profile, facts),
            memory: profile.limits.memory.map(Memory::bytes),
            total_memory: profile.limits.total_memory.bytes(facts.memory),
            cpu_weight: profile.limits.cpu_weight.get(),
        },
        life: Life {
            keep: profile.life.keep,
            watchdog: profile
                .life
                .watchdog
                .iter()
                .map(|name| name.as_str().to_owned())
                .collect(),
            multi: profile.life.multi,
            grace_ms: profile.life.grace_ms.get(),
        },
        display: has.display.then(|| Display {
            app_id: request.app_id.clone(),
            clipboard: profile.display.clipboard,
            clipboard_in: profile.display.clipboard_in(),
            clipboard_out: profile.display.clipboard_out(),
            buffers: profile.display.buffers,
            shortcuts: profile.display.shortcuts,
            gpu: profile.display.gpu,
            mark: profile.display.mark,
        }),
        audio: has.sound.then(|| profile.audio.gate()),
        portals: has.portals,
        network,
        rules: view.ruled,
        own: view.own,
        arguments: profile.files.arguments,
        drops: profile.files.drops,
        siblings: profile.files.siblings,
        required: profile.walls.require.clone(),
        tree: facts.tree.as_ref().map(|facts| facts.tree.clone()),
        hostname,
        home,
    };
    check::check(&plan)?;
    Ok(plan)
}

/// The list that the profile names, as long or as short as it wants it.
fn calls(profile: &Profile) -> Result<SyscallPolicy, BuildError> {
    let said = &profile.syscalls;
    let also = said.also_allow.iter().map(|name| name.as_str());
    let mut policy = syscalls::policy(said.list == List::Browser, also);
    let only: Option<Vec<&str>> = said
        .only
        .as_ref()
        .map(|only| only.iter().map(|name| name.as_str()).collect());
    // The same profile is for all architectures.
    let missing = |name: &&&str| !syscalls::has(&policy, name) && !syscalls::is_foreign(name);
    if let Some(call) = only.iter().flatten().find(missing) {
        return Err(BuildError::NotListed {
            call: (*call).to_owned(),
            list: policy.name,
        });
    }
    let deny: Vec<&str> = said.deny.iter().map(|name| name.as_str()).collect();
    syscalls::narrow(&mut policy, only.as_deref(), &deny);
    Ok(policy)
}

/// The profile's, or what is asked for instead.
fn network(profile: &Profile, asked: Option<Mode>) -> Result<Network, BuildError> {
    let mode = asked.unwrap_or(profile.network.mode);
    if profile.network_is_locked && mode != profile.network.mode {
        return Err(BuildError::NetworkLocked {
            profile: profile.name.clone(),
            mode: profile.network.mode,
        });
    }
    let forwards = profile.network.forwards.clone();
    match forwards.first() {
        Some(forward) if mode == Mode::Host => Err(BuildError::ForwardOnHost {
            forward: forward.clone(),
        }),
        _ => Ok(Network { mode, forwards }),
    }
}

/// How many descriptors one message carries (`SCM_MAX_FD`), and a few messages at once.
const ON_THEIR_WAY: u32 = 256;

/// What the profile wants, as far as the user's other programs can bear it.
///
/// The kernel lets a process send descriptors while those that all of the user's processes have sent, and
/// nobody has received, are no more than its own limit of open files. An app that may open as many as
/// the session's programs could leave so many on their way that no Wayland client of the host starts.
fn open_files(profile: &Profile, facts: &HostFacts) -> u32 {
    let bearable = facts.open_files.saturating_sub(ON_THEIR_WAY).max(64);
    profile.limits.open_files.get().min(bearable)
}

fn listeners(facts: &HostFacts, has: Has) -> Vec<Listener> {
    let runtime = layout::runtime(facts.user.uid);
    let wayland = has.display.then(|| Listener {
        service: Service::Wayland,
        path: runtime.join(layout::WAYLAND),
        helper: None,
    });
    let pulse = has.sound.then(|| Listener {
        service: Service::Pulse,
        path: layout::pulse_socket(facts.user.uid),
        helper: None,
    });
    let bus = has.bus.then(|| Listener {
        service: Service::Bus,
        path: runtime.join("bus"),
        helper: Some(layout::bus_helper()),
    });
    let x11 = has.x11.then(|| Listener {
        service: Service::X11,
        path: layout::x11_socket(),
        helper: Some(layout::x11_helper()),
    });
    let all = wayland.into_iter().chain(x11).chain(pulse).chain(bus);
    all.collect()
}
