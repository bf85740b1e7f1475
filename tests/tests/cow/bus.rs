//! `org.oz.Copies1`.

use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, wait};
use serde_json::{Value, json};

use super::{cow, fresh};

#[test]
fn a_panel_lists_compares_merges_and_takes_back_what_was_shown_of_a_sandbox_at_rest_and_nothing_else()
 {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo after > changed && rm deleted && echo evil >> ~/.bashrc")
        .run()
        .ok();
    let script = write(
        &session.fresh_dir("cow-bus").join("bus.py"),
        include_bytes!("bus.py"),
    );
    let ran = Run::new("/usr/bin/python3", [script])
        .within(wait::LONG)
        .run()
        .ok();
    let said: Value = serde_json::from_slice(&ran.out).expect("JSON");
    assert_eq!(said["kept"], true);
    assert_eq!(
        said["listed"],
        json!({ ".bashrc": said["listed"][".bashrc"], "changed": "changed", "deleted": "deleted" })
    );
    assert_eq!(
        said["lines"],
        json!(["text", [["-", "before"], ["+", "after\n"]]])
    );
    assert_eq!(said["stale"], json!([0, "before"]));
    // What was seen is not what the app has left.
    assert_eq!(said["seen"], json!(["harmless"]));
    let why = "the sandbox has run since it was looked at: look again";
    assert_eq!(said["while_it_ran"], json!([0, why, null]));
    assert_eq!(said["afterwards"], json!([1, "hostile!"]));
    assert_eq!(said["protected"], 0);
    assert_eq!(said["merged"], 2);
    assert_eq!(said["after"], json!(["other\n", null]));
    assert_eq!(said["undone"], 2);
    assert_eq!(said["before"], json!(["before", "deleted"]));
    let complains = |key: &str, words: &str| {
        let text = said[key].as_str().unwrap_or_default();
        assert!(text.contains(words), "{key}: {said}");
    };
    complains("nonsense", "no token");
    complains("nobody", "no sandbox sh");
    assert_eq!(said["clone"], "other");
    assert_eq!(said["both"], json!(["other", "sh"]));
    assert_eq!(said["none"], json!([]));
    assert_eq!(said["heard"], json!([true, []]));
    assert!(dir.join("kept").exists());
}
