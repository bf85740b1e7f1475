//! Namespaces and the capabilities that come with them.

use std::fs::{self, File};
use std::os::fd::AsRawFd;

use super::own::{
    NEWCGROUP, NEWIPC, NEWNET, NEWNS, NEWPID, NEWTIME, NEWUSER, NEWUTS, root_with, with,
};
use crate::attack::{Attack, Class, ROOT, attack, unshown};
use crate::outcome::{Outcome, first, refused};
use crate::sys::{Arg, call, forking, long_words};
use crate::target::Target;

const HOLES: &str = "kernel holes: no user namespaces";
const MISSED: &str = "clone3 missing from a deny list (CVE-2021-41133)";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack("unshare-user", Class::Namespaces, HOLES, |_| {
        unshare(NEWUSER)
    }),
    attack("unshare-mount", Class::Namespaces, HOLES, |_| either(NEWNS)),
    attack("unshare-pid", Class::Namespaces, HOLES, |_| either(NEWPID)),
    attack("unshare-network", Class::Namespaces, HOLES, |_| {
        either(NEWNET)
    }),
    attack("unshare-ipc", Class::Namespaces, HOLES, |_| either(NEWIPC)),
    attack("unshare-uts", Class::Namespaces, HOLES, |_| either(NEWUTS)),
    attack("unshare-cgroup", Class::Namespaces, HOLES, |_| {
        either(NEWCGROUP)
    }),
    attack("unshare-time", Class::Namespaces, HOLES, |_| {
        either(NEWTIME)
    }),
    attack("unshare-everything", Class::Namespaces, HOLES, |_| {
        unshare(NEWUSER | NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | NEWCGROUP)
    }),
    attack("clone-user", Class::Namespaces, HOLES, |_| clone(NEWUSER)),
    attack("clone-user-and-mount", Class::Namespaces, HOLES, |_| {
        clone(NEWUSER | NEWNS)
    }),
    attack(
        "clone-user-high-bits",
        Class::Namespaces,
        "high bits (CVE-2019-10063)",
        |_| clone(NEWUSER | 1 << 40),
    ),
    attack("clone3-user", Class::Namespaces, MISSED, |_| {
        clone3(NEWUSER)
    }),
    attack("clone3-user-and-mount", Class::Namespaces, MISSED, |_| {
        clone3(NEWUSER | NEWNS)
    }),
    attack(
        "capabilities-by-user-namespace",
        Class::Namespaces,
        HOLES,
        |_| {
            root_with(0)?;
            let status = fs::read_to_string("/proc/self/status")?;
            let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
            match effective.map(str::trim) {
                Some(set) if set.bytes().any(|b| b != b'0') => Ok(format!("effective {set}")),
                _ => refused("no capability"),
            }
        },
    ),
    attack("set-host-name", Class::Namespaces, "capabilities", |_| {
        with(NEWUTS, || {
            call(libc::SYS_sethostname, [Arg::T("pwned"), Arg::N(5)])?;
            Ok("named".into())
        })
    }),
    attack("set-domain-name", Class::Namespaces, "capabilities", |_| {
        with(NEWUTS, || {
            call(libc::SYS_setdomainname, [Arg::T("pwned"), Arg::N(5)])?;
            Ok("named".into())
        })
    }),
    attack(
        "join-stranger-s-user-namespace",
        Class::Namespaces,
        "setns",
        |t| join(t, "user"),
    ),
    unshown(
        "join-stranger-s-mounts",
        Class::Namespaces,
        "setns",
        ROOT,
        |t| join(t, "mnt"),
    ),
    unshown(
        "join-stranger-s-network",
        Class::Namespaces,
        "setns",
        ROOT,
        |t| join(t, "net"),
    ),
    unshown(
        "join-stranger-s-pids",
        Class::Namespaces,
        "setns",
        ROOT,
        |t| join(t, "pid"),
    ),
    unshown(
        "join-by-pidfd",
        Class::Namespaces,
        "joining what the app can forge (CVE-2022-31214)",
        ROOT,
        |t| {
            let mut ways = Vec::new();
            for pid in t.strangers() {
                let pidfd = call(libc::SYS_pidfd_open, [Arg::N(pid.into()), Arg::N(0)])?;
                ways.push(setns(pidfd, NEWUSER | NEWNS));
            }
            first(ways)
        },
    ),
    unshown(
        "become-root",
        Class::Namespaces,
        "capabilities",
        ROOT,
        |_| {
            call(libc::SYS_setresuid, [Arg::N(0), Arg::N(0), Arg::N(0)])?;
            Ok("root".into())
        },
    ),
    unshown(
        "become-other-group",
        Class::Namespaces,
        "capabilities",
        ROOT,
        |_| {
            call(libc::SYS_setgroups, [Arg::N(1), Arg::Z(4)])?;
            Ok("in group 0".into())
        },
    ),
    unshown(
        "set-capabilities",
        Class::Namespaces,
        "capabilities",
        ROOT,
        |_| {
            let header = crate::sys::words(&[0x2008_0522, 0]);
            let all = crate::sys::words(&[u32::MAX; 6]);
            call(libc::SYS_capset, [Arg::B(&header), Arg::B(&all)])?;
            Ok("all capabilities".into())
        },
    ),
    attack(
        "setuid-program",
        Class::Namespaces,
        "setuid: no_new_privs, nosuid",
        setuid_program,
    ),
];

