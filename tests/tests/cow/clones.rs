//! `oz clone`, `oz reset` and `oz unbox`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

use super::{copies, cow, fresh};

/// A script in a sandbox that is named.
fn within(id: &str, script: &str) -> Run {
    oz(["run", "--sandbox", id, "--", "sh", "-c", script])
}

#[test]
fn a_clone_goes_on_where_its_parent_was_and_each_writes_for_itself() {
    let session = Session::begin();
    let dir = fresh(&session);
    write(&dir.join("full/below"), b"below");
    write(&dir.join("gone/below"), b"below");
    let script = "cd ~/cow && echo one > new && ln new hard && ln -s new link && rm -r deleted gone full && mkdir full &&
        chmod 700 kept && echo after > changed && mkdir -p closed && echo x > closed/file && chmod 000 closed && mkfifo pipe &&
        truncate -s 1G sparse";
    cow(script).run().ok();
    let before = cli::json(["changes", "sh"]);
    assert_eq!(oz(["clone", "sh", "other"]).run().ok().text(), "other");
    let of_clone = cli::json(["changes", "other"]);
    assert_eq!(before, of_clone, "the layers differ");
    let used = Run::sh("du -sk \"$0/other\" | cut -f1").arg(copies());
    let used: u64 = used.run().ok().text().parse().expect("a number");
    assert!(used < 10_000, "{used} KiB: holes were filled");
    let seen = within(
        "other",
        "cd ~/cow && ls -A full && cat new hard link changed && test ! -e deleted -a ! -e gone && echo two > new && cat hard",
    );
    assert_eq!(seen.run().ok().text(), "one\none\none\nafter\ntwo");
    assert_eq!(cow("cat ~/cow/new").run().ok().text(), "one");
    assert_eq!(cli::json(["changes", "sh"]), before);
    oz(["merge", "other", "--yes"]).run();
    assert_eq!(fs::read(dir.join("new")).expect("there"), b"two\n");
    assert!(!dir.join("gone").exists() && !dir.join("full/below").exists());
}

#[test]
fn a_clone_gains_nothing_that_its_parent_had_not() {
    let session = Session::begin();
    let dir = fresh(&session);
    let key = write(&home().join(".ssh/cow-key"), b"secret");
    let reads = "cat ~/.ssh/cow-key";
    assert_eq!(Run::sh(reads).run().ok().text(), "secret");
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    let id = inside.id().to_owned();
    oz(["add", &id, "--write"])
        .arg(dir.join("changed"))
        .run()
        .ok();
    inside
        .sh("cd ~/cow && echo through > changed && cp /bin/sh set && chmod 6755 set")
        .ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"through\n");
    oz(["stop", &id]).run().ok();
    oz(["clone", &id, "heir"]).run().ok();
    // Files that the parent was given were the parent's.
    within("heir", "echo own > ~/cow/changed").run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"through\n");
    // What is protected stays so, now and when it comes to be.
    within("heir", reads).run().fails();
    // Nothing has another's rights.
    let set = copies().join("heir/home/upper/cow/set");
    let mode = fs::metadata(set).expect("there").permissions().mode();
    assert_eq!(mode & 0o7000, 0, "{mode:o}");
    // Another profile may have other walls, a network above all.
    let other = [
        "run",
        "--sandbox",
        "heir",
        "--profile",
        "browser",
        "--",
        "true",
    ];
    oz(other).run().exits(125).complains("of the profile");
    let net = within("heir", "cut -d: -f1 /proc/net/dev")
        .run()
        .ok()
        .text();
    assert!(net.lines().skip(2).all(|name| name.trim() == "lo"), "{net}");
    // Nor has it another home.
    let other = [
        "run",
        "--sandbox",
        "heir",
        "--home",
        "private",
        "--",
        "true",
    ];
    oz(other).run().exits(2);
    fs::remove_file(key).expect("removed");
}

#[test]
fn a_clone_has_a_name_of_its_own_and_a_parent_that_stands_still() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let _profile = session.profile(
        "an-app",
        r#"{ "description": "t", "match": { "executables": ["true"] } }"#,
    );
    cow("echo x > ~/cow/new").run().ok();
    for name in ["sh", "an-app"] {
        oz(["clone", "sh", name])
            .run()
            .exits(1)
            .complains("another name");
    }
    for name in ["", ".x", "../x", "A", "a/b", "a b"] {
        oz(["clone", "sh", name])
            .run()
            .exits(1)
            .complains("small letters");
    }
    oz(["clone", "nobody", "other"]).run().exits(1);
    let inside = Inside::start(&["--sandbox", "sh", "--", "sleep", "1000"]);
    assert_eq!(inside.id(), "sh");
    oz(["clone", "sh", "other"])
        .run()
        .exits(1)
        .complains("oz stop");
    oz(["run", "--sandbox", "sh", "--", "true"])
        .run()
        .exits(125)
        .complains("oz shell");
    assert!(!copies().join("other").exists());
}

