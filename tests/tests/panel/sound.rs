//! Switches for speaker and microphone.

use anyhow::{Result, ensure};
use oz_e2e::sound::{Listener, RAW, speak};
use oz_e2e::{Session, oz};
use oz_testkit::desktop::Widget;

use super::{APP, Panel};

#[test]
fn the_microphone_is_switched_while_the_app_listens() -> Result<()> {
    let session = Session::begin();
    let text = r#"{ "extends": "generic", "audio": { "microphone": "silent" } }"#;
    let _profile = session.profile("listener", text);
    let _speaking = speak();
    let start = ["run", "--profile", "listener", "--", "parec"];
    let mut listener = Listener::start("oz", start.iter().chain(RAW));
    let panel = Panel::open(&session)?;
    panel.wait_for_text("It hears silence")?;
    let switch = |on: bool| -> Result<()> {
        session.press(APP, "check box", "Microphone")?;
        let fits = |w: &Widget| w.role == "check box" && w.name == "Microphone";
        session
            .wait_for_widget(APP, |w| fits(w) && w.is("checked") == on)
            .map(drop)
    };
    switch(true)?;
    listener.wait_for_tone();
    panel.wait_for_text("It listens now")?;
    let level = |w: &Widget| w.name == "How loud what it hears is" && w.place.is_some();
    // Half of the loudest is a tenth below the top.
    session.wait_for_widget(APP, |w| {
        level(w) && w.value.is_some_and(|value| (850..950).contains(&value))
    })?;
    panel.shoot("panel-listens")?;
    switch(false)?;
    listener.wait_for_silence();
    panel.wait_for_text("It hears nothing")?;
    ensure!(!session.widgets(APP)?.iter().any(level), "it has a level");
    assert!(
        listener.is_running(),
        "it noticed: {}",
        listener.complaint()
    );
    // What is switched elsewhere is seen here.
    oz(["mic", "listener", "ask"]).run().ok();
    panel.wait_for_text("You are asked when it wants to listen")?;
    panel.close()
}
