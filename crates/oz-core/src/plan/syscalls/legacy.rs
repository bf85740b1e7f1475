//! Calls that x86_64 has beside newer ones that do the same.

use super::Group;

pub(super) const GROUPS_AARCH64: &[Group] = &[Group {
    reason: "attributes of files; x86_64 calls it newfstatat",
    names: &["fstatat"],
}];

pub(super) const GROUPS: &[Group] = &[
    Group {
        reason: "attributes of files; aarch64 calls it fstatat",
        names: &["newfstatat"],
    },
    Group {
        reason: "older forms of calls on files",
        names: &[
            "access",
            "chmod",
            "chown",
            "creat",
            "dup2",
            "futimesat",
            "getdents",
            "inotify_init",
            "lchown",
            "link",
            "lstat",
            "mkdir",
            "open",
            "readlink",
            "rename",
            "rmdir",
            "stat",
            "symlink",
            "unlink",
            "utime",
            "utimes",
        ],
    },
    Group {
        reason: "older forms of waiting",
        names: &[
            "epoll_create",
            "epoll_wait",
            "eventfd",
            "pause",
            "pipe",
            "poll",
            "select",
            "signalfd",
        ],
    },
    Group {
        reason: "older forms of calls on processes and clocks",
        names: &["alarm", "fork", "getpgrp", "time", "vfork"],
    },
    Group {
        reason: "the thread's own registers",
        names: &["arch_prctl"],
    },
];
