//! From outside: putting a process with every privilege into a sandbox, which its owner can.

use std::fs::File;
use std::io::Error;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::process::Command;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::Attempt;

/// `NS_GET_PARENT` of ioctl_nsfs(2).
const NS_GET_PARENT: u64 = 0xb702;

/// Joins the sandbox's own user namespace, above that of the app with this number, and its pid
/// namespace, and sleeps there.
pub fn attempt(pid: &str, seconds: &str) -> Attempt {
    let open = |kind: &str| {
        File::open(format!("/proc/{pid}/ns/{kind}")).map_err(|error| format!("{kind}: {error}"))
    };
    let (user, pids) = (open("user")?, open("pid")?);
    let sandbox = parent(&user).map_err(|error| error.to_string())?;
    let join = |namespace: &OwnedFd, kind| move_into_link_name_space(namespace.as_fd(), Some(kind));
    join(&sandbox, LinkNameSpaceType::User).map_err(|error| error.to_string())?;
    join(&pids.into(), LinkNameSpaceType::ProcessID).map_err(|error| error.to_string())?;
    // Only a child is in the new pid namespace.
    let slept = Command::new("sleep").arg(seconds).status();
    slept
        .map(|status| status.to_string())
        .map_err(|error| error.to_string())
}

#[allow(unsafe_code, reason = "no crate of the workspace has this request")]
fn parent(user: &File) -> Result<OwnedFd, Error> {
    // SAFETY: the request takes no argument and returns a new descriptor.
    let fd = unsafe { libc::ioctl(user.as_raw_fd(), NS_GET_PARENT) };
    if fd < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: it was just made, nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
