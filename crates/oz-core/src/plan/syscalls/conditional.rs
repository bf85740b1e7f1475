//! Calls that are allowed for some arguments only. What concerns sockets is in [`super::sockets`].

use std::collections::BTreeMap;

use super::sockets;
use crate::plan::{Comparison, Operator};

/// Flags of `clone` that make namespaces (`CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`,
/// `NEWPID`, `NEWNET`); `CLONE_NEWTIME` is not one of `clone`'s.
pub const CLONE_NAMESPACES: u64 = 0x7e02_0000;

/// Those that even a browser's walls do without. A mount namespace would give its owner mount calls,
/// with half of the kernel behind them; the names of the host and of control groups are of no use to
/// anybody.
pub const CLONE_NEVER: u64 = 0x0602_0000;

/// What `unshare` may leave behind in a sandbox whose programs make namespaces: the flags of
/// [`CLONE_NAMESPACES`] that are not in [`CLONE_NEVER`], and `CLONE_FS`, `CLONE_FILES`,
/// `CLONE_SYSVSEM`, which have no privilege in them.
pub const UNSHARE: u64 = CLONE_NAMESPACES & !CLONE_NEVER | 0x0004_0600;

/// Pushes characters into a terminal's input, as if typed.
pub const TIOCSTI: u64 = 0x5412;

/// Pastes into a console, among others.
pub const TIOCLINUX: u64 = 0x541c;

/// Takes the console's output.
const TIOCCONS: u64 = 0x541d;

/// Puts a protocol on a terminal (GSM, HDLC, PPP): each is a part of the kernel with a history of
/// holes, and no program with a window speaks one.
const TIOCSETD: u64 = 0x5423;

/// Asks for a descriptor that answers the calls of a filter. A program's own walls need none, and a
/// filter chain has room for one only, which is ours.
const NEW_LISTENER: u64 = 8;

/// Makes a pipe larger. The memory of all pipes of a user is counted together, and a few large ones
/// leave the user's other programs with the smallest pipes that there are.
const F_SETPIPE_SZ: u64 = 1031;

