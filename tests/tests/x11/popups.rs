//! Menus are windows of the X server that no window manager has, and none of them keeps the user out.

use anyhow::{Context, Result, ensure};
use oz_e2e::{Session, oz, processes, wait};
use oz_testkit::desktop::Window;
use rustix::process::{Pid, Signal, kill_process};

fn popover(session: &Session) -> Result<Window> {
    oz(["run", "--detach", "gtk4-demo"]).run().ok();
    let window = session.wait_for_window(wait::LONG, |w| w.title == "GTK Demo")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    let window = session.again(&window)?;
    ensure!(session.popups()?.is_empty());
    session.click((
        window.content.x + window.content.width - 71,
        window.content.y + 23,
    ))?;
    wait::until("the popover", || session.popups().ok()?.first().copied());
    Ok(window)
}

/// The app itself; its init goes by its name too.
fn app() -> Result<Pid> {
    let app = processes::of_session()
        .into_iter()
        .find(|process| process.runs("gtk4-demo") && !process.runs("oz-init"));
    app.and_then(|app| Pid::from_raw(app.pid))
        .context("the app runs")
}

fn gone(session: &Session) {
    wait::for_condition("the popover to close", || {
        session.popups().is_ok_and(|all| all.is_empty())
    });
}

#[test]
fn a_popover_lies_where_the_app_wants_it_and_closes_by_escape() -> Result<()> {
    let session = Session::begin();
    let window = popover(&session)?;
    let place = session.popups()?[0];
    let (x, y) = place.centre();
    let content = window.content;
    ensure!(
        (x - (content.x + content.width - 71)).abs() < 40 && y > content.y + 23,
        "{place:?} of {content:?}"
    );
    session.key("escape", "press")?;
    gone(&session);
    Ok(())
}

#[test]
fn an_app_that_hangs_with_a_menu_open_does_not_keep_the_pointer() -> Result<()> {
    let session = Session::begin();
    let window = popover(&session)?;
    let app = app()?;
    kill_process(app, Signal::STOP)?;
    // A click elsewhere closes the menu, whatever the app does.
    let content = window.content;
    let elsewhere = (
        content.x + content.width + 20,
        content.y + content.height + 20,
    );
    session.click(elsewhere)?;
    gone(&session);
    kill_process(app, Signal::CONT)?;
    ensure!(session.again(&window).is_ok());
    Ok(())
}

#[test]
fn escape_twice_closes_a_menu_of_an_app_that_hangs() -> Result<()> {
    let session = Session::begin();
    let _window = popover(&session)?;
    let app = app()?;
    kill_process(app, Signal::STOP)?;
    session.key("escape", "press")?;
    session.key("escape", "press")?;
    gone(&session);
    kill_process(app, Signal::CONT)?;
    Ok(())
}
