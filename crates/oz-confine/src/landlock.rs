//! Landlock: what a process may do with files, sockets and signals, whatever is mounted and whatever
//! descriptors it gets hold of.
//!
//! Rules can allow more beneath a directory, never less. So for a sandbox they allow at `/` what a
//! program may ever need, because later mounts appear anywhere; which trees are there, and what of them
//! is read-only, the mounts say. What is not beneath that `/` is closed: a stray descriptor of a
//! directory of the host leads nowhere. Best effort throughout: an older kernel enforces what it
//! knows, and [`Extent`] says how much that is.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope,
};
use oz_core::report::State;

/// The kernel's version whose rights on files a sandbox is held to: 5 has ioctls on devices (Linux
/// 6.10). Later ones are about what other walls decide.
const FILES: ABI = ABI::V5;

/// The version that keeps signals and abstract sockets within (Linux 6.12).
const SCOPES: ABI = ABI::V6;

/// How far it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Whole, in part, or not.
    pub state: State,
    /// By which version of Landlock, or why not.
    pub why: String,
}

/// Why it could not be put up although the kernel has it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refuses.
    #[error("landlock: {0}")]
    Rules(#[from] RulesetError),
    /// A place of the sandbox is not there.
    #[error("landlock: {0}")]
    Place(#[from] landlock::PathFdError),
    /// A rule about a place that is not asked what it is.
    #[error("landlock: {0}")]
    Silent(std::io::Error),
}

/// The second wall of a sandbox, for the calling process and all that it starts; nobody can take it
/// down.
///
/// - Beneath `/`: everything but making device nodes, and but ioctls on devices outside /dev.
/// - Beneath `proc`, the root of a process file system that lies nowhere beneath `/`: the same.
/// - No mount call works, in whatever namespace.
/// - Signals and abstract sockets reach only who is behind the same wall, or a higher one within.
pub fn sandbox(proc: BorrowedFd<'_>) -> Result<Extent, Error> {
    let everything = AccessFs::from_all(FILES);
    let nodes = AccessFs::MakeChar | AccessFs::MakeBlock;
    let rules = Ruleset::default()
        .handle_access(everything)?
        .scope(Scope::from_all(SCOPES))?
        .create()?;
    let anywhere = everything & !nodes & !BitFlags::from(AccessFs::IoctlDev);
    let rules = beneath(rules, PathFd::new("/")?, anywhere)?;
    let rules = beneath(rules, PathFd::new("/dev")?, everything & !nodes)?;
    let rules = beneath(rules, proc, anywhere)?;
    restrict(rules)
}

/// For the X server of a sandbox, within its other walls: it reads what the system and the sandbox have for it, starts programs of
/// the system, writes where temporary files lie; none of the files of the user that its app has.
///
/// Its signals and abstract sockets reach nobody.
pub fn x_server() -> Result<Extent, Error> {
    let everything = AccessFs::from_all(FILES);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let made = AccessFs::MakeReg | AccessFs::RemoveFile;
    let write = AccessFs::WriteFile | AccessFs::Truncate | made;
    let places = [
        ("/usr", read | AccessFs::Execute),
        ("/etc", read),
        ("/proc", read),
        ("/run/oz", read),
        ("/sys", read),
        ("/var/cache/fontconfig", read),
        ("/var/lib/xkb", read),
        ("/dev", read | AccessFs::WriteFile),
        ("/tmp", read | write),
    ];
    let mut rules = Ruleset::default()
        .handle_access(everything)?
        .scope(Scope::from_all(SCOPES))?
        .create()?;
    for (place, access) in places {
        // One that is not there cannot be looked into either.
        if let Ok(place) = PathFd::new(place) {
            rules = beneath(rules, place, access)?;
        }
    }
    restrict(rules)
}

/// For a process that has opened all that it will ever open: no file, no TCP, no signal or abstract
/// socket of others.
///
/// `sockets` are those in the file system that it may still connect to, where the kernel can tell them
/// from others (version 9, Linux 7.1); up to then any socket of the user's can be connected to.
pub fn nothing(sockets: &[&Path]) -> Result<Extent, Error> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V9))?
        .handle_access(AccessNet::from_all(ABI::V9))?
        .scope(Scope::from_all(SCOPES))?
        .create()?;
    for socket in sockets {
        // One that is not there cannot be connected to either.
        if let Ok(place) = PathFd::new(socket) {
            rules = beneath(rules, place, AccessFs::ResolveUnix)?;
        }
    }
    restrict(rules)
}

