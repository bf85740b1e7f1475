//! The display proxy of one sandbox.

mod control;
mod copies;
mod font;
mod hosts;
mod lists;
mod parents;

use std::sync::Arc;

use oz_core::colour::Colour;
use oz_core::denied::Denied;
use oz_core::plan::{Clipboard, Drops, Service};
use oz_core::wire::display::{Config, Event, Host};
use tokio::sync::oneshot;

use super::proxy::{Pipe, Program, Supervisor, Turn};
use super::{Command, Sandbox, acted};
use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
pub(crate) use control::Control;
use copies::Copies;
use hosts::Hosts;
use lists::{Lists, Want};
pub(crate) use parents::Parents;

/// Name of the FIFO on which the proxy hears.
const CONTROL: &str = "display-control";
/// Most windows that are counted.
const WINDOWS: u32 = 10_000;

pub(super) const PROGRAM: Program = Program {
    service: Service::Wayland,
    name: "display-proxy",
    reports: "reports",
};

/// Serves a sandbox's Wayland socket until the sandbox ends, by when the task that runs this
/// is aborted.
pub(super) async fn supervise(
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    mut supervisor: Supervisor,
) {
    let hosts = Hosts::of(&daemon.directories, &sandbox.id);
    let pipe = Pipe::of(&daemon.directories, &sandbox.id, CONTROL);
    // The token is for the first window only.
    let mut token = sandbox.activation_token.clone();
    loop {
        let turn = supervisor.turn().await;
        let Some(host) = sandbox.host() else {
            return;
        };
        let proxy = match turn {
            Ok(Turn::Earlier(proxy)) => match resume(&sandbox, &pipe).await {
                Ok(()) => {
                    // The daemon may have died between writing that down and saying it.
                    sandbox.display.tell_clipboard(&sandbox).await;
                    Ok(proxy)
                }
                Err(error) => {
                    // It would wait for answers that never come.
                    proxy.kill();
                    Err(supervisor.untold(&error))
                }
            },
            Ok(Turn::Wanted) => {
                let to = (&pipe, &hosts);
                start(&daemon, &sandbox, &supervisor, to, &host, token.take()).await
            }
            Err(_) => return,
        };
        let ended = match proxy {
            Ok(proxy) => {
                let mut lists = Lists::new(&daemon, &sandbox);
                let mut copies = Copies::new(&daemon, &sandbox);
                let take = |event| match event {
                    Event::HostWanted { connections } => {
                        hand_over(&sandbox, &hosts, connections);
                        false
                    }
                    event => {
                        take(&sandbox, event, &mut lists, &mut copies);
                        true
                    }
                };
                Ok(supervisor
                    .follow(proxy, take, sandbox.display.hangs())
                    .await)
            }
            Err(error) => Err(error),
        };
        sandbox.display.disconnect().await;
        sandbox.parents.clear();
        sandbox.publish(|published| published.windows = 0);
        match ended {
            Ok(_) => tracing::warn!("the display proxy ended"),
            Err(error) => tracing::error!(error = error.line(), "no display proxy"),
        }
    }
}

async fn start(
    daemon: &Daemon,
    sandbox: &Sandbox,
    supervisor: &Supervisor,
    (pipe, hosts): (&Pipe, &Hosts),
    host: &Host,
    activation_token: Option<String>,
) -> Result<Child> {
    let untold = |error: std::io::Error| supervisor.untold(&error);
    let control = pipe.fresh().map_err(untold)?;
    resume(sandbox, pipe).await.map_err(untold)?;
    let config = Config {
        acted: acted::file(&daemon.directories, &sandbox.id),
        font: font::file().await,
        ..config(sandbox, host, activation_token)
    };
    let hosts = hosts.fresh().map_err(untold)?;
    supervisor.start(&config, Some(control), Some(hosts))
}

fn config(sandbox: &Sandbox, host: &Host, activation_token: Option<String>) -> Config {
    let display = sandbox.plan.display.as_ref();
    Config {
        sandbox: sandbox.id.to_string(),
        host: host.clone(),
        app_id: display.and_then(|display| display.app_id.clone()),
        clipboard: sandbox.published().clipboard.unwrap_or(Clipboard::Off),
        clipboard_in: display.map_or_else(Default::default, |display| display.clipboard_in.clone()),
        clipboard_out: display
            .map_or_else(Default::default, |display| display.clipboard_out.clone()),
        drops: sandbox.plan.drops != Drops::Off,
        token: sandbox.token.clone(),
        buffers: display.map_or_else(Default::default, |display| display.buffers),
        shortcuts: display.is_some_and(|display| display.shortcuts),
        gpu: display.is_some_and(|display| display.gpu),
        mark: display.map_or_else(Default::default, |display| display.mark),
        colour: Some(Colour::of_profile(&sandbox.plan.profile)),
        font: None,
        activation_token,
        acted: None,
    }
}

