//! An app with the Internet: what it reaches and what it must not.
//!
//! The session of these tests has a network of its own (`cargo xtask session --internet`): a machine
//! with private and public addresses, in a LAN, behind a router, and an Internet that answers at
//! every address there is. So each closed address is first shown to be reached from outside.

mod checked;
mod closed;
mod life;
mod open;
mod refused;
mod rules;
mod silent;
mod volume;

use oz_e2e::Inside;
use oz_e2e::oz;
use oz_e2e::probe::Probe;
use oz_e2e::run::{Ran, Run};

/// Somebody on the Internet.
const SERVER4: &str = "45.67.89.10";
const SERVER6: &str = "2a01:4567::10";

/// A sandbox with the Internet, in which the probe is.
fn online(probe: &Probe) -> Inside {
    let ran = oz([
        "run",
        "--detach",
        "--ephemeral",
        "--net",
        "internet",
        "--read",
    ])
    .arg(probe.dir())
    .args(["--", "sleep", "1000"])
    .run()
    .ok();
    Inside::of(&ran.text())
}

/// An attempt in it.
fn attempt(probe: &Probe, inside: &Inside, words: &[&str]) -> Ran {
    Run::new("oz", ["shell", inside.id(), "--"])
        .arg(probe.path())
        .args(words)
        .run()
}

/// Shows that an attempt succeeds outside and is refused inside.
#[track_caller]
fn cannot(probe: &Probe, inside: &Inside, words: &[&str]) {
    probe.outside(words).ok();
    oz_e2e::probe::says(&attempt(probe, inside, words), "refused");
}

/// With brackets if it needs some.
fn at(address: &str, port: u16) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}
