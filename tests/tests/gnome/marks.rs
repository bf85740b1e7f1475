//! Whose a window is can be seen, whatever the window says of itself.

use anyhow::{Context, ensure};
use oz_e2e::{Inside, Run, Session, cli, wait};
use oz_testkit::desktop::{Rect, Rgb, Shell, ShellWindow};

use super::bar::{Bar, Outcome};

/// How wide the border is.
const BORDER: i32 = 3;

/// With this the border is the shell's to draw.
const TITLE: &str = r#"{ "display": { "mark": "title" } }"#;

/// The colour of a sandbox's profile.
fn colour(profile: &str) -> Rgb {
    let colour = oz_core::colour::Colour::of_profile(profile);
    [colour.red, colour.green, colour.blue]
}

/// The strip above a window that is its border, if it has one.
fn border(window: &ShellWindow) -> Rect {
    let [x, y, width, _] = window.place;
    Rect {
        x: x + 40,
        y: y - BORDER,
        width: width - 80,
        height: BORDER,
    }
}

/// Puts the window of a process somewhere; as often as it takes, since it may not have its first place yet.
fn put(shell: &Shell, pid: u32, place: [i32; 4]) -> anyhow::Result<ShellWindow> {
    let [x, y, width, height] = place;
    let put = format!(
        "void global.get_window_actors().find(actor => actor.meta_window.get_pid() === {pid})
            .meta_window.move_resize_frame(true, {x}, {y}, {width}, {height})"
    );
    wait::until("the window to be in its place", || {
        let windows = shell.windows().ok()?;
        let window = windows.into_iter().find(|window| window.pid == pid)?;
        if window.place == place {
            return Some(Ok(window));
        }
        shell.eval::<()>(&put).err().map(Err)
    })
}

/// Where its name can be read.
fn names(shell: &Shell, name: &str) -> anyhow::Result<Vec<Rect>> {
    let texts = shell.texts()?;
    let mut places: Vec<_> = texts
        .iter()
        .filter(|text| text.text == name && text.place[1] > 40)
        .map(oz_testkit::desktop::Text::rect)
        .collect();
    // A label and the text in it.
    places.dedup_by_key(|place| place.x / 40);
    Ok(places)
}

#[test]
fn windows_of_a_sandbox_have_a_border_and_its_name_and_others_do_not() -> Outcome {
    let session = Session::begin();
    let _profile = session.profile("gtk4-demo", TITLE);
    let bar = Bar::enable(&session)?;
    let shell = &bar.shell;
    let sandbox = Inside::start(&["gtk4-demo"]);
    let id = sandbox.id();
    let inside = shell.wait_for_window(|window| window.app_id == "org.gtk.Demo4")?;
    shell.wait_for_text(|text| text == id)?;
    let _outside = Run::new("gtk4-demo", [] as [&str; 0]).start();
    let outside = shell
        .wait_for_window(|window| window.app_id == inside.app_id && window.pid != inside.pid)?;
    // Beside each other: both say that they are the same application.
    let inside = put(shell, inside.pid, [30, 60, 560, 500])?;
    let outside = put(shell, outside.pid, [660, 60, 560, 500])?;
    shell.wait_for_text(|text| text == id)?;
    session.shoot("gnome-marks")?;
    let picture = session.look()?;
    let marked = |window: &ShellWindow| {
        let border = border(window);
        let area = f64::from(border.width * border.height);
        f64::from(u32::try_from(picture.count(border, colour("gtk4-demo"), 4)).unwrap_or(0)) / area
    };
    ensure!(marked(&inside) > 0.95, "only {}", marked(&inside));
    ensure!(
        marked(&outside) < 0.05,
        "the host's own has {}",
        marked(&outside)
    );
    let names = names(shell, id)?;
    ensure!(names.len() == 1, "{names:?}");
    ensure!((30..590).contains(&names[0].x), "{names:?}");
    bar.disable()
}

