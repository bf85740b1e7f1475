//! What this process gives up before it hears of the first call.
//!
//! It has to read names and memory of the sandbox's processes, which no Landlock domain lets it: whoever is behind
//! such a wall can look only at those behind the same one. So it enters the user namespace of the sandbox, from
//! where nothing of the host's can be looked at, and then takes /proc for its root, so that there is no other file;
//! and it has its own short list of system calls.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};

use anyhow::{Context, Result};
use oz_confine::filter;
use oz_confine::proxy::{allowed, no_cores};
use oz_core::plan::{Comparison, Operator, SyscallPolicy};
use oz_sys::privileges;
use oz_sys::seccomp;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What it has open, and a file of /proc.
const FILES: u64 = 16;

/// `O_WRONLY`, `O_RDWR`, `O_CREAT`, `O_TRUNC`, `O_TMPFILE`: none of them.
const WRITING: u64 = 0o20_001_103;

/// What it calls whatever the arguments.
const ALLOWED: &[&str] = &[
    // What it has open, and the listener that it is sent.
    "close",
    "poll",
    "ppoll",
    "read",
    "recvfrom",
    "recvmsg",
    "sendto",
    "write",
    // Where a process is, and what its directories are.
    "readlink",
    "readlinkat",
    // Memory of the sandbox's processes; of no others, see above.
    "process_vm_readv",
    // Its own memory, the clock, a rest; the end.
    "brk",
    "clock_gettime",
    "clock_nanosleep",
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
    "sigaltstack",
];

/// Puts up its walls. The process must have a single thread.
pub(crate) fn confine(user_namespace: &OwnedFd) -> Result<()> {
    let files = Rlimit {
        current: Some(FILES),
        maximum: Some(FILES),
    };
    setrlimit(Resource::Nofile, files).context("cannot limit open files")?;
    no_cores().context("cannot refuse core dumps")?;
    move_into_link_name_space(user_namespace.as_fd(), Some(LinkNameSpaceType::User))
        .context("cannot enter the sandbox's user namespace")?;
    rustix::process::chroot("/proc").context("cannot take /proc for its root")?;
    rustix::process::chdir("/").context("cannot take /proc for its root")?;
    // The rights over the sandbox that came with its user namespace.
    privileges::drop_all().context("cannot give up rights")?;
    privileges::set_inspectable(false).context("cannot hide")?;
    let program = filter::compile(&policy()).context("cannot make a syscall filter")?;
    seccomp::install(&program).context("cannot install a syscall filter")
}

fn policy() -> SyscallPolicy {
    let without_writing = Operator::MaskedEqual {
        mask: WRITING,
        value: 0,
    };
    let reading = Comparison::low32(2, without_writing);
    let requests = seccomp::REQUESTS.map(|request| Comparison::is(1, request));
    SyscallPolicy {
        name: "oz-explain".to_owned(),
        allow: allowed(ALLOWED),
        conditional: BTreeMap::from([
            // The calls that wait.
            ("ioctl".to_owned(), requests.to_vec()),
            // Names of processes.
            ("openat".to_owned(), vec![vec![reading]]),
        ]),
        refuse: vec!["open".to_owned()],
        answered: BTreeMap::new(),
        user_namespaces: false,
    }
}
