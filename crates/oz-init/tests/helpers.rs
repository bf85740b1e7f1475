//! Programs inside that serve a socket: the private bus.

mod support;

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};

use oz_core::plan::{Listener, Plan, Service, layout};
use oz_core::wire::init::{ExitStatus, FromInit, ToInit};
use support::{Sandbox, eventually, plan, start};

/// Everything is allowed on it, and one service leaves a process behind when it is asked for.
const CONFIGURATION: &str = "<busconfig>
<type>session</type><listen>systemd:</listen><auth>EXTERNAL</auth><servicedir>/run/oz/services</servicedir>
<policy context='default'><allow send_destination='*' eavesdrop='true'/><allow receive_sender='*'/><allow own='*'/></policy>
</busconfig>";
const SERVICE: &str = "[D-BUS Service]
Name=test.Orphan
Exec=/usr/bin/setsid --fork sleep 300
";

const ASK: &str =
    "dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId";

fn with_bus(configuration: &str) -> Plan {
    let mut plan = plan::minimal();
    let (uid, _) = support::ordinary();
    let bus = layout::runtime(uid).join("bus");
    let address = format!("unix:path={}", bus.display());
    plan.listeners.push(Listener {
        service: Service::Bus,
        path: bus,
        helper: Some(layout::bus_helper()),
    });
    plan.environment
        .insert("DBUS_SESSION_BUS_ADDRESS".to_owned(), address);
    plan::before_the_seal(&mut plan, plan::file(layout::BUS_CONFIG, configuration));
    plan::before_the_seal(
        &mut plan,
        plan::file("/run/oz/services/test.service", SERVICE),
    );
    plan
}

fn exited(sandbox: &mut Sandbox) -> ExitStatus {
    let ended = |message: &FromInit| match message {
        FromInit::HelperExited {
            service: Service::Bus,
            status,
        } => Some(*status),
        _ => None,
    };
    sandbox.daemon.wait(ended).0
}

#[test]
fn a_helper_starts_with_its_first_client_and_again_after_its_end() {
    let mut sandbox = start(with_bus(CONFIGURATION));
    assert_eq!(sandbox.listeners.len(), 1, "only the other socket goes out");
    assert_eq!(sandbox.host_pids().len(), 1, "nothing runs before");
    for _ in 0..2 {
        let (text, status) = sandbox.shell(ASK);
        assert_eq!(status, ExitStatus::Code(0), "{text}");
        let kill = "kill -9 $(grep -l dbus-daemon /proc/[0-9]*/comm | cut -d/ -f3)";
        assert_eq!(sandbox.begin_shell(kill).0 % 2, 0);
        assert_eq!(exited(&mut sandbox), ExitStatus::Signal(9));
    }
}

#[test]
fn a_helper_can_be_reached_from_outside_while_it_runs() {
    let mut plan = with_bus(CONFIGURATION);
    plan.portals = true;
    plan::before_the_seal(
        &mut plan,
        plan::file(&layout::portal_service().display().to_string(), SERVICE),
    );
    let mut sandbox = start(plan);
    let reach = ToInit::Reach {
        service: Service::Bus,
    };
    sandbox.daemon.send(&reach, &[]);
    let (_, _output) = sandbox.begin_shell(ASK);
    let reached = |message: &FromInit| match message {
        FromInit::Reached { service } => Some(*service),
        _ => None,
    };
    // Once because it was started; nothing ran when it was asked for.
    for again in [true, false] {
        let (service, mut fds) = sandbox.daemon.wait(reached);
        assert_eq!(service, Service::Bus);
        let socket = UnixStream::from(fds.remove(0));
        socket.set_nonblocking(false).expect("set");
        assert!(fds.is_empty() && speaks(socket));
        if again {
            sandbox.daemon.send(&reach, &[]);
        }
    }
}

/// Whether a bus answers.
fn speaks(mut socket: UnixStream) -> bool {
    let (uid, _) = support::ordinary();
    let name: String = uid.to_string().bytes().map(|b| format!("{b:x}")).collect();
    write!(socket, "\0AUTH EXTERNAL {name}\r\n").expect("written");
    let mut answer = [0; 3];
    socket.read_exact(&mut answer).expect("answered");
    &answer == b"OK "
}

#[test]
fn a_helper_is_confined_like_the_app() {
    let mut sandbox = start(with_bus(CONFIGURATION));
    let look = format!(
        "{ASK} >/dev/null; for p in /proc/[0-9]*; do grep -q dbus $p/comm && grep -E '^(Cap|NoNewPrivs|Seccomp:)' $p/status; done; true"
    );
    let (text, _) = sandbox.shell(&look);
    let caps: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("Cap"))
        .collect();
    assert_eq!(caps.len(), 5, "{text}");
    assert!(
        caps.iter().all(|line| line.ends_with("\t0000000000000000")),
        "{text}"
    );
    assert!(
        text.contains("NoNewPrivs:\t1") && text.contains("Seccomp:\t2"),
        "{text}"
    );
}

#[test]
fn a_helper_and_what_it_leaves_behind_do_not_keep_the_sandbox() {
    let mut plan = with_bus(CONFIGURATION);
    plan.life.keep = false;
    let mut sandbox = start(plan);
    let ask = "timeout 1 dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.StartServiceByName string:test.Orphan uint32:0; cat /proc/[0-9]*/comm";
    let (text, _) = sandbox.shell(ask);
    assert!(text.contains("dbus-daemon"), "{text}");
    assert!(
        text.lines().filter(|line| *line == "sleep").count() == 1,
        "{text}"
    );
    assert!(sandbox.gone(std::time::Duration::from_secs(5)));
}

#[test]
fn a_helper_that_dies_at_once_is_not_started_for_ever() {
    let mut sandbox = start(with_bus("nonsense"));
    let (_, _output) = sandbox.begin_shell(&format!("{ASK}; sleep 300"));
    for _ in 0..10 {
        assert_eq!(exited(&mut sandbox), ExitStatus::Code(1));
    }
    assert!(
        eventually(|| sandbox.host_pids().len() == 3),
        "init, the shell, its client"
    );
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(
        sandbox.host_pids().len(),
        3,
        "no helper is started any more"
    );
}

#[test]
fn a_socket_that_is_served_outside_is_reached_from_inside() {
    let mut sandbox = start(plan::minimal());
    let listener = UnixListener::from(sandbox.listeners.pop().expect("one"));
    let (uid, _) = support::ordinary();
    let say = format!(
        "python3 -c \"
import socket
s = socket.socket(socket.AF_UNIX); s.connect('/run/user/{uid}/wayland-0'); s.send(b'hello')\""
    );
    let (process, _output) = sandbox.begin_shell(&say);
    let (mut client, _) = listener.accept().expect("connected");
    let mut text = String::new();
    Read::read_to_string(&mut client, &mut text).expect("read");
    assert_eq!(text, "hello");
    assert_eq!(sandbox.ended(process), ExitStatus::Code(0));
}
