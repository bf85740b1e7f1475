//! The app's home: none, in memory, or one of its own that lasts.

use std::fs;

use oz_e2e::claim::works_outside;
use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, oz, session::home};

/// A command with another home than its profile's.
fn with_home(mode: &str, script: &str) -> Run {
    oz(["run", "--home", mode, "--", "sh", "-c", script])
}

#[test]
fn an_app_without_a_home_finds_nothing_there_and_can_make_nothing() {
    let _session = Session::begin();
    write(&home().join(".local/share/fonts/a.ttf"), b"a font");
    let look = "test -n \"$(ls -A \"$HOME\")\"";
    works_outside(look);
    let empty = with_home("none", &format!("! {look}")).run();
    empty.ok();
    for make in [
        "touch ~/file",
        "mkdir ~/dir",
        "ln -s x ~/link",
        "mkdir -p ~/.config/autostart",
    ] {
        works_outside(&format!("cd; {make}; rm -rf ~/file ~/dir ~/link"));
        with_home("none", make)
            .run()
            .refused_inside()
            .complains("read-only");
    }
    with_home("none", "chmod 700 ~").run().refused_inside();
    // There is a place for what does not last.
    with_home("none", "touch /tmp/file").run().ok();
}

#[test]
fn an_app_without_a_home_sees_what_it_is_given_and_nothing_beside_it() {
    let session = Session::begin();
    let letters = session.fresh_dir("letters");
    write(&letters.join("first"), b"hello");
    write(&letters.join("second"), b"private");
    let first = letters.join("first");
    let script = format!("cat {0}/*; ls -A ~ {0}", letters.display());
    let ran = oz(["run", "--home", "none", "--read"])
        .arg(&first)
        .args(["--", "sh", "-c", &script])
        .run()
        .ok();
    assert!(ran.text().starts_with("hello"), "{ran}");
    assert!(
        !ran.text().contains("private") && !ran.text().contains("second"),
        "{ran}"
    );
    // A file that it may change can be saved in every way.
    let save = format!("cd {} && sed -i s/hello/changed/ first", letters.display());
    oz(["run", "--home", "none", "--write"])
        .arg(&first)
        .args(["--", "sh", "-c", &save])
        .run()
        .ok();
    assert_eq!(fs::read(&first).unwrap(), b"changed");
}

#[test]
fn rules_hold_in_a_home_of_which_nothing_else_is_there() {
    let session = Session::begin();
    let letters = session.fresh_dir("letters");
    for (file, text) in [
        ("first", "hello"),
        ("keys/key", "a key"),
        ("read/only", "as it was"),
    ] {
        write(&letters.join(file), text.as_bytes());
    }
    let _profile = session.profile(
        "homeless",
        r#"{ "description": "t", "match": { "executables": ["sh"] }, "files": { "home": "none", "rules": {
             "~/letters": "write", "~/letters/keys": "hide", "~/letters/read": "read", "~/letters/first": "write" } } }"#,
    );
    let run = |script: &str| oz(["run", "homeless", "-c", &format!("cd; {script}")]).run();
    run("echo more >> letters/first && touch letters/new && cat letters/read/only").ok();
    assert_eq!(run("ls -A ~").ok().text(), "letters");
    for attempt in [
        "cat letters/keys/key",
        "echo bad > letters/read/only",
        "mv letters/read letters/x",
        "mv letters x",
        "touch beside",
    ] {
        run(attempt).refused_inside();
    }
    assert_eq!(fs::read(letters.join("first")).unwrap(), b"hellomore\n");
    assert_eq!(fs::read(letters.join("read/only")).unwrap(), b"as it was");
}

#[test]
fn what_lasts_of_a_home_is_what_its_mode_says() {
    let session = Session::begin();
    session.forget("homes");
    let _profile = session.profile(
        "homes",
        r#"{ "description": "homes", "match": { "executables": ["sh"] }, "files": { "home": "private" } }"#,
    );
    let run = |mode: Option<&str>, script: &str| {
        let mode = mode.into_iter().flat_map(|mode| ["--home", mode]);
        let words = ["run"]
            .into_iter()
            .chain(mode)
            .chain(["homes", "-c", script]);
        let ran = oz(words).run();
        oz_e2e::cli::stop_all();
        ran
    };
    run(None, "echo kept > ~/note").ok();
    assert_eq!(run(None, "cat ~/note").ok().text(), "kept");
    run(Some("ephemeral"), "test ! -e ~/note && echo lost > ~/lost").ok();
    run(Some("ephemeral"), "test ! -e ~/lost").ok();
    run(Some("none"), "test ! -e ~/note && ! echo x > ~/x").ok();
    assert_eq!(
        run(Some("private"), "ls ~/lost ~/x; cat ~/note").text(),
        "kept"
    );
    assert!(
        !home().join("note").exists(),
        "the app's home is not the user's"
    );
}

#[test]
fn a_running_sandbox_does_not_get_another_home() {
    let session = Session::begin();
    let _profile = session.profile(
        "joined",
        r#"{ "description": "joined", "match": { "executables": ["sh"] }, "life": { "keep": true } }"#,
    );
    oz(["run", "joined", "-c", "true"]).run().ok();
    oz(["run", "--home", "none", "joined", "-c", "true"])
        .run()
        .exits(125)
        .complains("with the home \"ephemeral\"");
    oz(["run", "--home", "ephemeral", "joined", "-c", "true"])
        .run()
        .ok();
}
