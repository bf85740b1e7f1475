//! The command line: descriptors from the daemon, or paths for trying things by hand.

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use anyhow::{Context, bail};
use display_proxy::config::{self, Buffers, Config, Host};
use oz_core::wire::display::X11;

/// The largest configuration that is read.
const CONFIG_MAX: u64 = 64 * 1024;

/// What the proxy starts with.
pub(crate) struct Start {
    pub(crate) config: Config,
    pub(crate) listener: UnixListener,
    pub(crate) report: Option<OwnedFd>,
    pub(crate) control: Option<OwnedFd>,
    pub(crate) x11: Option<OwnedFd>,
    pub(crate) hosts: Option<OwnedFd>,
}

const USAGE: &str =
    "usage: display-proxy --config-fd N --listen-fd M [--report-fd K] [--control-fd L] [--x11-fd X] [--hosts-fd H]
       display-proxy --listen PATH (--host-socket PATH | --host-display :N) [--copied]";

pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> anyhow::Result<Start> {
    let mut given = None;
    let mut listener = None;
    let mut report = None;
    let mut x11 = None;
    let mut control = None;
    let mut hosts = None;
    let mut host = None;
    let mut copied = false;
    let mut args = args;
    while let Some(arg) = args.next() {
        let name = arg.to_str().unwrap_or_default();
        if name == "--copied" {
            copied = true;
            continue;
        }
        let value = args
            .next()
            .with_context(|| format!("{name} needs a value\n{USAGE}"))?;
        match name {
            "--config-fd" => given = Some(read_config(take_fd(&value)?)?),
            "--listen-fd" => listener = Some(UnixListener::from(take_fd(&value)?)),
            "--report-fd" => report = Some(take_fd(&value)?),
            "--x11-fd" => x11 = Some(take_fd(&value)?),
            "--hosts-fd" => hosts = Some(take_fd(&value)?),
            "--control-fd" => control = Some(take_fd(&value)?),
            "--listen" => {
                listener = Some(UnixListener::bind(&value).context("cannot bind the socket")?)
            }
            "--host-socket" => host = Some(Host::Wayland(value.into())),
            "--host-display" => host = Some(display(&value)?),
            _ => bail!("unknown argument {name}\n{USAGE}"),
        }
    }
    let mut config = match (given, host) {
        (Some(config), None) => config,
        (None, Some(host)) => config::for_host(host),
        _ => bail!("{USAGE}"),
    };
    if copied {
        config.buffers = Buffers::Copied;
    }
    Ok(Start {
        config,
        listener: listener.with_context(|| USAGE.to_owned())?,
        report,
        control,
        x11,
        hosts,
    })
}

/// A display of this machine by its usual name, opened by the user's usual file.
fn display(name: &OsString) -> anyhow::Result<Host> {
    let name = name.to_str().unwrap_or_default();
    let authority = std::env::var_os("XAUTHORITY").map(Into::into);
    X11::named(name, authority)
        .map(Host::X11)
        .with_context(|| format!("no display of this machine is called {name}"))
}

/// Takes over a descriptor that was inherited.
fn take_fd(value: &OsString) -> anyhow::Result<OwnedFd> {
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
    config::parse(&json).context("bad configuration")
}
