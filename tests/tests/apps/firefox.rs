//! Firefox: a private home that lasts, the host's Downloads, and one browser for all pages.

use std::fs;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::{page, write};
use oz_e2e::{Inside, Session, cli, oz, wait};

use super::inner_walls;
use super::twin::Twin;

const GREEN: [u8; 3] = [10, 200, 90];
const VIOLET: [u8; 3] = [120, 40, 180];

#[test]
fn firefox_shows_a_local_page() -> Result<()> {
    let session = Session::begin();
    session.forget("firefox");
    let file = page(
        &session.fresh_dir("pages").join("green.html"),
        "A green page",
        GREEN,
    );
    let twin = Twin {
        name: "firefox",
        program: "firefox-esr",
        app_id: "firefox-esr",
        arguments: vec![file],
        title: "A green page",
        colour: Some((GREEN, 0.5)),
        // The second tab of a first start may differ.
        may_differ: 0.05,
    };
    twin.compare(&session)
}

#[test]
fn a_second_page_opens_as_a_tab_of_the_first() -> Result<()> {
    let session = Session::begin();
    session.forget("firefox");
    let dir = session.fresh_dir("pages");
    let (first, second) = (
        page(&dir.join("green.html"), "A green page", GREEN),
        page(&dir.join("violet.html"), "A violet page", VIOLET),
    );
    let running = oz(["run", "firefox"]).arg(&first).start();
    let window = session.window_within(wait::LONG, "firefox-esr", "A green page")?;
    session.wait_for_colour(&window, GREEN, 0.5)?;

    oz(["run", "firefox"])
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
    session.shoot("firefox-two-tabs")?;
    ensure!(session.windows()?.len() == 1, "{:?}", session.windows()?);
    ensure!(cli::running().len() == 1);

    // The first page is still there, in its tab.
    session.give_focus(&window)?;
    session.chord(&["alt", "1"])?;
    session.wait_for_colour(&window, GREEN, 0.5)?;
    session.close_all(|_| true)?;
    running.end_within(wait::LONG);
    Ok(())
}

#[test]
fn firefox_keeps_its_own_sandbox_inside() -> Result<()> {
    let session = Session::begin();
    session.forget("firefox");
    let file = page(
        &session.fresh_dir("pages").join("green.html"),
        "A green page",
        GREEN,
    );
    oz(["run", "--detach", "firefox"]).arg(&file).run().ok();
    let window = session.window_within(wait::LONG, "firefox-esr", "A green page")?;
    session.wait_for_colour(&window, GREEN, 0.5)?;
    inner_walls::of("firefox-esr", "-isForBrowser").differ_in(&["user", "net"])
}

#[test]
fn its_home_lasts_is_its_own_and_has_the_users_downloads() -> Result<()> {
    let session = Session::begin();
    session.forget("firefox");
    write(&session.home().join("Downloads/from-the-host.txt"), b"x");
    write(&session.home().join("private.txt"), b"x");
    let start = || -> Result<Inside> {
        let ran = oz(["run", "--detach", "firefox", "about:blank"]).run().ok();
        session.wait_for_window(wait::LONG, |w| w.app_id == "firefox-esr")?;
        Ok(Inside::of(&ran.text()))
    };
    let inside = start()?;
    inside.sh("cat ~/Downloads/from-the-host.txt").ok();
    inside.sh("cat ~/private.txt").refused_inside();
    inside
        .sh("echo saved > ~/Downloads/from-inside.txt; echo kept > ~/kept")
        .ok();
    ensure!(fs::read_to_string(session.home().join("Downloads/from-inside.txt"))? == "saved\n");
    ensure!(!session.home().join("kept").exists());
    inside.wait_for("ls ~/.mozilla/firefox/*/prefs.js || ls ~/.config/mozilla/firefox/*/prefs.js");
    oz(["stop", inside.id()]).run().ok();

    let again = start()?;
    again
        .sh("grep kept ~/kept && (ls -d ~/.mozilla/firefox || ls -d ~/.config/mozilla/firefox)")
        .ok();
    Ok(())
}
