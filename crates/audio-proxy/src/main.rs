//! `audio-proxy`: the sound of one sandbox.

mod args;

use std::process::ExitCode;

use anyhow::Context;
use audio_proxy::control::Control;
use audio_proxy::report::Report;
use audio_proxy::server::Server;

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
    let control = Control::new(start.control);
    let report = Report::new(start.report);
    let mut server =
        Server::new(&start.config, start.listener, control, report).context("cannot listen")?;
    server
        .stop_on_signals()
        .context("cannot watch for signals")?;
    // Nothing that an app sent has been read yet.
    audio_proxy::confine::confine(&start.config.host_socket).context("cannot confine itself")?;
    server.run();
    Ok(())
}
