//! GIMP, whose toolkit is an old one: only X, menus in menus, and a window for each dialog.

use anyhow::{Context, Result, ensure};
use oz_e2e::{Run, Session, oz, wait};
use oz_testkit::desktop::{Rect, Window};

const RED: [u8; 3] = [220, 30, 40];

#[test]
fn gimp_has_its_menus_in_their_place_and_its_dialogs_before_its_window() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-gimp");
    let file = dir.join("red.png");
    Run::new("convert", ["-size", "200x150", "xc:rgb(220,30,40)"])
        .arg(&file)
        .run()
        .ok();
    // It does not start without what its package has in /etc.
    let _profile = session.profile(
        "with-gimp",
        r#"{ "extends": "generic", "files": { "system": ["/etc/gimp"] } }"#,
    );
    let _run = oz(["run", "--ephemeral", "--profile", "with-gimp", "--write"])
        .arg(&dir)
        .args(["--", "gimp", "--no-splash", "--new-instance"])
        .arg(&file)
        .start();
    let is_it = |window: &Window| window.title.contains("red");
    let window = session.wait_for_window(wait::LONG, is_it)?;
    session.give_focus(&window)?;
    session.wait_for_colour(&window, RED, 0.01)?;
    session.settled(&window)?;
    session.shoot("x11-gimp-picture")?;
    let window = session.again(&window)?;

    // Colors, which hangs below its word, and Map in it; that one hangs beside.
    let before = session.look()?;
    session.chord(&["alt", "c"])?;
    let below = Rect {
        x: window.content.x + 100,
        y: window.content.y + 40,
        width: 300,
        height: 100,
    };
    wait::for_condition("a menu below its word", || {
        let now = session.look();
        now.is_ok_and(|now| before.difference(&now, below) > 0.3)
    });
    session.settled(&window)?;
    session.shoot("x11-gimp-menu")?;
    session.key("m", "press")?;
    session.settled(&window)?;
    session.shoot("x11-gimp-submenu")?;
    let beside = Rect {
        x: window.content.x + 500,
        y: window.content.y + 480,
        width: 180,
        height: 150,
    };
    ensure!(
        session.look()?.difference(&before, beside) > 0.3,
        "no menu beside its word"
    );
    for _ in 0..2 {
        session.key("escape", "press")?;
    }
    wait::for_condition("the menus to go", || {
        let now = session.look();
        now.is_ok_and(|now| before.difference(&now, below) < 0.02)
    });

    // A dialog is a window before it.
    session.chord(&["shift", "ctrl", "e"])?;
    let dialog = session.wait_for_window(wait::PATIENCE, |w| w.title.contains("Export"))?;
    session.give_focus(&dialog)?;
    session.settled(&dialog)?;
    session.shoot("x11-gimp-dialog")?;
    let (outer, own) = (session.again(&window)?.content, dialog.content);
    ensure!(
        own.centre().0 > outer.x && own.centre().0 < outer.x + outer.width,
        "{own:?} before {outer:?}"
    );
    session.close(&dialog)?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == dialog.con_id)?;
    session.again(&window).context("the picture's window")?;
    Ok(())
}
