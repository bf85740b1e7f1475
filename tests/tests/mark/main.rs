//! Whose window it is can be seen on the screen, on windows of every kind.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::{Picture, Rect, Rgb, Window};

fn colour(profile: &str) -> Rgb {
    let colour = oz_core::colour::Colour::of_profile(profile);
    [colour.red, colour.green, colour.blue]
}

/// How much of the line around what a window's app draws is in a colour, side by side: above, below, left, right.
fn sides(picture: &Picture, window: &Window, colour: Rgb) -> [f64; 4] {
    let Rect {
        x,
        y,
        width,
        height,
    } = window.content;
    let line = |x, y, width, height| {
        let rect = Rect {
            x,
            y,
            width,
            height,
        };
        let all = f64::from(width * height);
        f64::from(u32::try_from(picture.count(rect, colour, 2)).unwrap_or(0)) / all
    };
    [
        line(x, y - 1, width, 1),
        line(x, y + height, width, 1),
        line(x - 1, y, 1, height),
        line(x + width, y, 1, height),
    ]
}

fn ensure_marked(session: &Session, window: &Window, profile: &str) -> Result<()> {
    session.point((5, 5))?;
    session.settled(window)?;
    let window = session.again(window)?;
    ensure!(window.mark.is_some(), "{window:?}");
    let sides = sides(&session.look()?, &window, colour(profile));
    ensure!(
        sides.iter().all(|side| *side > 0.98),
        "{sides:?} of {window:?}"
    );
    Ok(())
}

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
