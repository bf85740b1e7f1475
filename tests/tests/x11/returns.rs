//! The X server is killed and another started, or the windows are wanted elsewhere: apps go on, and their windows come back.

use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::run::Started;
use oz_e2e::second::Second;
use oz_e2e::second_x::SecondX;
use oz_e2e::{Session, cli, oz, typing, wait};
use oz_testkit::desktop::Window;

const COLOUR: [u8; 3] = [90, 20, 140];

/// A terminal of Wayland or of X that notes what is typed.
fn letter(second: &SecondX, dir: &Path, words: &[&str]) -> Started {
    let script = format!(
        "cd {}; echo 'still here'; {}",
        dir.display(),
        typing::SCRIPT
    );
    second
        .oz(["run", "--ephemeral", "--write"])
        .arg(dir)
        .args(words)
        .args(["sh", "-c", &script])
        .start()
}

fn named(desktop: &Session, title: &str) -> Result<Window> {
    let window = desktop.wait_for_window(wait::LONG, |window| window.title == title)?;
    desktop.wait_for_colour(&window, COLOUR, 0.8)?;
    desktop.again(&window)
}

fn come_back(name: &str, words: &[&str]) -> Result<()> {
    let session = Session::begin();
    let mut second = SecondX::begin(&session);
    second.manage(["openbox"]);
    let dir = session.fresh_dir(name);
    let mut run = letter(&second, &dir, words);
    let was = named(&second.desktop, "a letter")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    let before = second.desktop.settled_but_for_the_cursor(&was)?;
    second.desktop.shoot(&format!("{name}-before"))?;

    second.kill();
    // What is to be shown meanwhile waits too.
    wait::for_condition("windows that wait", || {
        session.log("dbus-daemon").contains("they wait")
    });
    ensure!(run.is_running(), "{}", run.complaint_so_far());
    second.again();
    second.manage(["openbox"]);
    let is = named(&second.desktop, "a letter")?;
    ensure!(is.mark == was.mark, "{is:?}");
    let after = second.desktop.settled_but_for_the_cursor(&is)?;
    second.desktop.shoot(&format!("{name}-after"))?;
    let size = |window: &Window| (window.content.width, window.content.height);
    ensure!(size(&is) == size(&was), "{was:?} came back as {is:?}");
    if is.content == was.content {
        let change = after.difference(&before, is.content);
        ensure!(change < 0.01, "{change} of it is not as it was");
    }
    typing::arrives(&second.desktop, &dir, &is, "and so am I")?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn windows_of_wayland_apps_come_back_on_an_x_server_that_another_cookie_opens() -> Result<()> {
    let background = "--override=colors.background=5a148c";
    come_back("returns-foot", &["foot", background, "-T", "a letter"])
}

#[test]
fn windows_of_x11_apps_come_back_on_an_x_server_that_another_cookie_opens() -> Result<()> {
    let words = ["xterm", "-bg", "#5a148c", "-T", "a letter", "-e"];
    come_back("returns-xterm", &words)
}

#[test]
fn windows_go_from_an_x_server_to_a_compositor_and_to_another_x_server() -> Result<()> {
    let session = Session::begin();
    let first = SecondX::begin(&session);
    let other = SecondX::begin(&session);
    let dir = session.fresh_dir("returns-attach");
    let background = "--override=colors.background=5a148c";
    let mut run = letter(&first, &dir, &["foot", background, "-T", "a letter"]);
    named(&first.desktop, "a letter")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    let id = cli::running().first().cloned().expect("a sandbox runs");

    let wayland = Second::begin(&session);
    wayland.oz(["attach", &id]).run().ok();
    named(&wayland.desktop, "a letter")?;
    wayland.desktop.shoot("returns-attach-wayland")?;
    first.desktop.wait_for_no_window(wait::PATIENCE, |_| true)?;

    other.oz(["attach", &id]).run().ok();
    let window = named(&other.desktop, "a letter")?;
    other.desktop.shoot("returns-attach-x11")?;
    wayland
        .desktop
        .wait_for_no_window(wait::PATIENCE, |_| true)?;
    typing::arrives(&other.desktop, &dir, &window, "here I am")?;
    ensure!(!run.is_running() || oz(["ps"]).run().code == 0);
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}
