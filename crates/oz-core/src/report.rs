//! What was asked of a sandbox's walls, and what holds.
//!
//! A [`Wall`] is one thing that an app is kept from. Most are built by steps without which there is no
//! launch: they hold or the sandbox does not exist. Some depend on what the kernel and the host
//! offer: how far those hold is said by whoever builds them, as [`Held`]. Both together are the
//! sandbox's [`EnforcementReport`]. `oz check` then looks, from inside and outside, whether it is
//! true.
//!
//! A new wall is a variant of [`Wall`], an entry in [`WALLS`], a [`Held`] from whoever builds it, and
//! its trials: `TRIALS` in `oz-check` for what is tried from inside, `LOOKS` in
//! `oz-cli/src/commands/check` for what is seen from outside.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::{Mode, Plan};

/// One thing that an app is kept from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Wall {
    /// The user's files.
    Files,
    /// The system's files.
    System,
    /// What is mounted where.
    Mounts,
    /// What the user may do beyond others.
    Privileges,
    /// Processes outside, and init.
    Processes,
    /// What /proc and /sys tell of the machine.
    Kernel,
    /// System calls.
    SystemCalls,
    /// Other terminals, and what is typed into them.
    Terminals,
    /// Hardware.
    Devices,
    /// Other machines, and this one's ports.
    Network,
    /// Sockets of the session and of the system: buses, display, sound, agents.
    Services,
    /// What tells this machine from others.
    Identifiers,
    /// Files by stray descriptors, device nodes, signals and sockets of others: Landlock.
    Landlock,
    /// How many processes there can be.
    ProcessLimit,
    /// What the kernel counts for the user as a whole.
    Quotas,
    /// How many files each process can have open.
    OpenFiles,
    /// Memory of all processes together.
    Memory,
    /// The processor, beside the user's other programs.
    Processor,
}

/// What is known of a wall before any sandbox is there.
#[derive(Debug)]
pub struct Entry {
    /// Which.
    pub wall: Wall,
    /// As in JSON and in profiles.
    pub name: &'static str,
    /// What the app is kept from, a sentence's end behind "the app cannot".
    pub keeps_from: &'static str,
    /// Whether the plan wants it.
    pub asked: fn(&Plan) -> Asked,
    /// How it comes to stand.
    pub by: By,
    /// What to do on a machine that cannot build it.
    pub remedy: &'static str,
}

/// How a wall comes to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By a step without which the launch fails.
    Launch,
    /// As far as the kernel can: init builds it and says how far.
    Init,
    /// As far as the user's service manager can: the daemon asks for it and looks how far. Init has no
    /// word in it.
    Manager,
}

/// Whether a wall is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// There is no sandbox without it.
    Required,
    /// As far as the machine can; one that cannot at all lacks something.
    Wanted,
    /// As far as the machine can; not every machine is made to.
    IfPossible,
    /// The plan opens it.
    No,
}

/// How far a wall holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Whole.
    Enforced,
    /// In part.
    Partly,
    /// Not at all.
    Not,
}

const REQUIRED: fn(&Plan) -> Asked = |_| Asked::Required;
const WANTED: fn(&Plan) -> Asked = |_| Asked::Wanted;
const IF_POSSIBLE: fn(&Plan) -> Asked = |_| Asked::IfPossible;
/// Not with the network of the host.
const UNLESS_HOST: fn(&Plan) -> Asked = |plan| match plan.network.mode {
    Mode::Host => Asked::No,
    Mode::None | Mode::Internet => Asked::Required,
};
/// As far as the network of the host leaves it.
const BESIDE_HOST: fn(&Plan) -> Asked = |plan| match plan.network.mode {
    Mode::Host => Asked::Wanted,
    Mode::None | Mode::Internet => Asked::Required,
};
/// All that keeps abstract sockets of the host from who is in its network.
const FOR_HOST: fn(&Plan) -> Asked = |plan| match plan.network.mode {
    Mode::Host => Asked::Required,
    Mode::None | Mode::Internet => Asked::Wanted,
};

