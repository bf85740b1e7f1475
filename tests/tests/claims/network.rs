//! The network: without one in the profile there is only a loopback interface of its own.

use std::net::{TcpListener, UdpSocket};

use oz_e2e::Session;
use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::probe::Probe;

#[test]
fn cannot_reach_the_host_s_loopback() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    probe.cannot(&["connect", "tcp", &address]);
}

#[test]
fn cannot_reach_any_address_of_the_host() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for address in host_addresses() {
        probe.cannot(&["connect", "tcp", &format!("{address}:{port}")]);
    }
}

#[test]
fn has_only_a_loopback_interface() {
    let _session = Session::begin();
    let names = "sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev";
    assert!(works_outside(names).text().lines().count() >= 1);
    assert_eq!(sandboxed_sh(names).run().ok().text(), "lo");
}

#[test]
fn its_own_loopback_works() {
    let _session = Session::begin();
    // Many programs talk to themselves over it.
    let script =
        "exec 3<>/dev/udp/127.0.0.1/9; (exec 4<>/dev/tcp/127.0.0.1/1) 2>&1 | grep -i refused";
    oz_e2e::cli::sandboxed(["bash", "-c", script]).run().ok();
}

#[test]
fn cannot_use_raw_or_exotic_sockets() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for (name, family, kind) in [
        ("AF_ALG", "38", "5"),
        ("AF_VSOCK", "40", "1"),
        ("AF_PACKET", "17", "3"),
        ("AF_KEY", "15", "3"),
        ("AF_BLUETOOTH", "31", "3"),
        ("AF_XDP", "44", "3"),
        ("AF_TIPC", "30", "1"),
        ("AF_CAN", "29", "3"),
        ("raw AF_INET", "2", "3"),
    ] {
        let ran = probe.is_refused(&["syscall", "41", family, kind, "0"]);
        assert!(!ran.text().contains("ok"), "{name}: {ran}");
    }
}

/// The host's own addresses, but the loopback.
fn host_addresses() -> Vec<String> {
    // No packet is sent by this; the kernel only chooses the route and with it the address.
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket can be made");
    let mut all = vec!["127.0.0.1".to_owned()];
    if socket.connect("192.0.2.1:9").is_ok()
        && let Ok(local) = socket.local_addr()
    {
        all.push(local.ip().to_string());
    }
    all
}
