//! What an app with the Internet cannot reach.

use std::net::{Ipv6Addr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use oz_e2e::Session;
use oz_e2e::probe::Probe;

use super::{at, attempt, cannot, online};

/// Addresses that are no place of the Internet, or that are this machine's neighbours. The session's
/// router answers at each.
const CLOSED: &[&str] = &[
    // the LAN: the router, a neighbour
    "192.168.77.1",
    "192.168.77.9",
    // private networks
    "10.0.0.1",
    "10.255.255.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    // the provider's network, link-local, what clouds keep there
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "169.254.1.1",
    // other purposes
    "192.0.0.9",
    "192.0.2.55",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    // the LAN by public addresses of IPv6
    "2a0e:77::1",
    "2a0e:77::9",
    // private, documentation, wrapped IPv4
    "fd00::1",
    "fd77::1",
    "fc00:1::1",
    "2001:db8::1",
    "2001::1",
    "2002:c0a8:4d09::1",
    "64:ff9b::c0a8:4d09",
    "64:ff9b:1::1",
    "3fff::1",
    "100::1",
    "4000::1",
];

/// This machine's own.
const OWN: &[&str] = &[
    "127.0.0.1",
    "127.0.0.53",
    "192.168.77.2",
    "44.55.66.77",
    "::1",
    "2a0e:77::2",
    "fd77::2",
];

#[test]
fn the_app_cannot_reach_what_is_not_of_the_internet() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    for address in CLOSED {
        cannot(&probe, &inside, &["connect", "tcp", &at(address, 80)]);
    }
}

#[test]
fn the_app_cannot_reach_this_machine_by_any_of_its_addresses() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // Both protocols.
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("bound");
    let port = listener.local_addr().expect("bound").port();
    let inside = online(&probe);
    for address in OWN {
        cannot(&probe, &inside, &["connect", "tcp", &at(address, port)]);
    }
    // Addresses that only the sandbox has: its way out is no way to this machine.
    for address in [
        "192.0.0.1",
        "64:ff9b:1:6f7a::1",
        "192.0.0.2",
        "0.0.0.0",
        "::",
    ] {
        let ran = attempt(&probe, &inside, &["connect", "tcp", &at(address, port)]);
        oz_e2e::probe::says(&ran, "refused");
    }
}

#[test]
fn the_app_cannot_send_to_many_at_once() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    for address in [
        "224.0.0.251",
        "239.255.255.250",
        "192.168.77.255",
        "255.255.255.255",
        "ff05::fb",
        "ff0e::fb",
    ] {
        cannot(&probe, &inside, &["send", &at(address, 5353)]);
    }
}

#[test]
fn the_app_cannot_send_datagrams_to_neighbours() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    // A server for names in the LAN: only the question that goes through the sandbox's own is asked.
    for address in ["192.168.77.1", "2a0e:77::1", "127.0.0.53"] {
        cannot(&probe, &inside, &["ask", &at(address, 53)]);
    }
    let own = UdpSocket::bind("0.0.0.0:0").expect("bound");
    let port = own.local_addr().expect("bound").port();
    cannot(&probe, &inside, &["send", &at("44.55.66.77", port)]);
}

#[test]
fn the_app_cannot_reach_abstract_sockets_of_the_host() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let name = format!("oz-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _listener = UnixListener::bind_addr(&address).expect("bound");
    let inside = online(&probe);
    cannot(&probe, &inside, &["connect", "abstract", &name]);
}

#[test]
fn nobody_reaches_a_port_inside() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    let listens = "exec python3 -c 'import socket,time; s=socket.create_server((\"\", 8123)); time.sleep(600)'";
    inside
        .sh(&format!("({listens}) >/dev/null 2>&1 </dev/null & true"))
        .ok();
    inside.wait_for("grep -q :1FBB /proc/net/tcp");
    let own = attempt(&probe, &inside, &["connect", "tcp", "127.0.0.1:8123"]);
    oz_e2e::probe::says(&own, "ok");
    for address in ["127.0.0.1", "192.168.77.2", "::1", "44.55.66.77"] {
        let ran = probe.outside(&["connect", "tcp", &at(address, 8123)]);
        oz_e2e::probe::says(&ran, "refused");
    }
}
