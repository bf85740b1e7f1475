//! Whose window it is can be seen on the screen, on windows of every kind.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::marked::{colour, ensure_marked};
use oz_e2e::{Session, oz, wait};

#[test]
fn windows_of_sandboxes_have_their_borders_whoever_decorates() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("mark").join("doc.txt"), b"text\n");
    // One that the host decorates, and one that draws its frame and a shadow itself.
    for (profile, args, title) in [
        ("foot", vec![], "foot"),
        ("gtk4-demo", vec![], "GTK Demo"),
        ("gedit", vec![file.display().to_string()], "doc.txt"),
    ] {
        oz(["run", "--detach", profile]).args(args).run().ok();
        let window = session.wait_for_window(wait::LONG, |w| w.title.contains(title))?;
        ensure!(window.mark.as_deref() == Some(profile), "{window:?}");
        session.give_focus(&window)?;
        ensure_marked(&session, &window, profile)?;
        session.shoot(&format!("mark-{profile}"))?;
        // Tiled it fills what it is given.
        session.sway(&format!("[con_id={}] floating disable", window.con_id))?;
        ensure_marked(&session, &window, profile)?;
        session.sway(&format!("[con_id={}] floating enable", window.con_id))?;
        session.fullscreen(&window, true)?;
        wait::until("the whole screen", || {
            session.again(&window).ok().filter(|now| now.fullscreen)
        });
        ensure_marked(&session, &window, profile)?;
        session.shoot(&format!("mark-{profile}-fullscreen"))?;
        session.fullscreen(&window, false)?;
        oz(["stop", profile]).run().ok();
        session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == window.con_id)?;
    }
    Ok(())
}

#[test]
fn a_window_of_the_host_has_none_nor_has_one_whose_profile_says_so() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("foot", r#"{ "display": { "mark": "none" } }"#);
    oz(["run", "--detach", "foot"]).run().ok();
    let window = session.wait_for_window(wait::LONG, |w| w.title == "foot")?;
    ensure!(window.mark.is_none(), "{window:?}");
    session.settled(&window)?;
    let own = session.look()?.count(window.rect, colour("foot"), 2);
    ensure!(own < 50, "{own} pixels");
    Ok(())
}
