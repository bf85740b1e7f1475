//! The lists of system calls of a sandbox's init, of its X server, and of the helpers that enter a sandbox for a moment.
//!
//! Init and the helpers parse nothing that an app wrote, but hold more than an app does: init every descriptor of the
//! sandbox, the helpers its capabilities. The X server holds nothing and parses everything. What they do not call is not
//! there for whoever takes one over.

use std::collections::{BTreeMap, BTreeSet};

use oz_core::plan::{Comparison, SyscallPolicy, syscalls};

use crate::filter::{self, FilterError};
use crate::proxy::Group;

/// `BPF_RET | BPF_K` with an error number, and with what no tracer answers: ENOSYS.
const ERRNO: u64 = 0x0006_0000_0005_0000;
const TRACE: u64 = 0x0006_0000_7ff0_0000;
const DATA: u64 = 0xffff;

/// What init calls once the sandbox is built, and each of its children up to the program that it becomes.
pub const INIT: &[Group] = &[
    Group {
        reason: "wait for the daemon, for programs, for the dead; talk to the daemon",
        names: &[
            "accept4",
            "clock_gettime",
            "poll",
            "ppoll",
            "read",
            "recvmsg",
            "sendmsg",
            "signalfd4",
            "wait4",
            "waitid",
            "write",
            "writev",
        ],
    },
    Group {
        reason: "descriptors",
        names: &[
            "close",
            "close_range",
            "dup",
            "dup2",
            "dup3",
            "fcntl",
            "pipe2",
        ],
    },
    Group {
        reason: "look at the sandbox's processes in a process file system of its own; write user maps there",
        names: &[
            "fstat",
            "getdents64",
            "lseek",
            "newfstatat",
            "open",
            "openat",
            "readlinkat",
            "statx",
        ],
    },
    Group {
        reason: "start programs in user namespaces of their own, and signal them",
        names: &[
            "chdir",
            "clone",
            "clone3",
            "execve",
            "execveat",
            "getpid",
            "gettid",
            "kill",
            "pidfd_open",
            "set_robust_list",
            "set_tid_address",
            "setsid",
            "umask",
        ],
    },
    Group {
        reason: "reach the programs inside that serve a socket; connect them with the outside",
        names: &["connect", "socket", "socketpair"],
    },
    Group {
        reason: "terminals of programs",
        names: &["ioctl"],
    },
    Group {
        reason: "take away from programs what they shall not have",
        names: &[
            "capget",
            "capset",
            "landlock_add_rule",
            "landlock_create_ruleset",
            "landlock_restrict_self",
            "prctl",
            "prlimit64",
            "seccomp",
            "setrlimit",
        ],
    },
    Group {
        reason: "its memory, locks and signals; the end",
        names: &[
            "brk",
            "exit",
            "exit_group",
            "futex",
            "getrandom",
            "madvise",
            "mmap",
            "mprotect",
            "mremap",
            "munmap",
            "restart_syscall",
            "rt_sigaction",
            "rt_sigprocmask",
            "rt_sigreturn",
            "sched_yield",
            "sigaltstack",
            "tkill",
        ],
    },
];

/// The filter of the init of a sandbox whose programs have this policy, and that may have an X server, compiled.
///
/// Programs inherit it, so it has all that they may call, and nothing else of what they may not. Their own filter, which
/// is asked as well, has to say how a call is refused, and whether that is explained: of two answers the kernel takes
/// the stricter, so this one's is the least strict that is a refusal, a question to a tracer that is not there.
pub fn init(programs: &SyscallPolicy) -> Result<Vec<u64>, FilterError> {
    let server = x_server_policy();
    let own = INIT.iter().flat_map(|group| group.names).copied();
    let theirs = programs.allow.iter().chain(&server.allow);
    let allow: BTreeSet<&str> = own.chain(theirs.map(String::as_str)).collect();
    let mut conditional = server.conditional.clone();
    conditional.extend(programs.conditional.clone());
    conditional.retain(|name, _| !allow.contains(name.as_str()));
    let policy = SyscallPolicy {
        name: "oz-init".to_owned(),
        allow: allow.into_iter().map(str::to_owned).collect(),
        conditional,
        refuse: Vec::new(),
        answered: BTreeMap::new(),
        user_namespaces: programs.user_namespaces,
    };
    let program = filter::compile(&policy)?;
    Ok(program.into_iter().map(yielding).collect())
}

