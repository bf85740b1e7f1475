//! What this process gives up before a program inside has asked for anything and before it has another thread.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};

use anyhow::Context;
use oz_confine::filter;
use oz_confine::proxy::{COMMON, Group, allowed, no_cores};
use oz_core::plan::{Comparison, Operator, SyscallPolicy};
use oz_sys::seccomp;

/// What it calls beyond what every proxy of ours does.
const ALSO: &[Group] = &[
    Group {
        reason: "open names in its two directories, and look at what they are",
        names: &[
            "fstatfs",
            "getdents64",
            "newfstatat",
            "open",
            "openat",
            "openat2",
            "readlinkat",
            "statx",
        ],
    },
    Group {
        reason: "change what a program changes",
        names: &[
            "copy_file_range",
            "fallocate",
            "fchmod",
            "fchmodat",
            "fchmodat2",
            "fdatasync",
            "flock",
            "fsync",
            "ftruncate",
            "linkat",
            "mkdirat",
            "mknodat",
            "renameat",
            "renameat2",
            "symlinkat",
            "unlinkat",
            "utimensat",
        ],
    },
    Group {
        reason: "attributes of its files",
        names: &["fgetxattr", "flistxattr", "fremovexattr", "fsetxattr"],
    },
    Group {
        reason: "whose files they are",
        names: &["getegid", "geteuid", "getgid", "getuid"],
    },
    Group {
        reason: "threads: one answers the kernel, one waits for locks, one for what happens outside",
        names: &["clone", "clone3", "set_tid_address"],
    },
];

/// `FICLONE`: a copy that shares its blocks until one of the two is changed.
const FICLONE: u64 = 0x4004_9409;
/// `FIONBIO`.
const FIONBIO: u64 = 0x5421;
/// Flags of `clone` that make namespaces.
const NAMESPACES: u64 = oz_core::plan::syscalls::CLONE_NAMESPACES;

/// No file but those of the two directories, no network, no program, no signal. What this kernel's Landlock does
/// not know is left to the list of system calls.
pub(crate) fn confine(host: &OwnedFd, below: &OwnedFd) -> anyhow::Result<()> {
    no_cores()?;
    rustix::thread::set_no_new_privs(true)?;
    let extent = oz_confine::landlock::only(&[host.as_fd(), below.as_fd()])?;
    tracing::debug!(state = %extent.state, why = extent.why, "confined");
    let program = filter::compile(&policy()).context("cannot make a syscall filter")?;
    seccomp::install(&program).context("cannot install a syscall filter")
}

/// What the process needs that repeats changes of the host.
const REPEATER: &[&str] = &[
    "close",
    "exit_group",
    "fcntl",
    "fstat",
    "ftruncate",
    "newfstatat",
    "openat",
    "recvmsg",
    "rt_sigreturn",
    "statx",
    "write",
];

/// It opens files of the view for writing, and no others, and reads nothing.
pub(crate) fn repeater(mount: &OwnedFd) -> anyhow::Result<()> {
    no_cores()?;
    rustix::thread::set_no_new_privs(true)?;
    oz_confine::landlock::writing(mount.as_fd())?;
    let policy = SyscallPolicy {
        name: "files-proxy, repeating".to_owned(),
        allow: REPEATER.iter().map(|name| (*name).to_owned()).collect(),
        conditional: BTreeMap::new(),
        refuse: Vec::new(),
        answered: BTreeMap::new(),
        user_namespaces: false,
    };
    let program = filter::compile(&policy).context("cannot make a syscall filter")?;
    seccomp::install(&program).context("cannot install a syscall filter")
}

fn policy() -> SyscallPolicy {
    let is = Comparison::is;
    // What it accepts is the daemon's; it connects to nobody and makes no socket.
    let never = ["connect", "clone"];
    let names = COMMON.iter().chain(ALSO).flat_map(|group| group.names);
    let names = names.filter(|name| !never.contains(name));
    let threads = Operator::MaskedEqual {
        mask: NAMESPACES,
        value: 0,
    };
    SyscallPolicy {
        name: "files-proxy".to_owned(),
        allow: allowed(names),
        conditional: BTreeMap::from([
            (
                "clone".to_owned(),
                vec![vec![Comparison::low32(0, threads)]],
            ),
            ("ioctl".to_owned(), vec![is(1, FICLONE), is(1, FIONBIO)]),
            // Its own limits.
            ("prlimit64".to_owned(), vec![is(0, 0)]),
        ]),
        refuse: Vec::new(),
        answered: BTreeMap::new(),
        user_namespaces: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io;
    use std::net::TcpStream;
    use std::os::unix::net::UnixStream;

    /// The walls are a thread's own.
    fn confined<T: Send + 'static>(what: impl FnOnce(OwnedFd) -> T + Send + 'static) -> T {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("file"), "text").expect("written");
        let open = || OwnedFd::from(File::open(directory.path()).expect("opens"));
        let (host, below) = (open(), open());
        let thread = std::thread::spawn(move || {
            confine(&host, &below).expect("confined");
            what(host)
        });
        thread.join().expect("no panic")
    }

    #[test]
    fn it_works_on_its_directory_and_starts_threads() {
        let read = confined(|host| {
            let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC;
            let file = rustix::fs::openat(&host, "file", flags, rustix::fs::Mode::empty());
            let file = File::from(file.expect("opens"));
            let thread = std::thread::spawn(move || io::read_to_string(file).expect("read"));
            thread.join().expect("no panic")
        });
        assert_eq!(read, "text");
    }

    #[test]
    fn it_starts_no_program_makes_no_socket_and_signals_nobody() {
        let program = || std::process::Command::new("/bin/true").status().is_ok();
        let socket = || UnixStream::pair().is_ok();
        let parent = rustix::process::getppid().expect("a parent");
        let signal = move || rustix::process::test_kill_process(parent).is_ok();
        assert_eq!([program(), socket(), signal()], [true; 3]);
        let attempts = confined(move |_| {
            let nobody = TcpStream::connect("127.0.0.1:9").map_err(|error| error.kind());
            assert_ne!(nobody.err(), Some(io::ErrorKind::ConnectionRefused));
            [program(), socket(), signal()]
        });
        assert_eq!(attempts, [false; 3]);
    }

    #[test]
    fn names_are_listed_once() {
        let policy = policy();
        let twice = |name: &&String| policy.conditional.contains_key(*name);
        assert_eq!(policy.allow.iter().find(twice), None);
    }
}