/// What every launch needs, should it ever fail.
const KERNEL: &str = "`oz doctor` says what this kernel lacks";
/// What has control groups to give.
const MANAGER: &str = "log in by a session that systemd starts, with control groups of version 2: `oz doctor` says what it lacks";

macro_rules! walls {
    ($($wall:ident $name:literal $asked:ident $by:ident: $keeps:literal, $remedy:expr;)+) => {
        &[$(Entry {
            wall: Wall::$wall,
            name: $name,
            keeps_from: $keeps,
            asked: $asked,
            by: By::$by,
            remedy: $remedy,
        },)+]
    };
}

/// All walls, in the order in which people read them.
pub const WALLS: &[Entry] = walls! {
    Files "files" REQUIRED Launch:
        "see or change files of the user that it was not given", KERNEL;
    System "system" REQUIRED Launch: "change the system's files", KERNEL;
    Mounts "mounts" REQUIRED Launch: "mount, unmount or make a mount writable", KERNEL;
    Privileges "privileges" REQUIRED Launch: "have or gain a privilege", KERNEL;
    Processes "processes" REQUIRED Launch:
        "see, signal or look into processes outside, or into its init", KERNEL;
    Kernel "kernel" BESIDE_HOST Launch:
        "learn from /proc and /sys what others do, or change settings of the kernel", KERNEL;
    SystemCalls "system-calls" REQUIRED Launch: "make system calls that are not listed", KERNEL;
    Terminals "terminals" REQUIRED Launch: "type into a terminal", KERNEL;
    Devices "devices" REQUIRED Launch: "reach hardware", KERNEL;
    Network "network" UNLESS_HOST Launch: "reach the network or ports of this machine", KERNEL;
    Services "services" REQUIRED Launch:
        "speak to the session's buses, display, sound or agents", KERNEL;
    Identifiers "identifiers" BESIDE_HOST Launch:
        "tell by an identifier which machine this is", KERNEL;
    Landlock "landlock" FOR_HOST Init:
        "use a descriptor of a place that is not in its root, or signal or connect past its sandbox",
        "start Linux 6.12 or later with landlock among its lsm= modules";
    ProcessLimit "process-limit" WANTED Init: "take all processes of the machine",
        "install Linux 5.14 or later, which counts the processes of each sandbox by themselves";
    Quotas "quotas" WANTED Init:
        "use up what the kernel gives the user as a whole: watches of files, locked memory, queues, signals",
        "install Linux 4.13 or later with settings of user namespaces";
    OpenFiles "open-files" REQUIRED Launch: "open more files than it may", KERNEL;
    Memory "memory" IF_POSSIBLE Manager: "take all memory of the machine", MANAGER;
    Processor "processor" IF_POSSIBLE Manager: "keep other programs from the processor", MANAGER;
};

impl Wall {
    /// What is known of it.
    pub fn entry(self) -> &'static Entry {
        // A test makes sure that each has one.
        WALLS
            .iter()
            .find(|entry| entry.wall == self)
            .unwrap_or(&WALLS[0])
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforced => "enforced",
            Self::Partly => "partly",
            Self::Not => "not",
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::Wanted => "wanted",
            Self::IfPossible => "if-possible",
            Self::No => "no",
        })
    }
}

/// What whoever builds a wall says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub wall: Wall,
    /// How far.
    pub state: State,
    /// By what it holds, or why it does not.
    pub why: String,
}

impl Held {
    /// A statement.
    pub fn new(wall: Wall, state: State, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { wall, state, why }
    }
}

/// One wall of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub wall: Wall,
    /// Whether it is wanted.
    pub asked: Asked,
    /// How far it holds.
    pub state: State,
    /// By what, or why not.
    pub why: String,
}

