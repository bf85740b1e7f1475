//! The walls of a proxy: it holds a listener of the sandbox and speaks to one service of the host, and
//! needs nothing else that a program of the user could have.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use oz_core::plan::{Comparison, SyscallPolicy};
use oz_core::report::State;
use oz_sys::seccomp;
use rustix::process::{Resource, Rlimit};

use crate::filter::{self, FilterError};
use crate::landlock::{self, Extent};

/// System calls that belong together.
#[derive(Debug)]
pub struct Group {
    /// Why they are needed.
    pub reason: &'static str,
    /// Their names.
    pub names: &'static [&'static str],
}

/// Names as a policy has them: sorted, each once.
pub fn allowed<'a>(names: impl IntoIterator<Item = &'a &'static str>) -> Vec<String> {
    let mut all: Vec<String> = names.into_iter().map(|name| (*name).to_owned()).collect();
    all.sort();
    all.dedup();
    all
}

/// What every proxy of ours calls, whatever it is a proxy for.
pub const COMMON: &[Group] = &[
    Group {
        reason: "descriptors that it has, and those that it is sent",
        names: &[
            "close", "dup", "fcntl", "fstat", "lseek", "pread64", "pwrite64", "read", "readv",
            "write", "writev",
        ],
    },
    Group {
        reason: "connections",
        names: &[
            "accept",
            "accept4",
            "connect",
            "getpeername",
            "getsockname",
            "getsockopt",
            "recvfrom",
            "recvmsg",
            "sendmsg",
            "sendto",
            "setsockopt",
            "shutdown",
        ],
    },
    Group {
        reason: "wait for any of many",
        names: &[
            "epoll_create1",
            "epoll_ctl",
            "epoll_pwait",
            "epoll_pwait2",
            "epoll_wait",
            "eventfd2",
            "pipe2",
            "poll",
            "ppoll",
            "signalfd4",
            "timerfd_create",
            "timerfd_gettime",
            "timerfd_settime",
        ],
    },
    Group {
        reason: "memory of its own",
        names: &[
            "brk",
            "madvise",
            "membarrier",
            "mmap",
            "mprotect",
            "mremap",
            "munmap",
        ],
    },
    Group {
        reason: "clocks, random numbers, locks between its threads",
        names: &[
            "clock_getres",
            "clock_gettime",
            "clock_nanosleep",
            "futex",
            "getrandom",
            "gettimeofday",
            "nanosleep",
            "rseq",
            "sched_getaffinity",
            "sched_yield",
            "set_robust_list",
        ],
    },
    Group {
        reason: "end, by itself or by a signal; say why",
        names: &[
            "exit",
            "exit_group",
            "getpid",
            "gettid",
            "restart_syscall",
            "rt_sigaction",
            "rt_sigprocmask",
            "rt_sigreturn",
            "sigaltstack",
            "tgkill",
        ],
    },
];

/// What a proxy says of itself.
#[derive(Debug)]
pub struct Walls<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// What it calls beyond [`COMMON`].
    pub also: &'a [Group],
    /// The sockets of the host that it connects to after this.
    pub sockets: &'a [&'a Path],
}

