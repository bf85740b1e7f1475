//! Rules of profiles about the user's files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use oz_e2e::claim::works_outside;
use oz_e2e::fixtures::write;
use oz_e2e::session::Profile;
use oz_e2e::{Ran, Run, Session, oz, session::home};

/// An app with rules.
fn with_rules(session: &Session, rules: &str) -> Profile {
    let text = format!(
        r#"{{ "description": "t", "match": {{ "executables": ["sh"] }}, "files": {{ "rules": {{ {rules} }} }} }}"#
    );
    session.profile("ruled", &text)
}

/// A script in a sandbox with the rules, in the home.
fn inside(script: &str) -> Ran {
    oz([
        "run",
        "--ephemeral",
        "ruled",
        "-c",
        &format!("cd; {script}"),
    ])
    .run()
}

/// What a script can do outside, in the home, on a copy of a directory that is thrown away.
fn rehearsed(dir: &str, script: &str) {
    let rehearsal = home().join("rehearsal");
    let _ = fs::remove_dir_all(&rehearsal);
    works_outside(&format!(
        "mkdir -p ~/rehearsal/$(dirname {dir}) && cp -a ~/{dir} ~/rehearsal/{dir} && cd ~/rehearsal && {{ {script}; }}"
    ));
    fs::remove_dir_all(rehearsal).expect("a copy can be removed");
}

fn projects(session: &Session) -> PathBuf {
    let dir = session.fresh_dir("Projects");
    for (file, text) in [
        ("one/notes", "notes of one"),
        ("one/target/built", "built by one"),
        ("one/keys/key", "a key"),
        ("two/notes", "notes of two"),
        ("two/target/built", "built by two"),
        (".hidden/target/built", "built unseen"),
    ] {
        write(&dir.join(file), text.as_bytes());
    }
    dir
}

#[test]
fn cannot_read_or_replace_what_a_deeper_rule_hides() {
    let session = Session::begin();
    let dir = projects(&session);
    let _profile = with_rules(
        &session,
        r#""~/Projects": "write", "~/Projects/one/keys": "hide""#,
    );
    inside("cat Projects/one/notes && echo more >> Projects/one/notes").ok();
    for attempt in [
        "cat Projects/one/keys/key",
        "touch Projects/one/keys/new",
        "mv Projects/one/keys Projects/x && cat Projects/x/key",
        "mv Projects/one Projects/x && cat Projects/x/keys/key",
        "mv Projects/one Projects/x && mkdir -p Projects/one/keys && echo bad > Projects/one/keys/key",
        "rm -rf Projects/one/keys && mkdir Projects/one/keys && echo bad > Projects/one/keys/key",
    ] {
        rehearsed("Projects", attempt);
        inside(attempt).refused_inside();
        // Where `mv` may not rename it copies what it sees.
        let _ = fs::remove_dir_all(dir.join("x"));
    }
    assert_eq!(fs::read(dir.join("one/keys/key")).unwrap(), b"a key");
    assert_eq!(
        fs::read(dir.join("one/notes")).unwrap(),
        b"notes of onemore\n"
    );
}

#[test]
fn cannot_change_what_a_deeper_rule_shows_only() {
    let session = Session::begin();
    let dir = projects(&session);
    let _profile = with_rules(
        &session,
        r#""~/Projects": "write", "~/Projects/one": "read", "~/Projects/one/target": "write""#,
    );
    inside("cat Projects/one/keys/key && echo x > Projects/one/target/new && echo x > Projects/two/new").ok();
    for attempt in [
        "echo bad > Projects/one/notes",
        "rm Projects/one/notes",
        "touch Projects/one/new",
        "mv Projects/one Projects/x",
        "mv Projects/one/target Projects/one/x",
        "chmod 700 Projects/one/notes",
    ] {
        rehearsed("Projects", attempt);
        inside(attempt).refused_inside();
    }
    assert_eq!(fs::read(dir.join("one/notes")).unwrap(), b"notes of one");
    assert!(dir.join("one/target/new").exists() && dir.join("two/new").exists());
}

