//! All attacks one after the other, each in a process of its own.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::attack::{self, Attack};

/// How long an attack may take; what hangs got nothing.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs them and prints a line for each: `got`, `refused` or `untried`, the name, and a detail.
pub fn run(out: &mut impl Write) -> std::io::Result<()> {
    for attack in attack::all() {
        let (word, detail) = one(attack);
        writeln!(out, "{word} {} {detail}", attack.name)?;
        out.flush()?;
    }
    Ok(())
}

/// Prints what there is: name, class, what it stands for, why it may be impossible outside.
pub fn list(out: &mut impl Write) -> std::io::Result<()> {
    for attack in attack::all() {
        let why = attack.unshown.unwrap_or("-");
        writeln!(
            out,
            "{}\t{}\t{}\t{why}",
            attack.name, attack.class, attack.of
        )?;
    }
    Ok(())
}

fn one(attack: &Attack) -> (&'static str, String) {
    // By the descriptor's name, since our own path need not lead to us inside.
    let spawned = Command::new("/proc/self/exe")
        .arg(attack.name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return ("untried", format!("it cannot be started: {error}")),
    };
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return ("refused", "no answer".to_owned());
            }
        }
    };
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        // A line is short; more than this is nobody's answer.
        let _ = stdout.by_ref().take(1024).read_to_string(&mut text);
    }
    let line = text.lines().next().unwrap_or_default();
    let detail = line.split_once(' ').map_or(line, |(_, rest)| rest);
    match (status.code(), status.signal()) {
        (Some(0), _) => ("got", detail.to_owned()),
        (Some(1), _) => ("refused", detail.to_owned()),
        (Some(code), _) => (
            "untried",
            if code == 2 {
                detail.to_owned()
            } else {
                format!("exit status {code}")
            },
        ),
        (None, signal) => (
            "refused",
            format!("killed by signal {}", signal.unwrap_or(0)),
        ),
    }
}
