//! What the rounds of `display` say, in tables.

use std::fmt::Write;

use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::{median, paired_ratio, present};

use super::{Effort, PerFrame, Round, Rounds, version};
use crate::peers::Peer;

/// One number of every round of a peer.
fn series(rounds: &Rounds, peer: Peer, what: impl Fn(&Round) -> Option<f64>) -> Vec<Option<f64>> {
    rounds
        .get(peer.name())
        .map(|all| all.iter().map(what).collect())
        .unwrap_or_default()
}

pub(super) fn report(
    peers: &[Peer],
    rounds: &Rounds,
    effort: &Effort,
    troubles: &[String],
) -> String {
    let mut text = format!(
        "{} rounds of {} and {} presses of a key with `oz-bench-client` (1280×800, four buffers in \
         one sealed memfd) on {}; the peers take turns. CPU is that of everything in the session \
         (client, what stands between, compositor), ratios are medians of the ratios within a round. \
         A dash is what could not be measured.\n\n",
        effort.rounds,
        effort.jobs.map(|job| format!("`{job}`")).join(", "),
        effort.presses,
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
        "key µs",
        "PSS MB",
        "client's first frame ms",
        "gtk4-demo's window ms",
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
            middle(|round| round.key_us, 0),
            middle(|round| round.pss_mb, 1),
            middle(|round| round.first_frame_ms, 0),
            middle(|round| round.gtk_ms, 0),
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
            "key press to client, beyond direct",
            "µs",
            Limit::AtMost(60.0),
            median(&present(&beyond(
                &of(peer, |round| round.key_us),
                &of(Peer::Direct, |round| round.key_us),
            ))),
        );
        add(
            "first window of gtk4-demo",
            "× direct",
            Limit::AtMost(1.1),
            paired_ratio(
                &of(peer, |round| round.gtk_ms),
                &of(Peer::Direct, |round| round.gtk_ms),
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
    use super::super::Used;
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
