//! A daemon that runs is asked for launches without the session bus between.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use oz_e2e::processes::kill_daemon;
use oz_e2e::{Session, oz, session};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketType, connect, recv, send, socket,
};

fn place() -> PathBuf {
    session::runtime_dir().join("oz/launch")
}

fn reach() -> OwnedFd {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).expect("a socket");
    let address = SocketAddrUnix::new(place()).expect("an address");
    connect(&socket, &address).expect("somebody listens");
    socket
}

fn echoes(run: oz_e2e::Run) {
    assert_eq!(run.run().ok().text(), "heard");
}

fn echo() -> oz_e2e::Run {
    oz(["run", "--", "echo", "heard"])
}

#[test]
fn a_program_runs_and_ends_without_a_bus_once_the_daemon_runs() {
    let _session = Session::begin();
    echoes(echo());
    let nowhere = "unix:path=/nowhere";
    echoes(echo().env("DBUS_SESSION_BUS_ADDRESS", nowhere));
    let failed = oz(["run", "--", "sh", "-c", "exit 7"]).env("DBUS_SESSION_BUS_ADDRESS", nowhere);
    failed.run().exits(7);
    let missing = oz(["run", "--", "no-such-program"]).env("DBUS_SESSION_BUS_ADDRESS", nowhere);
    let ran = missing.run().exits(127);
    assert!(ran.complaint().contains("no-such-program"), "{ran}");
    // More than a packet holds goes over the bus.
    let words = vec!["x".repeat(60 << 10); 2];
    oz(["run", "--", "true"]).args(words).run().ok();
}

#[test]
fn the_bus_is_asked_where_no_daemon_listens() {
    let _session = Session::begin();
    echoes(echo());
    // It leaves its socket behind.
    kill_daemon();
    assert!(place().exists());
    echoes(echo());
    fs::remove_file(place()).expect("it is there");
    echoes(echo());
    kill_daemon();
    echoes(echo());
    assert!(place().exists(), "the next one listens again");
}

#[test]
fn who_asks_for_nothing_or_for_nonsense_holds_nobody_up() {
    let _session = Session::begin();
    echoes(echo());
    let silent: Vec<OwnedFd> = (0..100).map(|_| reach()).collect();
    echoes(echo());
    drop(silent);
    for nonsense in [&b"\0"[..], &[0xff; 4096], b"l\x01\0\x01nonsense"] {
        let socket = reach();
        send(&socket, nonsense, SendFlags::NOSIGNAL).expect("sent");
        let mut answer = vec![0; 4096];
        let (length, _) = recv(&socket, &mut answer[..], RecvFlags::empty()).expect("answered");
        assert_eq!(answer[0], 1, "it is refused");
        let text = String::from_utf8_lossy(&answer[..length]);
        assert!(text.contains("org.oz.Error.InvalidArgument"), "{text}");
    }
    echoes(echo());
}
