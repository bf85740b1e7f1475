//! How a sandbox lives and ends.

mod support;

use std::io::Read;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use oz_core::wire::init::{ExitStatus, FromInit, Program, Stdio, ToInit};
use support::{ALLOW, eventually, launch_and, pidfd, plan, start};

fn mortal() -> oz_core::plan::Plan {
    let mut plan = plan::minimal();
    plan.life.keep = false;
    plan
}

#[test]
fn a_sandbox_ends_with_its_last_process_and_says_so() {
    let mut sandbox = start(mortal());
    let (_, status) = sandbox.shell("exit 7");
    assert_eq!(status, ExitStatus::Code(7));
    sandbox
        .daemon
        .wait(|message| (*message == FromInit::Ending).then_some(()));
    assert!(sandbox.gone(Duration::from_secs(5)));
}

#[test]
fn a_sandbox_stays_while_something_that_its_program_left_behind_runs() {
    let mut sandbox = start(mortal());
    sandbox.shell("setsid sleep 0.4 >/dev/null 2>&1 &");
    assert!(!sandbox.gone(Duration::from_millis(150)));
    assert!(sandbox.gone(Duration::from_secs(5)));
}

#[test]
fn a_sandbox_that_is_to_be_kept_stays_empty() {
    let mut sandbox = start(plan::minimal());
    sandbox.shell("true");
    assert!(!sandbox.gone(Duration::from_millis(200)));
    assert_eq!(sandbox.shell("echo again").0, "again");
}

#[test]
fn orphans_are_reaped() {
    let mut sandbox = start(plan::minimal());
    let many = "for i in $(seq 30); do (sleep 0.01 &) ; done; sleep 0.3; grep -l zombie /proc/[0-9]*/status | wc -l";
    assert_eq!(sandbox.shell(many).0, "0");
    assert!(
        eventually(|| sandbox.host_pids().len() == 1),
        "only init is left"
    );
}

#[test]
fn everything_dies_with_init() {
    let mut sandbox = start(plan::minimal());
    let (process, _output) = sandbox.begin_shell("setsid sleep 300 & exec sleep 300");
    sandbox.started(process);
    assert!(eventually(|| sandbox.host_pids().len() == 3));
    let all: Vec<_> = sandbox.host_pids().into_iter().map(pidfd).collect();
    rustix::process::pidfd_send_signal(&sandbox.init.0, rustix::process::Signal::KILL)
        .expect("sent");
    assert!(sandbox.gone(Duration::from_secs(5)));
    let dead = |fd| rustix::process::pidfd_send_signal(fd, rustix::process::Signal::CONT).is_err();
    assert!(eventually(|| all.iter().skip(1).all(dead)));
}

#[test]
fn a_watched_name_keeps_the_sandbox_and_others_do_not() {
    let mut plan = mortal();
    plan.life.watchdog = vec!["sleep".to_owned()];
    let mut sandbox = start(plan);
    sandbox
        .shell("setsid sh -c 'sleep 0.6; cat /dev/zero > /dev/null' >/dev/null 2>&1 & sleep 0.1");
    assert!(!sandbox.gone(Duration::from_millis(200)), "sleep lives");
    assert!(
        sandbox.gone(Duration::from_secs(5)),
        "cat is not waited for"
    );
}

#[test]
fn a_stop_asks_first_and_kills_who_ignores_it_after_the_grace() {
    let mut sandbox = start(mortal());
    let (polite, mut output) =
        sandbox.begin_shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done");
    let (stubborn, mut ready) =
        sandbox.begin_shell("trap '' TERM HUP; echo up; while :; do sleep 0.01; done");
    for pipe in [&mut output, &mut ready] {
        pipe.read_exact(&mut [0; 3]).expect("both are up");
    }
    let begin = Instant::now();
    sandbox.daemon.send(&ToInit::Stop { grace_ms: 1000 }, &[]);
    assert_eq!(sandbox.ended(polite), ExitStatus::Code(3));
    assert!(begin.elapsed() < Duration::from_millis(990));
    assert_eq!(sandbox.ended(stubborn), ExitStatus::Signal(9));
    assert!(begin.elapsed() >= Duration::from_millis(1000));
    sandbox
        .daemon
        .wait(|message| (*message == FromInit::Ending).then_some(()));
    assert!(sandbox.gone(Duration::from_secs(5)));
}

