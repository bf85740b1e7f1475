//! The pointer: clicks, wheel.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz, processes, wait};
use oz_testkit::desktop::Window;

use super::terminal;

/// Where a terminal's first cell is. It draws a frame itself where nobody else does.
fn corner(session: &Session, window: &Window) -> Result<(i32, i32)> {
    let draws_frame = session.is_x11() && !session.is_managed()?;
    let (side, top) = if draws_frame { (5, 31) } else { (0, 0) };
    Ok((window.content.x + side, window.content.y + top))
}

#[test]
fn a_click_arrives_where_it_was_made() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("clicks");
    // The terminal reports clicks as cells, in the SGR encoding.
    let script = r"printf '\033[?1000h\033[?1006h'; stty -icanon -echo; echo > ready
        head -c 9 | tr -d '\033' > clicked";
    let (_run, window) = terminal(&session, &dir, "clicks", script)?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.settled(&window)?;
    let (x, y) = corner(&session, &window)?;
    session.click((x + 6, y + 6))?;
    let clicked = wait::until("the click", || {
        std::fs::read_to_string(dir.join("clicked"))
            .ok()
            .filter(|text| !text.is_empty())
    });
    ensure!(clicked.starts_with("[<0;1;1M"), "{clicked:?}");
    Ok(())
}

#[test]
fn the_wheel_scrolls_a_text() -> Result<()> {
    let session = Session::begin();
    let lines: String = (0..500).map(|n| format!("line {n}\n")).collect();
    let file = write(
        &session.fresh_dir("scroll").join("long.txt"),
        lines.as_bytes(),
    );
    let _run = oz(["run", "mousepad"]).arg(&file).start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("long.txt"))?;
    session.give_focus(&window)?;
    session.point(window.content.centre())?;
    let before = session.settled(&window)?;
    for _ in 0..5 {
        session.wheel(15.0)?;
    }
    let after = session.settled(&window)?;
    ensure!(
        after.difference(&before, window.content) > 0.02,
        "nothing scrolled"
    );
    for _ in 0..10 {
        session.wheel(-15.0)?;
    }
    let back = session.settled(&window)?;
    ensure!(
        back.difference(&before, window.content) < 0.01,
        "it did not scroll back"
    );
    Ok(())
}

#[test]
fn a_window_that_is_drawn_over_and_over_costs_its_proxy_no_more() -> Result<()> {
    let session = Session::begin();
    let lines: String = (0..500).map(|n| format!("line {n}\n")).collect();
    let file = write(
        &session.fresh_dir("scroll").join("often.txt"),
        lines.as_bytes(),
    );
    let _run = oz(["run", "mousepad"]).arg(&file).start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("often.txt"))?;
    session.give_focus(&window)?;
    session.point(window.content.centre())?;
    let proxy = processes::of_session()
        .into_iter()
        .find(|process| process.runs("display-proxy"))
        .context("a window has a proxy")?;
    let list = format!("/proc/{}/fd", proxy.pid);
    let descriptors = || -> Result<usize> { Ok(std::fs::read_dir(&list)?.count()) };
    let before = descriptors()?;
    for _ in 0..25 {
        // A GTK 3 app draws some ten frames for each turn, each into a buffer of its own.
        session.wheel(15.0)?;
        wait::pause(Duration::from_millis(60));
        session.wheel(-15.0)?;
        wait::pause(Duration::from_millis(60));
    }
    session.settled(&window)?;
    let after = descriptors()?;
    ensure!(after < before + 16, "{before} descriptors became {after}");
    Ok(())
}

#[test]
fn dragging_selects_text() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("drag");
    let (_run, window) = terminal(
        &session,
        &dir,
        "dragging",
        "printf '\\033[H\\033[2Jselected words'; sleep 1000",
    )?;
    session.settled(&window)?;
    let before = session.look()?;
    let (x, y) = corner(&session, &window)?;
    session.point((x + 4, y + 10))?;
    session.button("left", "down")?;
    session.point((x + 60, y + 10))?;
    session.point((x + 200, y + 10))?;
    session.button("left", "up")?;
    let after = session.settled(&window)?;
    ensure!(
        after.difference(&before, window.content) > 0.0005,
        "nothing was highlighted"
    );
    Ok(())
}
