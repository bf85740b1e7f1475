//! A terminal of X: keys, pointer, size, end.

use anyhow::Result;
use oz_e2e::{Session, typing, wait};

use super::xterm;

#[test]
fn what_is_typed_into_an_xterm_arrives() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-typing");
    let (run, window) = xterm(&session, &dir, "keys of X", typing::SCRIPT)?;
    let text = "Hello, World! 0123456789 ~!@#$%^&*()_+{}|:<>?";
    typing::arrives(&session, &dir, &window, text)?;
    session.shoot("xterm-typed")?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn a_terminal_has_as_many_lines_as_the_host_gives_it_room_for() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-size");
    let script = "trap 'stty size > now' WINCH; stty size > now; while :; do sleep 0.1; done";
    let (_run, window) = xterm(&session, &dir, "size", script)?;
    let size = || std::fs::read_to_string(dir.join("now")).unwrap_or_default();
    wait::for_condition("a size", || size() == "24 80\n");
    session.resize(&window, 900, 700)?;
    let large = wait::until("a larger window", || {
        let now = session.again(&window).ok()?;
        (now.content.width > 800 && now.content.height > 600).then_some(now)
    });
    // As many lines as there is room for, and no fewer.
    wait::for_condition("more lines", || {
        let lines = size().split(' ').next().and_then(|it| it.parse().ok());
        lines.is_some_and(|lines: i32| lines * 20 > large.content.height)
    });
    session.shoot("xterm-large")?;
    Ok(())
}

#[test]
fn the_host_s_close_ends_it() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-close");
    let (run, window) = xterm(&session, &dir, "closing", "cat")?;
    session.close(&window)?;
    session.wait_for_no_window(wait::LONG, |window| window.title == "closing")?;
    run.end_within(wait::LONG);
    Ok(())
}
