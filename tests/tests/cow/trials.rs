//! `oz run --try`: installers and the like, over a copy.

use std::fs;
use std::path::Path;

use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::terminal::Terminal;
use oz_e2e::{Ran, Run, Session, oz, wait};

use super::{copies, fresh};

fn trial(then: &[&str], script: &str) -> Run {
    oz(["run", "--try"])
        .args(then)
        .args(["--", "sh", "-c", script])
}

/// The document at the end of what `oz` said.
fn report(ran: &Ran) -> serde_json::Value {
    let said = ran.complaint();
    let document = said.find("{\n").map(|at| &said[at..]);
    serde_json::from_str(document.unwrap_or_default()).unwrap_or_else(|_| panic!("{ran}"))
}

fn is_kept(id: &str) -> bool {
    copies().join(id).exists()
}

#[test]
fn what_is_tried_is_shown_and_becomes_what_is_said() {
    let session = Session::begin();
    let dir = fresh(&session);
    let script = "cd ~/cow && echo after > changed && echo said && exit 3";
    let discarded = trial(&["--then", "discard"], script).run().exits(3);
    assert_eq!(discarded.text(), "said");
    discarded
        .complains("changed     ")
        .complains("6 bytes, before 6");
    assert!(!is_kept("sh"));
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    // Where nobody can be asked it is kept, and a second one begins anew.
    trial(&[], script).run().exits(3).complains("oz merge sh");
    let second = trial(&[], "cat ~/cow/changed").run().ok();
    assert_eq!(second.text(), "before");
    second.complains("nothing was changed");
    assert!(!is_kept("sh-2"));
    let again = oz(["run", "--sandbox", "sh", "--", "cat"]).arg(dir.join("changed"));
    assert_eq!(again.run().ok().text(), "after");
    trial(&["--then", "merge"], script)
        .run()
        .exits(3)
        .complains("--undo");
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
    oz(["merge", "sh-2", "--undo", "--yes"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
}

#[test]
fn somebody_at_a_terminal_is_asked() {
    let session = Session::begin();
    let dir = fresh(&session);
    let terminal = Terminal::open("trial");
    let sees = |words: &str| {
        let end = std::time::Instant::now() + wait::PATIENCE;
        while !terminal.screen().contains(words) {
            assert!(
                std::time::Instant::now() < end,
                "no {words} in:\n{}",
                terminal.screen()
            );
            wait::pause(std::time::Duration::from_millis(60));
        }
    };
    for (answer, said) in [("discard", "thrown away"), ("m", "--undo")] {
        terminal.line("clear");
        wait::until("an empty screen", || {
            (!terminal.screen().contains("oz")).then_some(())
        });
        terminal.line("oz run --try -- sh -c 'echo after > ~/cow/changed'");
        sees("[merge/discard/keep]");
        // No word of it: it is asked again.
        terminal.line("hm");
        terminal.line(answer);
        sees(said);
        let left = fs::read_to_string(dir.join("changed")).expect("there");
        assert_eq!(left == "before", answer == "discard", "{left}");
    }
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
    // What nobody has seen is not merged by one word.
    terminal.line("clear");
    terminal.line(&format!("oz run --try -- sh -c '{CROWD}'"));
    sees("[discard/keep]");
    terminal.line("merge");
    terminal.line("discard");
    sees("thrown away");
    assert!(dir.join("kept").exists());
}

/// Sorted by name, a crowd of new files stands before all else.
const CROWD: &str =
    "cd ~/cow && mkdir 0 && for n in $(seq 150); do : > 0/$n; done && rm kept && echo >> ~/.bashrc";

#[test]
fn a_crowd_of_new_files_hides_nothing() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let tried = trial(&["--then", "discard"], CROWD).run().ok();
    let lines = tried.complaint();
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].contains("protected"), "{tried}");
    assert!(
        lines[1].starts_with("deleted") && lines[1].contains("kept"),
        "{tried}"
    );
    tried.complains("more: `oz changes sh`");
}

#[test]
fn what_is_tried_is_told_to_programs() {
    let session = Session::begin();
    let dir = fresh(&session);
    let script = "cd ~/cow && echo after > changed && exit 3";
    for (then, taken, kept) in [("discard", 0, false), ("keep", 0, true), ("merge", 1, true)] {
        let ran = trial(&["--json", "--then", then], script).run().exits(3);
        let said: serde_json::Value = report(&ran);
        assert_eq!(said["then"], then, "{said}");
        assert_eq!(
            (&said["exit"], &said["taken"]),
            (&3.into(), &taken.into()),
            "{said}"
        );
        assert_eq!(said["id"].is_string(), kept, "{said}");
        assert_eq!(said["changes"][0]["change"], "changed", "{said}");
    }
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
    let nothing = trial(&["--json"], "true").run().ok();
    let said: serde_json::Value = report(&nothing);
    assert_eq!(said["then"], "nothing", "{said}");
    oz(["run", "--json", "--", "true"]).run().exits(2);
}

