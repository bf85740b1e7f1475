//! Chromium: a private home that lasts, its own sandbox inside ours, and one browser for all pages.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::page;
use oz_e2e::{Session, cli, oz, wait};

use super::inner_walls;
use super::twin::Twin;

const GREEN: [u8; 3] = [10, 200, 90];
const VIOLET: [u8; 3] = [120, 40, 180];

#[test]
fn chromium_shows_a_local_page() -> Result<()> {
    let session = Session::begin();
    session.forget("chromium");
    let file = page(
        &session.fresh_dir("pages").join("green.html"),
        "A green page",
        GREEN,
    );
    let twin = Twin {
        name: "chromium",
        program: "chromium",
        app_id: "chromium",
        arguments: vec![file],
        title: "A green page",
        colour: Some((GREEN, 0.5)),
        // Its toolbar reacts to the pointer, wherever that is.
        may_differ: 0.05,
    };
    twin.compare(&session)
}

#[test]
fn a_second_page_opens_in_the_same_chromium() -> Result<()> {
    let session = Session::begin();
    session.forget("chromium");
    let dir = session.fresh_dir("pages");
    let (first, second) = (
        page(&dir.join("green.html"), "A green page", GREEN),
        page(&dir.join("violet.html"), "A violet page", VIOLET),
    );
    let running = oz(["run", "chromium"]).arg(&first).start();
    let window = session.window_within(wait::LONG, "chromium", "A green page")?;
    session.wait_for_colour(&window, GREEN, 0.5)?;

    oz(["run", "chromium"])
        .arg(&second)
        .within(wait::LONG)
        .run()
        .ok();
    wait::within(wait::LONG, "the new tab", || {
        session
            .again(&window)
            .ok()
            .filter(|now| now.title.contains("A violet page"))
    });
    session.wait_for_colour(&window, VIOLET, 0.5)?;
    session.shoot("chromium-two-tabs")?;
    ensure!(session.windows()?.len() == 1, "{:?}", session.windows()?);
    ensure!(cli::running().len() == 1);
    session.close_all(|_| true)?;
    running.end_within(wait::LONG);
    Ok(())
}

#[test]
fn chromium_keeps_its_own_sandbox_inside() -> Result<()> {
    let session = Session::begin();
    session.forget("chromium");
    let file = page(
        &session.fresh_dir("pages").join("green.html"),
        "A green page",
        GREEN,
    );
    oz(["run", "--detach", "chromium"]).arg(&file).run().ok();
    let window = session.window_within(wait::LONG, "chromium", "A green page")?;
    session.wait_for_colour(&window, GREEN, 0.5)?;
    let walls = inner_walls::of("chromium", "--type=renderer");
    ensure!(!walls.main.command.contains("sandbox"), "{}", walls.main);
    walls.differ_in(&["user", "net", "pid"])
}