fn yielding(step: u64) -> u64 {
    if step & !DATA == ERRNO { TRACE } else { step }
}

/// What Xwayland calls, with its keymap compiler and the shell between the two, and the software renderer that it draws
/// other programs' GL with.
pub const X_SERVER: &[Group] = &[
    Group {
        reason: "its clients, the compositor and the window manager",
        names: &[
            "accept",
            "accept4",
            "getpeername",
            "getsockname",
            "getsockopt",
            "listen",
            "read",
            "readv",
            "recvfrom",
            "recvmsg",
            "sendmsg",
            "sendto",
            "setsockopt",
            "shutdown",
            "write",
            "writev",
        ],
    },
    Group {
        reason: "wait for any of many; the next one's turn",
        names: &[
            "epoll_create1",
            "epoll_ctl",
            "epoll_pwait",
            "epoll_wait",
            "eventfd2",
            "poll",
            "ppoll",
            "pselect6",
            "select",
            "setitimer",
        ],
    },
    Group {
        reason: "pictures, in memory of its own and of its clients",
        names: &[
            "fallocate",
            "ftruncate",
            "memfd_create",
            "shmat",
            "shmctl",
            "shmdt",
            "shmget",
        ],
    },
    Group {
        reason: "fonts, keymaps, its secret; the file that says that it runs",
        names: &[
            "access",
            "chdir",
            "faccessat",
            "faccessat2",
            "fchmod",
            "fstat",
            "fstatfs",
            "getcwd",
            "getdents64",
            "link",
            "linkat",
            "lseek",
            "lstat",
            "newfstatat",
            "open",
            "openat",
            "pread64",
            "readlink",
            "readlinkat",
            "stat",
            "statfs",
            "statx",
            "umask",
            "unlink",
            "unlinkat",
        ],
    },
    Group {
        reason: "the keymap compiler, and the pipe that tells it what to compile",
        names: &[
            "arch_prctl",
            "dup",
            "dup2",
            "dup3",
            "execve",
            "pipe",
            "pipe2",
            "rseq",
            "setgid",
            "setresgid",
            "setresuid",
            "setuid",
            "vfork",
            "wait4",
        ],
    },
    Group {
        reason: "who it is, and on what machine its renderer runs",
        names: &[
            "getegid",
            "geteuid",
            "getgid",
            "getpgrp",
            "getpid",
            "getppid",
            "getrusage",
            "gettid",
            "getuid",
            "prlimit64",
            "sched_getaffinity",
            "setrlimit",
            "sysinfo",
            "uname",
        ],
    },
    Group {
        reason: "clocks, threads, their locks and signals",
        names: &[
            "clock_getres",
            "clock_gettime",
            "clock_nanosleep",
            "clone",
            "gettimeofday",
            "nanosleep",
            "prctl",
            "rt_sigpending",
            "rt_sigtimedwait",
            "sched_setaffinity",
            "sched_yield",
            "set_robust_list",
            "set_tid_address",
            "tgkill",
        ],
    },
    Group {
        reason: "descriptors, memory; the end",
        names: BASIC,
    },
    Group {
        reason: "what descriptors are",
        names: &["ioctl"],
    },
];

/// The filter of the X server inside. What a profile takes away from the app, or gives it, does not concern it.
pub fn x_server() -> Result<Vec<u64>, FilterError> {
    filter::compile(&x_server_policy())
}