#[test]
fn a_trial_and_a_copy_can_be_planned() {
    let session = Session::begin();
    let dir = fresh(&session);
    let plan = |options: &[&str]| {
        let plan = oz(["plan"]).args(options).args(["--json", "--", "sh"]);
        let plan = plan.run().ok();
        serde_json::from_slice::<serde_json::Value>(&plan.out).expect("JSON")
    };
    let copied = plan(&["--cow"]);
    assert!(
        copied["home"]["copy-on-write"].is_string(),
        "{}",
        copied["home"]
    );
    let place = dir.to_string_lossy().into_owned();
    let trial = plan(&["--try", "--net", "internet", "--dir", &place]);
    assert!(
        trial["home"]["copy-on-write"].is_string(),
        "{}",
        trial["home"]
    );
    assert_eq!(trial["network"]["mode"], "internet");
    assert_eq!(plan(&["--try"])["network"]["mode"], "none");
    oz(["plan", "--dir", &place, "--", "sh"]).run().exits(2);
}

#[test]
fn what_is_tried_reaches_no_file_of_the_user_no_key_and_no_network() {
    let session = Session::begin();
    let dir = fresh(&session);
    let key = write(&home().join(".ssh/cow-key"), b"secret");
    let _profile = session.profile(
        "writer",
        r#"{ "description": "t", "match": { "executables": ["sh"] }, "network": { "mode": "internet" },
            "files": { "arguments": "write", "rules": { "~/cow": "write" } } }"#,
    );
    let script = dir.join("script");
    write(&script, b"echo through > ~/cow/changed; cat ~/.ssh/cow-key; cut -d: -f1 /proc/net/dev; echo x > \"$1\"");
    let target = write(&dir.join("target"), b"before");
    // Without --try its profile lets it.
    let run = |options: &[&str]| {
        let run = oz(["run"]).args(options).args(["writer"]);
        run.arg(&script).arg(&target).run()
    };
    run(&["--net", "none"]);
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"through\n");
    assert_eq!(fs::read(&target).expect("there"), b"x\n");
    oz(["stop", "--all"]).run().ok();
    fs::write(dir.join("changed"), "before").expect("written");
    fs::write(&target, "before").expect("written");
    let tried = run(&["--try", "--then", "discard"]);
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    assert_eq!(fs::read(&target).expect("there"), b"before");
    let text = tried.text();
    assert!(!text.contains("secret"), "{text}");
    assert!(
        text.lines().skip(2).all(|name| name.trim() == "lo"),
        "{text}"
    );
    fs::remove_file(key).expect("removed");
}

#[test]
fn a_directory_beside_the_home_is_copied_if_it_is_ones_own() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let beside = home().parent().expect("has one").join("cow-beside");
    write(&beside.join("file"), b"before");
    let script = format!(
        "echo after > '{0}/file' && cat '{0}/file'",
        beside.display()
    );
    let place = beside.to_string_lossy().into_owned();
    let tried = trial(&["--then", "discard", "--dir", &place], &script)
        .run()
        .ok();
    assert_eq!(tried.text(), "after");
    assert_eq!(fs::read(beside.join("file")).expect("there"), b"before");
    trial(&["--then", "merge", "--dir", &place], &script)
        .run()
        .ok();
    assert_eq!(fs::read(beside.join("file")).expect("there"), b"after\n");
    trial(&["--dir", "/usr/local"], "true")
        .run()
        .exits(2)
        .complains("another user");
    fs::remove_dir_all(beside).expect("removed");
}

/// A program that was tried offline has read the whole home by then, and may have planted what runs next.
#[test]
fn what_was_kept_of_a_trial_gets_neither_the_network_nor_the_writable_places_of_its_profile() {
    let session = Session::begin();
    let dir = fresh(&session);
    let direct = dir.join("direct").to_string_lossy().into_owned();
    fs::create_dir(&direct).expect("made");
    let _profile = session.profile(
        "tried",
        r#"{ "description": "t", "match": { "executables": ["sh"] }, "network": { "mode": "internet" },
            "files": { "rules": { "~/cow/direct": "write" } } }"#,
    );
    let plan = |how: &[&str]| {
        let planned = oz(["plan", "--json"]).args(how).run().ok().text();
        let plan: serde_json::Value = serde_json::from_str(&planned).expect("a document");
        let writes = plan["root"]
            .as_array()
            .expect("steps")
            .iter()
            .any(|op| op["bind"]["path"] == direct.as_str() && op["bind"]["access"] == "write");
        (plan["network"]["mode"].clone(), writes)
    };
    assert_eq!(plan(&["--cow", "tried"]), ("internet".into(), true));
    let script = "echo planted > ~/cow/changed; echo x > ~/cow/direct/x";
    oz([
        "run",
        "--try",
        "--then",
        "keep",
        "--profile",
        "tried",
        "--",
        "sh",
        "-c",
        script,
    ])
    .run()
    .ok();
    let inside = |id: &str, more: &[&str], script: &str| {
        oz(["run", "--sandbox", id])
            .args(more)
            .args(["--", "sh", "-c", script])
            .run()
    };
    let route = "cat ~/cow/changed; wc -l < /proc/net/route; echo y > ~/cow/direct/y";
    oz(["clone", "tried", "tried-again"]).run().ok();
    for id in ["tried", "tried-again"] {
        assert_eq!(inside(id, &[], route).ok().text(), "planted\n1", "{id}");
        assert_eq!(fs::read_dir(&direct).expect("there").count(), 0, "{id}");
    }
    // What the person says is another matter.
    let routes = inside("tried", &["--net", "internet"], "wc -l < /proc/net/route").ok();
    assert_ne!(routes.text(), "1");
    // Nobody goes on in it by its name alone, which says nothing of a trial.
    let by_name = oz(["run", "--cow", "tried", "-c", "cat ~/cow/changed"])
        .run()
        .ok();
    assert_eq!(by_name.text(), "before");
}

