//! `display`: what it costs to show a window.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use oz_bench::job::Job;

mod gtk;
mod keys;
mod report;

use crate::client::Client;
use crate::machine;
use crate::peers::{Peer, Places, Running, answers};
use crate::processes::{Scope, Used, pss_mb};

/// What one round gave for one peer.
#[derive(Clone, Debug, Default)]
struct Round {
    full: Option<PerFrame>,
    damage: Option<PerFrame>,
    uncapped_fps: Option<f64>,
    sync_us: Option<f64>,
    key_us: Option<f64>,
    pss_mb: Option<f64>,
    first_frame_ms: Option<f64>,
    gtk_ms: Option<f64>,
}

/// Processor microseconds for one frame.
type PerFrame = Used;

/// All rounds of all peers.
type Rounds = HashMap<&'static str, Vec<Round>>;

/// How much is done in a round.
struct Effort {
    rounds: usize,
    jobs: [Job; 4],
    presses: u32,
}

impl Effort {
    fn new(quick: bool) -> Self {
        if quick {
            Self {
                rounds: 1,
                jobs: [
                    Job::Full(60),
                    Job::Damage(60),
                    Job::Uncapped(500),
                    Job::Sync(500),
                ],
                presses: 20,
            }
        } else {
            Self {
                rounds: 5,
                jobs: [
                    Job::Full(300),
                    Job::Damage(300),
                    Job::Uncapped(3000),
                    Job::Sync(3000),
                ],
                presses: 150,
            }
        }
    }
}

pub(crate) fn measure(quick: bool, with_oz: bool) -> Result<String> {
    let places = Places::find()?;
    let scope = Scope::of(&places.host)?;
    let effort = Effort::new(quick);
    let peers = peers(with_oz);
    let mut rounds = Rounds::new();
    let mut troubles = Vec::new();
    for turn in 0..effort.rounds {
        // Another order each time, so that nobody always comes after the same one.
        for step in 0..peers.len() {
            let peer = peers[(turn + step) % peers.len()];
            eprintln!(
                "bench: display, round {} of {}, {}",
                turn + 1,
                effort.rounds,
                peer.name()
            );
            ensure!(
                answers(&places.host),
                "no compositor at {}",
                places.host.display()
            );
            let mut round = Round::default();
            if let Err(error) = self::turn(peer, &places, &scope, &effort, &mut round) {
                eprintln!("bench: {}: {error:#}", peer.name());
                troubles.push(format!("{}: {error:#}", peer.name()));
            }
            rounds.entry(peer.name()).or_default().push(round);
        }
    }
    Ok(report::report(&peers, &rounds, &effort, &troubles))
}

/// Those that can run here.
fn peers(with_oz: bool) -> Vec<Peer> {
    [
        Peer::Direct,
        Peer::Relay,
        Peer::Proxy,
        Peer::Sandbox,
        Peer::Waypipe,
        Peer::Weston,
    ]
    .into_iter()
    .filter(|peer| with_oz || !matches!(peer, Peer::Proxy | Peer::Sandbox))
    .filter(|peer| {
        peer.needs()
            .is_none_or(|program| !version(program).is_empty())
    })
    .collect()
}

fn version(program: &str) -> String {
    machine::said(program, &["--version"])
}

/// One turn of one peer; what was measured before something went wrong counts.
fn turn(
    peer: Peer,
    places: &Places,
    scope: &Scope,
    effort: &Effort,
    round: &mut Round,
) -> Result<()> {
    let nobody = scope.snapshot();
    let running = Running::start(peer, places)?;
    let mut client = Client::start(running.client())?;
    round.first_frame_ms = Some(client.ready.first_frame_ms);
    round.pss_mb = memory(peer, scope.newcomers(&nobody));
    for job in effort.jobs {
        let before = scope.snapshot();
        let answer = client.play(job)?;
        let after = scope.snapshot();
        let mut used = scope.used(&before, &after);
        // Its own word: in a sandbox it may go by another name.
        used.between += used.client - answer.cpu_seconds;
        used.client = answer.cpu_seconds;
        match job {
            Job::Full(frames) => round.full = Some(per_frame(used, frames)),
            Job::Damage(frames) => round.damage = Some(per_frame(used, frames)),
            Job::Uncapped(_) => round.uncapped_fps = Some(answer.fps),
            Job::Sync(_) => round.sync_us = Some(answer.sync_us.context("no round trips")?),
            Job::Keys(_) => {}
        }
    }
    round.key_us = Some(keys::latency_us(&mut client, effort.presses)?);
    drop(client);
    if matches!(
        peer,
        Peer::Direct | Peer::Relay | Peer::Proxy | Peer::Sandbox
    ) {
        round.gtk_ms = Some(gtk::window_ms(&running)?);
    }
    Ok(())
}

fn per_frame(used: Used, frames: u32) -> PerFrame {
    let each = |seconds: f64| seconds * 1e6 / f64::from(frames);
    PerFrame {
        client: each(used.client),
        between: each(used.between),
        host: each(used.host),
    }
}

/// The memory of what stands between; of a sandbox only that of its display-proxy.
fn memory(peer: Peer, newcomers: Vec<(i32, String)>) -> Option<f64> {
    let counted: Vec<i32> = newcomers
        .into_iter()
        .filter(|(_, name)| peer != Peer::Sandbox || name == "display-proxy")
        .map(|(pid, _)| pid)
        .collect();
    if counted.is_empty() {
        return None;
    }
    // One that we may not look at makes the sum worthless.
    counted.into_iter().map(pss_mb).sum()
}
