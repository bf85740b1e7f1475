//! `oz merge` and `oz discard`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use oz_e2e::layers::{Merge, STEPS};
use oz_e2e::session::home;
use oz_e2e::{Inside, Session, cli, oz, processes, wait};

use super::{catch, copies, cow, fresh};

#[test]
fn what_is_merged_is_there_and_what_is_discarded_never_was() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo after > changed && rm deleted && mkdir -p a/b && echo x > a/b/c && ln -s c a/b/l && touch -d @1000000000 a/b/c").run().ok();
    oz(["merge", "sh"]).run().exits(1).complains("--yes");
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    oz(["merge", "sh", "--yes"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
    assert!(!dir.join("deleted").exists());
    assert_eq!(fs::read(dir.join("a/b/c")).expect("there"), b"x\n");
    assert_eq!(
        fs::read_link(dir.join("a/b/l")).expect("a link").to_str(),
        Some("c")
    );
    assert_eq!(
        cli::json(["changes", "sh"]).as_array().map(Vec::len),
        Some(0)
    );
    // From here on it sees what the user does there.
    fs::write(dir.join("a/b/later"), "later").expect("written");
    let later = cow("cat ~/cow/a/b/later").run().ok();
    assert_eq!(later.text(), "later");
    cow("rm -r ~/cow/*").run().ok();
    oz(["discard", "sh", "--yes"]).run().ok();
    assert!(dir.join("a/b/c").exists() && !copies().join("sh").exists());
    assert_eq!(cow("cat ~/cow/a/b/c").run().ok().text(), "x");
}

#[test]
fn a_directory_that_is_closed_when_something_in_it_was_deleted_is_merged() {
    let session = Session::begin();
    let dir = fresh(&session);
    let closed = dir.join("closed");
    fs::create_dir(&closed).expect("made");
    fs::write(closed.join("inner"), "inner").expect("written");
    cow("cd ~/cow && rm closed/inner && chmod 500 closed")
        .run()
        .ok();
    let text = oz(["changes", "sh"]).run().ok().text();
    let line = "/closed/  0755 → 0500  ! protected: you could not";
    assert!(text.contains(line), "{text}");
    oz(["merge", "sh", "--yes", "--protected"]).run().ok();
    let mode = fs::metadata(&closed).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o500);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("set");
    assert!(!closed.join("inner").exists());
}

#[test]
fn only_what_is_named_is_merged() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && mkdir -p new/sub && echo 1 > new/sub/one && echo 2 > new/two && rm deleted")
        .run()
        .ok();
    oz(["merge", "sh", "--yes"])
        .arg(dir.join("new/sub/one"))
        .run()
        .ok();
    assert!(dir.join("new/sub/one").exists() && dir.join("deleted").exists());
    assert!(!dir.join("new/two").exists());
    oz(["merge", "sh", "--yes"]).run().ok();
    assert!(dir.join("new/two").exists() && !dir.join("deleted").exists());
}

#[test]
fn a_conflict_waits_for_a_decision() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo in > changed && echo in > kept")
        .run()
        .ok();
    fs::write(dir.join("changed"), "out").expect("written");
    oz(["merge", "sh", "--yes"])
        .run()
        .ok()
        .complains("left out");
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"out");
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"in\n");
    oz(["merge", "sh", "--yes", "--both"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"out");
    assert_eq!(fs::read(dir.join("changed.sh")).expect("there"), b"in\n");
    cow("echo again > ~/cow/changed").run().ok();
    fs::write(dir.join("changed"), "out again").expect("written");
    oz(["merge", "sh", "--yes", "--take-theirs"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"again\n");
}

#[test]
fn what_runs_is_not_merged_or_discarded() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    inside.sh("echo x > ~/cow/new").ok();
    oz(["merge", inside.id(), "--yes"])
        .run()
        .exits(1)
        .complains("oz stop");
    oz(["discard", inside.id(), "--yes"])
        .run()
        .exits(1)
        .complains("oz stop");
}

#[test]
fn a_protected_place_needs_a_yes_of_its_own() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let start = home().join(".bashrc");
    let before = fs::read(&start).ok();
    cow("echo evil >> ~/.bashrc; mkdir -p ~/.config/autostart && echo x > ~/.config/autostart/x.desktop").run().ok();
    let text = oz(["changes", "sh"]).run().ok().text();
    assert!(text.contains("! protected"), "{text}");
    oz(["merge", "sh", "--yes"]).run();
    assert_eq!(fs::read(&start).ok(), before);
    assert!(!home().join(".config/autostart/x.desktop").exists());
    oz(["discard", "sh", "--yes"]).run().ok();
}

