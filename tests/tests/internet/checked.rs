//! `oz check` of a sandbox with the Internet tries every address that must be closed, from inside.

use oz_core::report::State;
use oz_core::wire::check::Around;
use oz_e2e::cli::json;
use oz_e2e::probe::{Probe, says};
use oz_e2e::{Session, oz, prober, wait};
use serde_json::Value;

use super::online;

/// What is tried of the network, in the order in which it is printed.
const CLAIMS: &[&str] = &[
    "this machine cannot be reached by any of its addresses",
    "this machine's routers cannot be reached",
    "this machine's neighbours cannot be reached",
    "private networks cannot be reached",
    "link-local addresses cannot be reached",
    "no other address that is not of the Internet can be reached",
    "nothing can be sent to many at once",
];

/// The network of the session, as its own `oz check` sees it.
fn around() -> Around {
    let address = |text: &str| text.parse().expect("an address");
    Around {
        routers: vec![address("192.168.77.1"), address("2a0e:77::1")],
        neighbours: vec![address("192.168.77.9"), address("2a0e:77::9")],
        broadcasts: vec!["192.168.77.255".parse().expect("an address")],
    }
}

fn tests(id: &str) -> Vec<(String, String, String)> {
    let checked: Value = json(["check", id]);
    let walls = checked["walls"].as_array().expect("a list");
    let network = walls.iter().find(|row| row["wall"] == "network");
    let tests = network.expect("a wall")["tests"]
        .as_array()
        .expect("a list");
    let text = |test: &Value, key: &str| test[key].as_str().expect("text").to_owned();
    tests
        .iter()
        .map(|test| {
            (
                text(test, "claim"),
                text(test, "state"),
                text(test, "detail"),
            )
        })
        .collect()
}

#[test]
fn every_closed_address_is_tried_and_refused() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    let found = tests(inside.id());
    for claim in CLAIMS {
        let (_, state, detail) = found
            .iter()
            .find(|(said, ..)| said == claim)
            .unwrap_or_else(|| panic!("nobody tried whether {claim}: {found:?}"));
        assert_eq!(state, "enforced", "{claim}: {detail}");
        let tried: usize = detail
            .strip_suffix(" tried, all refused")
            .and_then(|count| count.parse().ok())
            .unwrap_or_else(|| panic!("{claim}: {detail}"));
        assert!(tried >= 3, "{claim}: {detail}");
    }
    oz(["check", inside.id()]).run().ok();
}

#[test]
fn without_the_wall_the_same_trials_get_through() {
    let _session = Session::begin();
    let evidence = prober::outside(&["--net", "internet", "--", "true"], around());
    for claim in CLAIMS {
        let (state, detail) = prober::state(&evidence, claim);
        assert_eq!(state, State::Not, "{claim}: {detail}");
    }
    let reached = |claim: &str, places: &[&str]| {
        let (_, detail) = prober::state(&evidence, claim);
        for place in places {
            assert!(detail.contains(place), "{claim}, {place}: {detail}");
        }
    };
    reached(CLAIMS[1], &["192.168.77.1:80", "[2a0e:77::1]:80"]);
    reached(CLAIMS[2], &["192.168.77.9:80", "[2a0e:77::9]:80"]);
    reached(
        CLAIMS[3],
        &[
            "10.0.0.1:80",
            "172.31.255.254:80",
            "100.64.0.1:80",
            "[fd00::1]:80",
        ],
    );
    reached(CLAIMS[4], &["169.254.169.254:80"]);
    reached(
        CLAIMS[5],
        &["[4000::1]:80", "[2001:db8::1]:80", "198.18.0.1:80"],
    );
    reached(
        CLAIMS[6],
        &["224.0.0.251:9", "192.168.77.255:9", "255.255.255.255:9"],
    );
}

#[test]
fn a_sandbox_whose_rules_are_gone_is_found() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    oz(["check", inside.id()]).run().ok();
    let init = json(["ps"])[0]["pid"].to_string();
    let app = wait::until("the app", || {
        let children = std::fs::read_to_string(format!("/proc/{init}/task/{init}/children"));
        children.ok()?.split_whitespace().next().map(str::to_owned)
    });
    // The daemon loads the rules again when the host's name servers change, which is none of this.
    let ran = wait::until("the check to find it", || {
        // Only who is outside can: the user namespace is theirs.
        says(&probe.outside(&["unguard", &app]), "ok");
        let ran = oz(["check", inside.id()]).run();
        let found = |claim: &&str| ran.text().contains(claim);
        let all = [CLAIMS[1], CLAIMS[2], CLAIMS[3], CLAIMS[4]];
        let all_found = ran.code == 1 && all.iter().all(found);
        all_found.then_some(ran)
    });
    assert!(ran.text().contains("192.168.77.1:80"), "{ran}");
    // And the app does reach it.
    let attempt = super::attempt(&probe, &inside, &["connect", "tcp", "192.168.77.9:80"]);
    says(&attempt, "ok");
}