/// Personalities: the usual, 32 bits, an old version number, both, and the question which it is.
const PERSONALITIES: &[u64] = &[0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Kinds of nodes that can be made: regular (also written as 0), FIFO, socket; never devices.
const NODES: &[u64] = &[0, 0o100_000, 0o010_000, 0o140_000];
const NODE_KIND: u64 = 0o170_000;

/// Options of `prctl`, each with its reason.
const PRCTL: &[(u64, &str)] = &[
    (1, "PR_SET_PDEATHSIG: helpers end with their parent"),
    (2, "PR_GET_PDEATHSIG"),
    (3, "PR_GET_DUMPABLE"),
    (4, "PR_SET_DUMPABLE: agents hide their memory"),
    (5, "PR_GET_UNALIGN"),
    (7, "PR_GET_KEEPCAPS"),
    (8, "PR_SET_KEEPCAPS: there are no capabilities to keep"),
    (15, "PR_SET_NAME: names of threads"),
    (16, "PR_GET_NAME"),
    (21, "PR_GET_SECCOMP"),
    (22, "PR_SET_SECCOMP: walls of the program's own"),
    (23, "PR_CAPBSET_READ"),
    (24, "PR_CAPBSET_DROP"),
    (25, "PR_GET_TSC"),
    (27, "PR_GET_SECUREBITS"),
    (29, "PR_SET_TIMERSLACK: saves power"),
    (30, "PR_GET_TIMERSLACK"),
    (33, "PR_MCE_KILL"),
    (34, "PR_MCE_KILL_GET"),
    (
        36,
        "PR_SET_CHILD_SUBREAPER: launchers and terminals wait for grandchildren",
    ),
    (37, "PR_GET_CHILD_SUBREAPER"),
    (38, "PR_SET_NO_NEW_PRIVS"),
    (39, "PR_GET_NO_NEW_PRIVS"),
    (40, "PR_GET_TID_ADDRESS"),
    (41, "PR_SET_THP_DISABLE"),
    (42, "PR_GET_THP_DISABLE"),
    (47, "PR_CAP_AMBIENT: there are no capabilities to raise"),
    (50, "PR_SVE_SET_VL: vectors of aarch64"),
    (51, "PR_SVE_GET_VL"),
    (52, "PR_GET_SPECULATION_CTRL"),
    (
        53,
        "PR_SET_SPECULATION_CTRL: can only be made safer once forced",
    ),
    (54, "PR_PAC_RESET_KEYS: pointer keys of aarch64"),
    (55, "PR_SET_TAGGED_ADDR_CTRL: likewise"),
    (56, "PR_GET_TAGGED_ADDR_CTRL"),
    (60, "PR_PAC_SET_ENABLED_KEYS"),
    (61, "PR_PAC_GET_ENABLED_KEYS"),
    (65, "PR_SET_MDWE: forbids writable code"),
    (66, "PR_GET_MDWE"),
    (0x5356_4d41, "PR_SET_VMA: names of memory, for measuring"),
    (
        0x4155_5856,
        "PR_GET_AUXV: what the kernel told the program at its start",
    ),
    (
        0x5961_6d61,
        "PR_SET_PTRACER: for crash reporters, who cannot trace anyway",
    ),
];

pub(super) fn one_of(argument: u8, values: impl IntoIterator<Item = u64>) -> Vec<Vec<Comparison>> {
    let rule = |value| vec![Comparison::low32(argument, Operator::Equal(value))];
    values.into_iter().map(rule).collect()
}

/// A process may set what is its own, which it names as 0; a number could be a helper's.
fn on_oneself(argument: u8) -> Vec<Vec<Comparison>> {
    one_of(argument, [0])
}

/// None of the flags in `mask` is set.
fn without(argument: u8, mask: u64) -> Vec<Vec<Comparison>> {
    vec![vec![Comparison::low32(
        argument,
        Operator::MaskedEqual { mask, value: 0 },
    )]]
}

/// The size of cores. Init sets it to 1, which keeps the kernel from dumping into files and into the pipe
/// of the host's crash handler (core(5)); 0, which many programs set to be safe, would open the pipe
/// again.
const RLIMIT_CORE: u64 = 4;

/// That an argument is a null pointer, in all its bits.
fn null(argument: u8) -> Comparison {
    Comparison {
        argument,
        low32: false,
        operator: Operator::Equal(0),
    }
}

/// `prlimit64`: all limits but that of cores, which can only be read.
fn own_limits() -> Vec<Vec<Comparison>> {
    let oneself = Comparison::low32(0, Operator::Equal(0));
    vec![
        vec![
            oneself.clone(),
            Comparison::low32(1, Operator::NotEqual(RLIMIT_CORE)),
        ],
        vec![oneself, null(2)],
    ]
}

/// Calls that succeed without being made: the limit of cores stays as it is, which is stricter than
/// whatever a program wants.
pub fn answered() -> BTreeMap<String, Vec<Vec<Comparison>>> {
    let core = |argument| Comparison::low32(argument, Operator::Equal(RLIMIT_CORE));
    BTreeMap::from([
        ("setrlimit".to_owned(), vec![vec![core(0)]]),
        (
            "prlimit64".to_owned(),
            // Without a wish to read the old one, and with a new one. The order makes it so.
            vec![vec![
                Comparison::low32(0, Operator::Equal(0)),
                core(1),
                null(3),
            ]],
        ),
    ])
}

/// Allowed calls by name: one rule must match, with all its comparisons.
///
/// `user_namespaces`: programs may make namespaces, within limits.
pub fn conditional(user_namespaces: bool) -> BTreeMap<String, Vec<Vec<Comparison>>> {
    let namespaces = if user_namespaces {
        CLONE_NEVER
    } else {
        CLONE_NAMESPACES
    };
    let harmless_ioctl = [TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD]
        .map(|request| Comparison::low32(1, Operator::NotEqual(request)))
        .to_vec();
    let nodes = |argument| -> Vec<Vec<Comparison>> {
        NODES
            .iter()
            .map(|&value| {
                vec![Comparison::low32(
                    argument,
                    Operator::MaskedEqual {
                        mask: NODE_KIND,
                        value,
                    },
                )]
            })
            .collect()
    };
    let mut calls = vec![
        ("clone", without(0, namespaces)),
        (
            "fcntl",
            vec![vec![Comparison::low32(1, Operator::NotEqual(F_SETPIPE_SZ))]],
        ),
        ("getsockopt", sockets::options()),
        ("ioctl", vec![harmless_ioctl]),
        (
            "ioprio_set",
            vec![vec![
                Comparison::low32(0, Operator::Equal(1)),
                Comparison::low32(1, Operator::Equal(0)),
            ]],
        ),
        ("mknodat", nodes(2)),
        ("personality", one_of(0, PERSONALITIES.iter().copied())),
        ("prctl", one_of(0, PRCTL.iter().map(|(option, _)| *option))),
        ("prlimit64", own_limits()),
        ("sched_setaffinity", on_oneself(0)),
        ("sched_setattr", on_oneself(0)),
        ("sched_setparam", on_oneself(0)),
        ("sched_setscheduler", on_oneself(0)),
        // A program may make its own walls higher; browsers do.
        ("seccomp", without(1, NEW_LISTENER)),
        (
            "setpriority",
            vec![vec![
                Comparison::low32(0, Operator::Equal(0)),
                Comparison::low32(1, Operator::Equal(0)),
            ]],
        ),
        (
            "setrlimit",
            vec![vec![Comparison::low32(0, Operator::NotEqual(RLIMIT_CORE))]],
        ),
        ("setsockopt", sockets::options()),
        ("socket", sockets::kinds()),
        ("socketpair", one_of(0, [1])),
    ];
    if user_namespaces {
        calls.push(("unshare", without(0, u64::from(u32::MAX) & !UNSHARE)));
    }
    if cfg!(target_arch = "x86_64") {
        calls.push(("mknod", nodes(1)));
    }
    calls
        .into_iter()
        .map(|(name, rules)| (name.to_owned(), rules))
        .collect()
}