#[test]
fn a_pattern_means_what_it_matches_and_hides_hidden_names_too() {
    let session = Session::begin();
    let dir = projects(&session);
    symlink("../one/keys", dir.join("two/linked")).unwrap();
    let _profile = with_rules(
        &session,
        r#""~/Projects": "read", "~/Projects/*/target": "hide""#,
    );
    inside("cat Projects/one/notes Projects/one/keys/key Projects/two/notes").ok();
    let look = "cat Projects/one/target/built || cat Projects/two/target/built || cat Projects/.hidden/target/built";
    works_outside(&format!("cd; {look}"));
    inside(look).refused_inside();
    drop(_profile);
    // What is shown is what was matched, and no link leads out of it.
    let _profile = with_rules(
        &session,
        r#""~/Projects/*/not*": "read", "~/Projects/*/linked": "read", "~/none/*": "write""#,
    );
    let ran = inside("cat Projects/*/notes; ls -A ~ Projects Projects/one").ok();
    assert!(ran.text().starts_with("notes of onenotes of two"), "{ran}");
    assert!(
        !ran.text().contains("keys") && !ran.text().contains("hidden"),
        "{ran}"
    );
    let look = "cat Projects/two/linked/key";
    works_outside(&format!("cd; {look}"));
    inside(look).refused_inside();
    let plan = oz(["plan", "ruled"]).run().ok();
    for said in [
        "read   ~/Projects/*/not*",
        "one/notes, ",
        "hide",
        "write  ~/none/*  nothing there",
    ] {
        assert!(
            said == "hide" || plan.text().contains(said),
            "{said}: {plan}"
        );
    }
    let detached = oz(["run", "--detach", "ruled", "-c", "sleep 100"])
        .run()
        .ok();
    let files = oz_e2e::cli::json(["files", &detached.text()]).to_string();
    assert!(
        files.contains("Projects/one/notes") && files.contains("Projects/two/notes"),
        "{files}"
    );
}

