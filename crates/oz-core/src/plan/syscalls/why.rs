//! Why a policy refuses a call, for people.

use super::refused::{NEVER, REFUSED};
use super::{allowed, conditional};
use crate::plan::SyscallPolicy;

/// Of calls that are allowed for some arguments only: what the others would do.
const OTHERWISE: &[(&str, &str)] = &[
    ("clone", "makes namespaces"),
    (
        "fcntl",
        "makes pipes larger, whose memory is counted for the user as a whole",
    ),
    (
        "getsockopt",
        "reaches packet filters, IPsec or rare protocols",
    ),
    ("ioctl", "types into terminals, or puts protocols on them"),
    ("ioprio_set", "slows others down"),
    ("mknod", "makes devices"),
    ("mknodat", "makes devices"),
    ("personality", "takes a protection of programs away"),
    ("prctl", "this option is in no list"),
    (
        "prlimit64",
        "changes limits of others, or the size of cores",
    ),
    ("sched_setaffinity", "slows others down"),
    ("sched_setattr", "slows others down"),
    ("sched_setparam", "slows others down"),
    ("sched_setscheduler", "slows others down"),
    ("seccomp", "would answer for the calls of others"),
    ("setpriority", "slows others down"),
    ("setrlimit", "changes the size of cores"),
    (
        "setsockopt",
        "reaches packet filters, IPsec or rare protocols",
    ),
    ("socket", "reaches a rare part of the kernel"),
    ("socketpair", "reaches a rare part of the kernel"),
    (
        "unshare",
        "makes namespaces of other kinds than a browser's",
    ),
];

/// Why a policy refuses a call by that name, given that it does; `None`: only because it is in no list.
pub fn why(policy: &SyscallPolicy, name: &str) -> Option<&'static str> {
    let of = |list: &'static [(&'static str, &'static str)]| {
        list.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, reason)| *reason)
    };
    if policy.conditional.contains_key(name) {
        return of(OTHERWISE);
    }
    let listed = allowed().any(|known| known == name)
        || conditional(policy.user_namespaces).contains_key(name);
    if listed {
        return Some("the profile leaves it out");
    }
    of(REFUSED).or_else(|| of(NEVER))
}

#[cfg(test)]
mod tests {
    use super::super::policy;
    use super::*;

    #[test]
    fn whatever_is_refused_for_some_arguments_has_a_reason() {
        for namespaces in [false, true] {
            let policy = policy(namespaces, []);
            for name in policy.conditional.keys().chain(&policy.refuse) {
                assert!(why(&policy, name).is_some(), "{name}");
            }
        }
        let known = conditional(true);
        for (name, _) in OTHERWISE {
            assert!(
                known.contains_key(*name) || cfg!(target_arch = "aarch64"),
                "{name}"
            );
        }
    }

    #[test]
    fn the_reason_is_that_of_the_policy() {
        let policy = policy(false, []);
        assert_eq!(why(&policy, "ptrace"), Some("controls others"));
        assert_eq!(
            why(&policy, "io_uring_setup"),
            Some("makes calls that no filter sees")
        );
        assert_eq!(why(&policy, "clone"), Some("makes namespaces"));
        assert_eq!(why(&policy, "memfd_secret"), None);
        let without = SyscallPolicy {
            allow: vec!["read".to_owned()],
            ..policy
        };
        assert_eq!(
            why(&without, "memfd_create"),
            Some("the profile leaves it out")
        );
    }
}
