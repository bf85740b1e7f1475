//! The walls of the network are not the app's to change.

use oz_e2e::Session;
use oz_e2e::claim::works_outside;
use oz_e2e::probe::Probe;

use super::{SERVER4, at, attempt, online};

#[test]
fn the_app_cannot_change_the_rules_or_the_interfaces() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    for change in [
        "nft flush ruleset",
        "nft delete table inet oz",
        "nft add table inet mine",
        "nft list ruleset",
        "ip link add mine type veth",
        "ip link set lo down",
        "ip link set lo address 02:00:00:00:00:01",
        "ip addr add 10.0.0.5/8 dev lo",
        "ip route add 10.0.0.0/8 dev lo",
        "ip rule add from all table 5",
        "ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev lo",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
    ] {
        // Whoever has a network namespace may change it.
        let prepare = if change.contains("delete table") {
            "nft add table inet oz; "
        } else {
            ""
        };
        works_outside(&format!(
            "PATH=$PATH:/usr/sbin unshare --user --map-root-user --net sh -c 'ip link set lo up; {prepare}{change}'"
        ));
        assert_ne!(inside.sh(change).code, 0, "{change}");
    }
    // All of it still holds.
    let closed = attempt(
        &probe,
        &inside,
        &["connect", "tcp", &at("192.168.77.9", 80)],
    );
    oz_e2e::probe::says(&closed, "refused");
    let open = attempt(&probe, &inside, &["connect", "tcp", &at(SERVER4, 80)]);
    oz_e2e::probe::says(&open, "ok");
}

#[test]
fn the_app_cannot_reach_pasta() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    let pasta = oz_e2e::processes::of_session()
        .into_iter()
        .find(|process| {
            process.runs("pasta") || process.runs("pasta.avx2") || process.runs("passt")
        })
        .expect("it runs");
    // The app can neither see it nor name it.
    inside.sh("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; done | grep -c [p]asta | grep -qx 0").ok();
    assert_ne!(inside.sh(&format!("kill -9 {}", pasta.pid)).code, 0);
    assert!(pasta.lives());
    assert_ne!(inside.sh("exec 3<>/dev/net/tun").code, 0);
}
