//! The daemon dies and another one comes.

mod support;

use std::os::unix::net::UnixStream;
use std::time::Duration;

use oz_core::wire::init::{ExitStatus, FromInit, ToInit};
use support::{Daemon, NONCE, Sandbox, plan, start};

fn connect(sandbox: &Sandbox) -> Daemon {
    Daemon::new(UnixStream::connect(sandbox.scratch.path.join("control")).expect("connects"))
}

#[test]
fn a_later_daemon_gets_everything_back() {
    let mut sandbox = start(plan::minimal());
    let (running, _output) = sandbox.begin_shell("exec sleep 300");
    sandbox.started(running);
    let (ending, _other) = sandbox.begin_shell("sleep 0.2; exit 9");
    sandbox.started(ending);
    sandbox.daemon.send(&ToInit::Findable, &[]);
    let (nobody, _) = UnixStream::pair().expect("pair");
    sandbox.daemon = Daemon::new(nobody);
    std::thread::sleep(Duration::from_millis(500));
    sandbox.daemon = connect(&sandbox);
    sandbox.daemon.send(&ToInit::Resume { nonce: NONCE }, &[]);
    let (message, fds) = sandbox.daemon.hear().expect("an answer");
    let FromInit::Ready { listeners, .. } = message else {
        panic!("{message:?}");
    };
    assert_eq!((listeners.len(), fds.len()), (1, 5));
    for (new, old) in fds.iter().zip(&sandbox.namespaces) {
        let (new, old) = (rustix::fs::fstat(new), rustix::fs::fstat(old));
        assert_eq!(new.expect("stat").st_ino, old.expect("stat").st_ino);
    }
    assert_eq!(sandbox.ended(ending), ExitStatus::Code(9));
    sandbox.started(running);
    assert_eq!(sandbox.shell("echo again").0, "again");
}

#[test]
fn a_sandbox_that_no_later_daemon_would_find_ends_with_its_daemon() {
    let mut sandbox = start(plan::minimal());
    let (running, _output) = sandbox.begin_shell("exec sleep 300");
    sandbox.started(running);
    let (nobody, _) = UnixStream::pair().expect("pair");
    sandbox.daemon = Daemon::new(nobody);
    assert!(sandbox.gone(Duration::from_secs(5)));
}

#[test]
fn nobody_is_the_daemon_without_the_nonce() {
    let mut sandbox = start(plan::minimal());
    let mut stranger = connect(&sandbox);
    stranger.send(&ToInit::Resume { nonce: [8; 32] }, &[]);
    assert!(stranger.hear().is_none());
    let mut stranger = connect(&sandbox);
    stranger.send(&ToInit::Stop { grace_ms: 0 }, &[]);
    assert!(stranger.hear().is_none());
    assert_eq!(sandbox.shell("echo undisturbed").0, "undisturbed");
}

#[test]
fn one_who_says_nothing_keeps_nobody_out_and_the_newest_daemon_counts() {
    let mut sandbox = start(plan::minimal());
    let _silent = connect(&sandbox);
    let mut old = std::mem::replace(
        &mut sandbox.daemon,
        Daemon::new(UnixStream::pair().expect("pair").0),
    );
    sandbox.daemon = connect(&sandbox);
    sandbox.daemon.send(&ToInit::Resume { nonce: NONCE }, &[]);
    assert_eq!(sandbox.shell("echo new").0, "new");
    assert!(old.hear().is_none(), "the old one was let go");
}
