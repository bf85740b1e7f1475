//! What an app with the Internet has.

use oz_e2e::probe::{Probe, says};
use oz_e2e::{Session, cli, oz};

use super::{SERVER4, SERVER6, at, attempt, online};

#[test]
fn the_internet_is_reached_by_both_protocols_and_by_name() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    for address in [SERVER4, SERVER6] {
        says(
            &attempt(&probe, &inside, &["connect", "tcp", &at(address, 80)]),
            "ok",
        );
        // Datagrams too.
        says(
            &attempt(&probe, &inside, &["ask", &at(address, 53)]),
            "ok router",
        );
    }
    for kind in ["ahostsv4", "ahostsv6"] {
        inside.sh(&format!("getent {kind} www.example.com")).ok();
    }
    inside
        .sh("exec 3<>/dev/tcp/www.example.com/80 && grep greets <&3")
        .ok();
}

#[test]
fn names_are_looked_up_by_the_host_s_server_wherever_it_is() {
    let _session = Session::begin();
    let before = std::fs::read("/etc/resolv.conf").expect("read");
    for (server, who) in [
        ("127.0.0.53", "loopback"),
        ("192.168.77.1", "router"),
        ("2a0e:77::1", "router"),
    ] {
        std::fs::write("/etc/resolv.conf", format!("nameserver {server}\n")).expect("written");
        let ran = oz([
            "run",
            "--net",
            "internet",
            "--",
            "getent",
            "hosts",
            "www.example.com",
        ])
        .run()
        .ok();
        assert!(
            ran.text().contains("www.example.com"),
            "{server}, {who}: {ran}"
        );
    }
    std::fs::write("/etc/resolv.conf", before).expect("written");
}

#[test]
fn the_host_s_own_network_does_not_show() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    let mac = "ip link show lan0 | sed -n 's/.*ether \\([^ ]*\\).*/\\1/p'";
    let mac = oz_e2e::claim::works_outside(mac).text();
    let shows =
        inside.sh("cat /proc/net/* /etc/resolv.conf; ip addr; ip route; ip -6 route; ip neigh");
    for secret in [
        mac.as_str(),
        "192.168.77.",
        "4DA8C0",
        "2a0e:77:",
        "2a0e0077",
        "lan.example",
        "44.55.66.77",
    ] {
        assert!(!shows.text().contains(secret), "{secret} shows: {shows}");
    }
    // Nor does it tell one sandbox from the next.
    let own = |inside: &oz_e2e::Inside| inside.sh("ip link show net0 | grep ether").ok().text();
    let other = online(&probe);
    assert_ne!(own(&inside), own(&other));
}

#[test]
fn what_is_asked_for_is_what_is_planned_and_shown() {
    let _session = Session::begin();
    let plan = oz(["plan", "--net", "internet", "--", "true"]).run().ok();
    assert!(plan.text().contains("network   the Internet"), "{plan}");
    let plan = oz(["plan", "--", "true"]).run().ok();
    assert!(plan.text().contains("network   none"), "{plan}");
    oz(["run", "--net", "lan", "--", "true"]).run().exits(2);
    let names = "sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev";
    assert_eq!(cli::sandboxed_sh(names).run().ok().text(), "lo");
}