/// For a process that works on files of a few directories: those, with no program in them and no device
/// made, and no other; no TCP, no socket, signal or abstract socket of others.
pub fn only(directories: &[BorrowedFd<'_>]) -> Result<Extent, Error> {
    restrict(working(directories, BitFlags::EMPTY)?)
}

/// The same for one that makes the marks of overlays for what is deleted, which are device nodes that lead nowhere, and that
/// looks at files of a few more places without changing them.
pub fn layering(
    directories: &[BorrowedFd<'_>],
    reading: &[BorrowedFd<'_>],
) -> Result<Extent, Error> {
    let mut rules = working(directories, AccessFs::MakeChar.into())?;
    for place in reading {
        rules = beneath(rules, place, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    restrict(rules)
}

fn working(
    directories: &[BorrowedFd<'_>],
    also: BitFlags<AccessFs>,
) -> Result<RulesetCreated, Error> {
    let everything = AccessFs::from_all(ABI::V9);
    let none = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::IoctlDev
        | AccessFs::ResolveUnix;
    let mut rules = Ruleset::default()
        .handle_access(everything)?
        .handle_access(AccessNet::from_all(ABI::V9))?
        .scope(Scope::from_all(SCOPES))?
        .create()?;
    for directory in directories {
        rules = beneath(rules, directory, everything & !none | also)?;
    }
    Ok(rules)
}

/// For a process that only reads, beneath a few places: those, and no other file; no TCP, no socket, signal or abstract
/// socket of others. Places that are not there are passed over.
pub fn reading(places: &[&Path]) -> Result<Extent, Error> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V9))?
        .handle_access(AccessNet::from_all(ABI::V9))?
        .scope(Scope::from_all(SCOPES))?
        .create()?;
    for place in places {
        if let Ok(place) = PathFd::new(place) {
            rules = beneath(rules, place, AccessFs::ReadFile | AccessFs::ReadDir)?;
        }
    }
    restrict(rules)
}

/// For a process that only writes files of one directory: no other file, no TCP, no socket, signal or abstract
/// socket of others.
///
/// Nothing is asked of the directory here: its file system may have nobody yet who answers.
pub fn writing(directory: BorrowedFd<'_>) -> Result<Extent, Error> {
    use oz_sys::landlock::{TRUNCATE, WRITE_FILE, allow_beneath};
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V9))?
        .handle_access(AccessNet::from_all(ABI::V9))?
        .scope(Scope::from_all(SCOPES))?
        .create()?;
    let same: Option<OwnedFd> = rules.try_clone().map_err(Error::Silent)?.into();
    if let Some(same) = same {
        // The second is of version 3.
        allow_beneath(&same, directory, WRITE_FILE | TRUNCATE)
            .or_else(|_| allow_beneath(&same, directory, WRITE_FILE))
            .map_err(Error::Silent)?;
    }
    restrict(rules)
}

fn beneath(
    rules: RulesetCreated,
    place: impl AsFd,
    access: impl Into<BitFlags<AccessFs>>,
) -> Result<RulesetCreated, RulesetError> {
    rules.add_rule(PathBeneath::new(place, access))
}

fn restrict(rules: RulesetCreated) -> Result<Extent, Error> {
    Ok(extent(&rules.restrict_self()?))
}

fn extent(status: &RestrictionStatus) -> Extent {
    let why = match &status.landlock {
        LandlockStatus::NotEnabled => "this kernel was started without it".to_owned(),
        LandlockStatus::NotImplemented => "this kernel has none".to_owned(),
        LandlockStatus::Available {
            effective_abi,
            kernel_abi,
        } => {
            let version = kernel_abi.unwrap_or(*effective_abi as i32);
            format!("version {version} of Landlock")
        }
    };
    let state = match status.ruleset {
        RulesetStatus::FullyEnforced => State::Enforced,
        RulesetStatus::PartiallyEnforced => State::Partly,
        RulesetStatus::NotEnforced => State::Not,
    };
    Extent { state, why }
}
