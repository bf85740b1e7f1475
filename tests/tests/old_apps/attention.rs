//! Windows that want to be looked at are pointed out, and take the focus from nobody.

use anyhow::{Context, Result, ensure};
use oz_e2e::run::Started;
use oz_e2e::{Inside, Session, oz, wait};
use oz_testkit::desktop::Window;

use super::host::host_terminal;
use super::programs::{self, ICON};

/// A terminal whose bell is urgent, without the focus, which a window of the host has.
fn scene(session: &Session) -> Result<(Inside, Window, Window, Started)> {
    let dir = session.fresh_dir("x11-attention");
    let script = format!(
        "cd {}; while :; do test -e ring && rm ring && printf '\\a'; sleep 0.1; done",
        dir.display()
    );
    let inside = Inside::start(
        &[
            "--ephemeral",
            "--write",
            &dir.display().to_string(),
            "xterm",
        ]
        .into_iter()
        .chain([
            "-xrm",
            "XTerm*bellIsUrgent: true",
            "-T",
            "wants",
            "-e",
            "sh",
            "-c",
            &script,
        ])
        .collect::<Vec<_>>(),
    );
    let window = session.wait_for_window(wait::LONG, |window| window.title == "wants")?;
    let host = host_terminal(session, &dir, "of the host", "000000", "sleep 1000");
    let other = session.wait_for_window(wait::LONG, |window| window.title == "of the host")?;
    session.give_focus(&other)?;
    ensure!(!session.again(&window)?.urgent);
    Ok((inside, window, other, host))
}

/// It is pointed out, the other keeps the focus, and one look is enough.
fn is_pointed_out(session: &Session, window: &Window, other: &Window) -> Result<()> {
    wait::for_condition("a window that is pointed out", || {
        session.again(window).is_ok_and(|now| now.urgent)
    });
    ensure!(session.again(other)?.focused, "{:?}", session.windows());
    session.shoot("x11-urgent")?;
    session.give_focus(window)?;
    wait::for_condition("a window that is not any more", || {
        session.again(window).is_ok_and(|now| !now.urgent)
    });
    session.give_focus(other)
}

#[test]
fn an_urgent_window_is_pointed_out_until_it_is_looked_at() -> Result<()> {
    let session = Session::begin();
    let (_inside, window, other, _host) = scene(&session)?;
    // More than once.
    for _ in 0..2 {
        std::fs::write(session.home().join("x11-attention/ring"), "")?;
        is_pointed_out(&session, &window, &other)?;
    }
    Ok(())
}

#[test]
fn a_window_that_puts_itself_in_front_is_pointed_out_and_does_not_get_the_keyboard() -> Result<()> {
    let session = Session::begin();
    let (inside, window, other, _host) = scene(&session)?;
    inside.sh("xdotool search --name wants windowactivate").ok();
    is_pointed_out(&session, &window, &other)
}

#[test]
fn a_window_has_the_icon_that_its_app_gives_it() -> Result<()> {
    let session = Session::begin();
    let program = programs::write(&session.fresh_dir("x11-icon"), ICON);
    let dir = program.parent().context("a directory")?;
    let _run = oz(["run", "--ephemeral", "--read"])
        .arg(dir)
        .args(["--", "python3"])
        .arg(&program)
        .start();
    let window = session.wait_for_window(wait::LONG, |window| window.title == "an icon")?;
    if session.is_x11() {
        let large = [&[16, 16][..], &[0xff12_3456; 256]].concat();
        let icon = [&large[..], &[1, 1, 0x80ff_0000]].concat();
        wait::for_condition("its icon", || {
            session
                .numbers_of(&window, "_NET_WM_ICON")
                .is_ok_and(|now| now == icon)
        });
    }
    Ok(())
}
