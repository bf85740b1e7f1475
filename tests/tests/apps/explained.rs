//! Apps whose refused calls are explained while they run.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::page;
use oz_e2e::{Session, oz, wait};
use serde_json::Value;

use super::inner_walls;

const GREEN: [u8; 3] = [10, 200, 90];

/// Starts a browser on a page, looks that it keeps its own sandbox, closes it; what was refused meanwhile.
fn browse(name: &str, program: &str, app_id: &str, mark: &str, kinds: &[&str]) -> Result<Value> {
    let session = Session::begin();
    session.forget(name);
    let pages = session.fresh_dir("pages");
    let file = page(&pages.join("green.html"), "A green page", GREEN);
    let told = pages.join("refused.json");
    let running = oz(["run", "--json"])
        .arg(format!("--explain={}", told.display()))
        .arg(name)
        .arg(&file)
        .start();
    let window = session.window_within(wait::LONG, app_id, "A green page")?;
    session.wait_for_colour(&window, GREEN, 0.5)?;
    // Firefox keeps some ready that wall themselves off a moment after they were made.
    wait::within(wait::LONG, "renderers behind walls of their own", || {
        inner_walls::of(program, mark).differ_in(kinds).ok()
    });
    session.close_all(|_| true)?;
    running.end_within(wait::LONG);
    let document: Value = serde_json::from_slice(&std::fs::read(&told)?)?;
    let list = document["refused"].as_array();
    ensure!(list.is_some_and(|list| !list.is_empty()), "{document}");
    Ok(document)
}

#[test]
fn firefox_is_explained_and_keeps_its_own_sandbox() -> Result<()> {
    browse(
        "firefox",
        "firefox-esr",
        "firefox-esr",
        "-isForBrowser",
        &["user", "net"],
    )
    .map(drop)
}

#[test]
fn chromium_is_explained_and_keeps_its_own_sandbox() -> Result<()> {
    let kinds = ["user", "net", "pid"];
    browse(
        "chromium",
        "chromium",
        "chromium",
        "--type=renderer",
        &kinds,
    )
    .map(drop)
}

#[test]
fn a_terminal_and_a_gtk_app_have_windows_while_they_are_explained() -> Result<()> {
    let session = Session::begin();
    for (name, title) in [("foot", "foot"), ("gtk4-demo", "GTK Demo")] {
        let running = oz(["run", "--explain", name]).start();
        session.wait_for_window(wait::LONG, |window| window.title == title)?;
        session.close_all(|_| true)?;
        let ran = running.end_within(wait::LONG);
        ensure!(ran.complaint().contains("oz: "), "{ran}");
    }
    Ok(())
}
