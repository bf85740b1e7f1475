//! Small pictures of what an app has changed, also of what it has made to break or to busy whoever draws it.

use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, oz, wait};
use serde_json::{Value, json};

use super::fresh;

const SCRIPT: &str = include_str!("pictures.py");

#[test]
fn pictures_are_drawn_small_and_hostile_ones_cost_their_drawer_and_nobody_else() {
    let session = Session::begin();
    let dir = fresh(&session);
    let script = write(
        &session.fresh_dir("cow-pictures").join("pictures.py"),
        SCRIPT.as_bytes(),
    );
    let python = |words: &[&str]| Run::new("/usr/bin/python3", [&script]).args(words);
    let before = python(&["png", "512", "256", "255", "0", "0"]).run().ok();
    write(&dir.join("photo.png"), &before.out);
    write(&dir.join("before.png"), &before.out);
    oz(["run", "--cow", "--", "python3", "-c", SCRIPT, "make"])
        .within(wait::LONG)
        .run()
        .ok();
    let ran = python(&["ask", "python3"]).within(wait::LONG).run().ok();
    let said: Value = serde_json::from_slice(&ran.out).expect("JSON");
    let none = json!(["none", 0, 0, ""]);
    let unknown = json!(["unknown", 0, 0, ""]);
    let large = json!(["large", 0, 0, ""]);
    assert_eq!(
        said["photo.png"],
        json!([
            ["drawn", 256, 128, "ff0000ff"],
            ["drawn", 64, 32, "0000ffff"]
        ])
    );
    assert_eq!(said["bomb.png"], json!([none, large]));
    assert_eq!(said["huge.bmp"], json!([none, large]));
    for broken in ["cut.png", "noise.gif", "link.png", "fifo.png"] {
        assert_eq!(said[broken], json!([none, unknown]), "{broken}");
    }
    // Whoever draws these is done in time, or is ended.
    for slow in ["packed.png", "scans.jpg"] {
        let word = said[slow][1][0].as_str().unwrap_or_default();
        assert!(["drawn", "unknown"].contains(&word), "{slow}: {said}");
    }
    let complaint = said["many"].as_str().unwrap_or_default();
    assert!(complaint.contains("more than 16 pictures"), "{said}");
    assert_eq!(said["stale"], json!(["unknown", "drawn"]));
    assert_eq!(said["count"], json!([9, true]));
    oz(["discard", "python3", "--yes"]).run().ok();
}
