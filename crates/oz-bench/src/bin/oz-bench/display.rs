//! `display`: what it costs to show a window.

use std::collections::HashMap;
use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use oz_bench::job::Job;
use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::{median, paired_ratio, present};

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
    pss_mb: Option<f64>,
    first_frame_ms: Option<f64>,
}

/// Processor microseconds for one frame.
type PerFrame = Used;

/// All rounds of all peers.
type Rounds = HashMap<&'static str, Vec<Round>>;

/// How much is done in a round.
struct Effort {
    rounds: usize,
    jobs: [Job; 4],
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
            }
        } else {
            Self {
                rounds: 7,
                jobs: [
                    Job::Full(300),
                    Job::Damage(300),
                    Job::Uncapped(3000),
                    Job::Sync(3000),
                ],
            }
        }
    }
}

pub(crate) fn measure(quick: bool, with_oz: bool) -> Result<String> {
    let places = Places::find()?;
    ensure!(
        answers(&places.host),
        "no compositor at {}",
        places.host.display()
    );
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
            let round = round(peer, &places, &scope, &effort).unwrap_or_else(|error| {
                eprintln!("bench: {}: {error:#}", peer.name());
                troubles.push(format!("{}: {error:#}", peer.name()));
                Round::default()
            });
            rounds.entry(peer.name()).or_default().push(round);
        }
    }
    Ok(report(&peers, &rounds, &effort, &troubles))
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

fn round(peer: Peer, places: &Places, scope: &Scope, effort: &Effort) -> Result<Round> {
    let nobody = scope.snapshot();
    let running = Running::start(peer, places)?;
    let mut client = Client::start(running.client())?;
    let mut round = Round {
        first_frame_ms: Some(client.ready.first_frame_ms),
        ..Round::default()
    };
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
        }
    }
    Ok(round)
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

/// One number of every round of a peer.
fn series(rounds: &Rounds, peer: Peer, what: impl Fn(&Round) -> Option<f64>) -> Vec<Option<f64>> {
    rounds
        .get(peer.name())
        .map(|all| all.iter().map(what).collect())
        .unwrap_or_default()
}

fn report(peers: &[Peer], rounds: &Rounds, effort: &Effort, troubles: &[String]) -> String {
    let mut text = format!(
        "{} rounds of `{}`, `{}`, `{}`, `{}` with `oz-bench-client` (1280×800, four buffers in one \
         sealed memfd) on {}; the peers take turns. CPU is that of everything in the session (client, \
         what stands between, compositor), ratios are medians of the ratios within a round.\n\n",
        effort.rounds,
        effort.jobs[0],
        effort.jobs[1],
        effort.jobs[2],
        effort.jobs[3],
        version("sway"),
    );
    text += &ratios(peers, rounds).markdown();
    text += "\nProcessor time of one frame in µs, medians (client + between + compositor):\n\n";
    text += &frame_costs(peers, rounds).markdown();
    text.push('\n');
    text += &budgets(&budget_list(rounds));
    for peer in peers {
        if let Some(program) = peer.needs() {
            let _ = write!(text, "\n{}: {}.", peer.name(), version(program));
        }
    }
    for trouble in troubles {
        let _ = write!(text, "\nA round failed: {trouble}.");
    }
    text.push('\n');
    text
}

fn ratios(peers: &[Peer], rounds: &Rounds) -> Table {
    let mut table = Table::new([
        "",
        "full repaint, CPU",
        "64×64 damage, CPU",
        "uncapped fps",
        "uncapped",
        "sync µs",
        "PSS MB",
        "client's first frame ms",
    ]);
    for peer in peers {
        let ratio = |what: fn(&Round) -> Option<f64>| {
            number(
                paired_ratio(
                    &series(rounds, *peer, what),
                    &series(rounds, Peer::Direct, what),
                ),
                2,
            )
        };
        let middle = |what: fn(&Round) -> Option<f64>, decimals| {
            number(median(&present(&series(rounds, *peer, what))), decimals)
        };
        table.row([
            peer.name().to_owned(),
            ratio(full),
            ratio(damage),
            middle(|round| round.uncapped_fps, 0),
            ratio(|round| round.uncapped_fps),
            middle(|round| round.sync_us, 0),
            middle(|round| round.pss_mb, 1),
            middle(|round| round.first_frame_ms, 0),
        ]);
    }
    table
}

fn full(round: &Round) -> Option<f64> {
    round.full.map(|used| used.total())
}

fn damage(round: &Round) -> Option<f64> {
    round.damage.map(|used| used.total())
}

