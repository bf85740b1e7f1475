//! The supervisor: the ancestor of all that runs in a session.

use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{
    Pid, Signal, WaitStatus, getpid, getppid, set_child_subreaper, set_parent_process_death_signal,
};

use super::environment::Places;
use super::interrupts::Interrupts;
use super::{Spec, SuperviseArgs, desktop, environment, home, processes, silent, volume, world};
use crate::sh;
use crate::user::User;

/// Runs the session that a file describes, and leaves no process behind.
pub(crate) fn supervise(args: &SuperviseArgs) -> Result<ExitCode> {
    let interrupts = Interrupts::hold()?;
    let front = getppid();
    set_parent_process_death_signal(Some(Signal::TERM)).context("cannot bind to the front")?;
    set_child_subreaper(Some(getpid())).context("cannot become a child subreaper")?;
    let spec: Spec =
        serde_json::from_slice(&fs::read(&args.spec).context("cannot read the session")?)?;
    let code = session(&spec, &interrupts);
    processes::end_descendants();
    if getppid() != front {
        // Nobody is left who would remove it.
        super::dirs::remove(&spec.root)?;
    }
    match code {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(error) => {
            eprintln!("session: {error:#}");
            Ok(ExitCode::from(125))
        }
    }
}

fn session(spec: &Spec, interrupts: &Interrupts) -> Result<u8> {
    let _silent = if spec.internet {
        world::build(spec)?;
        volume::mount(spec)?;
        Some(silent::mount(spec)?)
    } else {
        None
    };
    if let Some(kind) = spec.home_on {
        home::mount(spec, kind)?;
    }
    keep_runtime_in_memory(spec)?;
    desktop::start(spec, interrupts)?;
    let (program, arguments) = spec.command.split_first().context("no command")?;
    let mut command = spec.user.command("env");
    // `env` only so that the program is looked up in the session's PATH.
    command
        .arg(program)
        .args(arguments)
        .env_clear()
        .envs(environment::desktop(spec))
        .current_dir(&spec.cwd);
    let child = command.spawn().context("cannot start the command")?;
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .context("a pid")?;
    loop {
        for (ended, status) in processes::reap() {
            if ended == pid {
                return Ok(code(status));
            }
        }
        if let Some(signal) = interrupts.came() {
            return Ok(128 + signal);
        }
        interrupts.sleep(Duration::from_millis(500));
    }
}

/// As a login has it. Who is nobody but the user has what the user has; it goes with the mount namespace.
fn keep_runtime_in_memory(spec: &Spec) -> Result<()> {
    let User { drop, uid, gid, .. } = spec.user;
    if !drop {
        return Ok(());
    }
    let options = format!("mode=0700,uid={uid},gid={gid},size=64m,nosuid,nodev");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]);
    sh::run_quietly(mount.arg(Places(&spec.root).run()))
}

/// A wait status as a shell would say it.
fn code(status: WaitStatus) -> u8 {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => u8::try_from(code).unwrap_or(1),
        (_, Some(signal)) => 128 + u8::try_from(signal).unwrap_or(0),
        _ => 1,
    }
}
