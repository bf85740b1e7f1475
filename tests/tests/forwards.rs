//! Forwards: single ports and sockets into an otherwise empty network, and out of it.

use std::path::Path;

use oz_e2e::leftovers::Snapshot;
use oz_e2e::probe::{Probe, says};
use oz_e2e::processes::{self, Process};
use oz_e2e::run::{Ran, Run, Started};
use oz_e2e::{Inside, Session, cli, oz, wait};

/// A sandbox without a network, in which the probe is.
fn offline(probe: &Probe) -> Inside {
    let ran = oz(["run", "--detach", "--ephemeral", "--read"])
        .arg(probe.dir())
        .args(["--", "sleep", "1000"])
        .run()
        .ok();
    Inside::of(&ran.text())
}

fn inside(probe: &Probe, inside: &Inside, words: &[&str]) -> Ran {
    within(probe, inside, words).run()
}

fn within(probe: &Probe, inside: &Inside, words: &[&str]) -> Run {
    Run::new("oz", ["shell", inside.id(), "--"])
        .arg(probe.path())
        .args(words)
}

/// Something on the host that answers in the name `host`.
fn host(probe: &Probe, kind: &str, place: &str) -> Started {
    let server = Run::new(probe.path(), ["serve", kind, place, "host"]).start();
    wait::for_condition("the server on the host", || {
        probe.outside(&["talk", kind, place]).code == 0
    });
    server
}

/// Something inside that answers in the name `app`.
fn app(probe: &Probe, sandbox: &Inside, kind: &str, place: &str) -> Started {
    let server = within(probe, sandbox, &["serve", kind, place, "app"]).start();
    wait::for_condition("the server inside", || {
        inside(probe, sandbox, &["talk", kind, place]).code == 0
    });
    server
}

fn relays() -> Vec<Process> {
    let all = processes::of_session().into_iter();
    all.filter(|process| process.runs("net-proxy")).collect()
}

#[test]
fn tor_s_port_leads_into_an_empty_network_and_nothing_else_does() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let _tor = host(&probe, "tcp", "127.0.0.1:9050");
    let _other = host(&probe, "tcp", "127.0.0.1:9051");
    let sandbox = offline(&probe);
    says(
        &inside(&probe, &sandbox, &["talk", "tcp", "127.0.0.1:9050"]),
        "refused",
    );
    oz(["forward", sandbox.id(), "in:tcp:9050"]).run().ok();
    says(
        &inside(&probe, &sandbox, &["talk", "tcp", "127.0.0.1:9050"]),
        "ok host heard hello",
    );
    for closed in ["127.0.0.1:9051", "[::1]:9050"] {
        says(
            &inside(&probe, &sandbox, &["talk", "tcp", closed]),
            "refused",
        );
    }
    // Nor does it lead into another sandbox.
    let other = offline(&probe);
    says(
        &inside(&probe, &other, &["talk", "tcp", "127.0.0.1:9050"]),
        "refused",
    );
    oz(["unforward", sandbox.id(), "in:tcp:9050"]).run().ok();
    wait::for_condition("the forward to be closed", || {
        inside(&probe, &sandbox, &["talk", "tcp", "127.0.0.1:9050"]).code != 0
    });
}

#[test]
fn every_protocol_leads_in_and_out() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let sandbox = offline(&probe);
    let dir = session.fresh_dir("sockets");
    let path = |name: &str| dir.join(name).display().to_string();
    let id = sandbox.id();

    // In: tcp to a socket in the file system, such a socket to tcp, datagrams.
    let _file = host(&probe, "unix", &path("server"));
    let _port = host(&probe, "tcp", "127.0.0.1:9060");
    let _datagrams = host(&probe, "udp", "127.0.0.1:9061");
    oz(["forward", id])
        .arg(format!("in:tcp:7001=unix:{}", path("server")))
        .run()
        .ok();
    oz(["forward", id, "in:unix:/tmp/in=tcp:9060"]).run().ok();
    oz(["forward", id, "in:udp:7002=9061"]).run().ok();
    for (kind, place) in [
        ("tcp", "127.0.0.1:7001"),
        ("unix", "/tmp/in"),
        ("udp", "127.0.0.1:7002"),
    ] {
        says(
            &inside(&probe, &sandbox, &["talk", kind, place]),
            "ok host heard hello",
        );
    }

    // Out: the same the other way round.
    let _file = app(&probe, &sandbox, "unix", "/tmp/server");
    let _port = app(&probe, &sandbox, "tcp", "127.0.0.1:9062");
    let _datagrams = app(&probe, &sandbox, "udp", "127.0.0.1:9063");
    oz(["forward", id, "out:tcp:9064=unix:/tmp/server"])
        .run()
        .ok();
    oz(["forward", id])
        .arg(format!("out:unix:{}=tcp:9062", path("out")))
        .run()
        .ok();
    oz(["forward", id, "out:udp:9065=9063"]).run().ok();
    for (kind, place) in [
        ("tcp", "127.0.0.1:9064".to_owned()),
        ("unix", path("out")),
        ("udp", "127.0.0.1:9065".to_owned()),
    ] {
        says(
            &probe.outside(&["talk", kind, &place]),
            "ok app heard hello",
        );
    }

    assert_eq!(relays().len(), 6);
    let listed = &cli::json(["ps"])[0]["forwards"];
    assert_eq!(listed.as_array().map(Vec::len), Some(6), "{listed}");
    oz(["stop", id]).run().ok();
    assert!(!Path::new(&path("out")).exists());
    wait::for_condition("the relays to be gone", || relays().is_empty());
}

