//! Running a program in a sandbox and standing in for it: its streams, its signals, its status.

mod arguments;
mod context;
mod explain;
mod kind;
mod many;
mod measured;
mod options;
mod prompts;
mod pump;
mod request;
mod status;
mod streams;
mod terminal;

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::time::Duration;

use oz_core::plan::Plan;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::OnceCell;

pub(crate) use arguments::{Wanted, app, command, current_directory, in_time, open};
pub(crate) use context::session;
pub(crate) use explain::How;
pub(crate) use kind::Kind;
pub(crate) use measured::measure;
pub(crate) use options::Options;

use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::out;
use explain::Explanation;
use options::Results;
use status::Ended;
use streams::Streams;
use terminal::Relay;

/// What `Launch` answers: the sandbox's name, its object, the program's number, the rest.
pub(crate) type Reply = (String, zbus::OwnedObjectPath, u64, Results);

/// How often it is looked what a program that is trained was refused.
const LOOK: Duration = Duration::from_millis(400);

/// Signals that are meant for the program.
const FORWARDED: &[(SignalKind, Signal)] = &[
    (SignalKind::terminate(), Signal::TERM),
    (SignalKind::interrupt(), Signal::INT),
    (SignalKind::hangup(), Signal::HUP),
    (SignalKind::quit(), Signal::QUIT),
];

/// What a launch would do, as the daemon says it.
pub(crate) async fn plan(argv: Vec<Vec<u8>>, mut options: Options) -> Result<String> {
    options.arguments = None;
    Bus::connect()
        .await?
        .manager("Plan", &(argv, options))
        .await
}

/// The same, understood.
pub(crate) fn read_plan(json: &str) -> Result<Plan> {
    serde_json::from_str(json).map_err(|error| {
        Error::failed(
            format!("the daemon's plan is not one that this `oz` knows: {error}."),
            "It may be of another version: end it, and it is started anew by the next command.",
        )
    })
}

/// Launches and does not wait.
pub(crate) async fn detached(argv: Vec<Vec<u8>>, mut options: Options) -> Result<u8> {
    options.detach = Some(true);
    many::make_room(&mut options)?;
    let (id, _, _, results) = request::launch(argv, options).await?;
    warn(&id, &results);
    out::line(&id)?;
    Ok(0)
}

/// Launches and is the program until it ends; the result is its exit code.
pub(crate) async fn attached(
    argv: Vec<Vec<u8>>,
    options: Options,
    explain: Option<How>,
) -> Result<u8> {
    attached_in(argv, options, explain, &mut None).await
}

