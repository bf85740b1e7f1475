//! What not every kernel and distribution has: without it something holds less, or does not exist.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{State, finding, release};
use crate::commands::doctor::Finding;

/// Good from a version of the kernel on.
fn since(check: &'static str, least: (u32, u32), good: &str, weak: &str) -> Finding {
    let (release, version) = release();
    let newer = format!("Install Linux {}.{} or later.", least.0, least.1);
    if version >= least {
        finding(check, State::Good, good, "")
    } else {
        finding(check, State::Weak, format!("{weak} ({release})"), &newer)
    }
}

pub(super) fn seccomp() -> Finding {
    const CHECK: &str = "system call filters";
    let list = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    let has = |action: &&str| list.split_whitespace().any(|word| word == *action);
    let missing: Vec<&str> = ["errno", "kill_process"]
        .into_iter()
        .filter(|a| !has(a))
        .collect();
    match missing.as_slice() {
        [] if has(&"user_notif") => finding(CHECK, State::Good, "all actions", ""),
        [] => finding(
            CHECK,
            State::Weak,
            "no user_notif",
            "Install Linux 5.9 or later: what apps are refused cannot be shown.",
        ),
        some => finding(
            CHECK,
            State::Bad,
            format!("without {}", some.join(", ")),
            "Use a kernel that was built with CONFIG_SECCOMP_FILTER.",
        ),
    }
}

/// From version 6 on it keeps signals and abstract sockets within.
pub(super) fn landlock() -> Finding {
    const CHECK: &str = "Landlock";
    match oz_sys::privileges::landlock_version() {
        Ok(version @ 6..) => finding(CHECK, State::Good, format!("version {version}"), ""),
        Ok(version) => finding(
            CHECK,
            State::Weak,
            format!("version {version}"),
            "Install Linux 6.12 or later: the second wall keeps fewer things within.",
        ),
        Err(error) => finding(
            CHECK,
            State::Weak,
            error.to_string(),
            "Add landlock to the kernel's `lsm=` parameter: the second wall is missing.",
        ),
    }
}

pub(super) fn process_limit() -> Finding {
    const CHECK: &str = "limit of processes";
    let (_, version) = release();
    if version < (5, 14) {
        let weak = "counted together with the user's other processes";
        return since(CHECK, (5, 14), "", weak);
    }
    since(
        CHECK,
        (6, 14),
        "by pid namespace and user namespace",
        "by user namespace only",
    )
}

pub(super) fn replacing_mounts() -> Finding {
    since(
        "replacing mounts",
        (6, 5),
        "in one step",
        "a changed grant is away for a moment",
    )
}

/// Tried, since distributions forbid it in their own ways.
pub(super) fn overlay() -> Finding {
    const CHECK: &str = "overlay in user namespaces";
    const REMEDY: &str = "Install Linux 5.11 or later with overlayfs (`modprobe overlay`): there is no copy-on-write without.";
    let tried = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "mount",
            "-t",
            "overlay",
            "overlay",
        ])
        .args(["-o", "userxattr,lowerdir=/usr/share:/usr/lib", "/usr/share"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match tried {
        Ok(output) if output.status.success() => finding(CHECK, State::Good, "works", ""),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            let why = why.lines().next().unwrap_or("refused").to_owned();
            finding(CHECK, State::Weak, why, REMEDY)
        }
        Err(_) => {
            let list = fs::read_to_string("/proc/filesystems").unwrap_or_default();
            if list.lines().any(|line| line.ends_with("\toverlay")) {
                finding(CHECK, State::Good, "the kernel has it", "")
            } else {
                finding(CHECK, State::Weak, "not loaded", REMEDY)
            }
        }
    }
}

pub(super) fn fuse() -> Finding {
    const CHECK: &str = "FUSE";
    let opened = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/fuse");
    match opened {
        Ok(_) => finding(CHECK, State::Good, "/dev/fuse can be opened", ""),
        Err(error) => finding(
            CHECK,
            State::Weak,
            format!("/dev/fuse: {error}"),
            "Load it (`modprobe fuse`): single writable files cannot be saved by renaming without.",
        ),
    }
}

/// `oz check` executes its prober from memory.
pub(super) fn programs_in_memory() -> Finding {
    const CHECK: &str = "programs in memory";
    let read: io::Result<String> = fs::read_to_string("/proc/sys/vm/memfd_noexec");
    match read.as_deref().map(str::trim) {
        Ok("2") => finding(
            CHECK,
            State::Weak,
            "vm.memfd_noexec is 2",
            "Set `sysctl vm.memfd_noexec=1` when you want to use `oz check`.",
        ),
        _ => finding(CHECK, State::Good, "can be executed", ""),
    }
}

pub(super) fn portals() -> Finding {
    const CHECK: &str = "desktop portal";
    let service = "share/dbus-1/services/org.freedesktop.portal.Desktop.service";
    let there = ["/usr", "/usr/local"]
        .iter()
        .any(|prefix| Path::new(prefix).join(service).exists());
    if there {
        finding(CHECK, State::Good, "installed", "")
    } else {
        finding(
            CHECK,
            State::Weak,
            "not installed: no file dialogs of the desktop",
            "Install the package xdg-desktop-portal and one for your desktop.",
        )
    }
}
