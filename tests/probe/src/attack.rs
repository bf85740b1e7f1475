//! The list of all attacks.

use std::fmt;

use crate::attacks;
use crate::outcome::Outcome;
use crate::target::Target;

/// One thing that a hostile app would try.
pub struct Attack {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is about.
    pub class: Class,
    /// The threat or the advisory that it stands for.
    pub of: &'static str,
    /// Why it cannot always be shown to succeed for an ordinary user without a sandbox.
    pub unshown: Option<&'static str>,
    /// Tries it.
    pub run: fn(&Target) -> Outcome,
}

/// What an attack is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Reading, changing and planting files.
    Files,
    /// Descriptors, directories and variables that were left to the app.
    Inherited,
    /// The caller's terminal.
    Terminal,
    /// Interfaces of the kernel that no app needs.
    Syscalls,
    /// Namespaces and capabilities in them.
    Namespaces,
    /// Mounts.
    Mounts,
    /// Processes that are not the app's.
    Processes,
    /// Settings of the kernel.
    Settings,
    /// Device nodes.
    Devices,
    /// Whatever has an address.
    Network,
    /// Kinds of sockets.
    Sockets,
    /// Services that listen on the host.
    Services,
    /// The compositor.
    Display,
    /// What would tell this machine from others.
    Identifiers,
    /// What every app learns, and SECURITY.md says so.
    Leak,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// An attack that succeeds without a sandbox.
pub const fn attack(
    name: &'static str,
    class: Class,
    of: &'static str,
    run: fn(&Target) -> Outcome,
) -> Attack {
    Attack {
        name,
        class,
        of,
        unshown: None,
        run,
    }
}

/// An attack that an ordinary user's program need not succeed with anywhere, and why.
pub const fn unshown(
    name: &'static str,
    class: Class,
    of: &'static str,
    why: &'static str,
    run: fn(&Target) -> Outcome,
) -> Attack {
    Attack {
        name,
        class,
        of,
        unshown: Some(why),
        run,
    }
}

/// Why much is refused to every ordinary user.
pub const ROOT: &str = "only root may";
/// Why an attack may have nothing to try it on.
pub const KERNEL: &str = "not every kernel or machine has it";

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Attack> {
    attacks::TABLES.iter().copied().flatten()
}

/// The one of this name.
pub fn named(name: &str) -> Option<&'static Attack> {
    all().find(|attack| attack.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_attack_has_a_name_of_its_own_and_a_reason() {
        let mut names = BTreeSet::new();
        for attack in all() {
            assert!(names.insert(attack.name), "{} twice", attack.name);
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(attack.name.bytes().all(plain), "{}", attack.name);
            assert!(!attack.of.is_empty(), "{}", attack.name);
        }
    }
}
