//! Which arguments of which calls are worth showing, and what they are. Addresses of what cannot be shown are left
//! out: they would make the same call look like another each time.

use super::constants as names;

/// Its place among the call's arguments, its name, what it is.
pub(super) struct Argument(pub(super) u8, pub(super) &'static str, pub(super) Kind);

pub(super) enum Kind {
    /// An `int`.
    Number,
    /// A process or a thread: which other one it is would make each call another kind.
    Who,
    Hex,
    /// A mode.
    Octal,
    /// An open file, or the current directory.
    Descriptor,
    /// The address of text that ends with a NUL.
    Text,
    /// One of these.
    One(&'static [(u64, &'static str)]),
    /// Any of these together.
    Flags(&'static [(u64, &'static str)]),
    /// Flags above a signal.
    Clone,
    /// Flags above a kind.
    SocketType,
    /// Of `ioctl`.
    Request,
    /// Of a socket, of the level that the second argument says.
    Option,
}

use Kind::{
    Clone, Descriptor, Flags, Hex, Number, Octal, One, Option, Request, SocketType, Text, Who,
};

/// By name, in the order of the alphabet.
const CALLS: &[(&str, &[Argument])] = &[
    (
        "access",
        &[Argument(0, "path", Text), Argument(1, "mode", Octal)],
    ),
    ("acct", &[Argument(0, "path", Text)]),
    (
        "add_key",
        &[Argument(0, "type", Text), Argument(1, "description", Text)],
    ),
    ("bpf", &[Argument(0, "command", One(names::BPF))]),
    ("chdir", &[Argument(0, "path", Text)]),
    (
        "chmod",
        &[Argument(0, "path", Text), Argument(1, "mode", Octal)],
    ),
    ("chown", &[Argument(0, "path", Text)]),
    ("chroot", &[Argument(0, "path", Text)]),
    ("clock_settime", &[Argument(0, "clock", Number)]),
    ("clone", &[Argument(0, "flags", Clone)]),
    (
        "creat",
        &[Argument(0, "path", Text), Argument(1, "mode", Octal)],
    ),
    ("delete_module", &[Argument(0, "name", Text)]),
    ("execve", &[Argument(0, "path", Text)]),
    (
        "execveat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "faccessat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(2, "mode", Octal),
        ],
    ),
    (
        "faccessat2",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(2, "mode", Octal),
        ],
    ),
    ("fanotify_init", &[Argument(0, "flags", Hex)]),
    (
        "fchmodat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(2, "mode", Octal),
        ],
    ),
    (
        "fchownat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "fcntl",
        &[
            Argument(1, "command", One(names::FCNTL)),
            Argument(2, "value", Number),
        ],
    ),
    ("fsopen", &[Argument(0, "type", Text)]),
    (
        "fspick",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "getsockopt",
        &[
            Argument(1, "level", One(names::LEVELS)),
            Argument(2, "option", Option),
        ],
    ),
    ("io_setup", &[Argument(0, "places", Number)]),
    ("io_uring_setup", &[Argument(0, "places", Number)]),
    ("ioctl", &[Argument(1, "request", Request)]),
    (
        "ioperm",
        &[Argument(0, "from", Hex), Argument(1, "count", Number)],
    ),
    ("iopl", &[Argument(0, "level", Number)]),
    (
        "ioprio_set",
        &[Argument(0, "which", Number), Argument(1, "who", Who)],
    ),
    ("kcmp", &[Argument(2, "type", Number)]),
    ("keyctl", &[Argument(0, "operation", One(names::KEYCTL))]),
    (
        "linkat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(3, "to", Text),
        ],
    ),
    ("lstat", &[Argument(0, "path", Text)]),
    (
        "memfd_create",
        &[Argument(0, "name", Text), Argument(1, "flags", Hex)],
    ),
    (
        "mkdir",
        &[Argument(0, "path", Text), Argument(1, "mode", Octal)],
    ),
    (
        "mkdirat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(2, "mode", Octal),
        ],
    ),
    (
        "mknod",
        &[Argument(0, "path", Text), Argument(1, "mode", Octal)],
    ),
    (
        "mknodat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(2, "mode", Octal),
        ],
    ),
    (
        "mount",
        &[
            Argument(0, "source", Text),
            Argument(1, "target", Text),
            Argument(2, "type", Text),
            Argument(3, "flags", Flags(names::MOUNT)),
        ],
    ),
    (
        "mount_setattr",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "move_mount",
        &[Argument(1, "source", Text), Argument(3, "target", Text)],
    ),
    (
        "name_to_handle_at",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "newfstatat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "open",
        &[
            Argument(0, "path", Text),
            Argument(1, "flags", Flags(names::OPEN)),
        ],
    ),
    (
        "open_tree",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "openat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
            Argument(2, "flags", Flags(names::OPEN)),
        ],
    ),
    (
        "openat2",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "perf_event_open",
        &[Argument(1, "pid", Who), Argument(2, "processor", Number)],
    ),
    (
        "personality",
        &[Argument(0, "persona", Flags(names::PERSONALITY))],
    ),
    (
        "pivot_root",
        &[Argument(0, "root", Text), Argument(1, "old", Text)],
    ),
    ("prctl", &[Argument(0, "option", One(names::PRCTL))]),
    (
        "prlimit64",
        &[
            Argument(0, "pid", Who),
            Argument(1, "resource", One(names::RESOURCES)),
        ],
    ),
    ("process_vm_readv", &[Argument(0, "pid", Who)]),
    ("process_vm_writev", &[Argument(0, "pid", Who)]),
    (
        "ptrace",
        &[
            Argument(0, "request", One(names::PTRACE)),
            Argument(1, "pid", Who),
        ],
    ),
    (
        "quotactl",
        &[Argument(0, "command", Hex), Argument(1, "device", Text)],
    ),
    ("readlink", &[Argument(0, "path", Text)]),
    (
        "readlinkat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    (
        "rename",
        &[Argument(0, "path", Text), Argument(1, "to", Text)],
    ),
    (
        "renameat2",
        &[Argument(1, "path", Text), Argument(3, "to", Text)],
    ),
    (
        "request_key",
        &[Argument(0, "type", Text), Argument(1, "description", Text)],
    ),
    ("rmdir", &[Argument(0, "path", Text)]),
    ("sched_setaffinity", &[Argument(0, "pid", Who)]),
    ("sched_setattr", &[Argument(0, "pid", Who)]),
    ("sched_setparam", &[Argument(0, "pid", Who)]),
    (
        "sched_setscheduler",
        &[Argument(0, "pid", Who), Argument(1, "policy", Number)],
    ),
    (
        "seccomp",
        &[
            Argument(0, "operation", One(names::SECCOMP)),
            Argument(1, "flags", Flags(names::SECCOMP_FLAGS)),
        ],
    ),
    ("setns", &[Argument(1, "kind", Flags(names::CLONE))]),
    (
        "setpriority",
        &[
            Argument(0, "which", Number),
            Argument(1, "who", Who),
            Argument(2, "nice", Number),
        ],
    ),
    (
        "setrlimit",
        &[Argument(0, "resource", One(names::RESOURCES))],
    ),
    (
        "setsockopt",
        &[
            Argument(1, "level", One(names::LEVELS)),
            Argument(2, "option", Option),
        ],
    ),
    (
        "socket",
        &[
            Argument(0, "family", One(names::FAMILIES)),
            Argument(1, "type", SocketType),
            Argument(2, "protocol", Number),
        ],
    ),
    (
        "socketpair",
        &[
            Argument(0, "family", One(names::FAMILIES)),
            Argument(1, "type", SocketType),
        ],
    ),
    ("stat", &[Argument(0, "path", Text)]),
    (
        "statx",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    ("swapoff", &[Argument(0, "path", Text)]),
    ("swapon", &[Argument(0, "path", Text)]),
    (
        "symlink",
        &[Argument(0, "to", Text), Argument(1, "path", Text)],
    ),
    (
        "symlinkat",
        &[Argument(0, "to", Text), Argument(2, "path", Text)],
    ),
    ("syslog", &[Argument(0, "action", Number)]),
    ("truncate", &[Argument(0, "path", Text)]),
    (
        "umount2",
        &[Argument(0, "target", Text), Argument(1, "flags", Hex)],
    ),
    ("unlink", &[Argument(0, "path", Text)]),
    (
        "unlinkat",
        &[
            Argument(0, "directory", Descriptor),
            Argument(1, "path", Text),
        ],
    ),
    ("unshare", &[Argument(0, "flags", Flags(names::CLONE))]),
    ("userfaultfd", &[Argument(0, "flags", Hex)]),
];

/// What is worth showing of a call; nothing of one that is not known here.
pub(super) fn arguments(name: &str) -> &'static [Argument] {
    let found = CALLS.binary_search_by_key(&name, |(known, _)| known);
    found.map_or(&[], |index| CALLS[index].1)
}

#[cfg(test)]
pub(super) const NAMES: usize = CALLS.len();

#[cfg(test)]
pub(super) fn name(index: usize) -> &'static str {
    CALLS[index].0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_each_argument_exists() {
        assert!(CALLS.is_sorted_by(|a, b| a.0 < b.0));
        for (name, arguments) in CALLS {
            assert!(arguments.iter().all(|argument| argument.0 < 6), "{name}");
        }
    }
}
