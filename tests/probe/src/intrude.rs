//! From outside: putting a process with every privilege into a sandbox, which its owner can.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::process::Command;

use rustix::thread::{CapabilitySet, LinkNameSpaceType, move_into_link_name_space};

use crate::outcome::{Outcome, Stop, refused};
use crate::sys::{Arg, call};

/// `NS_GET_PARENT` of ioctl_nsfs(2).
const NS_GET_PARENT: i64 = 0xb702;

/// Joins the sandbox's own user namespace, above that of the app with this number, and its pid
/// namespace, and sleeps there.
pub fn attempt(pid: &str, seconds: &str) -> Outcome {
    let open = |kind: &str| File::open(format!("/proc/{pid}/ns/{kind}"));
    let (user, pids) = (open("user")?, open("pid")?);
    let sandbox = parent(&user)?;
    let join = |namespace: &OwnedFd, kind| move_into_link_name_space(namespace.as_fd(), Some(kind));
    join(&sandbox, LinkNameSpaceType::User)?;
    join(&pids.into(), LinkNameSpaceType::ProcessID)?;
    // Only a child is in the new pid namespace.
    Ok(Command::new("sleep").arg(seconds).status()?.to_string())
}

/// Joins the network of the app with this number with every right over it, and takes its rules away.
pub fn unguard(pid: &str) -> Outcome {
    let open = |kind: &str| File::open(format!("/proc/{pid}/ns/{kind}"));
    let (user, net) = (open("user")?, OwnedFd::from(open("net")?));
    let sandbox = parent(&user)?;
    move_into_link_name_space(sandbox.as_fd(), Some(LinkNameSpaceType::User))?;
    move_into_link_name_space(net.as_fd(), Some(LinkNameSpaceType::Network))?;
    // A program that an ordinary user executes keeps only what is in the ambient set.
    let mut sets = rustix::thread::capabilities(None)?;
    sets.inheritable |= CapabilitySet::NET_ADMIN;
    rustix::thread::set_capabilities(None, sets)?;
    rustix::thread::configure_capability_in_ambient_set(CapabilitySet::NET_ADMIN, true)?;
    let status = Command::new("/usr/sbin/nft")
        .args(["flush", "ruleset"])
        .status()?;
    if status.success() {
        Ok("no rules are left".to_owned())
    } else {
        refused(status.to_string())
    }
}

#[allow(unsafe_code, reason = "a number has to become a descriptor")]
fn parent(user: &File) -> Result<OwnedFd, Stop> {
    let arguments = [user.as_raw_fd().into(), NS_GET_PARENT].map(Arg::N);
    let Ok(fd) = i32::try_from(call(libc::SYS_ioctl, arguments)?) else {
        return refused("no descriptor");
    };
    // SAFETY: the kernel just made it, nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