fn frame_costs(peers: &[Peer], rounds: &Rounds) -> Table {
    let mut table = Table::new(["", "full repaint", "64×64 damage"]);
    for peer in peers {
        let cost = |of: fn(&Round) -> Option<PerFrame>| {
            let part = |pick: fn(PerFrame) -> f64| {
                number(
                    median(&present(&series(rounds, *peer, |round| {
                        of(round).map(pick)
                    }))),
                    0,
                )
            };
            format!(
                "{} + {} + {}",
                part(|used| used.client),
                part(|used| used.between),
                part(|used| used.host)
            )
        };
        table.row([
            peer.name().to_owned(),
            cost(|round| round.full),
            cost(|round| round.damage),
        ]);
    }
    table
}

fn budget_list(rounds: &Rounds) -> Vec<Budget> {
    let mut list = Vec::new();
    for peer in [Peer::Proxy, Peer::Sandbox] {
        let mut add = |what: &str, unit: &str, limit, measured| {
            let what = format!("{}: {what}", peer.name());
            list.push(Budget {
                what,
                unit: unit.to_owned(),
                limit,
                measured,
            });
        };
        let of = |peer, what: fn(&Round) -> Option<f64>| series(rounds, peer, what);
        add(
            "full repaint, total CPU",
            "× direct",
            Limit::AtMost(1.06),
            paired_ratio(&of(peer, full), &of(Peer::Direct, full)),
        );
        add(
            "64×64 damage, total CPU beyond the dumb relay's",
            "× direct",
            Limit::AtMost(0.15),
            paired_ratio(
                &beyond(&of(peer, damage), &of(Peer::Relay, damage)),
                &of(Peer::Direct, damage),
            ),
        );
        add(
            "uncapped full repaint, fps",
            "× the dumb relay",
            Limit::AtLeast(0.95),
            paired_ratio(
                &of(peer, |round| round.uncapped_fps),
                &of(Peer::Relay, |round| round.uncapped_fps),
            ),
        );
        add(
            "display-proxy with one window",
            "MB PSS",
            Limit::AtMost(6.0),
            median(&present(&of(peer, |round| round.pss_mb))),
        );
    }
    list
}

/// What one series has more than another, round by round.
fn beyond(of: &[Option<f64>], to: &[Option<f64>]) -> Vec<Option<f64>> {
    of.iter()
        .zip(to)
        .map(|(of, to)| Some((*of)? - (*to)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(damage: f64, fps: f64) -> Round {
        let used = Used {
            client: damage / 2.0,
            between: 0.0,
            host: damage / 2.0,
        };
        Round {
            full: Some(used),
            damage: Some(used),
            uncapped_fps: Some(fps),
            ..Round::default()
        }
    }

    fn rounds() -> Rounds {
        [
            (
                Peer::Direct.name(),
                vec![round(100.0, 1000.0), round(200.0, 500.0)],
            ),
            (
                Peer::Relay.name(),
                vec![round(110.0, 1000.0), round(220.0, 500.0)],
            ),
            (
                Peer::Proxy.name(),
                vec![round(130.0, 900.0), round(260.0, 450.0)],
            ),
        ]
        .into()
    }

    #[test]
    fn the_damage_budget_is_what_comes_on_top_of_the_relay() {
        let list = budget_list(&rounds());
        let damage = &list[1];
        assert!((damage.measured.unwrap() - 0.2).abs() < 1e-9);
        assert_eq!(damage.holds(), Some(false));
        assert!((list[2].measured.unwrap() - 0.9).abs() < 1e-9);
    }

    #[test]
    fn a_peer_that_did_not_run_has_no_verdict() {
        let list = budget_list(&rounds());
        assert!(
            list.iter()
                .filter(|budget| budget.what.contains("oz run"))
                .all(|b| b.holds().is_none())
        );
    }

    #[test]
    fn the_report_has_a_row_for_every_peer() {
        let peers = [Peer::Direct, Peer::Relay, Peer::Proxy, Peer::Sandbox];
        let text = report(
            &peers,
            &rounds(),
            &Effort::new(true),
            &["x: broke".to_owned()],
        );
        assert!(
            text.contains("| direct | 1.00 | 1.00 | 750 | 1.00 |"),
            "{text}"
        );
        assert!(
            text.contains("| Oz, display-proxy alone | 1.30 | 1.30 | 675 | 0.90 |"),
            "{text}"
        );
        assert!(text.contains("| Oz, `oz run` | – | – |"), "{text}");
        assert!(text.contains("A round failed: x: broke."));
    }
}
