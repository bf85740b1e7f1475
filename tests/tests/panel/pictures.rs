//! Pictures that an app has changed, seen before they are taken over.

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Run, Session, oz, wait};
use oz_testkit::desktop::Widget;

use super::changes::{WRITER, papers};
use super::{APP, Panel};

const MAKE: &str = include_str!("../cow/pictures.py");

/// A picture of one colour, as a shell's command that writes it.
fn png(width: u32, height: u32, colour: &str) -> Run {
    let size = [width, height].map(|side| side.to_string());
    let colour = colour.split(' ').map(str::to_owned);
    let words = ["-c", MAKE, "png"].map(str::to_owned);
    Run::new("/usr/bin/python3", words).args(size.into_iter().chain(colour))
}

#[test]
fn changed_pictures_are_seen_as_they_were_and_as_they_are() -> Result<()> {
    let session = Session::begin();
    let dir = papers(&session);
    let _profile = session.profile("writer", WRITER);
    write(
        &dir.join("photo.png"),
        &png(300, 200, "200 40 40").run().ok().out,
    );
    let other = write(
        &session.fresh_dir("other").join("other.png"),
        &png(200, 300, "40 90 200").run().ok().out,
    );
    let inside = Inside::start(&["writer", "1000"]);
    oz(["add", inside.id()]).arg(&other).run().ok();
    let broken =
        "head -c 70 photo.png > broken.png && cp photo.png text.png && echo no >> letter.txt";
    let script = format!(
        "cd {} && {broken} && cat {} > photo.png && echo plain > text.png",
        dir.display(),
        other.display()
    );
    inside.sh(&script).ok();
    oz(["stop", inside.id()]).run().ok();
    let panel = Panel::open(&session)?;
    panel.turn_to("Changes")?;
    panel.wait_for_text("4 changes · 4 chosen")?;
    let picture = |words: &'static str| {
        move |w: &Widget| w.role == "image" && w.name == words && w.place.is_some()
    };
    session.wait_for_widget(APP, picture("Yours"))?;
    session.wait_for_widget(APP, picture("The app’s"))?;
    panel.wait_for_text("Not a picture that can be drawn")?;
    // What is only called a picture is compared as the text that it is.
    panel.wait_for_text("Lines of text.png")?;
    panel.shoot("panel-pictures")?;
    panel.press("Pictures of photo.png")?;
    let larger = session.window_within(wait::PATIENCE, APP, "Pictures of photo.png")?;
    session.settled(&larger)?;
    session.shoot("panel-pictures-larger")?;
    session.key("escape", "press")?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.title.contains("Pictures of"))?;
    panel.press("Merge")?;
    panel.wait_for_text("4 changes are in your files now")?;
    oz(["discard", "writer", "--yes"]).run().ok();
    panel.close()
}