/// The same, and says in which sandbox, once there is one.
pub(crate) async fn attached_in(
    argv: Vec<Vec<u8>>,
    mut options: Options,
    explain: Option<How>,
    sandbox: &mut Option<String>,
) -> Result<u8> {
    many::make_room(&mut options)?;
    let trial = options.trial == Some(true);
    let mut streams = Streams::choose()?;
    streams.offer(&mut options);
    let mut status = status::pipe(&mut options)?;
    let trained = explain.as_ref().is_some_and(|how| how.train.is_some());
    let explanation = explain.map(|how| explain::ask(&how, &mut options));
    let mut explanation = explanation.transpose()?;
    let mut signals = Signals::new()?;
    let bus = OnceCell::new();
    let launch = request::launch(argv, options);
    tokio::pin!(launch);

    let mut process = None;
    let mut relay = None;
    let mut telling: Pin<Box<dyn Future<Output = ()>>> = Box::pin(std::future::pending());
    let mut denied = BTreeSet::new();
    let mut look = tokio::time::interval(LOOK);
    let ended = loop {
        tokio::select! {
            biased;
            reply = &mut launch, if process.is_none() => {
                let (id, _, number, results) = reply?;
                warn(&id, &results);
                *sandbox = Some(id.clone());
                if std::io::stderr().is_terminal() {
                    let (bus, id) = (&bus, id.clone());
                    telling = Box::pin(async move { prompts::tell(bus, &id).await });
                }
                process = Some((id, number));
                relay = start_relay(&mut streams, results)?;
            }
            ended = status.wait() => break ended?,
            flowing = streams.flow() => flowing?,
            signal = signals.next(), if process.is_some() => {
                if let Some((id, number)) = &process {
                    forward(&bus, id, *number, signal).await;
                }
            }
            heard = follow(&mut explanation) => heard?,
            () = &mut telling => {}
            _ = look.tick(), if trained && process.is_some() => {
                if let Some((id, _)) = &process {
                    denied.extend(refused(&bus, id).await);
                }
            }
            () = terminal::resized(), if relay.is_some() => {
                if let Some(relay) = &relay {
                    relay.resize();
                }
            }
        }
    };
    if let (Ended::Failed(_), None) = (&ended, &process) {
        // The answer says more precisely why.
        launch.as_mut().await?;
    } else if process.is_none()
        && (trial || streams.is_terminal() || std::io::stderr().is_terminal())
    {
        // What the program wrote is still in the terminal that comes with the answer.
        let (id, _, _, results) = launch.as_mut().await?;
        warn(&id, &results);
        *sandbox = Some(id);
        relay = start_relay(&mut streams, results)?;
    }
    streams.finish();
    drop(relay);
    if let Some(explanation) = explanation {
        explanation.finish(&denied).await?;
    }
    ended.code()
}

/// About the network on a terminal only: what a program writes there is read by people, elsewhere by programs.
fn warn(id: &str, results: &Results) {
    if results.host_network == Some(true) && std::io::stderr().is_terminal() {
        out::warning(&format!("{id} has {}.", out::HOST_NETWORK));
    }
    // Whatever reads this: the app lacks a file, and nothing else says why.
    for why in results.withheld.iter().flatten() {
        out::note(&out::safe(why));
    }
}

/// What proxies and portals have refused a sandbox so far, by kind; nothing of one that has ended.
async fn refused(bus: &OnceCell<Bus>, id: &str) -> Vec<String> {
    let sandbox = async { on(bus).await?.get(id).await }.await;
    let denials = sandbox.map(|sandbox| sandbox.denials).unwrap_or_default();
    denials.into_iter().map(|denial| denial.kind).collect()
}

async fn follow(explanation: &mut Option<Explanation>) -> Result<()> {
    match explanation {
        Some(explanation) => explanation.follow().await,
        None => std::future::pending().await,
    }
}

fn start_relay(streams: &mut Streams, results: Results) -> Result<Option<Relay>> {
    if !streams.is_terminal() {
        return Ok(None);
    }
    let terminal = results.terminal.map(OwnedFd::from);
    let terminal = terminal.ok_or_else(|| {
        Error::failed("the program has no terminal.", "Look at the daemon's log.")
    })?;
    Relay::start(terminal).map(Some)
}

async fn forward(bus: &OnceCell<Bus>, id: &str, process: u64, signal: Signal) {
    let arguments = (process, signal.as_raw());
    let sent: Result<()> = async { on(bus).await?.sandbox(id, "Signal", &arguments).await }.await;
    if let Err(error) = sent {
        out::error(&error);
    }
}

/// The bus, from when something is asked on it: most programs run and end without.
async fn on(bus: &OnceCell<Bus>) -> Result<&Bus> {
    bus.get_or_try_init(Bus::connect).await
}

/// The signals that are forwarded.
struct Signals(Vec<(tokio::signal::unix::Signal, Signal)>);

impl Signals {
    fn new() -> Result<Self> {
        let mut all = Vec::new();
        for (kind, number) in FORWARDED {
            all.push((signal(*kind)?, *number));
        }
        Ok(Self(all))
    }

    async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (signal, number) in &mut self.0 {
                if let std::task::Poll::Ready(Some(())) = signal.poll_recv(context) {
                    return std::task::Poll::Ready(*number);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}
