//! The processes of the sandbox, as init's own process file system shows them.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags};
use rustix::process::Pid;

/// A user namespace, by which a helper's descendants are known however they were orphaned.
pub type UserNamespace = (u64, u64);

/// Every process but init.
pub fn all(proc: &OwnedFd) -> io::Result<Vec<Pid>> {
    let mut pids = Vec::new();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    for entry in Dir::new(rustix::fs::openat(proc, ".", flags, Mode::empty())?)? {
        if let Some(pid) = entry?.file_name().to_str().ok().and_then(parse)
            && !pid.is_init()
        {
            pids.push(pid);
        }
    }
    Ok(pids)
}

/// Children of init, orphans of others among them; dead ones may be too.
pub fn children(proc: &OwnedFd) -> io::Result<Vec<Pid>> {
    match read(proc, "1/task/1/children") {
        Ok(list) => Ok(list.split(' ').filter_map(parse).collect()),
        // A kernel without that file.
        Err(_) => all(proc),
    }
}

fn parse(number: &str) -> Option<Pid> {
    Pid::from_raw(number.trim().parse().ok()?)
}

/// The user namespace that a process is in; `None` if it does not let itself be looked at.
pub fn user_namespace(proc: &OwnedFd, pid: Pid) -> Option<UserNamespace> {
    let link = format!("{}/ns/user", pid.as_raw_nonzero());
    let stat = rustix::fs::statat(proc, link, rustix::fs::AtFlags::empty()).ok()?;
    Some((stat.st_dev, stat.st_ino))
}

/// Whether a process has a controlling terminal.
pub fn has_terminal(proc: &OwnedFd, pid: Pid) -> bool {
    let stat = read(proc, &format!("{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The name in parentheses may contain anything; the fields behind it are numbers.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields
        .split(' ')
        .nth(4)
        .is_some_and(|terminal| terminal != "0")
}

/// Whether a process goes by one of these names: its own (`comm`) or its executable's.
pub fn is_named(proc: &OwnedFd, pid: Pid, names: &[String]) -> bool {
    let pid = pid.as_raw_nonzero();
    let comm = read(proc, &format!("{pid}/comm")).unwrap_or_default();
    let exe = rustix::fs::readlinkat(proc, format!("{pid}/exe"), Vec::new()).ok();
    let exe = exe
        .as_ref()
        .map(|path| Path::new(OsStr::from_bytes(path.as_bytes())));
    let exe = exe.and_then(Path::file_name);
    names.iter().any(|name| {
        // The kernel cuts `comm` off after 15 bytes.
        let short = name.as_bytes().get(..15).unwrap_or(name.as_bytes());
        comm.trim_end_matches('\n').as_bytes() == short || exe == Some(OsStr::new(name))
    })
}

fn read(proc: &OwnedFd, path: &str) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(proc.as_fd(), path, flags, Mode::empty())?;
    io::read_to_string(std::fs::File::from(file))
}
