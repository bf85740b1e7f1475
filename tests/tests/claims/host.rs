//! Processes and services of the host, and the sandbox's own init.

use std::os::unix::net::UnixListener;

use oz_e2e::claim::{cannot, works_outside};
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::probe::Probe;
use oz_e2e::{Run, Session, oz, session};

#[test]
fn cannot_see_processes_of_the_host() {
    let _session = Session::begin();
    let _marker = Run::new("sleep", ["7654321"]).start();
    // The brackets keep the script from finding itself.
    cannot("cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep 'sleep 765432[1]'");
}

#[test]
fn sees_itself_and_little_else() {
    let _session = Session::begin();
    let ran = sandboxed_sh("ls -d /proc/[0-9]* | wc -l").run().ok();
    let count: u32 = ran.text().parse().unwrap();
    assert!(count < 8, "{count} processes in a sandbox of a shell");
}

#[test]
fn cannot_signal_processes_of_the_host() {
    let _session = Session::begin();
    let mut victim = Run::new("sleep", ["600"]).start();
    let pid = victim.child.id();
    works_outside(&format!("kill -0 {pid}"));
    sandboxed_sh(&format!("kill -9 {pid}; kill -9 -1; true")).run();
    assert!(victim.is_running());
}

#[test]
fn cannot_trace_processes_of_the_host() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let mut victim = Run::new("sleep", ["600"]).start();
    // ptrace(PTRACE_SEIZE, pid)
    probe.cannot(&[
        "syscall",
        "101",
        "0x4206",
        &victim.child.id().to_string(),
        "0",
        "0",
    ]);
    assert!(victim.is_running());
}

#[test]
fn cannot_end_its_own_init() {
    let _session = Session::begin();
    let script =
        "for s in 9 15 2 1 3 6 11 10 12 13 19; do kill -$s 1; done; sleep 0.5; echo still here";
    assert_eq!(sandboxed_sh(script).run().ok().text(), "still here");
}

#[test]
fn cannot_look_into_its_own_init() {
    let _session = Session::begin();
    let attempts = [
        "ls -l /proc/PID/ns/mnt",
        "ls -l /proc/PID/ns/user",
        "ls -l /proc/PID/exe",
        "ls -l /proc/PID/root",
        "ls /proc/PID/fd/",
        "cat /proc/PID/environ",
        "exec 3</proc/PID/mem",
        "ls /proc/PID/root/",
    ];
    for attempt in attempts {
        // Its own process shows that the attempt is a sound one.
        sandboxed_sh(&attempt.replace("PID", "self")).run().ok();
        sandboxed_sh(&attempt.replace("PID", "1"))
            .run()
            .refused_inside()
            .complains("permission denied");
    }
}

#[test]
fn cannot_change_limits_or_scheduling_of_its_init() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // prlimit64(1, RLIMIT_NOFILE, &zeros, NULL)
    probe.is_refused(&["syscall", "302", "1", "7", "#16", "0"]);
    // sched_setscheduler(1, SCHED_OTHER, &zeros)
    probe.is_refused(&["syscall", "144", "1", "0", "#8"]);
    // setpriority(PRIO_PROCESS, 1, 19)
    probe.is_refused(&["syscall", "141", "0", "1", "19"]);
    // ioprio_set(IOPRIO_WHO_PROCESS, 1, idle)
    probe.is_refused(&["syscall", "251", "1", "1", "0x6000"]);
}

#[test]
fn cannot_reach_the_session_bus() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let socket = session::runtime_dir().join("bus");
    probe.cannot(&["connect", "unix", &socket.to_string_lossy()]);
    // Not by whatever bus it has of its own either.
    cannot("gdbus call --session -d org.oz.Oz1 -o /org/oz/Oz1 -m org.freedesktop.DBus.Peer.Ping");
    let names = "gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.ListActivatableNames";
    assert!(works_outside(names).text().contains("org.oz.Oz1"));
    assert!(!sandboxed_sh(names).run().text().contains("org.oz.Oz1"));
}

#[test]
fn cannot_command_oz() {
    let _session = Session::begin();
    cannot("oz ps");
    // Even with the program at hand.
    let own = which("oz");
    let dir = own.parent().unwrap().to_owned();
    works_outside(&format!("{} ps", own.display()));
    let ran = oz(["run", "--ephemeral", "--read"])
        .arg(dir)
        .arg("--")
        .arg(own)
        .arg("ps")
        .run();
    ran.fails();
}

#[test]
fn cannot_reach_abstract_sockets_of_the_host() {
    use std::os::linux::net::SocketAddrExt;
    let session = Session::begin();
    let probe = Probe::install(&session);
    let name = format!("oz-e2e-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    probe.cannot(&["connect", "abstract", &name]);
}

#[test]
fn cannot_reach_sockets_of_the_host_s_services() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let runtime = session::runtime_dir();
    for socket in ["sway.sock", "pulse/native", "oz-seat.sock"] {
        probe.cannot(&["connect", "unix", &runtime.join(socket).to_string_lossy()]);
    }
    probe.is_refused(&["connect", "unix", "/run/dbus/system_bus_socket"]);
}

fn which(program: &str) -> std::path::PathBuf {
    works_outside(&format!("command -v {program}"))
        .text()
        .into()
}
