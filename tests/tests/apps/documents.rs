//! Apps with a document that is named on the command line.

use anyhow::Result;
use oz_e2e::Session;
use oz_e2e::fixtures::{pdf, video, write};

use super::twin::Twin;

const TEXT: &[u8] = b"The first line.\nThe second line.\n\n\tAn indented one.\n";

#[test]
fn gedit_shows_a_text() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("texts").join("letter.txt"), TEXT);
    let twin = Twin {
        name: "gedit",
        program: "gedit",
        app_id: "org.gnome.gedit",
        arguments: vec![file],
        title: "letter.txt",
        colour: None,
        may_differ: 0.02,
    };
    twin.compare(&session)
}

#[test]
fn mousepad_shows_a_text() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("texts").join("note.txt"), TEXT);
    let twin = Twin {
        name: "mousepad",
        program: "mousepad",
        app_id: "org.xfce.mousepad",
        arguments: vec![file],
        title: "note.txt",
        colour: None,
        may_differ: 0.02,
    };
    twin.compare(&session)
}

#[test]
fn evince_shows_a_pdf() -> Result<()> {
    let session = Session::begin();
    let colour = [230, 120, 20];
    let file = pdf(
        &session.fresh_dir("documents").join("report.pdf"),
        "A report",
        colour,
    );
    let twin = Twin {
        name: "evince",
        program: "evince",
        app_id: "org.gnome.Evince",
        arguments: vec![file],
        title: "report.pdf",
        colour: Some((colour, 0.4)),
        may_differ: 0.02,
    };
    twin.compare(&session)
}

#[test]
fn mpv_plays_a_video() -> Result<()> {
    let session = Session::begin();
    let colour = [40, 160, 90];
    let file = video(&session.fresh_dir("videos").join("film.mkv"), 120, colour);
    let twin = Twin {
        name: "mpv",
        program: "mpv",
        app_id: "mpv",
        arguments: vec![file],
        title: "film.mkv",
        colour: Some((colour, 0.9)),
        may_differ: 0.05,
    };
    twin.compare(&session)
}
