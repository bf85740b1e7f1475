//! What the network refuses is listed for the person.

use oz_e2e::leftovers::Snapshot;
use oz_e2e::probe::Probe;
use oz_e2e::processes;
use oz_e2e::{Inside, Session, cli, oz, wait};
use serde_json::Value;

use super::{SERVER4, at, attempt, cannot, online};

/// Those of the network.
fn refused(inside: &Inside) -> Vec<Value> {
    let list = cli::json(["denied", inside.id()]);
    let list = list.as_array().expect("a list").clone();
    list.into_iter()
        .filter(|row| row["kind"] == "network")
        .collect()
}

fn of(inside: &Inside, subject: &str) -> Option<Value> {
    let mut all = refused(inside).into_iter();
    all.find(|row| row["subject"] == subject)
}

#[test]
fn an_address_of_a_neighbour_is_listed_with_its_port_and_how_often() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    // What is reached is not refused, and what looks around by multicast is not worth a word.
    attempt(&probe, &inside, &["connect", "tcp", &at(SERVER4, 80)]).ok();
    cannot(&probe, &inside, &["send", "224.0.0.251:5353"]);
    for address in ["192.168.77.1", "fd77::1"] {
        cannot(&probe, &inside, &["connect", "tcp", &at(address, 80)]);
        let subject = format!("{address} port 80");
        wait::until("it is listed", || of(&inside, &subject));
    }
    cannot(&probe, &inside, &["connect", "tcp", "192.168.77.1:80"]);
    wait::for_condition("the second time is counted", || {
        of(&inside, "192.168.77.1 port 80").is_some_and(|row| row["count"] == 2)
    });
    assert_eq!(refused(&inside).len(), 2, "{:?}", refused(&inside));
    let said = oz(["denied", inside.id()]).run().ok().text();
    assert!(said.contains("192.168.77.1 port 80"), "{said}");
    // A later daemon hears of it as well.
    processes::kill_daemon();
    wait::for_condition("the next refusal is listed", || {
        cannot(&probe, &inside, &["send", "10.0.0.1:53"]);
        of(&inside, "10.0.0.1 port 53").is_some()
    });
}

#[test]
fn an_app_that_knocks_everywhere_makes_a_short_list_and_leaves_nothing() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    let inside = online(&probe);
    let knock = "for a in $(seq 250); do for b in 1 2 3 4; do \
                 echo x > /dev/udp/10.0.$a.$b/$a 2>/dev/null; done; done; true";
    oz(["shell", inside.id(), "--", "bash", "-c", knock])
        .run()
        .ok();
    wait::for_condition("some are listed", || !refused(&inside).is_empty());
    oz(["shell", inside.id(), "--", "bash", "-c", knock])
        .run()
        .ok();
    let listed = refused(&inside);
    assert!((1..=8).contains(&listed.len()), "{listed:?}");
    attempt(&probe, &inside, &["connect", "tcp", &at(SERVER4, 80)]).ok();
    oz(["stop", inside.id()]).run().ok();
    before.wait_for_nothing_left();
}
