//! What init and the helpers may call themselves.

mod support;

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use oz_core::plan::syscalls;
use oz_core::wire::init::{ExitStatus, Stdio, ToInit};
use support::{eventually, mount, plan, spawn_ordinary, start, start_listed};

const DONE: ExitStatus = ExitStatus::Code(0);

fn status(pid: i32, key: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

fn first_of(sandbox: &support::Sandbox) -> i32 {
    let pids = sandbox.host_pids();
    let first = pids.into_iter().find(|pid| {
        let inner = status(*pid, "NSpid");
        inner.split_whitespace().last() == Some("1")
    });
    first.expect("init is there")
}

#[test]
fn init_has_a_list_of_its_own_and_does_its_work_behind_it() {
    for (browser, only) in [(false, None), (true, None), (false, Some(&[][..]))] {
        let mut plan = plan::minimal();
        plan.syscalls = syscalls::policy(browser, []);
        syscalls::narrow(&mut plan.syscalls, only, &[]);
        let mut sandbox = start_listed(plan);
        let init = first_of(&sandbox);
        assert!(
            eventually(|| status(init, "Seccomp") == "2"),
            "init is filtered"
        );
        // It starts programs one after the other, with streams and terminals, and buries them.
        for _ in 0..2 {
            let null = std::fs::File::open("/dev/null").expect("null");
            let process = sandbox.begin(&["true"], Stdio::Pipes, &[null.as_fd(); 3]);
            assert_eq!(sandbox.ended(process), DONE);
        }
        let size = Stdio::Terminal {
            rows: 5,
            columns: 9,
        };
        let process = sandbox.begin(&["true"], size, &[]);
        let _terminal = sandbox.started(process);
        assert_eq!(sandbox.ended(process), DONE);
        // And ends them.
        if only.is_none() {
            let (process, _output) = sandbox.begin_shell("trap '' TERM; sleep 100");
            sandbox.started(process);
        }
        sandbox.daemon.send(&ToInit::Stop { grace_ms: 200 }, &[]);
        assert!(sandbox.gone(Duration::from_secs(20)));
    }
}

#[test]
fn what_init_does_not_call_its_programs_cannot_either() {
    // Programs without a list of their own have init's.
    let attempt = "unshare -Ur true && echo made; mount -t tmpfs none /tmp && echo mounted; true";
    let mut sandbox = start(plan::minimal());
    let (text, _) = sandbox.shell(attempt);
    assert!(
        text.contains("made"),
        "a filter that allows everything does: {text}"
    );
    let mut listed = plan::minimal();
    listed.syscalls = syscalls::policy(false, []);
    let mut sandbox = support::start_behind(listed, vec![support::ALLOW]);
    // The first program may be on its way before init has its list.
    assert!(eventually(|| status(first_of(&sandbox), "Seccomp") == "2"));
    let (text, status) = sandbox.shell(attempt);
    assert!(!text.contains("made") && status == DONE, "{text}");
    assert!(text.contains("Function not implemented"), "{text}");
}

#[test]
fn a_helper_that_enters_sandboxes_has_a_list_before_it_reads_anything() {
    let list = mount::list();
    for binary in [env!("CARGO_BIN_EXE_oz-mount"), env!("CARGO_BIN_EXE_oz-net")] {
        let (ours, theirs) = UnixStream::pair().expect("pair");
        let helper = spawn_ordinary(binary, &[], &[(theirs.as_fd(), 3), (list.as_fd(), 4)]);
        drop(theirs);
        assert!(
            eventually(|| status(helper.pid, "Seccomp") == "2"),
            "{binary}"
        );
        assert_eq!(status(helper.pid, "NoNewPrivs"), "1");
        drop(ours);
        helper.wait().expect("it ends");
    }
}

#[test]
fn without_a_list_there_is_no_helper() {
    let nothing = oz_sys::memory::memfd_sealed(&[]).expect("made");
    for binary in [env!("CARGO_BIN_EXE_oz-mount"), env!("CARGO_BIN_EXE_oz-net")] {
        let (_ours, theirs) = UnixStream::pair().expect("pair");
        let none = spawn_ordinary(binary, &[], &[(theirs.as_fd(), 3)]);
        let empty = spawn_ordinary(binary, &[], &[(theirs.as_fd(), 3), (nothing.as_fd(), 4)]);
        for helper in [none, empty] {
            let status = helper.wait().expect("waited").expect("ended");
            assert_eq!(status.exit_status(), Some(1), "{binary}");
        }
    }
}
