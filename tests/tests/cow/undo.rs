//! `oz merge --undo`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use oz_e2e::{Session, cli, oz};

use super::{catch, copies, cow, fresh};

#[test]
fn a_merge_is_taken_back_and_can_be_done_again() {
    let session = Session::begin();
    let dir = fresh(&session);
    fs::create_dir(dir.join("dir")).expect("made");
    fs::write(dir.join("dir/inner"), "inner").expect("written");
    fs::set_permissions(dir.join("kept"), fs::Permissions::from_mode(0o640)).expect("set");
    cow("cd ~/cow && echo after > changed && chmod 700 dir kept && rm deleted && rm -r dir/inner && mkdir -p new/deep && echo x > new/deep/file && ln -s x new/link")
        .run()
        .ok();
    let before = cli::json(["changes", "sh"]);
    oz(["merge", "sh", "--yes"]).run().ok();
    assert!(dir.join("new/deep/file").exists() && !dir.join("deleted").exists());
    oz(["merge", "sh", "--undo"])
        .run()
        .exits(1)
        .complains("--yes");
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    assert_eq!(fs::read(dir.join("deleted")).expect("there"), b"deleted");
    assert_eq!(fs::read(dir.join("dir/inner")).expect("there"), b"inner");
    let mode = fs::metadata(dir.join("kept"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(!dir.join("new").exists());
    let paths = |json: &serde_json::Value| -> Vec<String> {
        let rows = json.as_array().expect("a list").iter();
        let part =
            |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        rows.map(|row| {
            format!(
                "{} {} {}",
                part(row, "change"),
                part(row, "path"),
                part(row, "conflict")
            )
        })
        .collect()
    };
    assert_eq!(paths(&cli::json(["changes", "sh"])), paths(&before));
    // The sandbox sees its own again.
    let seen = cow("cd ~/cow && cat changed new/deep/file && test ! -e deleted");
    assert_eq!(seen.run().ok().text(), "after\nx");
    oz(["merge", "sh", "--undo", "--yes"])
        .run()
        .exits(1)
        .complains("can be taken back");
    oz(["merge", "sh", "--yes"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
}

#[test]
fn what_was_changed_since_stays_and_is_said() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo after > changed && echo after > kept && rm deleted && mkdir new && echo x > new/file")
        .run()
        .ok();
    oz(["merge", "sh", "--yes"]).run().ok();
    fs::write(dir.join("changed"), "later").expect("written");
    fs::write(dir.join("deleted"), "another").expect("written");
    fs::write(dir.join("new/mine"), "mine").expect("written");
    let undone = oz(["merge", "sh", "--undo", "--yes"]).run().exits(1);
    let undone = undone
        .complains("/changed is not taken back")
        .complains("/deleted is not taken back");
    undone.complains("/new is not taken back");
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"later");
    assert_eq!(fs::read(dir.join("deleted")).expect("there"), b"another");
    assert_eq!(fs::read(dir.join("new/mine")).expect("there"), b"mine");
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"kept");
    assert!(!dir.join("new/file").exists());
}

#[test]
fn a_folder_is_closed_or_opened_to_all_with_a_yes_alone_and_that_is_taken_back() {
    let session = Session::begin();
    let dir = fresh(&session);
    let mode = |name: &str| {
        let there = fs::metadata(dir.join(name)).expect("there");
        there.permissions().mode() & 0o777
    };
    for name in ["closed", "open"] {
        fs::create_dir(dir.join(name)).expect("made");
        fs::write(dir.join(name).join("inner"), "inner").expect("written");
        let plain = fs::Permissions::from_mode(0o755);
        fs::set_permissions(dir.join(name), plain).expect("set");
    }
    fs::set_permissions(dir.join("kept"), fs::Permissions::from_mode(0o644)).expect("set");
    cow("cd ~/cow && echo after > closed/inner && chmod 500 closed && chmod 777 open && chmod 666 kept && mkdir -p module/deep && echo x > module/deep/file && chmod -R a-w module")
        .run()
        .ok();
    let merged = oz(["merge", "sh", "--yes"]).run().ok();
    let merged = merged.complains("/closed/  0755 → 0500");
    let merged = merged.complains("/open/  0755 → 0777  ! protected: everybody");
    merged.complains("/kept  0644 → 0666");
    assert_eq!(
        (mode("closed"), mode("open"), mode("kept")),
        (0o755, 0o755, 0o644)
    );
    assert_eq!(
        fs::read(dir.join("module/deep/file")).expect("there"),
        b"x\n"
    );
    oz(["merge", "sh", "--yes", "--protected"]).run().ok();
    assert_eq!(
        (mode("closed"), mode("open"), mode("kept")),
        (0o500, 0o777, 0o666)
    );
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert_eq!(
        (mode("closed"), mode("open"), mode("kept")),
        (0o755, 0o755, 0o644)
    );
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert!(!dir.join("module").exists());
    assert_eq!(fs::read(dir.join("closed/inner")).expect("there"), b"inner");
}

#[test]
fn links_that_appear_in_between_lead_nowhere() {
    let session = Session::begin();
    let dir = fresh(&session);
    let outside = session.fresh_dir("cow-outside");
    fs::write(outside.join("file"), "outside").expect("written");
    fs::create_dir(dir.join("sub")).expect("made");
    fs::write(dir.join("sub/file"), "before").expect("written");
    cow("echo after > ~/cow/sub/file").run().ok();
    oz(["merge", "sh", "--yes"]).run().ok();
    fs::rename(dir.join("sub"), dir.join("sub2")).expect("renamed");
    std::os::unix::fs::symlink(&outside, dir.join("sub")).expect("a link");
    oz(["merge", "sh", "--undo", "--yes"]).run().exits(1);
    assert_eq!(fs::read(outside.join("file")).expect("there"), b"outside");
}

#[test]
fn taking_back_that_is_killed_is_finished_by_the_next() {
    let session = Session::begin();
    for round in 0..8 {
        let dir = fresh(&session);
        for number in 0..150 {
            fs::write(dir.join(format!("f{number}")), "before").expect("written");
        }
        cow("cd ~/cow && for n in $(seq 0 99); do echo after$n > f$n; done; for n in $(seq 100 149); do rm f$n; done; mkdir d; for n in $(seq 0 49); do echo new$n > d/n$n; done")
            .run()
            .ok();
        oz(["merge", "sh", "--yes"]).run().ok();
        let undo = oz(["merge", "sh", "--undo", "--yes"]).start();
        let enough = round * 18;
        catch("so many are taken back", || {
            let back = (0..150).filter(|number| {
                fs::read(dir.join(format!("f{number}"))).is_ok_and(|text| text == b"before")
            });
            back.count() >= enough || copies().join("sh/merge-00000-000/undone").exists()
        });
        let _ = rustix::process::kill_process_group(undo.pid(), rustix::process::Signal::KILL);
        drop(undo);
        oz(["merge", "sh", "--undo", "--yes"]).run();
        for number in 0..150 {
            let text = fs::read(dir.join(format!("f{number}"))).expect("there");
            assert_eq!(text, b"before", "round {round}: f{number}");
        }
        assert!(!dir.join("d").exists(), "round {round}");
        let names = fs::read_dir(&dir).expect("listed").flatten();
        let left = names.filter(|entry| entry.file_name().to_string_lossy().starts_with(".oz-"));
        assert_eq!(left.count(), 0, "round {round}");
        let back = cli::json(["changes", "sh"]);
        let back = back.as_array().expect("a list");
        let is_back = |name: &str| {
            let at = |row: &serde_json::Value| {
                row["path"]
                    .as_str()
                    .is_some_and(|path| path.ends_with(name))
            };
            back.iter().any(at)
        };
        let all = (0..150).map(|n| format!("/f{n}"));
        let all = all.chain((0..50).map(|n| format!("/d/n{n}")));
        let lost: Vec<String> = all
            .chain(["/d".to_owned()])
            .filter(|name| !is_back(name))
            .collect();
        assert_eq!(lost, [] as [&str; 0], "round {round}");
    }
}
