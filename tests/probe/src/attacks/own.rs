//! A user namespace of one's own, from which much can be tried that is root's elsewhere.

use std::fs;
use std::process::Command;

use crate::outcome::{Outcome, Stop, refused};
use crate::sys::{Arg, call};

/// Flags of `unshare`.
pub const NEWTIME: i64 = 0x80;
pub const NEWNS: i64 = 0x2_0000;
pub const NEWCGROUP: i64 = 0x200_0000;
pub const NEWUTS: i64 = 0x400_0000;
pub const NEWIPC: i64 = 0x800_0000;
pub const NEWUSER: i64 = 0x1000_0000;
pub const NEWPID: i64 = 0x2000_0000;
pub const NEWNET: i64 = 0x4000_0000;

/// Makes a user namespace in which we are root, and others with it.
pub fn root_with(flags: i64) -> std::io::Result<()> {
    let (uid, gid) = (
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    call(libc::SYS_unshare, [Arg::N(NEWUSER | flags)])?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}

/// Tries something as root of namespaces of our own if they can be had, else as we are; whatever
/// refused the namespaces is told when the rest fails too.
pub fn with(flags: i64, act: impl Fn() -> Outcome) -> Outcome {
    let namespaces = root_with(flags);
    if namespaces.is_ok() && flags & NEWNS != 0 {
        // What is mounted here shall not be seen elsewhere, nor be refused because it would be.
        let private = (libc::MS_REC | libc::MS_PRIVATE).cast_signed();
        let _ = call(
            libc::SYS_mount,
            [
                Arg::T("none"),
                Arg::T("/"),
                Arg::N(0),
                Arg::N(private),
                Arg::N(0),
            ],
        );
    }
    act().map_err(|stop| match (stop, namespaces) {
        (Stop::Refused(why), Err(error)) => {
            Stop::Refused(format!("{why} (no user namespace: {error})"))
        }
        (stop, _) => stop,
    })
}

/// The variable that tells a second process of an attack that it is one.
const STEP: &str = "OZ_PROBE_STEP";

/// Whether this is the second process of an attack.
pub fn is_second_step() -> bool {
    std::env::var_os(STEP).is_some()
}

/// Runs the same attack again in a process that we start.
pub fn second_step(name: &str) -> Outcome {
    let output = Command::new("/proc/self/exe")
        .arg(name)
        .env(STEP, "2")
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let detail = text
        .split_once(' ')
        .map_or(&*text, |(_, rest)| rest)
        .to_owned();
    if output.status.success() {
        Ok(detail)
    } else {
        refused(detail)
    }
}
