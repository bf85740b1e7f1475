//! What a job gives up before it reads its first byte.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, Result};
use oz_confine::proxy::{Group, allowed, no_cores};
use oz_confine::{filter, landlock};
use oz_core::plan::{Comparison, Operator, SyscallPolicy};
use oz_sys::seccomp;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::UnshareFlags;

/// Bytes of memory. A file that wants more of its reader is not answered.
const MEMORY: u64 = 256 << 20;
/// Seconds of a processor.
const TIME: u64 = 10;
/// The same for a job that goes through trees: a home is larger than a file, and who waits is shown that it goes on.
const WALK_MEMORY: u64 = 2 << 30;
const WALK_TIME: u64 = 600;
/// The same for a picture: a large one of a camera's is drawn in a second.
const PICTURE_MEMORY: u64 = 768 << 20;
const PICTURE_TIME: u64 = 4;
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
    limits(MEMORY, TIME, 0)?;
    landlock::reading(places)?;
    install(&policy(&[READING]))
}

/// It draws one picture, which it has open: a sandbox of its own, thrown away with the process. There is no file, no
/// network and nobody else in it, and it opens nothing.
pub(crate) fn drawing() -> Result<()> {
    let alone = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNET
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWCGROUP;
    // Where users may make none, what follows leaves nothing to see of the others either.
    let _ = oz_sys::namespaces::unshare(alone);
    limits(PICTURE_MEMORY, PICTURE_TIME, 0)?;
    landlock::reading(&[])?;
    let mut policy = policy(&[READING]);
    policy.conditional.clear();
    install(&policy)
}

/// What a job that goes through trees calls as well. Whether a file is opened to be read or to be written is then for
/// Landlock and the limits to say.
const WALKING: &[Group] = &[Group {
    reason: "open beneath a directory through no link; directories, attributes",
    names: &["fgetxattr", "flistxattr", "getdents64", "openat2"],
}];

/// What a job that changes files calls as well.
const CHANGING: &[Group] = &[Group {
    reason: "make, replace and remove files, with their times, and see them onto the disk",
    names: &[
        "fchmod",
        "fchmodat",
        "fsetxattr",
        "fsync",
        "ftruncate",
        "getpid",
        "linkat",
        "mkdirat",
        "openat",
        "renameat",
        "renameat2",
        "symlinkat",
        "unlinkat",
        "utimensat",
    ],
}];

/// `FICLONE`: share the blocks of another file.
const FICLONE: u64 = 0x4004_9409;

/// It goes through these places and changes nothing.
pub(crate) fn walking(places: &[&Path]) -> Result<()> {
    limits(WALK_MEMORY, WALK_TIME, 0)?;
    landlock::reading(places)?;
    install(&sharing(policy(&[READING, WALKING])))
}

/// What a job that writes layers calls as well.
const LAYERING: &[Group] = &[Group {
    reason: "marks for what is deleted, and pipes",
    names: &["mknodat", "syncfs"],
}];

/// It makes and removes files in these places, and does nothing anywhere else.
pub(crate) fn changing(places: &[&Path]) -> Result<()> {
    limits(WALK_MEMORY, WALK_TIME, largest())?;
    let places = open(places)?;
    landlock::only(&fds(&places))?;
    install(&writing(&[READING, WALKING, CHANGING]))
}

/// The same, where it writes layers as well; and it looks at some places more.
pub(crate) fn layering(places: &[&Path], reading: &[&Path]) -> Result<()> {
    limits(WALK_MEMORY, WALK_TIME, largest())?;
    let (places, reading) = (open(places)?, open(reading)?);
    landlock::layering(&fds(&places), &fds(&reading))?;
    install(&writing(&[READING, WALKING, CHANGING, LAYERING]))
}

fn largest() -> u64 {
    let largest = rustix::process::getrlimit(Resource::Fsize).maximum;
    largest.unwrap_or(u64::MAX)
}