/// Why the walls are not up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("cannot give up rights: {0}")]
    System(#[from] io::Error),
    /// Landlock is there and refuses.
    #[error(transparent)]
    Landlock(#[from] landlock::Error),
    /// The list makes no filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

/// A core would hold what the app and the host have told it. 1 keeps it from a handler at the end of a
/// pipe too, which 0 does not (core(5)).
pub fn no_cores() -> io::Result<()> {
    let none = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    Ok(rustix::process::setrlimit(Resource::Core, none)?)
}

impl Walls<'_> {
    /// Puts the walls up round the calling process, which must have a single thread; says how far
    /// Landlock holds. The filter holds, or this is an error.
    pub fn raise(&self) -> Result<Extent, Error> {
        no_cores()?;
        // Descriptors that apps leave on their way are counted against the sender's limit: ours must be
        // higher than what they can reach.
        let files = rustix::process::getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: files.maximum,
            ..files
        };
        rustix::process::setrlimit(Resource::Nofile, raised).map_err(io::Error::from)?;
        rustix::thread::set_no_new_privs(true).map_err(io::Error::from)?;
        let extent = landlock::nothing(self.sockets)?;
        let program = filter::compile(&self.policy())?;
        seccomp::install(&program)?;
        if extent.state == State::Not {
            tracing::warn!(why = extent.why, "without Landlock");
        }
        Ok(extent)
    }

    fn policy(&self) -> SyscallPolicy {
        let names = COMMON.iter().chain(self.also).flat_map(|group| group.names);
        let is = Comparison::is;
        SyscallPolicy {
            name: self.name.to_owned(),
            allow: allowed(names),
            conditional: BTreeMap::from([
                // AF_UNIX: neither network nor netlink.
                ("socket".to_owned(), vec![is(0, 1)]),
                ("socketpair".to_owned(), vec![is(0, 1)]),
                // Its own limits.
                ("prlimit64".to_owned(), vec![is(0, 0)]),
                // FIONBIO: do not wait; FIONREAD: how much there is.
                ("ioctl".to_owned(), vec![is(1, 0x5421), is(1, 0x541b)]),
            ]),
            refuse: vec!["open".to_owned(), "openat".to_owned()],
            answered: BTreeMap::new(),
            user_namespaces: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::net::TcpListener;
    use std::os::unix::net::{UnixListener, UnixStream};

    /// Both walls are a thread's own.
    fn confined<T: Send + 'static>(what: impl FnOnce(&Extent) -> T + Send + 'static) -> T {
        let thread = std::thread::spawn(|| {
            let walls = Walls {
                name: "test",
                also: &[],
                sockets: &[],
            };
            let extent = walls.raise().expect("raised");
            what(&extent)
        });
        thread.join().expect("no panic")
    }

    #[test]
    fn it_opens_no_file_and_no_network() {
        let attempt = || {
            let file = File::open("/etc/passwd").is_ok();
            let home = File::create(std::env::temp_dir().join("oz-confine")).is_ok();
            let tcp = TcpListener::bind("127.0.0.1:0").is_ok();
            [file, home, tcp]
        };
        assert_eq!(attempt(), [true; 3]);
        assert_eq!(confined(move |_| attempt()), [false; 3]);
        assert_eq!(attempt(), [true; 3], "others are not concerned");
    }

    #[test]
    fn it_starts_no_program_and_signals_nobody() {
        let program = confined(|_| std::process::Command::new("/bin/true").status());
        assert!(program.is_err());
        let parent = rustix::process::getppid().expect("a parent");
        rustix::process::test_kill_process(parent).expect("may be signalled");
        assert!(confined(move |_| rustix::process::test_kill_process(parent)).is_err());
    }

    #[test]
    fn what_it_holds_goes_on() {
        let (mut one, mut other) = UnixStream::pair().expect("pair");
        let heard = confined(move |_| -> io::Result<[u8; 2]> {
            io::Write::write_all(&mut one, b"hi")?;
            let mut heard = [0; 2];
            io::Read::read_exact(&mut other, &mut heard)?;
            Ok(heard)
        });
        assert_eq!(&heard.expect("heard"), b"hi");
    }

    #[test]
    fn only_the_sockets_that_it_named_can_be_connected_to_where_the_kernel_can_tell() {
        let path = std::env::temp_dir().join(format!("oz-confine-{}", std::process::id()));
        let _listener = UnixListener::bind(&path).expect("bound");
        let place = path.clone();
        let (state, connected) =
            confined(move |extent| (extent.state, UnixStream::connect(&place).is_ok()));
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(connected, state != State::Enforced);
    }
}
