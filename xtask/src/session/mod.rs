//! `session`: a headless desktop of its own for one command.
//!
//! Two processes of ours hold a session. The *front* (this process) makes the directory, starts
//! the supervisor and waits. The *supervisor* is the ancestor of everything that runs in the
//! session and, as a child subreaper, stays it when things daemonise; when the command has ended
//! it kills all its descendants by pidfd. If the front dies, by SIGKILL even, the supervisor gets
//! SIGTERM and does the same; if the supervisor is killed, its orphans come to the front, which
//! is a subreaper too. So nothing is left unless both are killed at once.

mod desktop;
mod dirs;
mod environment;
mod front;
mod home;
mod interrupts;
mod newer;
mod processes;
mod silent;
mod supervisor;
mod volume;
mod world;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

pub(crate) use desktop::SWAY_CONFIG;
pub(crate) use front::{Outcome, Request, run};
pub(crate) use home::FileSystem;
pub(crate) use supervisor::supervise;

use crate::stage;
use crate::user::User;
use crate::workspace::Profile;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kind of desktop
    #[arg(long, default_value = "sway")]
    host: Host,
    /// Who manages the windows of an X server
    #[arg(long, value_name = "MANAGER", default_value = "openbox")]
    manager: Manager,
    /// Use release binaries of Oz
    #[arg(long)]
    release: bool,
    /// Neither build Oz nor have it in the session
    #[arg(long)]
    no_oz: bool,
    /// With a network of its own and an Internet behind it (takes root)
    #[arg(long)]
    internet: bool,
    /// With the home on a file system of this kind (takes root)
    #[arg(long, value_name = "KIND")]
    home_on: Option<FileSystem>,
    /// No sound server
    #[arg(long)]
    no_audio: bool,
    /// The kind of sound server
    #[arg(long, default_value = "pulseaudio", conflicts_with = "no_audio")]
    sound: Sound,
    /// Keep the session's directory (logs, home) if the command fails
    #[arg(long)]
    keep_on_failure: bool,
    /// End the session after so many seconds (exit status 124)
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// The command to run in it
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

#[derive(clap::Args)]
pub(crate) struct SuperviseArgs {
    /// The file that describes the session
    spec: PathBuf,
}

/// A kind of desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Host {
    /// Headless sway: Wayland, floating windows, a seat, screenshots
    Sway,
    /// Headless GNOME Shell that does what it is told on the bus (Eval, Screenshot)
    Gnome,
    /// The same of a later release of Debian (takes root)
    GnomeNewer,
    /// Xvfb with a window manager: no Wayland at all
    X11,
}

/// A window manager of an X server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Manager {
    /// Small, without a picture of its own of the screen
    #[default]
    Openbox,
    /// GNOME's old one, which can put windows together from their pictures
    Metacity,
    /// GNOME's, which always does
    Mutter,
    /// None at all
    None,
}

/// A kind of sound server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Sound {
    /// PulseAudio itself
    Pulseaudio,
    /// PipeWire with its PulseAudio side
    Pipewire,
}

/// Everything that the supervisor needs to know.
#[derive(Debug, Serialize, Deserialize)]
struct Spec {
    root: PathBuf,
    user: User,
    host: Host,
    manager: Manager,
    /// Where its GNOME Shell is from, if not from this machine.
    shell_root: Option<PathBuf>,
    audio: Option<Sound>,
    /// It has a network of its own.
    internet: bool,
    /// On what its home is, if that is not where all else is.
    home_on: Option<FileSystem>,
    command: Vec<OsString>,
    cwd: PathBuf,
    extra_environment: Vec<(String, String)>,
}

pub(crate) fn run_command(args: &Args) -> Result<ExitCode> {
    let prefix = stage::stage(Profile::from_flag(args.release), !args.no_oz)?;
    let outcome = run(Request {
        prefix,
        host: args.host,
        manager: args.manager,
        audio: (!args.no_audio).then_some(args.sound),
        internet: args.internet,
        home_on: args.home_on,
        keep_on_failure: args.keep_on_failure,
        timeout: args.timeout.map(Duration::from_secs),
        command: args.command.clone(),
        cwd: Some(std::env::current_dir().context("cannot tell the current directory")?),
        ..Request::default()
    })?;
    if outcome.interrupted {
        eprintln!("session: interrupted");
    }
    if let Some(kept) = &outcome.kept {
        eprintln!("session: kept {}", kept.display());
    }
    Ok(ExitCode::from(outcome.code))
}