fn x_server_policy() -> SyscallPolicy {
    let names = X_SERVER.iter().flat_map(|group| group.names).copied();
    let mut policy = unconditional("Xwayland", names);
    // With no argument that programs may not give either.
    policy.conditional = syscalls::conditional(false);
    let (allow, conditional) = (&mut policy.allow, &mut policy.conditional);
    conditional.retain(|name, _| allow.contains(name));
    allow.retain(|name| !conditional.contains_key(name));
    let is = Comparison::is;
    // FIONREAD, FIONBIO, TCGETS: how much there is, do not wait, is it a terminal.
    let ioctl = [0x541b, 0x5421, 0x5401].map(|request| is(1, request));
    conditional.insert("ioctl".to_owned(), ioctl.to_vec());
    // It has all the sockets that it needs.
    policy.refuse = ["connect", "kill", "socket", "socketpair"]
        .map(str::to_owned)
        .to_vec();
    policy.answered = syscalls::answered();
    policy
}

/// What `oz-mount` calls.
pub const MOUNT: &[Group] = &[
    Group {
        reason: "its one request and its answer",
        names: &["recvmsg", "sendmsg"],
    },
    Group {
        reason: "enter the sandbox; a mount namespace of its own in which the host is copied",
        names: &["setns", "unshare"],
    },
    Group {
        reason: "copy mounts, make those that hide, put them in place, take them away",
        names: &[
            "fsconfig",
            "fsmount",
            "fsopen",
            "mount_setattr",
            "move_mount",
            "open_tree",
            "umount2",
        ],
    },
    Group {
        reason: "find a path without following links, and what it leads to",
        names: &[
            "chdir",
            "fchdir",
            "fstat",
            "fstatfs",
            "getdents64",
            "lseek",
            "newfstatat",
            "open",
            "openat",
            "openat2",
            "read",
            "statx",
        ],
    },
    Group {
        reason: "say whose the files of a view are",
        names: &["getgid", "getuid"],
    },
    Group {
        reason: "make and remove the places of mounts",
        names: &["mkdirat", "unlinkat"],
    },
    Group {
        reason: "its descriptors, memory and end",
        names: BASIC,
    },
];

const BASIC: &[&str] = &[
    "brk",
    "close",
    "exit",
    "exit_group",
    "fcntl",
    "futex",
    "getrandom",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "write",
];

/// The filter of `oz-mount`.
pub fn mount() -> Result<Vec<u64>, FilterError> {
    let names = MOUNT.iter().flat_map(|group| group.names).copied();
    filter::compile(&unconditional("oz-mount", names))
}

/// What `oz-net` calls beyond what any program may: it starts `nft`, whose libraries differ from system to system.
pub const NET: &[Group] = &[Group {
    reason: "enter the sandbox",
    names: &["setns"],
}];

/// The filter of `oz-net`.
pub fn net() -> Result<Vec<u64>, FilterError> {
    let any = syscalls::policy(false, []);
    let own = NET.iter().flat_map(|group| group.names).copied();
    let any = any.allow.iter().chain(any.conditional.keys());
    filter::compile(&unconditional("oz-net", own.chain(any.map(String::as_str))))
}

