//! Adding to and taking from a sandbox that runs.

use std::fs;
use std::time::Duration;

use oz_e2e::Session;
use oz_e2e::fixtures::write;

use super::{add, remove, sleeper};

#[test]
fn a_directory_appears_at_the_same_path_and_goes_again() {
    let session = Session::begin();
    let dir = session.fresh_dir("project");
    write(&dir.join("sub/file"), b"content");
    let inside = sleeper();
    let look = format!("cat {}/sub/file", dir.display());
    inside.sh(&look).refused_inside();

    add(&inside, &[], &dir).run().ok();
    assert_eq!(inside.sh(&look).ok().text(), "content");

    remove(&inside, &dir).ok();
    inside.sh(&look).refused_inside();
    assert!(
        dir.join("sub/file").exists(),
        "taking back removes nothing on the host"
    );
}

#[test]
fn a_single_file_appears_without_its_neighbours() {
    let session = Session::begin();
    let dir = session.fresh_dir("letters");
    let file = write(&dir.join("one.txt"), b"one");
    write(&dir.join("two.txt"), b"two");
    let inside = sleeper();
    add(&inside, &[], &file).run().ok();
    assert_eq!(
        inside.sh(&format!("cat {}", file.display())).ok().text(),
        "one"
    );
    assert_eq!(
        inside.sh(&format!("ls -A {}", dir.display())).ok().text(),
        "one.txt"
    );
    remove(&inside, &file).ok();
    inside
        .sh(&format!("cat {}", file.display()))
        .refused_inside();
}

#[test]
fn read_only_is_read_only_and_writable_reaches_the_host() {
    let session = Session::begin();
    let dir = session.fresh_dir("work");
    let file = write(&dir.join("note"), b"old");
    let inside = sleeper();
    let change = format!("echo new > {}", file.display());

    add(&inside, &[], &dir).run().ok();
    inside.sh(&change).refused_inside().complains("read-only");
    inside
        .sh(&format!("rm -f {}", file.display()))
        .refused_inside();
    assert_eq!(fs::read(&file).unwrap(), b"old");
    remove(&inside, &dir).ok();

    add(&inside, &["--write"], &dir).run().ok();
    inside.sh(&change).ok();
    assert_eq!(fs::read(&file).unwrap(), b"new\n");
    inside
        .sh(&format!(
            "mkdir {0}/made && mv {0}/note {0}/made/",
            dir.display()
        ))
        .ok();
    assert_eq!(fs::read(dir.join("made/note")).unwrap(), b"new\n");
}

#[test]
fn a_writable_single_file_is_written_in_place() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("single").join("note"), b"old");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    inside.sh(&format!("echo new > {}", file.display())).ok();
    assert_eq!(fs::read(&file).unwrap(), b"new\n");
}

#[test]
fn what_the_host_changes_is_seen_inside_at_once() {
    let session = Session::begin();
    let dir = session.fresh_dir("shared");
    let inside = sleeper();
    add(&inside, &[], &dir).run().ok();
    write(&dir.join("later"), b"written later");
    assert_eq!(
        inside
            .sh(&format!("cat {}/later", dir.display()))
            .ok()
            .text(),
        "written later"
    );
}

#[test]
fn a_grant_can_become_writable_and_read_only_again() {
    let session = Session::begin();
    let dir = session.fresh_dir("turns");
    let inside = sleeper();
    let change = format!("touch {}/x", dir.display());
    add(&inside, &[], &dir).run().ok();
    inside.sh(&change).refused_inside();
    add(&inside, &["--write"], &dir).run().ok();
    inside.sh(&change).ok();
    add(&inside, &[], &dir).run().ok();
    inside.sh(&change).refused_inside();
    remove(&inside, &dir).ok();
    inside
        .sh(&format!("ls {}/x", dir.display()))
        .refused_inside();
}

#[test]
fn several_paths_go_in_one_command() {
    let session = Session::begin();
    let dir = session.fresh_dir("many");
    let paths: Vec<_> = (0..5)
        .map(|n| write(&dir.join(format!("f{n}")), n.to_string().as_bytes()))
        .collect();
    let inside = sleeper();
    oz_e2e::oz(["add", inside.id()])
        .args(&paths[..4])
        .run()
        .ok();
    let all = format!("cd {} && cat f0 f1 f2 f3", dir.display());
    assert_eq!(inside.sh(&all).ok().text(), "0123");
    inside
        .sh(&format!("cat {}/f4", dir.display()))
        .refused_inside();
    oz_e2e::oz(["remove", inside.id()])
        .args(&paths[..4])
        .run()
        .ok();
    inside.sh(&all).refused_inside();
}