async fn resume(sandbox: &Sandbox, pipe: &Pipe) -> std::io::Result<()> {
    sandbox.display.connect(pipe.writer()?).await
}

fn take(sandbox: &Arc<Sandbox>, event: Event, lists: &mut Lists, copies: &mut Copies) {
    match event {
        Event::WindowOpened { .. } => sandbox.publish(|published| {
            published.windows = (published.windows + 1).min(WINDOWS);
        }),
        Event::WindowClosed { .. } => sandbox.publish(|published| {
            published.windows = published.windows.saturating_sub(1);
        }),
        Event::ClientRefused { reason } => {
            tracing::info!("the display proxy refused a client");
            sandbox.denied(Denied::Display, reason.as_bytes(), 1);
        }
        Event::Denied { what, count } => sandbox.denied(what, b"", count),
        Event::HostLost => tracing::info!("what shows windows is gone; they wait"),
        Event::HostFound => tracing::info!("there is something that shows windows again"),
        Event::Files { list, paths } => lists.more(list, &paths),
        Event::Dropped { list, source } => lists.whole(list, Want::Dropped(source)),
        Event::Leaving { list } => lists.whole(list, Want::Leaving),
        Event::Exported { name, host } => sandbox.parents.add(name, host),
        Event::Unexported { name } => sandbox.parents.remove(&name),
        Event::Copy {
            question,
            direction,
        } => copies.ask(question, direction),
        Event::Ready | Event::HostWanted { .. } | Event::Unknown => {}
    }
}

/// Gives a proxy connections to its host.
fn hand_over(sandbox: &Sandbox, hosts: &Hosts, connections: u32) {
    let given = match sandbox.host() {
        Some(host) => hosts.more(&host, connections),
        None => return,
    };
    if let Err(error) = given {
        tracing::debug!(%error, "no connection to the host for its display proxy");
    }
}

/// Has all windows of a sandbox go to another compositor or X server, now and from now on. What shows them now may be gone, or
/// not.
pub(crate) async fn attach(daemon: &Daemon, sandbox: &Sandbox, host: Host) -> Result<()> {
    if sandbox.host().is_none() {
        return Err(Failure::new(
            Kind::Refused,
            format!("the sandbox {} has no windows", sandbox.id),
            "Nothing of it can be shown",
        ));
    }
    sandbox.ready().await?;
    let connection = match crate::launch::display::connect_to(&host) {
        Ok(connection) => connection,
        Err(error) => return Err(crate::launch::display::silent(&host, &error)),
    };
    let opening = hosts::opening(&host);
    sandbox.set_host(host);
    let (saved, waiting) = oneshot::channel();
    sandbox.ask(Command::SaveAndSay(saved))?;
    waiting.await.map_err(|_| Failure::gone(&sandbox.id))?;
    let hosts = Hosts::of(&daemon.directories, &sandbox.id);
    if let Err(error) = hosts.another(&connection, opening) {
        // None runs; the next is told by its configuration.
        tracing::debug!(%error, "no display proxy to tell");
    }
    Ok(())
}

/// Changes which way what is copied or dragged may pass. When this returns, a later daemon knows of it and the
/// proxy can.
pub(crate) async fn set_clipboard(sandbox: &Sandbox, clipboard: Clipboard) -> Result<()> {
    if sandbox.plan.display.is_none() {
        return Err(Failure::new(
            Kind::Refused,
            format!("the sandbox {} has no windows", sandbox.id),
            "Nothing can be copied to it or from it",
        ));
    }
    sandbox.ready().await?;
    sandbox.publish(|published| published.clipboard = Some(clipboard));
    let (saved, waiting) = oneshot::channel();
    sandbox.ask(Command::SaveAndSay(saved))?;
    waiting.await.map_err(|_| Failure::gone(&sandbox.id))?;
    sandbox.display.tell_clipboard(sandbox).await;
    Ok(())
}
