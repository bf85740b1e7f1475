//! A sandbox that goes on after a part of what it wrote was merged.

use std::fs;

use oz_e2e::{Session, cli, oz};

use super::{cow, fresh};

/// What is to be decided, by the name of the file.
fn conflicts() -> Vec<(String, String)> {
    let json = cli::json(["changes", "sh"]);
    let rows = json.as_array().expect("a list").iter();
    rows.filter_map(|row| {
        let path = row["path"].as_str().expect("a path");
        let name = path.rsplit('/').next().expect("a name");
        Some((name.to_owned(), row["conflict"].as_str()?.to_owned()))
    })
    .collect()
}

#[test]
fn what_a_merge_has_put_somewhere_is_no_conflict_when_the_app_goes_on() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo one >> changed && echo x > left && rm deleted")
        .run()
        .ok();
    let named = [dir.join("changed"), dir.join("deleted")];
    oz(["merge", "sh", "--yes"]).args(&named).run().ok();
    cow("cd ~/cow && echo two >> changed && mv kept moved")
        .run()
        .ok();
    assert_eq!(conflicts(), []);
    // A clone goes on in the same way.
    oz(["clone", "sh", "twin"]).run().ok();
    oz(["merge", "twin", "--yes"]).run().ok();
    let text = fs::read_to_string(dir.join("changed")).expect("there");
    assert!(text.ends_with("one\ntwo\n"), "{text}");
    assert!(dir.join("moved").exists() && !dir.join("kept").exists());
}

#[test]
fn what_is_taken_back_is_no_conflict_either() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo one >> changed && echo x > left && rm deleted && mv kept moved")
        .run()
        .ok();
    let named = ["changed", "deleted", "moved"].map(|name| dir.join(name));
    oz(["merge", "sh", "--yes"]).args(&named).run().ok();
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert!(dir.join("kept").exists() && dir.join("deleted").exists());
    assert_eq!(conflicts(), []);
}

#[test]
fn what_a_merge_and_its_undoing_do_to_names_is_no_conflict_of_others() {
    let session = Session::begin();
    let dir = fresh(&session);
    // What has been renamed has no original under its name.
    cow("cd ~/cow && mv kept moved && echo other > moved && rm deleted")
        .run()
        .ok();
    oz(["merge", "sh", "--yes"])
        .arg(dir.join("deleted"))
        .run()
        .ok();
    assert_eq!(conflicts(), []);
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert_eq!(conflicts(), []);
}

#[test]
fn what_others_have_changed_around_a_merge_still_is_a_conflict() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo one >> changed && echo one >> kept && echo x > left")
        .run()
        .ok();
    // Before the merge, whose own changes in that directory say nothing about this.
    fs::remove_file(dir.join("kept")).expect("removed");
    oz(["merge", "sh", "--yes"])
        .arg(dir.join("changed"))
        .run()
        .ok();
    // And after it.
    fs::write(dir.join("changed"), "outside").expect("written");
    cow("cd ~/cow && echo two >> changed").run().ok();
    let expected = [("changed", "changed"), ("kept", "deleted")];
    assert_eq!(
        conflicts(),
        expected.map(|(name, why)| (name.to_owned(), why.to_owned()))
    );
}

#[test]
fn what_was_decided_is_to_be_decided_again_once_it_is_taken_back() {
    let session = Session::begin();
    for more in ["true", "echo x > left"] {
        let dir = fresh(&session);
        cow(&format!("cd ~/cow && echo in > changed && {more}"))
            .run()
            .ok();
        fs::write(dir.join("changed"), "outside").expect("written");
        oz(["merge", "sh", "--take-theirs", "--yes"])
            .arg(dir.join("changed"))
            .run()
            .ok();
        oz(["merge", "sh", "--undo", "--yes"]).run().ok();
        let text = fs::read_to_string(dir.join("changed")).expect("there");
        assert_eq!(text, "outside");
        let expected = ("changed".to_owned(), "changed".to_owned());
        assert_eq!(conflicts(), [expected], "{more}");
        oz(["discard", "sh", "--yes"]).run().ok();
    }
}
