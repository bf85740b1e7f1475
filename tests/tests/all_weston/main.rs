//! A host of another kind: weston, which decorates no windows. Not among the tests of each run: on an idle machine the first weston of a
//! session hears nothing of the mouse of the X server that it shows itself on.

use anyhow::{Result, ensure};
use oz_e2e::weston::Weston;
use oz_e2e::{Run, Session, oz, wait};
use oz_testkit::desktop::Rect;

const QT: &str = include_str!("../shown/qt6.py");

/// Drags with the left button, in steps as a hand does.
fn drag(weston: &Weston, from: (i32, i32), by: (i32, i32)) -> Result<()> {
    let desktop = &weston.screen.desktop;
    desktop.point(from)?;
    desktop.button("left", "down")?;
    // Who takes the pointer then may miss the first moves.
    wait::pause(std::time::Duration::from_millis(200));
    for step in 1..=10 {
        desktop.point((from.0 + by.0 * step / 10, from.1 + by.1 * step / 10))?;
    }
    desktop.button("left", "up")
}

#[test]
fn a_window_has_its_border_follows_it_and_is_resized_by_it() -> Result<()> {
    let session = Session::begin();
    let weston = Weston::begin(&session);
    let script = r"printf '\033[48;2;20;120;200m\033[2J'; sleep 1000";
    let _foot = weston.oz(["run", "foot", "sh", "-c", script]).start();
    let content = weston.shown("foot", "weston-window", |_| true);
    weston.wait_for_colour(content, [20, 120, 200], 0.8)?;

    // By its title, to where there is room: weston puts windows anywhere.
    let by = (200 - content.x, 150 - content.y);
    drag(&weston, (content.x + 100, content.y - 9), by)?;
    let moved = weston.shown("foot", "weston-moved", |now| (now.x, now.y) == (200, 150));
    ensure!((moved.width, moved.height) == (content.width, content.height));
    // By the corner of its border.
    let corner = (moved.x + moved.width + 2, moved.y + moved.height + 2);
    drag(&weston, corner, (120, 60))?;
    let larger = weston.shown("foot", "weston-resized", |now| {
        now.width > moved.width + 90 && now.height > moved.height + 30
    });
    ensure!((larger.x, larger.y) == (200, 150), "{larger:?}");
    oz(["stop", "--all"]).run().ok();
    wait::until("no window", || weston.find("foot").is_none().then_some(()));
    Ok(())
}

#[test]
fn a_menu_is_chosen_from() -> Result<()> {
    let session = Session::begin();
    let weston = Weston::begin(&session);
    let words = ["run", "--ephemeral", "--", "/usr/bin/python3", "-c", QT];
    let _app = weston.oz(words).start();
    let content = weston.shown("generic", "weston-qt", |_| true);
    let desktop = &weston.screen.desktop;
    desktop.click((content.x + 30, content.y + menu_of(content)))?;
    wait::pause(std::time::Duration::from_secs(1));
    desktop.shoot("weston-menu")?;
    // The first of its rows.
    desktop.chord(&["down"])?;
    desktop.chord(&["enter"])?;
    weston.wait_for_colour(content, [255, 0, 0], 0.3)?;
    desktop.shoot("weston-chosen")?;
    oz(["stop", "--all"]).run().ok();
    Ok(())
}

#[test]
fn text_is_copied_out_and_pasted_in() -> Result<()> {
    let session = Session::begin();
    let weston = Weston::begin(&session);
    let words = ["run", "--ephemeral", "--", "/usr/bin/python3", "-c", QT];
    let _app = weston.oz(words).start();
    let content = weston.shown("generic", "weston-copy", |_| true);
    let desktop = &weston.screen.desktop;
    desktop.click(line_of(content))?;
    desktop.chord(&["ctrl", "a"])?;
    desktop.chord(&["ctrl", "c"])?;
    let pasted = || {
        let paste = weston.run(Run::new("wl-paste", ["--no-newline"]));
        paste.within(wait::PATIENCE).run().text()
    };
    let mut seen = String::new();
    wait::until("what was copied", || {
        seen = pasted();
        (seen == "some text").then_some(())
    });

    let copy = weston.run(Run::new("wl-copy", ["--foreground", "of the host"]));
    let _copy = copy.start();
    wait::until("the host's own", || {
        (pasted() == "of the host").then_some(())
    });
    desktop.click(line_of(content))?;
    desktop.chord(&["ctrl", "a"])?;
    desktop.chord(&["ctrl", "v"])?;
    desktop.type_text(" and more")?;
    desktop.chord(&["ctrl", "a"])?;
    desktop.chord(&["ctrl", "c"])?;
    wait::until("both", || {
        (pasted() == "of the host and more").then_some(())
    });
    desktop.shoot("weston-pasted")?;
    oz(["stop", "--all"]).run().ok();
    Ok(())
}

/// How far below the top of the window the middle of its menu bar is. Qt draws a frame of its own where nobody else does.
fn menu_of(content: Rect) -> i32 {
    content.height - 300 + 10
}

/// Where the line of text is.
fn line_of(content: Rect) -> (i32, i32) {
    let (x, _) = content.centre();
    (x, content.y + content.height - 300 + 110)
}