#[test]
fn a_pattern_that_matches_a_planted_link_does_not_follow_it() {
    let session = Session::begin();
    let dir = projects(&session);
    write(&home().join(".ssh/id_ed25519"), b"the secret key");
    symlink(home().join(".ssh"), dir.join("planted")).unwrap();
    let _profile = with_rules(&session, r#""~/Projects/*": "read", "~/.s*": "read""#);
    let look = "cat Projects/planted/id_ed25519 || cat .ssh/id_ed25519";
    works_outside(&format!("cd; {look}"));
    let ran = inside(look).refused_inside();
    assert!(!ran.text().contains("secret"), "{ran}");
}

/// The directories of the home above protected places, with some of them there and some not.
fn settings(session: &Session) {
    for dir in ["autostart", "app/deep", "systemd/user", "chromium"] {
        fs::create_dir_all(session.home().join(".config").join(dir)).expect("made");
    }
    for dir in ["bin", "share/applications", "share/app", "other"] {
        fs::create_dir_all(session.home().join(".local").join(dir)).expect("made");
    }
    write(&session.home().join(".config/chromium/secret"), b"a cookie");
    write(&session.home().join(".config/app/settings"), b"settings");
    for missing in [
        ".config/autostart-scripts",
        ".local/lib",
        ".local/share/kio",
    ] {
        assert!(!session.home().join(missing).exists(), "{missing}");
    }
}

#[test]
fn an_app_that_may_write_above_protected_places_writes_beside_them_only() {
    let session = Session::begin();
    settings(&session);
    let _profile = with_rules(&session, r#""~/.config": "write", "~/.local": "write""#);
    inside("echo new > .config/app/settings && mkdir .config/app/more && touch .local/share/app/x .local/other/y").ok();
    assert_eq!(
        fs::read(session.home().join(".config/app/settings")).unwrap(),
        b"new\n"
    );
    for attempt in [
        "touch .config/autostart/bad.desktop",
        "rm -rf .config/autostart && mkdir .config/autostart && touch .config/autostart/bad.desktop",
        "mv .config/autostart .config/x && mkdir .config/autostart && touch .config/autostart/bad.desktop",
        "mv .config x && mkdir -p .config/autostart && touch .config/autostart/bad.desktop",
        "mkdir .config/autostart-scripts",
        "mkdir .config/app/autostart-scripts && mv .config/app/autostart-scripts .config/",
        "ln -s app .config/autostart-scripts",
        "touch .config/mimeapps.list",
        "mv .local/share .local/x && mkdir -p .local/share/applications && touch .local/share/applications/bad.desktop",
        "mv .local x && mkdir -p .local/bin && touch .local/bin/sudo",
        "mkdir .local/lib",
        "rm -r .local/share/app && mv .local/other .local/share/kio",
        "cat .config/chromium/secret",
    ] {
        let of = attempt.split_once(".local").map_or(".config", |_| ".local");
        rehearsed(of, attempt);
        inside(attempt).refused_inside();
        // `rm -r` has taken what the app may take.
        settings(&session);
    }
    let planted = Run::sh(
        "cd; find .config .local -name 'bad.desktop' -o -name sudo | grep -v rehearsal | grep .",
    );
    planted.run().fails();
}

#[test]
fn what_becomes_of_the_directories_outside_meanwhile_opens_nothing() {
    let session = Session::begin();
    settings(&session);
    let _profile = with_rules(&session, r#""~/.config": "write", "~/.local": "write""#);
    let app = oz(["run", "--detach", "ruled", "-c", "sleep 100"])
        .run()
        .ok()
        .text();
    // The user removes a place and makes it anew, and saves a file by renaming another over it.
    works_outside(
        "cd; rm -r .config/autostart .local/share/applications && mkdir .config/autostart .local/share/applications && \
         echo a > .config/mimeapps.new && mv .config/mimeapps.new .config/mimeapps.list && mkdir .local/lib",
    );
    for attempt in [
        "touch .config/autostart/bad.desktop",
        "touch .local/share/applications/bad.desktop",
        "echo bad >> .config/mimeapps.list",
        "touch .local/lib/bad",
        "mv .config/autostart .config/app/",
    ] {
        let script = format!("cd; {attempt}");
        oz(["shell", &app, "--", "sh", "-c", &script])
            .run()
            .refused_inside();
    }
    fs::remove_file(session.home().join(".config/mimeapps.list")).unwrap();
    fs::remove_dir(session.home().join(".local/lib")).unwrap();
}

#[test]
fn what_lies_at_the_place_of_a_rule_is_not_followed_at_the_next_launch() {
    let session = Session::begin();
    let dir = projects(&session);
    write(&home().join("victim/secret"), b"the user's own");
    let victim = home().join("victim");
    let victim = victim.display();
    for effect in ["read", "write", "hide"] {
        for plant in [
            format!("ln -s {victim} one/keys"),
            "mkfifo one/keys".to_owned(),
            format!("rm -r one; ln -s {victim} one"),
            "rm -r one; mkfifo one".to_owned(),
            "ln -s keys one/keys".to_owned(),
            "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('one/keys')\""
                .to_owned(),
            "echo a file > one/keys".to_owned(),
            format!("ln -s {victim}/secret one/keys"),
        ] {
            projects(&session);
            // An app that may write there leaves something else.
            let profile = with_rules(&session, r#""~/Projects": "write""#);
            inside(&format!("cd Projects && rm -r one/keys && {{ {plant}; }}")).ok();
            drop(profile);
            let rules = format!(r#""~/Projects": "write", "~/Projects/one/keys": "{effect}""#);
            let _profile = with_rules(&session, &rules);
            let ran = inside("cat Projects/one/keys Projects/one/keys/* Projects/one/secret");
            assert!(
                !ran.text().contains("the user's own"),
                "{effect}, {plant}: {ran}"
            );
            // Either it works, or it says what is in the way.
            let said = ran.code == 125 && ran.complaint().contains("~/Projects/one/keys");
            assert!(ran.code != 125 || said, "{effect}, {plant}: {ran}");
        }
    }
    assert!(dir.exists());
    assert_eq!(
        fs::read(home().join("victim/secret")).unwrap(),
        b"the user's own"
    );
}

#[test]
fn a_check_from_inside_says_whether_rules_hold() {
    let session = Session::begin();
    let dir = projects(&session);
    let _profile = with_rules(
        &session,
        r#""~/Projects": "write", "~/Projects/one": "hide", "~/Projects/one/target": "read", "~/Projects/two/notes": "hide""#,
    );
    let app = oz(["run", "--detach", "ruled", "-c", "sleep 100"])
        .run()
        .ok()
        .text();
    oz(["check", &app]).run().ok();
    // What the user replaces outside comes in by its name, and the check says so.
    write(&dir.join("two/new"), b"new notes");
    fs::rename(dir.join("two/new"), dir.join("two/notes")).unwrap();
    let ran = oz(["check", &app]).run().exits(1);
    assert!(ran.text().contains("two/notes"), "{ran}");
}