#[test]
fn git_commits_and_the_commit_is_merged_whole() {
    let session = Session::begin();
    let dir = fresh(&session);
    let git = |script: &str| Run::sh(script).dir(&dir).run().ok().text();
    git(
        "git init -q repo && cd repo && git config user.name x && git config user.email x@x && echo one > file && git add . && git commit -qm one",
    );
    let script = "cd ~/cow/repo && git checkout -qb topic && echo two >> file && git commit -qam two && git gc -q && git mv file moved && git commit -qm three";
    trial(&["--then", "merge"], script).run().ok();
    assert_eq!(
        git("cd repo && git log --format=%s topic"),
        "three\ntwo\none"
    );
    git("cd repo && git fsck --strict && test -z \"$(git status --porcelain)\"");
    assert_eq!(git("cat repo/moved"), "one\ntwo");
}

#[test]
fn make_installs_and_its_program_needs_a_yes_of_its_own() {
    let session = Session::begin();
    let dir = fresh(&session);
    write(
        &dir.join("src/hello.c"),
        b"#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n",
    );
    write(
        &dir.join("src/Makefile"),
        b"hello: hello.c\n\tcc -o $@ $<\ninstall: hello\n\tinstall -D hello $(PREFIX)/bin/cow-hello\n\tinstall -D -m 644 hello.c $(PREFIX)/share/cow-hello/hello.c\n",
    );
    let script = "cd ~/cow/src && make install PREFIX=$HOME/.local";
    let program = home().join(".local/bin/cow-hello");
    let share = home().join(".local/share/cow-hello/hello.c");
    trial(&["--then", "merge"], script)
        .run()
        .exits(1)
        .complains("protected");
    assert!(share.exists() && !program.exists());
    oz(["discard", "sh", "--yes"]).run().ok();
    trial(&["--then", "merge", "--protected"], script)
        .run()
        .ok();
    assert_eq!(Run::new(&program, [""; 0]).run().ok().text(), "hello");
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert!(!program.exists());
    fs::remove_dir_all(share.parent().expect("has one")).expect("removed");
}

#[test]
fn an_installer_that_does_more_than_it_should_is_seen_and_undone() {
    let session = Session::begin();
    let dir = fresh(&session);
    let installer = b"#!/bin/sh\nset -e\nmkdir -p ~/.local/share/cow-app ~/.config/autostart\ntail -n +9 \"$0\" > ~/.local/share/cow-app/data\necho 'PATH=~/evil:$PATH' >> ~/.bashrc\necho x > ~/.config/autostart/cow-app.desktop\nrm -rf ~/cow/kept\nexit 0\npayload\n";
    let path = write(&dir.join("install.sh"), installer);
    let start = home().join(".bashrc");
    let before = fs::read(&start).ok();
    let path = path.to_string_lossy().into_owned();
    let tried = oz(["run", "--try", "--then", "discard", "--", "sh", &path])
        .run()
        .ok();
    let tried = tried.complains("cow-app.desktop").complains("! protected");
    let tried = tried.complains("deleted     ").complains(".bashrc");
    tried.complains("share/cow-app/data");
    assert_eq!(fs::read(&start).ok(), before);
    assert!(dir.join("kept").exists());
    assert!(!home().join(".local/share/cow-app").exists());
}

#[test]
fn pip_installs_for_the_user() {
    let session = Session::begin();
    let dir = fresh(&session);
    write(
        &dir.join("pkg/setup.py"),
        b"from setuptools import setup\nsetup(name='cowpkg', version='1', py_modules=['cowpkg'])\n",
    );
    write(&dir.join("pkg/cowpkg.py"), b"print('it is here')\n");
    let script = "cd ~/cow && cp -r pkg work && /usr/bin/python3 -m pip install --user --no-index --no-build-isolation --break-system-packages --no-warn-script-location ./work && rm -r work && /usr/bin/python3 -c 'import cowpkg'";
    let tried = trial(&["--then", "merge", "--protected"], script);
    let tried = tried.within(wait::LONG).run().ok();
    assert!(tried.text().ends_with("it is here"), "{tried}");
    // Without leaving a compiled one there, which would be the user's.
    let import = || Run::new("/usr/bin/python3", ["-B", "-c", "import cowpkg"]).run();
    assert_eq!(import().ok().text(), "it is here");
    oz(["merge", "sh", "--undo", "--yes"])
        .within(wait::LONG)
        .run()
        .ok();
    import().fails();
    assert!(!Path::new(&dir).join("work").exists());
}