#[test]
fn what_was_open_stays_open_when_it_is_taken_back() {
    let session = Session::begin();
    let dir = session.fresh_dir("open");
    write(&dir.join("file"), b"still readable");
    let inside = sleeper();
    add(&inside, &[], &dir).run().ok();
    let hold = format!(
        "exec 5<{0}/file; touch /tmp/holding; while ! test -e /tmp/go; do sleep 0.1; done; cat <&5; ls {0}",
        dir.display()
    );
    let holder = inside.script(&hold).start();
    inside.wait_for("test -e /tmp/holding");
    // What is taken back and open is said at once, and listed as long as it lasts.
    let ran = remove(&inside, &dir).ok();
    ran.complains("is still open in ")
        .complains(&dir.to_string_lossy());
    inside
        .sh(&format!("cat {}/file", dir.display()))
        .refused_inside();
    let listed = || oz_e2e::cli::json(["files", inside.id()]);
    let row = &listed()[0];
    assert_eq!(row["access"], "taken-back", "{row}");
    assert!(row["programs"][0]["name"].is_string(), "{row}");
    inside.sh("touch /tmp/go").ok();
    let ran = holder.end_within(Duration::from_secs(15));
    oz_e2e::wait::for_condition("nothing to be open", || {
        listed().as_array().is_some_and(Vec::is_empty)
    });
    assert!(ran.text().contains("still readable"), "{ran}");
    assert!(!ran.text().contains("\nfile"), "{ran}");
}

#[test]
fn what_is_open_still_is_known_to_the_next_daemon() {
    let session = Session::begin();
    let dir = session.fresh_dir("kept-open");
    write(&dir.join("file"), b"still readable\n");
    let inside = sleeper();
    add(&inside, &[], &dir).run().ok();
    let hold = format!(
        "exec 5<{0}/file; touch /tmp/holding; while ! test -e /tmp/go; do sleep 0.1; done",
        dir.display()
    );
    // Whoever started it is told that the daemon has ended; it goes on.
    let _holder = inside.script(&hold).start();
    inside.wait_for("test -e /tmp/holding");
    remove(&inside, &dir).ok();
    let listed = || oz_e2e::cli::json(["files", inside.id()]);
    let shell = |list: &serde_json::Value| {
        let programs = list[0]["programs"].as_array().cloned().unwrap_or_default();
        programs.iter().find(|one| one["name"] == "bash").cloned()
    };
    let before = shell(&listed());
    assert!(before.is_some(), "{}", listed());
    oz_e2e::processes::kill_daemon();
    let after = listed();
    assert_eq!(after[0]["access"], "taken-back", "{after}");
    assert_eq!(shell(&after), before, "{after}");
    // It looks again.
    inside.sh("touch /tmp/go").ok();
    oz_e2e::wait::for_condition("nothing to be open", || {
        listed().as_array().is_some_and(Vec::is_empty)
    });
}

#[test]
fn what_was_open_for_writing_is_listed_when_it_may_only_be_read() {
    let session = Session::begin();
    let dir = session.fresh_dir("narrowed");
    let inside = sleeper();
    add(&inside, &["--write"], &dir).run().ok();
    let hold = format!(
        "cd {}; touch /tmp/holding; while ! test -e /tmp/go; do sleep 0.1; done",
        dir.display()
    );
    let holder = inside.script(&hold).start();
    inside.wait_for("test -e /tmp/holding");
    add(&inside, &[], &dir).run().ok();
    let json = oz_e2e::cli::json(["files", inside.id()]);
    let rows: Vec<_> = json.as_array().into_iter().flatten().collect();
    let access: Vec<_> = rows
        .iter()
        .filter_map(|row| row["access"].as_str())
        .collect();
    assert_eq!(access, ["read", "taken-back"], "{json}");
    inside.sh("touch /tmp/go").ok();
    holder.end_within(Duration::from_secs(15));
}

#[test]
fn a_symlinked_directory_of_the_user_works_by_both_names() {
    let session = Session::begin();
    let real = session.fresh_dir("disk/Documents");
    write(&real.join("letter"), b"dear");
    let link = session.home().join("Documents-link");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let inside = sleeper();
    add(&inside, &[], &link).run().ok();
    assert_eq!(
        inside
            .sh(&format!("cat {}/letter", real.display()))
            .ok()
            .text(),
        "dear"
    );
    remove(&inside, &link).ok();
    inside
        .sh(&format!("cat {}/letter", real.display()))
        .refused_inside();
}

#[test]
fn one_sandbox_does_not_get_what_another_was_given() {
    let session = Session::begin();
    let dir = session.fresh_dir("for-one");
    write(&dir.join("file"), b"x");
    let one = sleeper();
    let other = sleeper();
    assert_ne!(
        one.id(),
        other.id(),
        "commands without a profile do not join each other"
    );
    add(&one, &[], &dir).run().ok();
    let look = format!("cat {}/file", dir.display());
    one.sh(&look).ok();
    other.sh(&look).refused_inside();
}

#[test]
fn a_file_of_a_writable_directory_can_be_replaced_by_name() {
    let session = Session::begin();
    let dir = session.fresh_dir("replaced-by-name");
    let file = write(&dir.join("doc"), b"old");
    let inside = sleeper();
    // In either order: what the directory shows needs no mount of its own.
    for paths in [[&dir, &file], [&file, &dir]] {
        for path in paths {
            add(&inside, &["--write"], path).run().ok();
        }
        inside
            .sh(&format!(
                "cd {} && echo new > tmp && mv tmp doc",
                dir.display()
            ))
            .ok();
        assert_eq!(fs::read(&file).unwrap(), b"new\n");
        remove(&inside, &dir).ok();
        let _ = remove(&inside, &file);
    }
}
