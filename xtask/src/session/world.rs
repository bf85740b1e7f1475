//! A network of a session's own: a machine with a public address of its own, in a LAN, behind a router,
//! with an Internet that has every address. Nothing of the real network is in it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Spec;
use super::environment::Places;
use crate::{sh, stage};

/// What the session's machine is; it has its namespace already.
const MACHINE: &[&str] = &[
    "addr add 192.168.77.2/24 dev lan0",
    "addr add 2a0e:77::2/64 dev lan0 nodad",
    "addr add fd77::2/64 dev lan0 nodad",
    "addr add 44.55.66.77/32 dev lan0",
    "link set lan0 up",
    "route add default via 192.168.77.1",
    "-6 route add default via 2a0e:77::1",
];

/// Builds it. The processes are the supervisor's to end.
pub(super) fn build(spec: &Spec) -> Result<()> {
    if !spec.user.drop {
        bail!("a network of the session's own takes root: run this with sudo");
    }
    let places = Places(&spec.root);
    let program = places.prefix().join(stage::TEST_DIR).join("oz-internet");
    ip("link set lo up")?;
    let mut world = Command::new("unshare");
    world.args(["--net", "--"]).arg(&program).arg("world");
    let mut world = says(world, "waiting")?;
    let pid = world.0.id();
    ip(&format!(
        "link add lan0 type veth peer name eth0 netns {pid}"
    ))?;
    for words in MACHINE {
        ip(words)?;
    }
    wait(&mut world.1, "ready")?;
    let mut names = Command::new(&program);
    names.args(["names", "127.0.0.53:53"]);
    says(names, "ready")?;
    // A file of the user's, so that a test can name another server.
    let servers = spec.root.join("resolv.conf");
    fs::write(&servers, "nameserver 192.168.77.1\nsearch lan.example\n")?;
    std::os::unix::fs::chown(&servers, Some(spec.user.uid), Some(spec.user.gid))?;
    sh::run_quietly(
        Command::new("mount")
            .arg("--bind")
            .arg(servers)
            .arg("/etc/resolv.conf"),
    )
}

fn ip(words: &str) -> Result<()> {
    sh::run_quietly(Command::new("ip").args(words.split(' ')))
}

type Lines = BufReader<std::process::ChildStdout>;

/// Starts a program and waits until it has said a word.
fn says(mut command: Command, word: &str) -> Result<(Child, Lines)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", sh::shown(&command)))?;
    let mut lines = BufReader::new(child.stdout.take().context("it has a stdout")?);
    wait(&mut lines, word)?;
    Ok((child, lines))
}

fn wait(lines: &mut Lines, word: &str) -> Result<()> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    if line.trim() != word {
        bail!("the session's network did not come up");
    }
    Ok(())
}
