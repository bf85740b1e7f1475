//! The checks themselves.

mod features;
mod scope;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oz_core::wire::display::X11;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::{Finding, State};

/// In the order in which they matter.
pub(super) fn all() -> Vec<Finding> {
    let mut all = vec![
        kernel(),
        user_namespaces(),
        openat2(),
        pidfd(),
        mount_calls(),
        features::seccomp(),
        features::landlock(),
        features::process_limit(),
        scope::scope(),
        features::replacing_mounts(),
        features::overlay(),
        features::fuse(),
        features::programs_in_memory(),
        program(
            "dbus-daemon",
            "private message buses for apps",
            "dbus-daemon",
        ),
        program("pasta", "network for apps", "passt"),
        program("nft", "network for apps", "nftables"),
        features::portals(),
        session_bus(),
        display(),
    ];
    for finding in &mut all {
        if finding.state == State::Good {
            finding.remedy = None;
        }
    }
    all
}

fn finding(check: &'static str, state: State, found: impl Into<String>, remedy: &str) -> Finding {
    Finding {
        check,
        state,
        found: found.into(),
        remedy: Some(remedy.to_owned()),
    }
}

/// mount_setattr is of 5.12; what later ones bring has a check of its own.
fn kernel() -> Finding {
    let (release, version) = release();
    let state = match version {
        (..=5, ..=11) | (..=4, _) => State::Bad,
        (5, _) | (6, ..=11) => State::Weak,
        _ => State::Good,
    };
    let remedy = if state == State::Bad {
        "Oz needs Linux 5.12 or later: install a newer kernel."
    } else {
        "From Linux 6.12 on, abstract sockets and signals are walled off a second time."
    };
    finding("kernel", state, release, remedy)
}

/// The kernel's version as it says it, and its first two numbers.
fn release() -> (String, (u32, u32)) {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (release, version)
}

/// Making one is the only way to know: sysctls, AppArmor and containers each may refuse.
fn user_namespaces() -> Finding {
    const CHECK: &str = "user namespaces";
    let made = Command::new("unshare")
        .args([
            "--user", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "true",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let limits = limits();
    match made {
        Ok(output) if output.status.success() => finding(CHECK, State::Good, "allowed", ""),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            finding(CHECK, State::Bad, why, &limits.unwrap_or_else(|| {
                "Allow them: `sysctl kernel.unprivileged_userns_clone=1`; on Ubuntu install Oz's AppArmor \
                 profile or set `sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
                    .to_owned()
            }))
        }
        Err(_) => match limits {
            Some(remedy) => finding(CHECK, State::Bad, "refused", &remedy),
            None => finding(CHECK, State::Good, "no sysctl refuses them", ""),
        },
    }
}

/// The sysctl that forbids them, if one does.
fn limits() -> Option<String> {
    let number = |path: &str| -> Option<u64> {
        let mut text = String::new();
        std::fs::File::open(path)
            .ok()?
            .take(64)
            .read_to_string(&mut text)
            .ok()?;
        text.trim().parse().ok()
    };
    if number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0) {
        return Some("Allow them: `sysctl kernel.unprivileged_userns_clone=1`.".to_owned());
    }
    if number("/proc/sys/user/max_user_namespaces") == Some(0) {
        return Some("Allow them: `sysctl user.max_user_namespaces=10000`.".to_owned());
    }
    if number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        return Some(
            "Install Oz's AppArmor profile, or `sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
                .to_owned(),
        );
    }
    None
}

fn openat2() -> Finding {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS;
    let opened = rustix::fs::openat2(rustix::fs::CWD, "/", flags, Mode::empty(), resolve);
    call("openat2", opened.map(drop))
}

fn pidfd() -> Finding {
    let own = rustix::process::getpid();
    let opened = rustix::process::pidfd_open(own, rustix::process::PidfdFlags::empty());
    call("pidfd_open", opened.map(drop))
}

/// Refused for want of privilege is proof that it exists.
fn mount_calls() -> Finding {
    let flags = rustix::mount::OpenTreeFlags::OPEN_TREE_CLONE;
    let opened = rustix::mount::open_tree(rustix::fs::CWD, "/", flags);
    let exists = match opened {
        Err(Errno::NOSYS) => Err(Errno::NOSYS),
        _ => Ok(()),
    };
    call("open_tree", exists)
}

fn call(name: &'static str, result: Result<(), Errno>) -> Finding {
    match result {
        Ok(()) => finding(name, State::Good, "works", ""),
        Err(errno) => {
            let found = std::io::Error::from(errno).to_string();
            let remedy = "Install a newer kernel, or run Oz outside the container that forbids it.";
            finding(name, State::Bad, found, remedy)
        }
    }
}

fn program(name: &'static str, purpose: &str, package: &str) -> Finding {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.extend(["/usr/bin", "/usr/sbin"].map(PathBuf::from));
    match places
        .iter()
        .map(|place| place.join(name))
        .find(|path| path.is_file())
    {
        Some(path) => finding(name, State::Good, path.display().to_string(), ""),
        None => finding(
            name,
            State::Weak,
            format!("not installed: no {purpose}"),
            &format!("Install the package {package}."),
        ),
    }
}

fn session_bus() -> Finding {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let socket = runtime.map(|runtime| runtime.join("bus"));
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some() || socket.is_some_and(|s| s.exists())
    {
        return finding("session bus", State::Good, "there", "");
    }
    let remedy = "Run `oz` within a desktop session, or under dbus-run-session.";
    finding("session bus", State::Bad, "none", remedy)
}

fn display() -> Finding {
    const CHECK: &str = "host display";
    let session = oz_host::environment::session();
    let given = |name: &str| session.get(name).filter(|value| !value.is_empty());
    let wayland = |display: &String| {
        given("XDG_RUNTIME_DIR").map_or_else(
            || PathBuf::from(display),
            |runtime| Path::new(runtime).join(display),
        )
    };
    let x11 = |display: &String| Some(X11::named(display, None)?.socket);
    let socket = given("WAYLAND_DISPLAY").map(wayland);
    let Some(socket) = socket.or_else(|| given("DISPLAY").and_then(x11)) else {
        return finding(
            CHECK,
            State::Weak,
            "none: neither WAYLAND_DISPLAY nor DISPLAY is set to one of this machine",
            "Apps with windows need a desktop session; commands in a terminal do not.",
        );
    };
    match std::os::unix::net::UnixStream::connect(&socket) {
        Ok(_) => finding(CHECK, State::Good, socket.display().to_string(), ""),
        Err(error) => finding(
            CHECK,
            State::Weak,
            format!("{} does not answer: {error}", socket.display()),
            "Run `oz` within the session whose windows you want.",
        ),
    }
}
