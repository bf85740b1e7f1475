//! What the picture in the user guide shows is so.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::sound::{self, speak};
use oz_e2e::{Inside, Session, oz, wait};
use oz_testkit::desktop::Widget;

use super::{APP, Panel};

#[test]
fn what_the_guide_shows_of_the_panel() -> Result<()> {
    let session = Session::begin();
    session.forget("foot");
    let [letter, notes] = ["letter.odt", "notes.txt"].map(|name| home().join(name));
    write(&letter, b"Dear all\n");
    write(&notes, b"x\n");
    let tone = sound::tone(&session.fresh_dir("heard").join("song.wav"), 200);
    let asks = r#"{ "extends": "generic", "audio": { "microphone": "ask" } }"#;
    let _call = session.profile("call", asks);
    let _player = session.profile("player", r#"{ "extends": "generic" }"#);
    let _speaking = speak();

    // One that has files, plays and listens, one that asks, and one in which nothing happens.
    let foot = Inside::start(&["foot"]);
    session.window_within(wait::LONG, "foot", "")?;
    oz(["add", foot.id()]).args([&letter, &tone]).run().ok();
    oz(["add", "--write", foot.id()]).arg(&notes).run().ok();
    oz(["mic", foot.id(), "on"]).run().ok();
    let both = format!(
        "paplay --latency-msec=50 {} & parec --latency-msec=50 > /dev/null",
        tone.display()
    );
    let _both = foot.script(&both).within(wait::LONG).start();
    wait::for_condition("it to listen", || sound::is_recorded_for(foot.id()));
    let call = Inside::idle("call");
    let _player = Inside::idle("player");
    let panel = Panel::open(&session)?;
    let row = |w: &Widget| w.role == "label" && w.name == foot.id() && w.place.is_some();
    session.click_widget(&panel.window, APP, row)?;
    panel.wait_for_text("letter.odt")?;
    let record = "parec --latency-msec=50 > /dev/null";
    let _asking = call.script(record).within(wait::LONG).start();
    panel.wait_for_text("Let “call” use the microphone?")?;
    for level in ["How loud it is", "How loud what it hears is"] {
        let moves = |w: &Widget| w.name == level && w.value.is_some_and(|value| value > 700);
        session.wait_for_widget(APP, moves)?;
    }
    panel.shoot("guide-panel")?;
    ensure!(foot.is_running() && call.is_running());
    panel.close()
}
