//! Whatever happens to a session, nothing of it is left.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a session of these tests runs: says who it is, and leaves things behind as best it can.
const LEAVE_THINGS: &str = "echo $OZ_SESSION_DIR; setsid -f sleep 1111; (sleep 1111 &); foot sleep 1111 & \
    unshare -Urpf --kill-child=KILL sleep 1111 & mkdir -p $HOME/w; chmod 0 $HOME/w; sleep 0.3";

struct Running {
    front: Child,
    dir: PathBuf,
}

fn session(script: &str) -> Running {
    let mut front = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([
            "session",
            "--no-oz",
            "--no-audio",
            "--",
            "bash",
            "-c",
            script,
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(front.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("oz-session-"), "the session did not start");
    Running {
        front,
        dir: PathBuf::from(line.trim()),
    }
}

/// The processes that carry a session's mark in their environment.
fn marked(dir: &Path) -> Vec<(u32, String)> {
    let mark = format!(
        "OZ_SESSION={}\0",
        dir.file_name().unwrap().to_str().unwrap()
    );
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .windows(mark.len())
            .any(|window| window == mark.as_bytes())
        {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            found.push((pid, name.trim().to_owned()));
        }
    }
    found
}

fn assert_nothing_left(dir: &Path) {
    let end = Instant::now() + Duration::from_secs(30);
    while (!marked(dir).is_empty() || dir.exists()) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(marked(dir), [], "processes are left");
    assert!(!dir.exists(), "{} is left", dir.display());
}

#[test]
fn nothing_is_left_when_the_command_ends() {
    let mut running = session(&format!("{LEAVE_THINGS}; exit 7"));
    let status = running.front.wait().unwrap();
    assert_eq!(status.code(), Some(7));
    // Not even for a moment after the front has returned.
    assert_eq!(marked(&running.dir), []);
    assert!(!running.dir.exists());
}

#[test]
fn nothing_is_left_when_it_is_asked_to_stop() {
    let mut running = session(&format!("{LEAVE_THINGS}; sleep 1111"));
    assert!(
        !marked(&running.dir).is_empty(),
        "the mark can be found while the session runs"
    );
    Command::new("kill")
        .args(["-TERM", &running.front.id().to_string()])
        .status()
        .unwrap();
    assert_eq!(running.front.wait().unwrap().code(), Some(128 + 15));
    assert_eq!(marked(&running.dir), []);
    assert!(!running.dir.exists());
}

#[test]
fn nothing_is_left_when_the_front_is_killed() {
    let mut running = session(&format!("{LEAVE_THINGS}; sleep 1111"));
    running.front.kill().unwrap();
    running.front.wait().unwrap();
    assert_nothing_left(&running.dir);
}

#[test]
fn nothing_is_left_when_the_supervisor_is_killed() {
    let mut running = session(&format!("{LEAVE_THINGS}; echo; sleep 1111"));
    let children = format!("/proc/{0}/task/{0}/children", running.front.id());
    let supervisor = fs::read_to_string(children).unwrap();
    Command::new("kill")
        .args(["-KILL", supervisor.trim()])
        .status()
        .unwrap();
    assert_eq!(running.front.wait().unwrap().code(), Some(128 + 9));
    assert_eq!(marked(&running.dir), []);
    assert!(!running.dir.exists());
}

#[test]
fn a_command_that_does_not_exist_is_127() {
    let status = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([
            "session",
            "--no-oz",
            "--no-audio",
            "--",
            "no-such-command-at-all",
        ])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(127));
}