fn unshare(flags: i64) -> Outcome {
    call(libc::SYS_unshare, [Arg::N(flags)])?;
    Ok("a namespace of its own".into())
}

fn either(flag: i64) -> Outcome {
    first([unshare(flag), unshare(NEWUSER | flag)])
}

fn clone(flags: i64) -> Outcome {
    let flags = flags | i64::from(libc::SIGCHLD);
    let zero = || Arg::N(0);
    forking(
        libc::SYS_clone,
        [Arg::N(flags), zero(), zero(), zero(), zero()],
    )?;
    Ok("a child in a namespace of its own".into())
}

fn clone3(flags: i64) -> Outcome {
    let mut arguments = [0; 11];
    arguments[0] = flags.cast_unsigned();
    arguments[4] = u64::from(libc::SIGCHLD.cast_unsigned());
    forking(
        libc::SYS_clone3,
        [Arg::B(&long_words(&arguments)), Arg::N(88)],
    )?;
    Ok("a child in a namespace of its own".into())
}

fn setns(fd: i64, kind: i64) -> Outcome {
    call(libc::SYS_setns, [Arg::N(fd), Arg::N(kind)])?;
    Ok("joined".into())
}

fn join(target: &Target, kind: &str) -> Outcome {
    first(target.strangers().into_iter().map(|pid| {
        let file = File::open(format!("/proc/{pid}/ns/{kind}"))?;
        if kind == "user" {
            // Nobody joins the namespace that they are in; to hold it is what counts.
            return Ok(format!("the namespace of {pid} is open"));
        }
        setns(file.as_raw_fd().into(), 0)
    }))
}

/// Starts a program of root's that waits for a password, and looks who it is.
fn setuid_program(_: &Target) -> Outcome {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let program = ["/usr/bin/su", "/bin/su"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists());
    let Some(program) = program else {
        return crate::outcome::untried("there is no su");
    };
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let end = Instant::now() + Duration::from_secs(3);
    let mut outcome = refused("it ended at once");
    while let Ok(None) = child.try_wait() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let is_su = status
            .lines()
            .next()
            .is_some_and(|line| line.ends_with("\tsu"));
        let uids = status.lines().find(|line| line.starts_with("Uid:"));
        let effective = uids.and_then(|line| line.split_whitespace().nth(2));
        if is_su {
            outcome = match effective {
                Some("0") => Ok(format!("{program} runs as root")),
                _ => refused("it runs as the user"),
            };
            break;
        }
        if Instant::now() > end {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    // What is root's cannot be killed; it ends when nobody types a password.
    drop(child.stdin.take());
    let _ = child.kill();
    outcome
}
