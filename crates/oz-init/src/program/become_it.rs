//! The new process on its way to its program: everything that makes a program confined.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use oz_core::report::Wall;
use oz_core::wire::init::Stage;
use oz_sys::{descriptors, privileges, process, seccomp, signals};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit};

use super::{Launch, environment, explained};
use crate::failure::{At, Failure};
use crate::inside::Inside;
use crate::user_map;

/// Becomes the program; returns only why that failed.
///
/// The process is in a user namespace of its own, so that it has no right whatever over those of the sandbox.
pub fn become_it(launch: Launch, inside: &Inside) -> Failure {
    match confine(&launch, inside) {
        Err(failure) => failure,
        Ok(()) => execute(launch, inside),
    }
}

fn confine(launch: &Launch, inside: &Inside) -> Result<(), Failure> {
    // The map can only be written by a process that may be looked at. What is inside cannot look all the
    // same: it would have to be privileged in this user namespace or the one above.
    privileges::set_inspectable(true).at(Stage::NestedNamespace, "dumpable")?;
    user_map::write(&inside.plan.user, Some(inside.proc.as_fd())).map_err(|failure| Failure {
        stage: Stage::NestedNamespace,
        ..failure
    })?;
    if inside.plan.syscalls.user_namespaces {
        forbid_mounts(inside.proc.as_fd()).at(Stage::NestedNamespace, MOUNT_NAMESPACES)?;
    }
    rustix::process::setsid().at(Stage::Stdio, "session")?;
    launch.streams.install(inside)?;
    privileges::drop_all().at(Stage::Privileges, "capabilities")?;
    let files = Some(u64::from(inside.plan.limits.open_files));
    let limit = Rlimit {
        current: files,
        maximum: files,
    };
    rustix::process::setrlimit(Resource::Nofile, limit).at(Stage::Privileges, "open files")?;
    if let Some(memory) = inside.plan.limits.memory {
        let limit = Rlimit {
            current: Some(memory),
            maximum: Some(memory),
        };
        rustix::process::setrlimit(Resource::Data, limit).at(Stage::Privileges, "memory")?;
    }
    rustix::process::umask(Mode::from_raw_mode(0o022));
    signals::reset();
    change_directory(launch, inside);
    let mut kept = 3;
    // Each is moved above all of their places first: in the place of another it would be lost.
    let above = |socket| rustix::io::fcntl_dupfd_cloexec(socket, ABOVE);
    let sockets: Result<Vec<_>, _> = launch.sockets.iter().map(above).collect();
    for socket in sockets.at(Stage::Stdio, "sockets")? {
        descriptors::install(&socket, kept).at(Stage::Stdio, "sockets")?;
        kept += 1;
    }
    descriptors::close_from_on_exec(kept.unsigned_abs()).at(Stage::Stdio, "descriptors")
}

/// Above every place that a program finds a descriptor at.
pub(super) const ABOVE: i32 = 16;

/// How many mount namespaces may be made in the user namespace of who opens it, and beneath.
const MOUNT_NAMESPACES: &str = "sys/user/max_mnt_namespaces";

/// No mount namespace can be made in the program's user namespace, nor in any that it makes: nothing
/// can be mounted where the program has capabilities. That of the sandbox stays without the limit, for
/// who mounts into it later comes through a mount namespace there.
///
/// `proc` is a process file system whose settings can be written.
fn forbid_mounts(proc: BorrowedFd<'_>) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(proc, MOUNT_NAMESPACES, flags, Mode::empty())?;
    rustix::io::write(file, b"0")?;
    Ok(())
}

/// To the first of these that exists. Init's own is `/`.
fn change_directory(launch: &Launch, inside: &Inside) {
    let wish = launch.directory.as_deref().map(CStr::to_bytes);
    let wish = wish
        .map(OsStr::from_bytes)
        .is_some_and(|path| rustix::process::chdir(path).is_ok());
    if !wish {
        let _ = rustix::process::chdir(&inside.plan.user.home);
    }
}

fn execute(launch: Launch, inside: &Inside) -> Failure {
    let Launch {
        argv,
        mut environment,
        sockets,
        file,
        explain,
        is_x_server,
        ..
    } = launch;
    let Some(name) = argv.first() else {
        return failed(&CString::default(), Errno::INVAL.raw_os_error());
    };
    if !sockets.is_empty() {
        let pid = rustix::process::getpid().as_raw_nonzero().to_string();
        for (name, value) in [(c"LISTEN_FDS", "1"), (c"LISTEN_PID", &pid)] {
            environment.push((name.into(), CString::new(value).unwrap_or_default()));
        }
    }
    let environment = environment::lines(environment);
    let candidates = environment::candidates(&inside.plan, name);
    let filter = if is_x_server {
        // A kernel without Landlock, or with an older one, has what it has: the launch has reported it.
        if let Err(error) = oz_confine::landlock::x_server() {
            return Failure::of_wall(Wall::Landlock, &error);
        }
        &inside.x_server_filter
    } else {
        &inside.filter
    };
    // From here on only what the plan lists can be called.
    let installed = match explain {
        None => seccomp::install(filter),
        Some(explain) => explained::install(filter, explain),
    };
    if let Err(failure) = installed.at(Stage::Filter, "syscall filter") {
        return failure;
    }
    if let Some(file) = file {
        let error = process::execute_file(&file, &argv, &environment);
        return failed(name, error.raw_os_error().unwrap_or(0));
    }
    let mut reason = Errno::NOENT.raw_os_error();
    for candidate in &candidates {
        let error = process::execute(candidate, &argv, &environment);
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            // Somewhere else there may be another one, as a shell has it.
            Some(Errno::NOENT | Errno::NOTDIR) => {}
            Some(Errno::ACCESS) => reason = Errno::ACCESS.raw_os_error(),
            _ => return failed(name, error.raw_os_error().unwrap_or(0)),
        }
    }
    failed(name, reason)
}

fn failed(name: &CString, errno: i32) -> Failure {
    Failure {
        stage: Stage::Execute,
        subject: name.as_bytes().to_vec().into(),
        errno,
    }
}
