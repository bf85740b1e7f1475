//! Apps without a document.

use anyhow::Result;
use oz_e2e::window::coverage;
use oz_e2e::{Session, oz, wait};

use super::twin::Twin;

#[test]
fn foot_shows_its_colour_and_the_title_that_it_is_given() -> Result<()> {
    let session = Session::begin();
    let script = r"printf '\033]2;a terminal of Oz\007\033[48;2;20;120;200m\033[2J'; sleep 1000";
    let boxed = oz(["run", "foot", "sh", "-c", script]).start();
    let window = session.window_within(wait::LONG, "foot", "a terminal of Oz")?;
    let picture = session.wait_for_colour(&window, [20, 120, 200], 0.9)?;
    assert!(coverage(&picture, &session.again(&window)?, [20, 120, 200]) > 0.9);
    session.shoot("foot-oz")?;
    session.close(&window)?;
    boxed.end_within(wait::PATIENCE);
    Ok(())
}

#[test]
fn gtk4_demo_looks_as_it_does_without_oz() -> Result<()> {
    let session = Session::begin();
    let twin = Twin {
        name: "gtk4-demo",
        program: "gtk4-demo",
        app_id: "org.gtk.Demo4",
        arguments: Vec::new(),
        title: "GTK Demo",
        colour: None,
        may_differ: 0.02,
    };
    twin.compare(&session)
}