#[test]
fn those_of_a_profile_are_there_before_the_app() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let _tor = host(&probe, "tcp", "127.0.0.1:9050");
    let text = format!(
        r#"{{ "extends": "generic",
             "match": {{ "executables": ["{0}"] }},
             "files": {{ "rules": {{ "{1}": "read" }} }},
             "network": {{ "forwards": ["in:tcp:9050"] }} }}"#,
        probe.path().display(),
        probe.dir().display(),
    );
    let _profile = session.profile("torified", &text);
    let ran = oz(["run", "torified", "talk", "tcp", "127.0.0.1:9050"]).run();
    says(&ran, "ok host heard hello");
    let plan = oz(["plan", "torified"]).run().ok();
    assert!(
        plan.text().contains("forward   in:tcp:127.0.0.1:9050"),
        "{plan}"
    );
}

#[test]
fn a_forward_opens_nothing_by_links_that_the_app_made() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let sandbox = offline(&probe);
    let secret = session.fresh_dir("secret").join("server");
    let _server = host(&probe, "unix", &secret.display().to_string());
    // The host is asked to connect to a path inside, and the app makes it a link to one outside.
    sandbox
        .sh(&format!("ln -s {} /tmp/link", secret.display()))
        .ok();
    oz(["forward", sandbox.id(), "out:tcp:9070=unix:/tmp/link"])
        .run()
        .ok();
    says(
        &probe.outside(&["talk", "tcp", "127.0.0.1:9070"]),
        "refused",
    );
    // A socket made inside does not come to lie outside either.
    let outside = session.fresh_dir("outside");
    sandbox
        .sh(&format!("ln -s {} /tmp/dir", outside.display()))
        .ok();
    oz(["forward", sandbox.id(), "in:unix:/tmp/dir/s=tcp:9071"])
        .run()
        .fails();
    assert!(!outside.join("s").exists());
}

#[test]
fn a_link_that_the_app_puts_in_a_socket_s_place_leads_nowhere() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let shared = session.fresh_dir("shared");
    let secret = session.fresh_dir("hidden").join("server");
    let _secret = host(&probe, "unix", &secret.display().to_string());
    let place = shared.join("server");
    let _server = host(&probe, "unix", &place.display().to_string());
    let ran = oz(["run", "--detach", "--ephemeral", "--read"])
        .arg(probe.dir())
        .arg("--write")
        .arg(&shared)
        .args(["--", "sleep", "1000"])
        .run()
        .ok();
    let sandbox = Inside::of(&ran.text());
    oz(["forward", sandbox.id()])
        .arg(format!("in:tcp:7001=unix:{}", place.display()))
        .run()
        .ok();
    let talk = ["talk", "tcp", "127.0.0.1:7001"];
    says(&inside(&probe, &sandbox, &talk), "ok host heard hello");
    sandbox
        .sh(&format!("ln -sfn {} {}", secret.display(), place.display()))
        .ok();
    // It leads there for whoever follows it.
    says(
        &probe.outside(&["talk", "unix", &place.display().to_string()]),
        "ok host heard hello",
    );
    says(&inside(&probe, &sandbox, &talk), "refused");
}

#[test]
fn what_would_open_too_much_is_refused() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let sandbox = offline(&probe);
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
    let bus = bus.strip_prefix("unix:path=").expect("a path");
    let spec = format!(
        "in:tcp:1=unix:{}",
        bus.split(',').next().unwrap_or_default()
    );
    oz(["forward", sandbox.id()])
        .arg(spec)
        .run()
        .fails()
        .complains("starts programs");
    for spec in [
        "out:tcp:0.0.0.0:80",
        "out:tcp:192.168.1.1:80",
        "in:tcp:1=unix:/run/user/1000/bus",
        "in:tcp:1=unix:/run/dbus/system_bus_socket",
        "in:udp:53=tcp:53",
        "tcp:80",
    ] {
        oz(["forward", sandbox.id(), spec]).run().exits(2);
    }
    oz(["forward", sandbox.id(), "in:tcp:9050"]).run().ok();
    oz(["forward", sandbox.id(), "in:tcp:9050=9051"])
        .run()
        .fails()
        .complains("oz unforward");
    oz(["unforward", sandbox.id(), "in:tcp:1"]).run().fails();
}

#[test]
fn forwards_outlive_their_process_and_the_daemon_but_not_the_sandbox() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let _tor = host(&probe, "tcp", "127.0.0.1:9050");
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    let sandbox = offline(&probe);
    oz(["forward", sandbox.id(), "in:tcp:9050"]).run().ok();
    let works = || inside(&probe, &sandbox, &["talk", "tcp", "127.0.0.1:9050"]).code == 0;
    assert!(works());
    let first = relays().pop().expect("it runs");
    first.kill();
    wait::for_condition("the forward to be back", &works);

    let second = relays().pop().expect("it runs");
    processes::kill_daemon();
    assert!(works(), "it needs no daemon");
    assert!(second.lives());
    oz(["unforward", sandbox.id(), "in:tcp:9050"]).run().ok();
    wait::for_condition("the forward to be closed", || !works());
    oz(["forward", sandbox.id(), "in:tcp:9050"]).run().ok();
    assert!(works());
    oz(["stop", sandbox.id()]).run().ok();
    before.wait_for_nothing_left();
}