#[test]
fn a_stop_does_not_wait_for_nobody() {
    let mut sandbox = start(plan::minimal());
    let begin = Instant::now();
    sandbox.daemon.send(&ToInit::Stop { grace_ms: 10_000 }, &[]);
    assert!(sandbox.gone(Duration::from_secs(5)));
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_signal_reaches_the_whole_group_of_a_program() {
    let mut sandbox = start(plan::minimal());
    let (process, _output) = sandbox.begin_shell("sleep 300 & sleep 300; true");
    sandbox.started(process);
    assert!(eventually(|| sandbox.host_pids().len() == 4));
    sandbox.daemon.send(
        &ToInit::Signal {
            process,
            signal: 15,
        },
        &[],
    );
    assert_eq!(sandbox.ended(process), ExitStatus::Signal(15));
    assert!(eventually(|| sandbox.host_pids().len() == 1));
}

#[test]
fn a_program_that_does_not_exist_is_told_and_the_sandbox_goes_on() {
    let mut sandbox = start(plan::minimal());
    let process = sandbox.begin(&["no-such-program"], Stdio::Null, &[]);
    let (message, _) = sandbox.daemon.hear().expect("an answer");
    let FromInit::Failed {
        process: about,
        subject,
        errno,
        ..
    } = message
    else {
        panic!("{message:?}");
    };
    assert_eq!(
        (about, subject.to_string().as_str(), errno),
        (Some(process), "no-such-program", 2)
    );
    assert_eq!(sandbox.shell("echo on").0, "on");
}

#[test]
fn a_request_right_behind_the_first_message_is_obeyed() {
    let run = |process, program: &str| ToInit::Run {
        process,
        program: Program {
            argv: vec![program.into()],
            environment: Vec::new(),
            directory: None,
        },
        stdio: Stdio::Null,
        executable: false,
        explained: false,
        watched: Vec::new(),
    };
    let both = [run(1, "true"), run(2, "false")];
    let mut sandbox = launch_and(plan::minimal(), vec![ALLOW], &both).expect("a sandbox");
    let mut codes = Vec::new();
    while codes.len() < 2 {
        let (code, _) = sandbox.daemon.wait(|message| match message {
            FromInit::Exited { process, status } => Some((*process, status.code())),
            _ => None,
        });
        codes.push(code);
    }
    codes.sort_unstable();
    assert_eq!(codes, [(1, 0), (2, 1)]);
}

#[test]
fn a_program_can_come_as_a_file_that_is_nowhere_inside() {
    let mut sandbox = start(plan::minimal());
    let file = oz_sys::memory::program_sealed(&std::fs::read("/bin/sh").expect("a shell"));
    let file = file.expect("a copy");
    let (mut output, writer) = std::io::pipe().expect("pipe");
    let null = std::fs::File::open("/dev/null").expect("null");
    let run = ToInit::Run {
        process: 77,
        program: Program {
            argv: ["no-such-program", "-c", "echo $0; readlink /proc/$$/exe"]
                .map(Into::into)
                .to_vec(),
            environment: Vec::new(),
            directory: None,
        },
        stdio: Stdio::Pipes,
        executable: true,
        explained: false,
        watched: Vec::new(),
    };
    let fds = [null.as_fd(), writer.as_fd(), writer.as_fd(), file.as_fd()];
    sandbox.daemon.send(&run, &fds);
    assert_eq!(sandbox.ended(77).code(), 0);
    drop(writer);
    let mut text = String::new();
    output.read_to_string(&mut text).expect("text");
    assert!(
        text.starts_with("no-such-program\n/memfd:"),
        "the copy is what runs: {text}"
    );
    assert_eq!(sandbox.shell("echo on").0, "on");
}
