//! The command line: descriptors from the daemon, or paths for trying things by hand.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use oz_core::wire::audio::{CONFIG_MAX, Config, Gate};

/// What the proxy starts with.
pub(crate) struct Start {
    pub(crate) config: Config,
    pub(crate) listener: UnixListener,
    pub(crate) report: Option<OwnedFd>,
    pub(crate) control: Option<OwnedFd>,
}

const USAGE: &str =
    "usage: audio-proxy --config-fd N --listen-fd M [--report-fd K] [--control-fd L]
       audio-proxy --listen PATH --host-socket PATH";

pub(crate) fn parse(mut args: impl Iterator<Item = OsString>) -> anyhow::Result<Start> {
    let (mut config, mut listener, mut report, mut control) = (None, None, None, None);
    let mut host_socket = None;
    while let Some(arg) = args.next() {
        let name = arg.to_str().unwrap_or_default();
        let value = args
            .next()
            .with_context(|| format!("{name} needs a value\n{USAGE}"))?;
        match name {
            "--config-fd" => config = Some(read_config(take_fd(&value)?)?),
            "--listen-fd" => listener = Some(UnixListener::from(take_fd(&value)?)),
            "--report-fd" => report = Some(take_fd(&value)?),
            "--listen" => {
                listener = Some(UnixListener::bind(&value).context("cannot bind the socket")?);
            }
            "--host-socket" => host_socket = Some(PathBuf::from(value)),
            "--control-fd" => control = Some(take_fd(&value)?),
            _ => bail!("unknown argument {name}\n{USAGE}"),
        }
    }
    let config = match (config, host_socket) {
        (Some(config), None) => config,
        (None, Some(host_socket)) => Config {
            sandbox: "by-hand".to_owned(),
            app_name: None,
            host_socket,
            cookie: None,
            gate: Gate::default(),
        },
        _ => bail!("{USAGE}"),
    };
    Ok(Start {
        config,
        listener: listener.with_context(|| USAGE.to_owned())?,
        report,
        control,
    })
}

/// Takes over a descriptor that was inherited.
fn take_fd(value: &OsStr) -> anyhow::Result<OwnedFd> {
    let number = value
        .to_str()
        .and_then(|text| text.parse::<i32>().ok())
        .filter(|number| *number > 2);
    let number =
        number.with_context(|| format!("not the number of an inherited descriptor\n{USAGE}"))?;
    oz_sys::descriptors::inherited(number)
        .with_context(|| format!("descriptor {number} is not open"))
}

fn read_config(fd: OwnedFd) -> anyhow::Result<Config> {
    let mut json = Vec::new();
    std::fs::File::from(fd)
        .take(CONFIG_MAX)
        .read_to_end(&mut json)
        .context("cannot read the configuration")?;
    let config: Config = serde_json::from_slice(&json).context("bad configuration")?;
    ensure!(
        config.host_socket.is_absolute(),
        "host_socket must be an absolute path"
    );
    ensure!(config.gate.is_valid(), "a volume is out of range");
    if let Some(cookie) = &config.cookie {
        ensure!(
            audio_proxy::shared::cookie(cookie).is_some(),
            "the cookie has not the right form"
        );
    }
    Ok(config)
}
