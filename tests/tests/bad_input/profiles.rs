//! Profiles that are wrong.

use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz};

use super::is_readable;

#[test]
fn an_unknown_key_is_drawn_with_a_caret_and_a_suggestion() {
    let session = Session::begin();
    let text = "{\n  \"description\": \"x\",\n  \"files\": { \"hoome\": \"private\" }\n}\n";
    let profile = session.profile("wrong", text);
    for run in [
        oz(["profile", "check"]).arg(profile.path()),
        oz(["run", "wrong"]),
        oz(["plan", "wrong"]),
    ] {
        let ran = run.run().fails().complains("hoome");
        is_readable(&ran);
        let complaint = ran.complaint();
        assert!(complaint.contains('^'), "no caret: {ran}");
        assert!(complaint.contains("home"), "no suggestion: {ran}");
        assert!(
            complaint.contains("wrong.json") && complaint.contains('3'),
            "no place: {ran}"
        );
        // The caret is under the key.
        let lines: Vec<&str> = complaint.lines().collect();
        let at = lines
            .iter()
            .position(|line| line.contains("hoome") && line.contains("private"));
        let shown = at.expect("the line is shown");
        let column =
            |line: &str, what: &str| line.find(what).map(|byte| line[..byte].chars().count());
        let caret = column(lines[shown + 1], "^")
            .unwrap_or_else(|| panic!("no caret below the line: {ran}"));
        let key = column(lines[shown], "hoome").expect("the key is shown");
        assert!(
            (key.saturating_sub(1)..=key + 5).contains(&caret),
            "the caret is elsewhere: {ran}"
        );
    }
}

#[test]
fn every_kind_of_nonsense_is_refused_with_its_place() {
    let session = Session::begin();
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{ \"files\": 1 }",
        "{ \"files\": { \"home\": \"everything\" } }",
        "{ \"files\": {}, \"files\": {} }",
        "{ \"description\": \"a\u{7}b\" }",
        "{ \"description\": \"a\\u0000b\" }",
        "{ \"extends\": \"no-such-template\" }",
        "{ \"extends\": \"nonsense\" }",
        "{ \"life\": { \"grace_ms\": -1 } }",
        "{ \"environment\": { \"set\": { \"LD_PRELOAD\": \"x\" } } }",
        "{ \"files\": { \"share\": [{ \"path\": \"~/../x\" }] } }",
        "{ \"match\": { \"executables\": [\"../sh\"] } }",
        "{ \"description\": \"x\" } trailing",
        "{ /* never closed",
    ] {
        let profile = session.profile("nonsense", text);
        let ran = oz(["profile", "check"]).arg(profile.path()).run();
        assert_ne!(ran.code, 0, "{text:?} was accepted: {ran}");
        is_readable(&ran);
        assert!(ran.complaint().contains("nonsense"), "which file: {ran}");
        oz(["run", "nonsense"]).run().fails();
    }
}

#[test]
fn a_profile_that_nests_deeply_or_is_huge_is_refused_quickly() {
    let session = Session::begin();
    let limit = std::time::Duration::from_secs(5);
    for text in [
        "[".repeat(200_000),
        "{\"a\":".repeat(100_000),
        " ".repeat(2 << 20),
        "\"".repeat(300_000),
    ] {
        let profile = session.profile("huge", &text);
        is_readable(
            &oz(["profile", "check"])
                .arg(profile.path())
                .run()
                .fails()
                .quick(limit),
        );
        oz(["run", "huge"]).run().fails().quick(limit);
    }
    // And the others go on working.
    oz(["run", "--", "true"]).run().ok();
}

#[test]
fn a_broken_profile_of_the_user_does_not_take_the_others_along() {
    let session = Session::begin();
    let _broken = session.profile("broken", "{ nonsense");
    oz(["run", "--", "true"]).run().ok();
    oz(["profile", "list"]).run().ok();
    let ran = oz(["profile", "show", "broken"]).run().fails();
    is_readable(&ran);
}

#[test]
fn a_profile_that_is_no_text_is_refused() {
    let session = Session::begin();
    let dir = session.home().join(".config/oz/profiles");
    write(&dir.join("binary.json"), &[0xff, 0xfe, 0, 1, 2, 3]);
    let ran = oz(["profile", "check"])
        .arg(dir.join("binary.json"))
        .run()
        .fails();
    is_readable(&ran);
    std::fs::remove_file(dir.join("binary.json")).unwrap();
    std::fs::create_dir(dir.join("directory.json")).unwrap();
    oz(["run", "--", "true"]).run().ok();
    is_readable(&oz(["run", "directory"]).run().fails());
    std::fs::remove_dir(dir.join("directory.json")).unwrap();
    let fifo = dir.join("fifo.json");
    oz_e2e::Run::new("mkfifo", [&fifo]).run().ok();
    // Reading it would wait for ever.
    oz(["run", "--", "true"])
        .run()
        .ok()
        .quick(std::time::Duration::from_secs(10));
    std::fs::remove_file(fifo).unwrap();
}

#[test]
fn shipped_profiles_are_right() {
    let session = Session::begin();
    for entry in std::fs::read_dir(session.prefix().join("share/oz/profiles"))
        .unwrap()
        .flatten()
    {
        if entry.path().extension().is_some_and(|e| e == "json") {
            oz(["profile", "check"]).arg(entry.path()).run().ok();
        }
    }
    for app in [
        "foot",
        "gedit",
        "evince",
        "gtk4-demo",
        "mousepad",
        "mpv",
        "firefox",
    ] {
        oz(["plan", app]).run().ok();
        oz(["profile", "show", app]).run().ok();
    }
}