fn unconditional<'a>(name: &str, calls: impl Iterator<Item = &'a str>) -> SyscallPolicy {
    let calls: BTreeSet<&str> = calls.collect();
    SyscallPolicy {
        name: name.to_owned(),
        allow: calls.into_iter().map(str::to_owned).collect(),
        conditional: BTreeMap::new(),
        refuse: Vec::new(),
        answered: BTreeMap::new(),
        user_namespaces: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Decision, decide, number_of};
    use oz_sys::seccomp::Call;

    fn decision(program: &[u64], name: &str, first: u64) -> Decision {
        let (number, architecture) = number_of(name).expect("known");
        let mut arguments = [0; 6];
        arguments[0] = first;
        decide(
            program,
            &Call {
                number,
                architecture,
                arguments,
            },
        )
    }

    /// Of nobody's but those whose work it is.
    const DANGEROUS: &[&str] = &[
        "mount",
        "bpf",
        "keyctl",
        "add_key",
        "ptrace",
        "init_module",
        "io_uring_setup",
        "perf_event_open",
        "userfaultfd",
        "kexec_load",
        "open_by_handle_at",
        "pidfd_getfd",
        "process_vm_writev",
        "pivot_root",
    ];

    #[test]
    fn init_may_call_what_it_needs_and_what_its_programs_may_and_nothing_else() {
        for browser in [false, true] {
            let programs = syscalls::policy(browser, []);
            let (own, theirs) = (
                init(&programs).expect("compiles"),
                filter::compile(&programs).expect("compiles"),
            );
            for name in INIT.iter().flat_map(|group| group.names) {
                assert_eq!(decision(&own, name, 0), Decision::Allow, "{name}");
            }
            for name in DANGEROUS.iter().chain(&["setns", "move_mount", "chroot"]) {
                let kept = browser && *name == "chroot";
                let refused = decision(&own, name, 0) != Decision::Allow;
                assert_eq!(refused, !kept, "{name}");
            }
            // unshare(CLONE_NEWNS)
            assert_ne!(decision(&own, "unshare", 0x2_0000), Decision::Allow);
            for number in 0..500 {
                let Some(name) = filter::name(number) else {
                    continue;
                };
                for first in [0, 1, 2, 16, 0x1000_0000, 0x1_0000_0000] {
                    let allowed = decision(&theirs, name, first) == Decision::Allow;
                    assert!(
                        !allowed || decision(&own, name, first) == Decision::Allow,
                        "{name}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_refusal_of_inits_filter_leaves_the_answer_to_its_programs() {
        let own = init(&syscalls::policy(false, [])).expect("compiles");
        // No error number is left, and what kills still kills.
        assert!(own.iter().all(|step| step & !DATA != ERRNO));
        assert!(own.contains(&TRACE) && own.contains(&0x0006_0000_8000_0000));
    }

    #[test]
    fn the_x_server_opens_no_socket_signals_nobody_and_makes_no_namespace() {
        let server = x_server().expect("compiles");
        for name in X_SERVER.iter().flat_map(|group| group.names) {
            let conditional = ["ioctl", "prctl", "getsockopt", "setsockopt"].contains(name);
            let allowed = decision(&server, name, 0) == Decision::Allow;
            assert!(allowed || conditional, "{name}");
        }
        const EPERM: u16 = 1;
        for name in ["socket", "socketpair", "connect", "kill"] {
            assert_eq!(decision(&server, name, 1), Decision::Errno(EPERM), "{name}");
        }
        let more = ["clone3", "unshare", "setns", "seccomp", "chmod", "rename"];
        for name in DANGEROUS.iter().chain(&more) {
            assert_ne!(decision(&server, name, 0), Decision::Allow, "{name}");
        }
        // CLONE_NEWUSER
        assert_ne!(decision(&server, "clone", 0x1000_0000), Decision::Allow);
    }

    #[test]
    fn inits_filter_lets_the_x_server_call_all_that_is_on_its_list() {
        let mut programs = syscalls::policy(false, []);
        syscalls::narrow(&mut programs, Some(&["getpid"]), &["shmget"]);
        let (own, server) = (
            init(&programs).expect("compiles"),
            x_server().expect("compiles"),
        );
        for number in 0..500 {
            let Some(name) = filter::name(number) else {
                continue;
            };
            for first in [0, 1, 15, 0x541b] {
                let allowed = decision(&server, name, first) == Decision::Allow;
                let passes = decision(&own, name, first) == Decision::Allow;
                assert!(!allowed || passes, "{name}");
            }
        }
    }

    #[test]
    fn helpers_call_what_is_their_work_and_no_more() {
        let (mount, net) = (mount().expect("compiles"), net().expect("compiles"));
        for name in ["move_mount", "setns", "sendmsg"] {
            assert_eq!(decision(&mount, name, 0), Decision::Allow, "{name}");
        }
        for name in [
            "mount", "execve", "socket", "clone", "clone3", "kill", "connect",
        ] {
            assert_ne!(decision(&mount, name, 0), Decision::Allow, "{name}");
        }
        for name in ["setns", "execve", "socket"] {
            assert_eq!(decision(&net, name, 0), Decision::Allow, "{name}");
        }
        for name in DANGEROUS {
            assert_ne!(decision(&mount, name, 0), Decision::Allow, "{name}");
            assert_ne!(decision(&net, name, 0), Decision::Allow, "{name}");
        }
    }
}
