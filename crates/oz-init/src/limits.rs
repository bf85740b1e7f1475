//! How many processes the sandbox may have, and that none dumps core.

use oz_core::plan::Plan;
use oz_core::report::{Held, State, Wall};
use oz_core::wire::init::Stage;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, Rlimit};
use std::os::fd::OwnedFd;

use crate::failure::{At, Failure};

/// The kernel accepts no lower limit of process ids.
const LEAST_PID_MAX: u32 = 301;

/// Limits init, and by it the user namespace of every program.
pub fn set(plan: &Plan, proc: &OwnedFd) -> Result<Held, Failure> {
    let pids = limit_pids(plan, proc);
    // What init has when a program's user namespace is made becomes the limit of all processes
    // that the namespace's owner has here: of the whole sandbox, whatever the program does.
    let processes = Some(u64::from(plan.limits.processes));
    let limit = Rlimit {
        current: processes,
        maximum: processes,
    };
    rustix::process::setrlimit(Resource::Nproc, limit).at(Stage::Privileges, "process limit")?;
    // Of crashes nothing leaves the sandbox: 1 keeps the kernel from the host's handler at the end of a
    // pipe as well, which 0 does not (core(5)). Programs cannot change it.
    let cores = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    rustix::process::setrlimit(Resource::Core, cores).at(Stage::Privileges, "size of cores")?;
    let most = plan.limits.processes;
    let (state, why) = match (pids, kernel_release()) {
        (true, _) => (State::Enforced, format!("{most}, by the pid namespace")),
        // Since then the processes of a user are counted in each user namespace by themselves.
        (false, (5, 14..) | (6.., _)) => {
            (State::Enforced, format!("{most}, by the user namespace"))
        }
        (false, _) => (
            State::Partly,
            format!("{most}, counted together with the user's other processes"),
        ),
    };
    Ok(Held::new(Wall::ProcessLimit, state, why))
}

/// The pid namespace's own limit, where there is one; RLIMIT_NPROC holds without.
fn limit_pids(plan: &Plan, proc: &OwnedFd) -> bool {
    // Before 6.14 the file is the whole machine's. An ordinary user could not write it, but
    // root could.
    let of_the_namespace = kernel_release() >= (6, 14) && plan.user.uid != 0;
    if !of_the_namespace {
        return false;
    }
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let limit = plan.limits.processes.max(LEAST_PID_MAX).to_string();
    let file = rustix::fs::openat(proc, "sys/kernel/pid_max", flags, Mode::empty());
    file.and_then(|file| rustix::io::write(file, limit.as_bytes()))
        .is_ok()
}

fn kernel_release() -> (u32, u32) {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut parts = release
        .split(['.', '-'])
        .map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
