//! `bus-proxy`: the portals of one sandbox.
//!
//! Apps inside speak D-Bus with a bus of their own; the session's is never there. What they may ask of the desktop
//! they ask of the names that this process has on that bus, and what it understands of a request goes to the daemon as
//! one frame of [`oz_core::wire::portal`]. It holds neither the host's bus nor a file of the host: taken over, it can do what
//! the apps inside could do anyway, which is to ask for dialogs.
//!
//! - [`bus`]: the connection to the private bus, which is as hostile as the apps on it: messages are capped
//!   before they are read, and what does not take its answers is left.
//! - [`daemon`]: the other connection.
//! - [`requests`]: what waits for an answer, as objects on the bus; only who asked may close one.
//! - One file per portal.

mod bus;
mod confine;
mod daemon;
mod file_chooser;
mod missed;
mod open_uri;
mod request;
mod requests;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use zbus::connection::Builder;

use bus::Bus;
use daemon::Daemon;
use requests::Requests;
use settings::Known;

/// The daemon's socket.
const DAEMON: i32 = 3;
/// The private bus.
const BUS: i32 = 4;
/// The name of all portals.
const NAME: &str = "org.freedesktop.portal.Desktop";
/// Their object.
const PATH: &str = "/org/freedesktop/portal/desktop";

fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("OZ_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "it ends");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let daemon = oz_sys::descriptors::inherited(DAEMON).context("no socket of the daemon")?;
    let bus = oz_sys::descriptors::inherited(BUS).context("no connection to a bus")?;
    // Nothing that an app sent has been read yet.
    confine::confine().context("cannot confine itself")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .context("cannot start the event loop")?;
    runtime.block_on(async {
        let daemon = Daemon::new(daemon).context("cannot listen to the daemon")?;
        let bus = Bus::new(bus).context("cannot listen to the bus")?;
        serve(daemon, bus).await
    })
}

/// Serves until the daemon or the bus is gone.
async fn serve(daemon: Daemon, bus: Bus) -> anyhow::Result<()> {
    let (known, knowing) = Known::new();
    let requests = Arc::new(Requests::new(daemon.sender()));
    let bus = Builder::socket(bus)
        .serve_at(PATH, settings::Settings::new(knowing.clone()))
        .serve_at(PATH, file_chooser::FileChooser::new(Arc::clone(&requests)))
        .serve_at(PATH, open_uri::OpenUri::new(Arc::clone(&requests)))
        .build()
        .await
        .context("the bus does not answer")?;
    let leaving = requests::watch_leavers(&bus, Arc::clone(&requests))
        .await
        .context("the bus does not say who leaves")?;
    let changes = settings::announce(bus.clone(), knowing);
    let missed = missed::tell(bus.clone(), daemon.sender());
    // Only now: whoever waits for the name waits for all of it.
    bus.request_name(NAME).await.context("the name is taken")?;
    tokio::select! {
        ended = daemon.follow(&known, &requests) => ended.context("the daemon is gone"),
        () = bus.closed() => Ok(()),
        () = leaving => Ok(()),
        () = changes => Ok(()),
        () = missed => Ok(()),
    }
}
