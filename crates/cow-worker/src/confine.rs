//! What a job gives up before it reads its first byte.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use oz_confine::proxy::{Group, allowed, no_cores};
use oz_confine::{filter, landlock};
use oz_core::plan::{Comparison, Operator, SyscallPolicy};
use oz_sys::seccomp;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Bytes of memory. A file that wants more of its reader is not answered.
const MEMORY: u64 = 256 << 20;
/// Seconds of a processor.
const TIME: u64 = 10;
/// Descriptors: what it has open, and one file at a time.
const FILES: u64 = 32;

/// `O_WRONLY`, `O_RDWR`, `O_CREAT`, `O_TRUNC`, `O_TMPFILE`: none of them.
const WRITING: u64 = 0o20_001_103;

/// What a job that only reads calls.
const READING: &[Group] = &[
    Group {
        reason: "files, and what they are",
        names: &[
            "close",
            "fcntl",
            "fstat",
            "lseek",
            "newfstatat",
            "pread64",
            "read",
            "readlink",
            "readlinkat",
            "readv",
            "statx",
        ],
    },
    Group {
        reason: "say what was found",
        names: &["write", "writev"],
    },
    Group {
        reason: "its memory, the clock, its end",
        names: &[
            "brk",
            "clock_gettime",
            "exit",
            "exit_group",
            "futex",
            "getrandom",
            "gettid",
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
        ],
    },
];

/// It reads beneath these places and does nothing else: no file is written, nothing is executed, nobody is signalled
/// or connected to. Places that are not there are passed over.
pub(crate) fn reading(places: &[&Path]) -> Result<()> {
    no_cores().context("cannot refuse core dumps")?;
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Cpu, TIME),
        (Resource::Nofile, FILES),
        (Resource::Fsize, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).context("cannot limit itself")?;
    }
    rustix::thread::set_no_new_privs(true).context("cannot give up new privileges")?;
    landlock::reading(places)?;
    let program = filter::compile(&policy()).context("cannot make a syscall filter")?;
    seccomp::install(&program).context("cannot install a syscall filter")
}

fn policy() -> SyscallPolicy {
    let without_writing = Operator::MaskedEqual {
        mask: WRITING,
        value: 0,
    };
    let reading = |argument| vec![vec![Comparison::low32(argument, without_writing)]];
    SyscallPolicy {
        name: "cow-worker".to_owned(),
        allow: allowed(READING.iter().flat_map(|group| group.names)),
        conditional: BTreeMap::from([
            ("open".to_owned(), reading(1)),
            ("openat".to_owned(), reading(2)),
        ]),
        refuse: Vec::new(),
        answered: BTreeMap::new(),
        user_namespaces: false,
    }
}
