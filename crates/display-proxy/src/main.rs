//! `display-proxy`: the display of one sandbox.

mod args;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use display_proxy::config::Host;
use display_proxy::host::Backend;
use display_proxy::host::x11::Place;
use display_proxy::report::Report;
use display_proxy::server::Server;

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
            tracing::error!(error = format!("{error:#}"), "cannot start");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let start = args::parse(std::env::args_os().skip(1))?;
    let host = start.config.host.clone();
    let backend = match &host {
        Host::Wayland(socket) => Backend::Wayland(socket.clone()),
        // Its files are read now: later there are none.
        Host::X11(server) => Backend::X11(Arc::new(Place::find(server))),
    };
    let mut server = Server::new(
        start.config,
        backend,
        start.listener,
        Report::new(start.report),
    )
    .context("cannot listen")?;
    if let Some(control) = start.control {
        server.hear(control).context("cannot hear the daemon")?;
    }
    if let Some(hosts) = start.hosts {
        server.take_hosts(hosts);
    }
    if let Some(x11) = start.x11 {
        server.serve_x11(x11);
    }
    server
        .stop_on_signals()
        .context("cannot watch for signals")?;
    // Nothing that an app sent has been read yet.
    display_proxy::confine::confine(host.socket()).context("cannot confine itself")?;
    server.run();
    Ok(())
}
