//! Fonts of the system and of the user.

use std::fs;

use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz};

/// A font that nothing but this test knows: DejaVu under another name of the same length.
fn install_font(session: &Session) -> String {
    let mut font =
        fs::read("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").expect("DejaVu is installed");
    let wide = |name: &str| name.bytes().flat_map(|b| [0, b]).collect::<Vec<u8>>();
    for (from, to) in [
        (wide("DejaVu"), wide("OzTest")),
        (b"DejaVu".to_vec(), b"OzTest".to_vec()),
    ] {
        let mut at = 0;
        while let Some(found) = font[at..].windows(from.len()).position(|part| part == from) {
            at += found;
            font[at..at + to.len()].copy_from_slice(&to);
        }
    }
    let path = write(
        &session.home().join(".local/share/fonts/oz/OzTestSans.ttf"),
        &font,
    );
    path.to_string_lossy().into_owned()
}

#[test]
fn a_font_of_the_user_is_there_inside() {
    let session = Session::begin();
    let path = install_font(&session);
    for script in [
        "fc-match 'OzTest Sans' family".to_owned(),
        format!("fc-list | grep {path}"),
        format!("fc-query -f '%{{family}}' {path}"),
    ] {
        let outside = works_outside(&script).text();
        assert!(outside.contains("OzTest"), "{outside}");
        assert_eq!(sandboxed_sh(&script).run().ok().text(), outside, "{script}");
    }
    // It can be looked at and not changed.
    sandboxed_sh(&format!("echo x >> {path}"))
        .run()
        .refused_inside();
    assert!(oz(["run", "--ephemeral", "--", "rm", &path]).run().code != 0);
}

#[test]
fn a_font_that_is_installed_while_an_app_runs_shows_up() {
    let session = Session::begin();
    fs::create_dir_all(session.home().join(".local/share/fonts")).unwrap();
    let inside = oz_e2e::Inside::start(&["--", "sleep", "1000"]);
    let path = install_font(&session);
    inside.sh(&format!("fc-list | grep {path}")).ok();
}

#[test]
fn the_same_fonts_are_listed_inside_as_outside() {
    let _session = Session::begin();
    let script = "fc-list : family | sort";
    assert_eq!(
        sandboxed_sh(script).run().ok().text(),
        works_outside(script).text()
    );
}
