//! System calls by group, each with its reason. Deny by default: what is in no list does not exist
//! for the app (ENOSYS), so calls that a later kernel gains are refused until they are listed here.
//!
//! `clone3` is absent on purpose: its flags lie in memory, where no filter can see them, and the C
//! library falls back to `clone`, whose flags are checked. `io_uring_*` is absent because it would
//! make calls that no filter sees.

mod conditional;
mod extra;
mod files;
mod ipc;
mod legacy;
mod memory;
mod narrow;
mod network;
mod process;
mod refused;
mod sockets;
mod time;
mod why;

pub use conditional::{
    CLONE_NAMESPACES, CLONE_NEVER, TIOCLINUX, TIOCSTI, UNSHARE, answered, conditional,
};
pub use extra::{ExtraError, extra};
pub use ipc::{POSIX_QUEUES, SYSTEM_V};
pub use narrow::{ListedError, NEEDED, has, is_foreign, is_needed, listed, names, narrow};
pub use refused::{FOR_USER_NAMESPACES, REFUSED, is_never};
pub use why::why;

use super::SyscallPolicy;

/// Name of the list, for people.
pub const DEFAULT: &str = "default";

/// Name of the list for programs that make namespaces of their own.
pub const BROWSER: &str = "browser";

/// Calls that belong together.
#[derive(Debug)]
pub struct Group {
    /// Why they are allowed.
    pub reason: &'static str,
    /// Their names.
    pub names: &'static [&'static str],
}

/// Calls that are allowed whatever their arguments, on both architectures.
pub const ALLOWED: &[&[Group]] = &[
    files::GROUPS,
    ipc::GROUPS,
    memory::GROUPS,
    network::GROUPS,
    process::GROUPS,
    time::GROUPS,
];

/// Calls that only x86_64 has.
pub const ALLOWED_X86_64: &[Group] = legacy::GROUPS;

/// Calls that only aarch64 has under that name.
pub const ALLOWED_AARCH64: &[Group] = legacy::GROUPS_AARCH64;

/// Names of the calls of the default list that are allowed whatever their arguments.
pub fn allowed() -> impl Iterator<Item = &'static str> {
    let of_this_machine = if cfg!(target_arch = "x86_64") {
        ALLOWED_X86_64
    } else {
        ALLOWED_AARCH64
    };
    ALLOWED
        .iter()
        .copied()
        .flatten()
        .chain(of_this_machine)
        .flat_map(|group| group.names.iter().copied())
}

/// The default list, or [`BROWSER`]'s, with calls that a profile adds.
pub fn policy<'a>(user_namespaces: bool, also: impl IntoIterator<Item = &'a str>) -> SyscallPolicy {
    let also: Vec<&str> = also.into_iter().collect();
    let conditional = conditional(user_namespaces);
    let for_namespaces =
        |name: &str| user_namespaces && FOR_USER_NAMESPACES.iter().any(|(known, _)| *known == name);
    let names = |names: Vec<&str>| {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    };
    let refused = REFUSED
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !also.contains(name) && !for_namespaces(name));
    let unconditional = FOR_USER_NAMESPACES.iter().map(|(name, _)| *name);
    let unconditional =
        unconditional.filter(|name| for_namespaces(name) && !conditional.contains_key(*name));
    SyscallPolicy {
        name: if user_namespaces { BROWSER } else { DEFAULT }.to_owned(),
        allow: names(
            allowed()
                .map(|name| -> &str { name })
                .chain(also.iter().copied())
                .chain(unconditional)
                .collect(),
        ),
        refuse: names(refused.collect()),
        conditional,
        answered: answered(),
        user_namespaces,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_call_is_in_two_lists() {
        let mut seen = BTreeSet::new();
        let conditional = conditional(false);
        for name in allowed()
            .map(|name| -> &str { name })
            .chain(REFUSED.iter().map(|(name, _)| *name))
            .chain(conditional.keys().map(String::as_str))
        {
            assert!(seen.insert(name), "{name} is in two lists");
        }
        for name in [
            "clone3",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
        ] {
            assert!(!seen.contains(name), "{name} must not exist");
        }
    }

    #[test]
    fn names_are_those_of_the_kernel() {
        use syscalls::{aarch64, x86_64};
        let common = ALLOWED
            .iter()
            .copied()
            .flatten()
            .flat_map(|group| group.names);
        for name in common {
            assert!(name.parse::<x86_64::Sysno>().is_ok(), "{name} on x86_64");
            assert!(name.parse::<aarch64::Sysno>().is_ok(), "{name} on aarch64");
        }
        let legacy = ALLOWED_X86_64.iter().flat_map(|group| group.names);
        for name in legacy {
            assert!(name.parse::<x86_64::Sysno>().is_ok(), "{name} on x86_64");
            assert!(
                name.parse::<aarch64::Sysno>().is_err(),
                "{name} is not only x86_64's"
            );
        }
        for name in ALLOWED_AARCH64.iter().flat_map(|group| group.names) {
            assert!(name.parse::<aarch64::Sysno>().is_ok(), "{name} on aarch64");
        }
        let conditional = conditional(true);
        for name in REFUSED
            .iter()
            .map(|(name, _)| *name)
            .chain(conditional.keys().map(String::as_str))
        {
            assert!(name.parse::<x86_64::Sysno>().is_ok(), "{name}");
        }
    }
}