/// All walls of a sandbox, in the order of [`WALLS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementReport {
    /// One each.
    pub lines: Vec<Line>,
}

/// Longest reason, in characters.
const LONGEST: usize = 200;

/// Most statements that init may make.
pub const MOST: usize = 2 * WALLS.len();

impl EnforcementReport {
    /// The report of a sandbox that was launched by this plan. What init says counts only for walls that
    /// it builds, the weakest for each, and its words are quoted.
    pub fn new(plan: &Plan, init: &[Held], manager: &[Held]) -> Self {
        let lines = WALLS.iter().map(|entry| {
            let wall = entry.wall;
            let (state, why) = match entry.by {
                By::Launch => launched(plan, wall),
                By::Init => weakest(init, wall),
                By::Manager => weakest(manager, wall),
            };
            Line {
                wall,
                asked: asked(plan, entry),
                state,
                why,
            }
        });
        Self {
            lines: lines.collect(),
        }
    }

    /// The same with what the service manager's walls are like now: they can change under a sandbox that
    /// runs.
    pub fn looked_at_again(&self, manager: &[Held]) -> Self {
        let lines = self.lines.iter().cloned().map(|mut line| {
            if line.wall.entry().by == By::Manager {
                (line.state, line.why) = weakest(manager, line.wall);
            }
            line
        });
        Self {
            lines: lines.collect(),
        }
    }
}

/// What does not hold of a wall because the plan says so, and why.
pub fn opened(plan: &Plan, wall: Wall) -> Option<(State, &'static str)> {
    match (plan.network.mode, wall) {
        (Mode::Host, Wall::Network) => Some((
            State::Not,
            "the plan gives the network of this machine, its loopback and its neighbours",
        )),
        (Mode::Host, Wall::Kernel) => Some((
            State::Partly,
            "the network of this machine shows whom its programs are connected with",
        )),
        (Mode::Host, Wall::Identifiers) => Some((
            State::Partly,
            "the network of this machine shows its addresses, also those of its hardware",
        )),
        _ => None,
    }
}

fn launched(plan: &Plan, wall: Wall) -> (State, String) {
    let (state, why) =
        opened(plan, wall).unwrap_or((State::Enforced, "there is no launch without it"));
    (state, why.to_owned())
}

fn weakest(held: &[Held], wall: Wall) -> (State, String) {
    let said = held.iter().filter(|held| held.wall == wall);
    match said.max_by_key(|held| held.state) {
        Some(held) => {
            let why = crate::OsBytes::from(held.why.as_str()).to_string();
            (held.state, why.chars().take(LONGEST).collect())
        }
        None => (State::Not, "nobody says that it holds".to_owned()),
    }
}

/// What the profile requires is required, whatever else would do.
fn asked(plan: &Plan, entry: &Entry) -> Asked {
    if plan.required.contains(&entry.wall) {
        Asked::Required
    } else {
        (entry.asked)(plan)
    }
}

/// The first wall that a plan requires and that does not hold whole by what is said of all that come about in
/// this way, with the reason.
pub fn missing(plan: &Plan, by: By, held: &[Held]) -> Option<Line> {
    let theirs = WALLS.iter().filter(|entry| entry.by == by);
    let mut required = theirs.filter(|entry| asked(plan, entry) == Asked::Required);
    required.find_map(|entry| {
        let (state, why) = weakest(held, entry.wall);
        (state != State::Enforced).then_some(Line {
            wall: entry.wall,
            asked: Asked::Required,
            state,
            why,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wall_has_one_entry_and_the_name_that_json_gives_it() {
        for (at, entry) in WALLS.iter().enumerate() {
            let json = serde_json::to_string(&entry.wall).expect("encodes");
            assert_eq!(json, format!("{:?}", entry.name));
            assert!(WALLS[..at].iter().all(|other| other.wall != entry.wall));
            assert_eq!(entry.wall.entry().name, entry.name);
        }
    }
}
