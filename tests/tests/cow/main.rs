//! Copies that are made by writing: what an app sees of the home, where what it writes goes, and what nobody gets at.

mod bus;
mod changes;
mod clones;
mod combining;
mod diffs;
mod equal;
mod full;
mod homes;
mod hostile;
mod merging;
mod trees;
mod trials;
mod undo;

use std::fs;
use std::path::PathBuf;

use oz_e2e::session::home;
use oz_e2e::{Run, Session, oz};

/// A command over a copy of the home; what it writes is kept.
fn cow(script: &str) -> Run {
    oz(["run", "--cow", "--", "sh", "-c", script])
}

/// A directory of the home with a few files, and nothing kept of earlier tests.
fn fresh(session: &Session) -> PathBuf {
    for kept in fs::read_dir(copies()).into_iter().flatten().flatten() {
        remove(&kept.path());
    }
    let dir = session.fresh_dir("cow");
    fs::write(dir.join("kept"), "kept").expect("written");
    fs::write(dir.join("changed"), "before").expect("written");
    fs::write(dir.join("deleted"), "deleted").expect("written");
    dir
}

fn copies() -> PathBuf {
    home().join(".local/state/oz/copies")
}

/// Waits for a moment of something that is over in a few: it is looked at without a pause.
fn catch(what: &str, mut is_there: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + oz_e2e::wait::PATIENCE;
    while !is_there() {
        assert!(std::time::Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// The kernel's directory has no mode.
fn remove(copies: &std::path::Path) {
    let path = copies.to_string_lossy();
    Run::sh(&format!("chmod -R u+rwx '{path}' && rm -rf '{path}'"))
        .run()
        .ok();
}
