//! A profile's own, shorter list: of what a list has, only some calls, or all but some. It never gives what the list
//! does not.

use super::refused::NEGOTIABLE;
use super::{
    ALLOWED, ALLOWED_AARCH64, ALLOWED_X86_64, FOR_USER_NAMESPACES, Group, allowed, conditional,
    is_never,
};
use crate::plan::SyscallPolicy;

/// Calls that no shorter list is without: init executes the program and says if that failed, the loader maps its
/// libraries, the C library begins and ends.
pub const NEEDED: &[Group] = &[
    Group {
        reason: "execute a program, or say why not; end",
        names: &["execve", "execveat", "exit", "exit_group", "write"],
    },
    Group {
        reason: "find and map libraries",
        names: &[
            "access",
            "brk",
            "close",
            "faccessat",
            "fstat",
            "mmap",
            "mprotect",
            "munmap",
            "newfstatat",
            "openat",
            "pread64",
            "read",
        ],
    },
    Group {
        reason: "begin a thread, the first one included",
        names: &[
            "arch_prctl",
            "futex",
            "getrandom",
            "prlimit64",
            "rseq",
            "set_robust_list",
            "set_tid_address",
        ],
    },
    Group {
        reason: "come back from a signal",
        names: &["restart_syscall", "rt_sigreturn"],
    },
];

/// Why a profile may not name a call in a shorter list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListedError {
    /// It is never allowed.
    #[error("no sandbox is ever allowed this call: {0}\nleave it out")]
    Never(&'static str),
    /// No list has it.
    #[error("no list has a call of that name{}\n`oz plan --json` prints the names of a plan's list", near(.0))]
    Unknown(Option<String>),
    /// It cannot be taken away.
    #[error("no program starts without this call\nleave it out")]
    Needed,
}

fn near(name: &Option<String>) -> String {
    let near = name
        .as_ref()
        .map(|name| format!("; did you mean {name:?}?"));
    near.unwrap_or_default()
}

/// Names of the calls that some list lets through whatever their arguments, of whatever architecture.
pub fn names() -> impl Iterator<Item = &'static str> {
    let groups = ALLOWED
        .iter()
        .copied()
        .flatten()
        .chain(ALLOWED_X86_64)
        .chain(ALLOWED_AARCH64);
    groups
        .flat_map(|group| group.names.iter().copied())
        .chain(NEGOTIABLE.iter().map(|(name, _)| *name))
        .chain(FOR_USER_NAMESPACES.iter().map(|(name, _)| *name))
}

/// Whether some list has the call. `nearest` finds what else was meant.
pub fn listed(name: &str, nearest: impl FnOnce(&str) -> Option<String>) -> Result<(), ListedError> {
    if names().any(|known| known == name) || conditional(true).contains_key(name) {
        return Ok(());
    }
    match is_never(name) {
        Some(reason) => Err(ListedError::Never(reason)),
        None => Err(ListedError::Unknown(nearest(name))),
    }
}

/// Whether only lists of another architecture have it.
pub fn is_foreign(name: &str) -> bool {
    let mut of_some = ALLOWED_X86_64.iter().chain(ALLOWED_AARCH64);
    of_some.any(|group| group.names.contains(&name)) && !allowed().any(|known| known == name)
}

/// Whether no shorter list is without it.
pub fn is_needed(name: &str) -> bool {
    NEEDED.iter().any(|group| group.names.contains(&name))
}

/// Whether the policy lets some call of that name through.
pub fn has(policy: &SyscallPolicy, name: &str) -> bool {
    policy.conditional.contains_key(name) || policy.allow.iter().any(|allowed| allowed == name)
}

/// Leaves of a policy only the calls `only`, if there are any, and those that are needed; what else it had does not
/// exist. Then refuses those in `deny`, which exist.
pub fn narrow(policy: &mut SyscallPolicy, only: Option<&[&str]>, deny: &[&str]) {
    if let Some(only) = only {
        keep(policy, |name| is_needed(name) || only.contains(&name));
    }
    let had = deny.iter().filter(|name| has(policy, name));
    let refused: Vec<String> = had.map(|name| (*name).to_owned()).collect();
    keep(policy, |name| !deny.contains(&name));
    policy.refuse.extend(refused);
    policy.refuse.sort();
    policy.refuse.dedup();
}

fn keep(policy: &mut SyscallPolicy, stays: impl Fn(&str) -> bool) {
    policy.allow.retain(|name| stays(name));
    policy.conditional.retain(|name, _| stays(name));
    policy.answered.retain(|name, _| stays(name));
}

#[cfg(test)]
mod tests {
    use super::super::policy;
    use super::*;

    #[test]
    fn what_is_needed_is_in_every_list() {
        let policy = policy(false, []);
        for name in NEEDED.iter().flat_map(|group| group.names) {
            assert!(has(&policy, name) || is_foreign(name), "{name}");
            assert_eq!(listed(name, |_| None), Ok(()));
        }
    }

    #[test]
    fn a_shorter_list_has_nothing_that_the_list_has_not() {
        for browser in [false, true] {
            let whole = policy(browser, []);
            let mut narrowed = whole.clone();
            narrow(
                &mut narrowed,
                Some(&["getpid", "socket", "ptrace"]),
                &["socket", "kill"],
            );
            assert!(has(&narrowed, "getpid") && !has(&narrowed, "ptrace"));
            assert!(!has(&narrowed, "socket") && !has(&narrowed, "kill"));
            assert!(narrowed.allow.iter().all(|name| whole.allow.contains(name)));
            for (name, rules) in &narrowed.conditional {
                assert_eq!(Some(rules), whole.conditional.get(name));
            }
            // What is taken away by name is refused, what is not named does not exist.
            let refused = |name: &str| narrowed.refuse.iter().any(|other| other == name);
            assert!(refused("socket") && !refused("kill") && !refused("uname"));
        }
    }

    #[test]
    fn without_a_wish_nothing_changes() {
        let whole = policy(true, ["ptrace"]);
        let mut narrowed = whole.clone();
        narrow(&mut narrowed, None, &[]);
        assert_eq!(narrowed, whole);
    }
}