fn open(places: &[&Path]) -> Result<Vec<OwnedFd>> {
    let open = |place: &&Path| {
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
        rustix::fs::open(*place, flags, rustix::fs::Mode::empty())
    };
    Ok(places.iter().map(open).collect::<Result<Vec<_>, _>>()?)
}

fn fds(places: &[OwnedFd]) -> Vec<BorrowedFd<'_>> {
    places.iter().map(AsFd::as_fd).collect()
}

fn writing(groups: &[&[Group]]) -> SyscallPolicy {
    let mut policy = sharing(policy(groups));
    // It makes files.
    policy.conditional.remove("openat");
    policy
}

fn limits(memory: u64, time: u64, largest: u64) -> Result<()> {
    no_cores().context("cannot refuse core dumps")?;
    for (resource, most) in [
        (Resource::As, memory),
        (Resource::Cpu, time),
        (Resource::Nofile, FILES),
        (Resource::Fsize, largest),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).context("cannot limit itself")?;
    }
    rustix::thread::set_no_new_privs(true).context("cannot give up new privileges")
}

fn install(policy: &SyscallPolicy) -> Result<()> {
    let program = filter::compile(policy).context("cannot make a syscall filter")?;
    seccomp::install(&program).context("cannot install a syscall filter")
}

/// With files that share their blocks.
fn sharing(mut policy: SyscallPolicy) -> SyscallPolicy {
    let clone = vec![Comparison::low32(1, Operator::Equal(FICLONE))];
    policy.conditional.insert("ioctl".to_owned(), vec![clone]);
    policy
}

fn policy(groups: &[&[Group]]) -> SyscallPolicy {
    let without_writing = Operator::MaskedEqual {
        mask: WRITING,
        value: 0,
    };
    let reading = |argument| vec![vec![Comparison::low32(argument, without_writing)]];
    SyscallPolicy {
        name: "cow-worker".to_owned(),
        allow: allowed(
            groups
                .iter()
                .copied()
                .flatten()
                .flat_map(|group| group.names),
        ),
        conditional: BTreeMap::from([
            ("open".to_owned(), reading(1)),
            ("openat".to_owned(), reading(2)),
        ]),
        refuse: Vec::new(),
        answered: BTreeMap::new(),
        user_namespaces: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Pid, getppid, test_kill_process};
    use std::process::Command;

    const ASKED: &str = "OZ_TEST_DRAWING";

    /// What a decoder would try that a picture has taken over.
    fn attempts(parent: Pid) -> Vec<(&'static str, bool)> {
        vec![
            ("read a file", std::fs::read("/etc/passwd").is_ok()),
            ("list files", std::fs::read_dir("/").is_ok()),
            (
                "change a file",
                std::fs::File::options()
                    .append(true)
                    .open("/dev/null")
                    .is_ok(),
            ),
            (
                "start a program",
                Command::new("/bin/true").status().is_ok(),
            ),
            ("talk", std::net::UdpSocket::bind("127.0.0.1:0").is_ok()),
            ("signal others", test_kill_process(parent).is_ok()),
        ]
    }

    #[test]
    fn who_draws_a_picture_can_do_nothing_else() {
        let own = std::env::current_exe().expect("a program");
        let parent = getppid().expect("a parent");
        if std::env::var_os(ASKED).is_some() {
            // Its threads are the test's, so walls are round this one only; it ends here.
            drawing().expect("the walls");
            let done = attempts(parent).into_iter().any(|(_, done)| done);
            std::process::exit(if done { 7 } else { 0 });
        }
        // Outside all of it works.
        for (what, done) in attempts(parent) {
            assert!(done, "{what}");
        }
        let name = "confine::tests::who_draws_a_picture_can_do_nothing_else";
        let mut again = Command::new(own);
        let ended = again.args([name, "--exact", "--nocapture"]).env(ASKED, "1");
        assert_eq!(ended.output().expect("run").status.code(), Some(0));
    }
}
