//! oz-daemon: launches sandboxes, keeps them, and answers on the session bus.
//!
//! It parses nothing that an app wrote except length-capped frames of [`oz_core::wire`] and capped
//! lines of the display proxy, which it takes for hostile; it waits for nothing inside a sandbox
//! without a deadline; it holds no privilege. One thread does everything; what can hang (asking a
//! file system what a file is) goes to another, and changing mounts to a process of its own.

mod aside;
mod child;
mod clock;
mod consent;
mod control;
mod copies;
mod daemon;
mod directories;
mod failure;
mod grants;
mod launch;
mod launchers;
mod live;
mod notice;
mod owner;
mod portal;
mod rate;
mod readiness;
mod recover;
mod sandbox;
mod scope;
mod strangers;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use control::{CopiesObject, Manager, Prompts};
use daemon::Daemon;

/// How long sandboxes may take to end when the session does.
const SESSION_END: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    // Apps send descriptors, of file systems that may not answer even to their being closed: no program that is started has those.
    let kept = oz_sys::spawn::keep_low();
    let filter = EnvFilter::try_from_env("OZ_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    match kept.context("cannot hold descriptors").and_then(|()| run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    oz_sys::reaper::set_subreaper().context("cannot become the parent of sandboxes")?;
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()
        .context("cannot start the event loop")?;
    let result = runtime.block_on(serve());
    // Neither does a file system that does not answer keep the daemon, nor does its end take
    // anything along that a later one finds.
    std::mem::forget(runtime);
    result
}

/// A sandbox takes about ten descriptors here; apps have limits of their own from their plans.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // The limit of the session's other programs is a fact that plans are built from.
    let _ = oz_host::facts::open_files();
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum.map(|hard| hard.min(16_384));
    let raised = Rlimit { current, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of sandboxes is limited to about a hundred");
    }
}

async fn serve() -> anyhow::Result<()> {
    let daemon = Daemon::new(directories::Directories::open()?)?;
    live::start(&daemon)?;
    let bus = connect(&daemon).await?;
    if daemon.bus.set(bus.clone()).is_err() {
        anyhow::bail!("the bus is there twice");
    }
    daemon.consent.open(&bus);
    scope::Scopes::open(&daemon, &bus).await;
    tokio::spawn(control::announce_prompts(
        bus.clone(),
        Arc::clone(&daemon.consent),
    ));
    tokio::spawn(control::announce_copies(bus.clone(), Arc::clone(&daemon)));
    recover::recover(&daemon).await;
    copies::forget_leftovers(&daemon.directories);
    // Only now: a launch must not come before the sandboxes that it could join.
    bus.request_name(control::NAME)
        .await
        .with_context(|| format!("cannot be {} on the session bus", control::NAME))?;
    if let Err(error) = control::listen_directly(&daemon) {
        tracing::warn!(%error, "launches are only taken on the bus");
    }
    tracing::info!("ready");
    launchers::refresh(&daemon);
    copies::sweep(&daemon.directories);
    tokio::spawn(launch::next::follow_mounts(Arc::clone(&daemon)));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = bus.closed() => {
            tracing::info!("the session ends");
            control::stop_all(&daemon, Some(SESSION_END)).await?;
        }
    }
    child::all_have_ended().await;
    // Sandboxes that still run are found by the next daemon.
    Ok(())
}

async fn connect(daemon: &Arc<Daemon>) -> anyhow::Result<zbus::Connection> {
    zbus::connection::Builder::session()
        .serve_at(control::ROOT, zbus::fdo::ObjectManager)
        .serve_at(control::ROOT, Manager::new(Arc::clone(daemon)))
        .serve_at(control::ROOT, CopiesObject::new(Arc::clone(daemon)))
        .serve_at(control::ROOT, Prompts::new(Arc::clone(&daemon.consent)))
        .build()
        .await
        .context("cannot connect to the session bus")
}