#[test]
fn a_clone_that_was_cut_off_is_no_sandbox() {
    let session = Session::begin();
    let _dir = fresh(&session);
    cow("mkdir ~/cow/many && cd ~/cow/many && for n in $(seq 3000); do echo $n > $n; done")
        .within(wait::LONG)
        .run()
        .ok();
    let clone = oz(["clone", "sh", "other"]).start();
    wait::until("it is at work", || {
        let begun = copies().join(".clone-other/home/upper/cow/many");
        begun.exists().then_some(())
    });
    let _ = rustix::process::kill_process_group(clone.pid(), rustix::process::Signal::KILL);
    drop(clone);
    if !copies().join("other").exists() {
        within("other", "true").run().exits(125);
        oz(["clone", "sh", "other"]).run().ok();
    }
    assert!(!copies().join(".clone-other").exists());
    let count = within("other", "ls ~/cow/many | wc -l").run().ok().text();
    assert_eq!(count, "3000");
}

#[test]
fn layers_of_which_nobody_knows_whose_they_are_are_nobodys() {
    let session = Session::begin();
    let _dir = fresh(&session);
    cow("echo secret > ~/cow/told").run().ok();
    assert_eq!(cow("cat ~/cow/told").run().ok().text(), "secret");
    fs::remove_file(copies().join("sh/about.json")).expect("removed");
    cow("cat ~/cow/told").run().fails();
}

#[test]
fn a_sandbox_that_is_reset_has_nothing_left_and_the_user_all() {
    let session = Session::begin();
    let dir = fresh(&session);
    let _profile = session.profile(
        "keeper",
        r#"{ "description": "t", "match": { "executables": ["sleep"] }, "files": {
            "home": "private", "rules": { "~/cow": "copy-on-write" } } }"#,
    );
    session.forget("keeper");
    let inside = Inside::start(&["keeper", "1000"]);
    inside
        .sh("echo mine > ~/own && mkdir -m 000 ~/closed && echo x > ~/cow/changed")
        .ok();
    oz(["reset", "keeper", "--yes"])
        .run()
        .exits(1)
        .complains("oz stop");
    oz(["stop", "keeper"]).run().ok();
    let asked = oz(["reset", "keeper"]).run().exits(1);
    asked.complains("--yes").complains("its own home");
    let state = home().join(".local/state/oz");
    assert!(state.join("homes/keeper/own").exists());
    let gone = cli::json(["reset", "keeper", "--yes"]);
    let what = |row: &serde_json::Value| row["what"].as_str().unwrap_or_default().to_owned();
    let gone: Vec<String> = gone.as_array().expect("a list").iter().map(what).collect();
    assert_eq!(gone[..2], ["copies", "home"]);
    assert!(!state.join("homes/keeper").exists() && !copies().join("keeper").exists());
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    oz(["reset", "keeper", "--yes"])
        .run()
        .exits(1)
        .complains("kept nothing");
    let again = Inside::start(&["keeper", "1000"]);
    again.sh("test ! -e ~/own && cat ~/cow/changed").ok();
}

#[test]
fn what_is_unboxed_is_taken_over_whole_or_stays_in_its_sandbox() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo in > changed && echo in > new && mkfifo pipe")
        .run()
        .ok();
    fs::write(dir.join("changed"), "out").expect("written");
    oz(["unbox", "sh"]).run().exits(1).complains("--yes");
    oz(["unbox", "sh", "--yes"])
        .run()
        .exits(1)
        .complains("--take-theirs");
    assert!(copies().join("sh").exists());
    oz(["unbox", "sh", "--json"]).run().exits(2);
    let said = cli::json(["unbox", "sh", "--yes", "--take-theirs"]);
    // The other one was taken over before.
    let (taken, disabled) = (&said["taken"], &said["disabled"]);
    assert_eq!((taken, disabled), (&1.into(), &false.into()), "{said}");
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"in\n");
    assert_eq!(fs::read(dir.join("new")).expect("there"), b"in\n");
    assert!(!copies().join("sh").exists() && !dir.join("pipe").exists());
}

#[test]
fn a_shell_completes_the_names_of_those_that_have_written_over_copies() {
    let session = Session::begin();
    let _dir = fresh(&session);
    cow("echo x > ~/cow/new").run().ok();
    oz(["clone", "sh", "kansas"]).run().ok();
    let completed = |verb: &str, word: &str| {
        let script = format!(
            "source <(oz completions bash); COMP_WORDS=(oz {verb} '{word}'); COMP_CWORD=2
            _oz_or_kept oz '{word}' {verb}; echo \"${{COMPREPLY[*]}}\""
        );
        Run::new("bash", ["-c", &script]).run().ok().text()
    };
    for verb in ["changes", "merge", "discard", "clone", "reset", "unbox"] {
        assert_eq!(completed(verb, ""), "kansas sh", "{verb}");
        assert_eq!(completed(verb, "ka"), "kansas", "{verb}");
    }
    assert!(completed("merge", "--y").contains("--yes"));
    assert!(!completed("stop", "ka").contains("kansas"));
}
