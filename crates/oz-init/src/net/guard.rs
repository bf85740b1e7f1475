//! Settings and rules of the network namespace, which belongs to the sandbox's user namespace: a
//! program inside, in a namespace beneath, can change neither.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use oz_core::OsBytes;
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::{Failed, failed};

/// Settings of interfaces that are made from now on, each with its reason.
const SETTINGS: &[(&str, &str, &str)] = &[
    (
        "ipv6/conf/default/accept_ra",
        "0",
        "addresses are ours to give",
    ),
    ("ipv6/conf/default/autoconf", "0", "likewise"),
    (
        "ipv6/conf/default/accept_redirects",
        "0",
        "routes are ours to give",
    ),
    ("ipv4/conf/default/accept_redirects", "0", "likewise"),
    (
        "ipv6/conf/default/accept_dad",
        "0",
        "nobody else has our address, and asking takes a second",
    ),
    ("ipv6/conf/default/dad_transmits", "0", "likewise"),
];

/// How much of what `nft` complains about is passed on.
const COMPLAINT: u64 = 2000;

/// Loads the rules, all or none.
pub(super) fn load(nft: &OsBytes, rules: &str) -> Result<(), Failed> {
    for (name, value, _) in SETTINGS {
        match std::fs::write(format!("/proc/sys/net/{name}"), value) {
            // A kernel without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(failed("changing a setting of the network"))?,
        }
    }
    keep_capability().map_err(failed("keeping a capability"))?;
    run(nft, rules)
}

/// A program that an ordinary user executes has no capability but those of the ambient set.
fn keep_capability() -> io::Result<()> {
    let mut sets: CapabilitySets = rustix::thread::capabilities(None)?;
    sets.inheritable |= CapabilitySet::NET_ADMIN;
    rustix::thread::set_capabilities(None, sets)?;
    rustix::thread::configure_capability_in_ambient_set(CapabilitySet::NET_ADMIN, true)?;
    Ok(())
}

fn run(nft: &OsBytes, rules: &str) -> Result<(), Failed> {
    let start = failed("starting nft");
    let rules = oz_sys::memory::memfd_sealed(rules.as_bytes()).map_err(&start)?;
    let (complaints, writer) = io::pipe().map_err(&start)?;
    let program = std::ffi::CString::new(nft.as_bytes()).map_err(|error| start(error.into()))?;
    let argv = [c"nft", c"-f", c"-"].map(Into::into);
    let fds = [(rules.as_fd(), 0), (writer.as_fd(), 1), (writer.as_fd(), 2)];
    let nft = oz_sys::spawn::spawn(&program, &argv, &[], &fds).map_err(&start)?;
    drop(writer);
    let mut text = Vec::new();
    File::from(std::os::fd::OwnedFd::from(complaints))
        .take(COMPLAINT)
        .read_to_end(&mut text)
        .map_err(&start)?;
    let status = nft.wait().map_err(&start)?;
    if status.and_then(|status| status.exit_status()) == Some(0) {
        return Ok(());
    }
    Err(Failed {
        what: format!("nft refused its rules: {}", OsBytes::from(text)),
        errno: 0,
    })
}