#[test]
fn what_the_guide_shows_of_gnome() -> Outcome {
    let session = Session::begin();
    let text = r#"{ "extends": "viewer", "display": { "mark": "title" } }"#;
    let _profile = session.profile("notes", text);
    let bar = Bar::enable(&session)?;
    let shell = &bar.shell;
    let other = |known: &[u32]| {
        shell.wait_for_window(|window| {
            window.app_id == "org.gtk.Demo4" && !known.contains(&window.pid)
        })
    };
    // As it comes, with the mark left to the shell, and outside.
    let demo = Inside::start(&["gtk4-demo"]);
    let ours = other(&[])?;
    let _notes = Inside::start(&["--profile", "notes", "--", "gtk4-demo"]);
    let shells = other(&[ours.pid])?;
    let _outside = Run::new("gtk4-demo", [] as [&str; 0]).start();
    let none = other(&[ours.pid, shells.pid])?;
    let ours = put(shell, ours.pid, [20, 60, 460, 500])?;
    let shells = put(shell, shells.pid, [510, 60, 440, 340])?;
    let none = put(shell, none.pid, [510, 440, 440, 340])?;
    shell.wait_for_text(|text| text == "notes")?;
    session.shoot("gnome-three-marks")?;
    let picture = session.look()?;
    let part = |rect: Rect, colour: Rgb| {
        let drawn = u32::try_from(picture.count(rect, colour, 4)).unwrap_or(0);
        f64::from(drawn) / f64::from(rect.width * rect.height)
    };
    // Ours is within the window: the bar with the name at the top of it.
    let [x, y, width, _] = ours.place;
    let bar_of_ours = Rect {
        x: x + width / 2,
        y: y + 4,
        width: width / 3,
        height: 8,
    };
    let drawn = part(bar_of_ours, colour("gtk4-demo"));
    ensure!(drawn > 0.95, "only {drawn} of its own bar");
    let drawn = part(border(&shells), colour("notes"));
    ensure!(drawn > 0.95, "only {drawn} of the shell's border");
    for profile in ["gtk4-demo", "notes"] {
        let drawn = part(border(&none), colour(profile));
        ensure!(drawn < 0.05, "the host's own has {drawn} of {profile}");
    }
    bar.open_for(demo.id())?;
    session.shoot("gnome")?;
    bar.disable()
}

#[test]
fn a_window_that_fills_the_screen_is_marked_as_well() -> Outcome {
    let session = Session::begin();
    let _profile = session.profile("gtk4-demo", TITLE);
    let bar = Bar::enable(&session)?;
    let shell = &bar.shell;
    let sandbox = Inside::start(&["gtk4-demo"]);
    let window = shell.wait_for_window(|window| window.app_id == "org.gtk.Demo4")?;
    let its = format!(
        "global.get_window_actors().find(actor => actor.meta_window.get_pid() === {}).meta_window",
        window.pid
    );
    shell.eval::<()>(&format!("void {its}.make_fullscreen()"))?;
    shell.wait_for_window(|now| now.pid == window.pid && now.place == [0, 0, 1280, 800])?;
    let name = shell.wait_for_text(|text| text == sandbox.id())?;
    let bottom = name.place[1] + name.place[3];
    ensure!((760..=800).contains(&bottom), "its name is at {name:?}");
    let edge = Rect {
        x: 100,
        y: 0,
        width: 1000,
        height: BORDER,
    };
    let drawn = session.look()?.count(edge, colour("gtk4-demo"), 4);
    session.shoot("gnome-fullscreen")?;
    ensure!(drawn > 2800, "{drawn} pixels of its border");
    bar.disable()
}

#[test]
fn the_mark_follows_the_setting() -> Outcome {
    let session = Session::begin();
    let _profile = session.profile("gtk4-demo", TITLE);
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::start(&["gtk4-demo"]);
    bar.shell.wait_for_text(|text| text == sandbox.id())?;
    let extension = session
        .prefix()
        .join("share/gnome-shell/extensions/oz@oz.org");
    let set = |value: &str| {
        Run::new("gsettings", ["--schemadir"])
            .arg(extension.join("schemas"))
            .args([
                "set",
                "org.gnome.shell.extensions.oz",
                "mark-windows",
                value,
            ])
            .run()
            .ok()
    };
    set("false");
    bar.shell.wait_for_no_text(|text| text == sandbox.id())?;
    set("true");
    bar.shell.wait_for_text(|text| text == sandbox.id())?;
    let count = cli::json(["ps"])[0]["windows"]
        .as_u64()
        .context("a count")?;
    ensure!(count == 1);
    bar.disable()
}
