//! `pasta`: what it is told, and what it says when it fails.

use std::io::{self, Read, Seek};
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::network::{ADDRESS4, ADDRESS6, GATEWAY4, GATEWAY6, INTERFACE, PREFIX4};
use rustix::fs::{MemfdFlags, SealFlags};

use super::host::HostNetwork;
use crate::child::Child;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::{Sandbox, spawn};

const TUN: &str = "/dev/net/tun";
/// Its other end's hardware address, as seen from inside: by default it would be the host's own.
const GATEWAY_MAC: &str = "9a:55:9a:55:9a:55";
/// How much it can say.
const WORDS: u64 = 4096;

/// Whether it will be able to make an interface.
pub(super) fn check_tun() -> Result<()> {
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    match rustix::fs::open(TUN, flags, rustix::fs::Mode::empty()) {
        Ok(_) => Ok(()),
        Err(errno) => Err(Failure::new(
            Kind::Host,
            format!("cannot open {TUN}, which an app's own network needs: {errno}"),
            "Let every user read and write it, as udev does (`modprobe tun`, `chmod 0666 /dev/net/tun`), \
             or start the app with `--net none`",
        )),
    }
}

/// What it has said so far. It can neither be kept waiting by it nor fill any memory.
pub(super) struct Words(OwnedFd);

impl Words {
    fn new() -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = rustix::fs::memfd_create("oz-pasta", flags)?;
        rustix::fs::ftruncate(&file, WORDS)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
        Ok(Self(file))
    }

    pub(super) fn read(&self) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = std::fs::File::from(self.0.try_clone()?);
            file.rewind()?;
            let mut text = Vec::new();
            file.take(WORDS).read_to_end(&mut text)?;
            text.retain(|byte| *byte != 0);
            Ok(text)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }
}

/// Starts it between the host and a sandbox. It is handed the namespaces as its standard input and
/// output: other descriptors it may close, and names of them it could not open.
pub(super) fn start(
    program: &Path,
    sandbox: &Sandbox,
    host: &HostNetwork,
    interface: Option<&str>,
) -> Result<(Child, Words)> {
    let namespaces = sandbox.namespaces.get();
    let namespaces = namespaces.ok_or_else(|| Failure::gone(&sandbox.id))?;
    let words = Words::new()
        .map_err(|error| Failure::new(Kind::Host, format!("cannot make a file: {error}"), ""))?;
    let fds = [
        (namespaces.user.as_fd(), 0),
        (namespaces.net.as_fd(), 1),
        (words.0.as_fd(), 2),
    ];
    let child = spawn::program(program, &arguments(host, interface), &[], &fds)?;
    Ok((child, words))
}

fn arguments(host: &HostNetwork, interface: Option<&str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["--foreground", "--quiet"]);
    // The host's addresses are its own affair.
    add(&["--config-net", "--ns-ifname", INTERFACE]);
    add(&[
        "--address",
        &ADDRESS4.to_string(),
        "--netmask",
        &PREFIX4.to_string(),
    ]);
    add(&["--gateway", &GATEWAY4.to_string()]);
    add(&[
        "--address",
        &ADDRESS6.to_string(),
        "--gateway",
        &GATEWAY6.to_string(),
    ]);
    add(&["--mac-addr", GATEWAY_MAC]);
    // All of these, or the host's loopback is inside.
    add(&[
        "--no-map-gw",
        "-t",
        "none",
        "-u",
        "none",
        "-T",
        "none",
        "-U",
        "none",
    ]);
    // The interface is configured; nobody needs to be asked.
    add(&["--no-dhcp", "--no-dhcpv6", "--no-ra"]);
    for resolver in &host.resolvers {
        let gateway = match resolver {
            IpAddr::V4(_) => GATEWAY4.to_string(),
            IpAddr::V6(_) => GATEWAY6.to_string(),
        };
        // It takes the first of the family from /etc/resolv.conf itself, and no other by this way.
        add(&["--dns-forward", &gateway]);
    }
    if let Some(interface) = interface {
        add(&["--interface", interface]);
    }
    // Its end is the daemon's decision.
    add(&[
        "--no-netns-quit",
        "--userns",
        "/proc/self/fd/0",
        "--netns",
        "/proc/self/fd/1",
    ]);
    all
}

/// Why there is no network, in its words.
pub(super) fn failure(words: &str) -> Failure {
    let said = words
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.contains("syslog"))
        .unwrap_or("it ended without a word");
    Failure::new(
        Kind::Host,
        format!("pasta made no network: {}", OsBytes::from(said)),
        "`oz doctor` says what this machine lacks; `--net none` starts the app without a network",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn it_is_told_this() {
        let host = HostNetwork {
            blocks: Vec::new(),
            resolvers: vec!["127.0.0.53".parse().expect("an address")],
        };
        insta::assert_snapshot!(arguments(&host, None).join(" "));
    }

    #[test]
    fn what_it_says_is_kept_up_to_a_size() {
        let words = Words::new().expect("made");
        let mut file = std::fs::File::from(words.0.try_clone().expect("cloned"));
        file.write_all(b"No routable interface\n").expect("written");
        let line = failure(&words.read()).line();
        assert!(line.contains("No routable interface"), "{line}");
        assert!(file.write_all(&[b'x'; 5000]).is_err());
    }
}
