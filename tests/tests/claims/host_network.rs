//! The network of the host: what an app in it reaches, and that abstract sockets are not among it.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};

use oz_e2e::cli::json;
use oz_e2e::probe::{Probe, says};
use oz_e2e::run::Ran;
use oz_e2e::terminal::Terminal;
use oz_e2e::{Inside, Run, Session, oz, wait};

/// An attempt in a sandbox that has it.
fn inside(probe: &Probe, words: &[&str]) -> Ran {
    oz(["run", "--ephemeral", "--net", "host", "--read"])
        .arg(probe.dir())
        .arg("--")
        .arg(probe.path())
        .args(words)
        .run()
}

#[track_caller]
fn cannot(probe: &Probe, words: &[&str]) {
    probe.outside(words).ok();
    says(&inside(probe, words), "refused");
}

#[test]
fn reaches_what_listens_on_the_loopback_of_the_host() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(address) else {
            // A machine may be without one of the families.
            continue;
        };
        let address = listener.local_addr().expect("an address").to_string();
        says(&inside(&probe, &["connect", "tcp", &address]), "ok");
        // By no other network.
        probe.cannot(&["connect", "tcp", &address]);
    }
}

#[test]
fn the_host_reaches_what_listens_inside() {
    let _session = Session::begin();
    let script = "import socket; s=socket.create_server((\"127.0.0.1\", 0)); print(s.getsockname()[1], flush=True); s.accept()";
    let started = oz(["run", "--net", "host", "--", "python3", "-c", script]).start();
    let port = wait::until("a port inside", || {
        started.text_so_far().trim().parse::<u16>().ok()
    });
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

#[test]
fn no_abstract_socket_of_the_host_is_reached() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // As the X server and message buses are called.
    let number = std::process::id();
    for name in [
        format!("/tmp/.X11-unix/X{number}"),
        format!("/tmp/dbus-{number}"),
        format!("/tmp/.ICE-unix/{number}"),
    ] {
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let _listener = UnixListener::bind_addr(&address).expect("bound");
        cannot(&probe, &["connect", "abstract", &name]);
        let address = SocketAddr::from_abstract_name(format!("{name}.d")).expect("a name");
        let _socket = UnixDatagram::bind_addr(&address).expect("bound");
        cannot(&probe, &["connect", "datagram", &format!("{name}.d")]);
    }
}

#[test]
fn no_abstract_socket_of_another_sandbox_is_reached_either() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let name = format!("oz-other-{}", std::process::id());
    let serves = format!(
        "import socket,time; s=socket.socket(socket.AF_UNIX); s.bind(\"\\0{name}\"); s.listen(); time.sleep(600)"
    );
    let other = Inside::start(&["--net", "host", "--", "python3", "-c", &serves]);
    other.wait_for(&format!("grep -q {name} /proc/net/unix"));
    // The host does: that is what its network means.
    cannot(&probe, &["connect", "abstract", &name]);
}

#[test]
fn its_own_abstract_sockets_work() {
    let _session = Session::begin();
    let script = "import socket; s=socket.socket(socket.AF_UNIX); s.bind(\"\\0oz-own\"); s.listen(); \
                  c=socket.socket(socket.AF_UNIX); c.connect(\"\\0oz-own\"); print(\"met\")";
    let ran = oz(["run", "--net", "host", "--", "python3", "-c", script])
        .run()
        .ok();
    assert_eq!(ran.text(), "met");
}

#[test]
fn kernel_s_rarer_sockets_stay_closed() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // Packets, raw ones, netlink for sockets of others and for packet filters, vsock.
    for (family, kind, protocol) in [
        ("17", "3", "0"),
        ("2", "3", "1"),
        ("16", "3", "4"),
        ("16", "3", "12"),
        ("40", "1", "0"),
    ] {
        let ran = inside(&probe, &["syscall", "41", family, kind, protocol]);
        says(&ran, "refused");
    }
}

#[test]
fn it_is_said_wherever_a_person_looks() {
    let _session = Session::begin();
    let terminal = Terminal::open("host-network");
    terminal.line("oz run --net host -- sh -c 'echo inside; exec sleep 600'");
    wait::for_condition("the warning", || {
        let screen = terminal.coloured_screen();
        screen.contains("inside")
            && screen.contains("\u{1b}[31m")
            && screen.contains("the network of this machine itself")
    });
    let list = json(["ps"]);
    assert_eq!(list[0]["network"], "host");
    let ps = oz(["ps"]).run().ok();
    assert!(ps.text().contains("HOST"), "{ps}");
    let id = list[0]["id"].as_str().expect("a name");
    let check = oz(["check", id]).run().ok();
    let first = check.text().lines().next().map(str::to_owned);
    assert_eq!(
        first
            .as_deref()
            .and_then(|line| line.split_once(" has the network of this machine itself: "))
            .map(|(id, _)| id),
        Some(id),
        "{check}"
    );
    let checked = json(["check", id]);
    let walls = checked["walls"].as_array().expect("walls");
    let of = |name: &str| {
        let row = walls.iter().find(|row| row["wall"] == name).expect("a row");
        (row["asked"].as_str(), row["state"].as_str())
    };
    assert_eq!(of("network"), (Some("no"), Some("not")));
    assert_eq!(of("identifiers"), (Some("wanted"), Some("partly")));
    assert_eq!(of("landlock"), (Some("required"), Some("enforced")));
    assert_eq!(of("services"), (Some("required"), Some("enforced")));
    let plan = oz(["plan", "--net", "host", "--", "true"]).run().ok();
    assert!(
        plan.text()
            .contains("network   the network of this machine itself"),
        "{plan}"
    );
    // Programs that read what a program complains about are not bothered.
    let ran = oz(["run", "--net", "host", "--", "true"]).run().ok();
    assert_eq!(ran.complaint(), "");
}

#[test]
fn forwards_are_refused_with_what_to_do() {
    let session = Session::begin();
    let inside = Inside::start(&["--net", "host", "--", "sleep", "600"]);
    let refused = oz(["forward", inside.id(), "in:tcp:9050"]).run().fails();
    refused.complains("no wall to lead a forward through");
    let _profile = session.profile(
        "forwarded",
        r#"{ "match": { "executables": ["sleep"] }, "network": { "forwards": ["in:tcp:9050"] } }"#,
    );
    let refused = oz(["run", "--net", "host", "forwarded", "600"])
        .run()
        .fails();
    refused.complains("network.forwards");
}

#[test]
fn a_profile_asks_for_it_and_later_launches_find_the_same() {
    let session = Session::begin();
    let _profile = session.profile(
        "hosted",
        r#"{ "match": { "executables": ["sleep"] }, "network": { "mode": "host" } }"#,
    );
    let own = Run::sh("readlink /proc/self/ns/net").run().ok().text();
    let network = |inside: &Inside| inside.sh("readlink /proc/self/ns/net").ok().text();
    // With what was made in advance, and without.
    for _ in 0..3 {
        let inside = Inside::start(&["hosted", "600"]);
        assert_eq!(network(&inside), own);
        oz_e2e::cli::stop_all();
        let other = Inside::start(&["--", "sleep", "600"]);
        assert_ne!(network(&other), own);
        oz_e2e::cli::stop_all();
    }
}

#[test]
fn names_are_looked_up_as_on_the_host() {
    let _session = Session::begin();
    let outside = std::fs::read("/etc/resolv.conf").expect("read");
    let ran = oz(["run", "--net", "host", "--", "cat", "/etc/resolv.conf"])
        .run()
        .ok();
    assert!(ran.out == outside, "{ran}");
}