#[test]
fn nothing_that_gives_a_program_rights_is_merged() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo x > set && chmod 6755 set && mkfifo pipe && mkdir -m 2755 dir")
        .run()
        .ok();
    oz(["merge", "sh", "--yes"]).run();
    let mode = |name: &str| {
        fs::metadata(dir.join(name))
            .expect("there")
            .permissions()
            .mode()
    };
    assert_eq!(mode("set") & 0o7777, 0o755);
    assert_eq!(mode("dir") & 0o7777, 0o755);
    assert!(!dir.join("pipe").exists());
    oz(["discard", "sh", "--yes"]).run().ok();
}

#[test]
fn a_merge_that_is_killed_is_finished_by_the_next() {
    let session = Session::begin();
    for round in 0..20 {
        // Any moment of it, wherever on the way through its steps that is.
        let enough = round * 7919 % (STEPS + 1);
        Merge::new(&session).is_finished_when_killed(|merge| {
            catch("so much is done", || {
                merge.done() >= enough || merge.is_over()
            });
        });
    }
}

#[test]
fn a_merge_that_a_launch_finishes_holds_up_no_other_launch() {
    let session = Session::begin();
    let dir = fresh(&session);
    for number in 0..2000 {
        fs::write(dir.join(format!("f{number}")), "before").expect("written");
    }
    cow("cd ~/cow && for n in $(seq 0 1999); do echo after > f$n; done")
        .run()
        .ok();
    let merge = oz(["merge", "sh", "--yes"]).start();
    let is_merged = |number: u32| {
        let text = fs::read_to_string(dir.join(format!("f{number}")));
        text.is_ok_and(|text| text == "after\n")
    };
    catch("something is done", || (0..2000).any(is_merged));
    let _ = rustix::process::kill_process_group(merge.pid(), rustix::process::Signal::KILL);
    drop(merge);
    let launch = oz(["run", "--cow", "--", "sh", "-c", "cat ~/cow/f1999"]).start();
    let mut worker = None;
    catch("the launch finishes it", || {
        let all = processes::of_session().into_iter();
        worker = all.filter(|one| one.name == "cow-worker").max();
        worker.is_some()
    });
    let worker = worker.expect("caught");
    worker.signal(rustix::process::Signal::STOP);
    assert!(!(0..2000).all(is_merged), "it was too quick to be stopped");
    oz(["run", "--ephemeral", "--", "true"]).run().ok();
    worker.signal(rustix::process::Signal::CONT);
    let launched = launch.end_within(wait::LONG).ok();
    assert_eq!(launched.text(), "after");
    assert!((0..2000).all(is_merged));
}

#[test]
fn what_leaves_nothing_leaves_no_copy() {
    let session = Session::begin();
    let dir = fresh(&session);
    let script = "mkdir -p ~/cow/a/b && chmod 000 ~/cow/a/b && echo x > ~/cow/changed";
    oz(["run", "--cow", "--ephemeral", "--", "sh", "-c", script])
        .run()
        .ok();
    wait::until("the copies are gone", || {
        let left = fs::read_dir(copies()).map_or(0, Iterator::count);
        (left == 0).then_some(())
    });
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    // Nothing of it waits for the disk,
    let inside = Inside::start(&["--cow", "--ephemeral", "--", "sleep", "1000"]);
    let mount = inside.sh("grep \" $HOME \" /proc/self/mountinfo").ok();
    assert!(mount.text().contains("volatile"), "{mount}");
    inside.sh("echo x > ~/cow/changed && sync").ok();
    // and what is left by one that ends without a daemon goes with the next.
    let id = inside.id().to_owned();
    assert!(copies().join(&id).exists());
    processes::kill_daemon();
    for init in processes::inits() {
        init.kill();
        wait::for_condition("its end", || !init.lives());
    }
    assert!(copies().join(&id).exists());
    oz(["ps"]).run().ok();
    wait::for_condition("the copies are gone", || {
        fs::read_dir(copies()).map_or(0, Iterator::count) == 0
    });
}
