//! `demo`: Oz at work, on the user's own desktop or, without one, on a headless one.

mod desk;
mod paper;
pub(crate) mod steps;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::session::{self, Request};
use crate::workspace::{self, Profile};
use crate::{setup, stage, user};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the screenshot goes [default: target/demo.png]
    #[arg(long, value_name = "PATH")]
    screenshot: Option<PathBuf>,
    /// Renew the picture of the README, docs/demo.png
    #[arg(long, conflicts_with = "screenshot")]
    update_docs: bool,
    /// Use a headless desktop even if there is one to see
    #[arg(long)]
    headless: bool,
}

impl Args {
    fn screenshot(&self) -> PathBuf {
        match &self.screenshot {
            Some(path) => path.clone(),
            None if self.update_docs => workspace::root().join("docs/demo.png"),
            None => workspace::target().join("demo.png"),
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    setup::ensure(false)?;
    eprintln!("== building Oz");
    let prefix = stage::stage(Profile::Release, true)?;
    let picture = args.screenshot();
    let own_desktop =
        std::env::var_os("WAYLAND_DISPLAY").is_some() && !user::is_root() && !args.headless;
    let code = if own_desktop {
        on_own_desktop(&prefix, &picture)?
    } else {
        headless(prefix, &picture)?
    };
    if picture.exists() {
        println!("the screenshot is {}", picture.display());
    }
    Ok(ExitCode::from(code))
}

fn headless(prefix: PathBuf, picture: &std::path::Path) -> Result<u8> {
    eprintln!("== on a headless desktop");
    let outcome = session::run(Request {
        prefix,
        timeout: Some(Duration::from_secs(300)),
        bring: vec!["/proc/self/exe".into()],
        command: ["__demo", "--arrange", "--screenshot", "../demo.png"]
            .map(Into::into)
            .to_vec(),
        collect: vec![("demo.png".into(), picture.to_owned())],
        ..Request::default()
    })?;
    Ok(outcome.code)
}

/// There the daemon of this build runs as long as the demo does; nothing is installed.
fn on_own_desktop(prefix: &std::path::Path, picture: &std::path::Path) -> Result<u8> {
    eprintln!("== on your desktop");
    let mut daemon = Command::new(prefix.join("libexec/oz/oz-daemon"))
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start the daemon")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(prefix.join("bin")).chain(std::env::split_paths(&path)),
    )?;
    let steps = Command::new("/proc/self/exe")
        .args(["__demo", "--screenshot"])
        .arg(picture)
        .env("PATH", path)
        .status();
    // It may have ended already: if a daemon was running, ours had nothing to do.
    let _ = daemon.kill();
    let _ = daemon.wait();
    Ok(steps?
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}
