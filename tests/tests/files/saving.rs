//! A single file that was granted for writing, saved in every way that programs know.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Session};

use super::{add, remove, sleeper};

/// Ways to make `doc` say `new`, run in its directory.
const WAYS: &[(&str, &str)] = &[
    ("in place", "echo new > doc"),
    (
        "appended and cut",
        "echo new >> doc; truncate -s 0 doc; echo new > doc",
    ),
    ("sed -i", "sed -i s/old/new/ doc"),
    ("perl -i", "perl -pi -e s/old/new/ doc"),
    ("mv over it", "echo new > .doc.tmp; mv .doc.tmp doc"),
    ("mv from elsewhere", "echo new > /tmp/x; mv /tmp/x doc"),
    ("cp over it", "echo new > /tmp/x; cp /tmp/x doc"),
    (
        "cp --remove-destination",
        "echo new > /tmp/x; cp --remove-destination /tmp/x doc",
    ),
    ("install", "echo new > /tmp/x; install -m 644 /tmp/x doc"),
    ("with a backup", "mv doc doc~; echo new > doc"),
    ("removed and made again", "rm doc; echo new > doc"),
    (
        "by a link to a backup",
        "cp -p doc doc.bak; echo new > doc.new; mv -f doc.new doc",
    ),
    (
        "os.replace",
        "python3 -c 'import os; open(\"t\", \"w\").write(\"new\\n\"); os.replace(\"t\", \"doc\")'",
    ),
    (
        "open first, renamed later",
        "exec 5>t; mv t doc; echo new >&5; exec 5>&-",
    ),
    (
        "mapped",
        "python3 -c 'import mmap; f = open(\"doc\", \"r+b\"); mmap.mmap(f.fileno(), 0)[:] = b\"new\\n\"'",
    ),
    ("gio save", "echo new | gio save doc"),
    ("vim", "vim -u NONE -es -c 's/old/new/' -c wq doc"),
    (
        "vim with backupcopy",
        "vim -u NONE -es -c 'set backup backupcopy=yes' -c 's/old/new/' -c wq doc",
    ),
    (
        "vim without",
        "vim -u NONE -es -c 'set backupcopy=no' -c 's/old/new/' -c wq doc",
    ),
    ("patch", "printf '1c\\nnew\\n.\\n' | patch -e doc"),
];

fn granted(session: &Session, name: &str) -> (Inside, PathBuf) {
    let dir = session.fresh_dir(name);
    let file = write(&dir.join("doc"), b"old\n");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).expect("set");
    write(&dir.join("neighbour"), b"not granted");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    (inside, file)
}

fn names(dir: &Path) -> Vec<String> {
    let list = fs::read_dir(dir).expect("listed");
    let mut names: Vec<_> = list
        .map(|entry| {
            entry
                .expect("read")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_way_of_saving_reaches_the_host_and_leaves_nothing_beside_it() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "saved");
    let dir = file.parent().unwrap();
    for (way, script) in WAYS {
        for round in ["once", "and again"] {
            fs::write(&file, "old\n").unwrap();
            let ran = inside.sh(&format!("cd {} || exit 9; {script}", dir.display()));
            assert_eq!(ran.code, 0, "{way}, {round}: {ran}");
            let after = fs::read_to_string(&file).unwrap();
            assert_eq!(after, "new\n", "{way}, {round}: {ran}");
            assert_eq!(names(dir), ["doc", "neighbour"], "{way}, {round}");
            let mode = fs::metadata(&file).unwrap().mode() & 0o777;
            // Programs that copy permissions on purpose may.
            assert!([0o640, 0o644].contains(&mode), "{way}, {round}: {mode:o}");
        }
    }
}

#[test]
fn the_neighbours_are_not_there_whatever_is_tried() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "neighbours");
    let dir = file.parent().unwrap();
    let inner = dir.display();
    assert_eq!(inside.sh(&format!("ls -A {inner}")).ok().text(), "doc");
    for attempt in [
        "cat neighbour",
        "ln -s neighbour link && cat link",
        "mv doc x && ln x doc",
        "ln doc other",
        "mkdir -p x && cd x && cat ../neighbour",
        "echo x > made && ln -sf ../../neighbour doc2 && cat doc2",
        "rm -f doc && ln -s neighbour doc",
        "rm -f doc && mkdir doc",
        "rm -f doc && mknod doc p",
    ] {
        inside
            .sh(&format!("cd {inner} && {attempt}"))
            .refused_inside();
    }
    // What is made beside it is the sandbox's own.
    inside
        .sh(&format!("cd {inner} && echo mine > neighbour"))
        .ok();
    assert_eq!(fs::read(dir.join("neighbour")).unwrap(), b"not granted");
    assert_eq!(names(dir), ["doc", "neighbour"]);
    assert_eq!(fs::read(&file).unwrap(), b"old\n");
}

#[test]
fn a_symlink_in_the_place_of_the_file_is_never_followed() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "linked");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("neighbour", &file).unwrap();
    let dir = file.parent().unwrap();
    for attempt in ["cat doc", "echo x > doc", "echo x > t && mv t doc"] {
        inside
            .sh(&format!("cd {} && {attempt}", dir.display()))
            .refused_inside();
    }
    assert_eq!(fs::read(dir.join("neighbour")).unwrap(), b"not granted");
}

#[test]
fn what_the_host_saves_is_seen_inside() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "host-saves");
    let look = format!("cat {}", file.display());
    assert_eq!(inside.sh(&look).ok().text(), "old");
    let temporary = file.with_file_name("temporary");
    fs::write(&temporary, "by the host\n").unwrap();
    fs::rename(&temporary, &file).unwrap();
    assert_eq!(inside.sh(&look).ok().text(), "by the host");
    fs::write(&file, "in place\n").unwrap();
    assert_eq!(inside.sh(&look).ok().text(), "in place");
}

#[test]
fn two_files_of_a_directory_come_and_go_one_by_one() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "two");
    let dir = file.parent().unwrap();
    let other = dir.join("neighbour");
    // What is open of the first goes on when the second comes.
    let hold = format!(
        "exec 5<>{}; touch /tmp/holding; while ! test -e /tmp/go; do sleep 0.1; done; echo held >&5",
        file.display()
    );
    let holder = inside.script(&hold).start();
    inside.wait_for("test -e /tmp/holding");
    add(&inside, &["--write"], &other).run().ok();
    inside.sh("touch /tmp/go").ok();
    holder.end_within(oz_e2e::wait::LONG).ok();
    assert_eq!(fs::read(&file).unwrap(), b"held\n");
    inside
        .sh(&format!(
            "cd {} && sed -i s/not/now/ neighbour",
            dir.display()
        ))
        .ok();
    assert_eq!(fs::read(&other).unwrap(), b"now granted");

    remove(&inside, &file).ok();
    inside
        .sh(&format!("cat {}", file.display()))
        .refused_inside();
    inside.sh(&format!("cat {}", other.display())).ok();
    remove(&inside, &other).ok();
    inside.sh(&format!("ls {}", dir.display())).refused_inside();
}

#[test]
fn taking_a_file_back_ends_also_what_is_open() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "revoked");
    let other = file.with_file_name("neighbour");
    add(&inside, &["--write"], &other).run().ok();
    let hold = format!(
        "exec 5<>{}; touch /tmp/holding; while ! test -e /tmp/go; do sleep 0.1; done; echo late >&5",
        file.display()
    );
    let holder = inside.script(&hold).start();
    inside.wait_for("test -e /tmp/holding");
    remove(&inside, &file).ok();
    inside.sh("touch /tmp/go").ok();
    let ran = holder.end_within(oz_e2e::wait::LONG);
    assert_ne!(ran.code, 0, "{ran}");
    assert_eq!(fs::read(&file).unwrap(), b"old\n");
}

#[test]
fn a_file_in_the_home_itself_leaves_the_rest_of_the_home_as_it_was() {
    let session = Session::begin();
    let file = write(&session.home().join("letter.txt"), b"old\n");
    let inside = sleeper();
    inside
        .sh("mkdir -p ~/.config/app && echo 1 > ~/.config/app/rc && echo 2 > ~/note")
        .ok();
    // One who is there already and has something open in it.
    let stays = "cd; exec 5>>open; touch /tmp/holding; while ! test -e /tmp/go; do sleep 0.1; done; echo 5 >&5; cat note; ls";
    let stays = inside.script(stays).start();
    inside.wait_for("test -e /tmp/holding");
    let told = add(&inside, &["--write"], &file).run().ok();
    told.complains(&format!(
        "programs that are in {}",
        session.home().display()
    ));
    inside.sh("touch /tmp/go").ok();
    let stayed = stays.end_within(oz_e2e::wait::LONG);
    assert_eq!(stayed.text(), "2\nnote\nopen", "it sees what it saw");
    assert_eq!(inside.sh("cat ~/open").ok().text(), "5");
    assert_eq!(
        inside
            .sh("cat ~/.config/app/rc ~/note ~/letter.txt")
            .ok()
            .text(),
        "1\n2\nold"
    );
    inside
        .sh("cd && sed -i s/old/new/ letter.txt && echo 3 > .config/app/rc && echo 4 > other")
        .ok();
    assert_eq!(fs::read(&file).unwrap(), b"new\n");
    assert!(!session.home().join("other").exists());
    remove(&inside, &file).ok();
    assert_eq!(
        inside.sh("cat ~/.config/app/rc ~/other").ok().text(),
        "3\n4"
    );
    inside.sh("cat ~/letter.txt").refused_inside();
}

#[test]
fn a_read_only_directory_can_have_one_writable_file() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "mixed");
    let dir = file.parent().unwrap();
    for turn in ["the directory later", "the file later"] {
        fs::write(&file, "old\n").unwrap();
        // It is another file by then, of the same name.
        let replace = format!("cd {} && cp doc t && mv t doc", dir.display());
        inside.sh(&replace).ok();
        add(&inside, &[], dir).run().ok();
        if turn == "the file later" {
            remove(&inside, &file).ok();
            add(&inside, &["--write"], &file).run().ok();
        }
        let go = |script: &str| inside.sh(&format!("cd {} && {script}", dir.display()));
        assert_eq!(go("cat neighbour").ok().text(), "not granted", "{turn}");
        go("echo x > neighbour").refused_inside();
        go("echo new > doc").ok();
        assert_eq!(fs::read(&file).unwrap(), b"new\n", "{turn}");
        remove(&inside, dir).ok();
        assert_eq!(go("ls -A").ok().text(), "doc", "{turn}");
    }
}

#[test]
fn a_database_works_and_its_journal_is_on_the_host() {
    let session = Session::begin();
    let dir = session.fresh_dir("database");
    let file = dir.join("books.db");
    let made = std::process::Command::new("sqlite3")
        .arg(&file)
        .arg("create table b(t); insert into b values('outside')")
        .status();
    assert!(made.unwrap().success());
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    let ask = |sql: &str| inside.sh(&format!("sqlite3 {} \"{sql}\"", file.display()));
    ask("insert into b values('inside')").ok();
    assert_eq!(ask("select t from b").ok().text(), "outside\ninside");
    let seen = std::process::Command::new("sqlite3")
        .arg(&file)
        .arg("select t from b")
        .output();
    assert_eq!(seen.unwrap().stdout, b"outside\ninside\n");
    assert_eq!(names(&dir), ["books.db"]);
    // A lock outside keeps programs inside out.
    let holder = "pragma locking_mode=exclusive; begin exclusive; select 1; .system touch held; .system while ! test -e go; do sleep 0.1; done";
    let script = dir.join("script");
    fs::write(&script, holder.replace("; .system", ";\n.system")).unwrap();
    let mut outside = std::process::Command::new("sqlite3")
        .arg(&file)
        .current_dir(&dir)
        .stdin(fs::File::open(&script).unwrap())
        .spawn()
        .unwrap();
    oz_e2e::wait::for_condition("a lock outside", || dir.join("held").exists());
    let refused = ask("insert into b values('locked')");
    fs::write(dir.join("go"), "").unwrap();
    outside.wait().unwrap();
    refused.refused_inside().complains("locked");
    ask("insert into b values('later')").ok();
}

#[test]
fn a_database_with_a_write_ahead_log_is_the_same_inside_and_outside() {
    let session = Session::begin();
    let file = session.fresh_dir("wal").join("books.sqlite");
    let outside = |sql: &str| {
        let run = oz_e2e::Run::new("sqlite3", [file.as_os_str()]);
        run.arg(sql).run().ok().text()
    };
    outside("pragma journal_mode=wal; create table b(t); insert into b values('outside')");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    let ask = |sql: &str| inside.sh(&format!("sqlite3 {} \"{sql}\"", file.display()));
    for round in 0..2 {
        ask(&format!("insert into b values('inside {round}')")).ok();
        outside(&format!("insert into b values('outside {round}')"));
    }
    let all = "outside\ninside 0\noutside 0\ninside 1\noutside 1";
    assert_eq!(ask("select t from b").ok().text(), all);
    assert_eq!(
        outside("select t from b; pragma integrity_check"),
        format!("{all}\nok")
    );
    // One who has written and not ended leaves a log, which the other finds.
    let hold = format!(
        "(echo \"insert into b values('held');\"; touch /tmp/x; while ! test -e /tmp/go; do sleep 0.1; done) | sqlite3 {}",
        file.display()
    );
    let holder = inside.script(&hold).start();
    oz_e2e::wait::for_condition("what is in the log", || {
        outside("select t from b").contains("held")
    });
    inside.sh("touch /tmp/go").ok();
    holder.end_within(oz_e2e::wait::LONG).ok();
    assert_eq!(names(file.parent().unwrap()), ["books.sqlite"]);
}

#[test]
fn a_new_daemon_goes_on_with_the_files_that_an_earlier_one_gave() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "survives");
    oz_e2e::processes::kill_daemon();
    let dir = file.parent().unwrap();
    inside
        .sh(&format!("cd {} && sed -i s/old/new/ doc", dir.display()))
        .ok();
    assert_eq!(fs::read(&file).unwrap(), b"new\n");
    let other = dir.join("neighbour");
    add(&inside, &["--write"], &other).run().ok();
    inside
        .sh(&format!(
            "cd {} && sed -i s/not/now/ neighbour",
            dir.display()
        ))
        .ok();
    remove(&inside, &file).ok();
    inside
        .sh(&format!("cat {}", file.display()))
        .refused_inside();
}

#[test]
fn when_the_proxy_of_the_files_dies_they_are_there_again() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "repaired");
    let dir = file.parent().unwrap();
    add(&inside, &[], dir.join("neighbour")).run().ok();
    let all = oz_e2e::processes::of_session();
    let proxy = all.iter().find(|process| process.serves_files());
    proxy.expect("a files proxy").kill();
    inside.wait_for(&format!("cat {}", file.display()));
    inside
        .sh(&format!("cd {} && sed -i s/old/new/ doc", dir.display()))
        .ok();
    assert_eq!(fs::read(&file).unwrap(), b"new\n");
    inside.sh(&format!("cat {}/neighbour", dir.display())).ok();
}

#[test]
fn a_file_in_the_home_can_be_named_when_the_sandbox_starts() {
    let session = Session::begin();
    let file = write(&session.home().join("letter.txt"), b"old\n");
    for home in ["private", "ephemeral"] {
        fs::write(&file, "old\n").unwrap();
        let script = "cd; echo own > note; sed -i s/old/new/ letter.txt; cat letter.txt note";
        let ran = oz_e2e::oz(["run", "--profile", "editor", "--home", home, "--write"])
            .arg(&file)
            .args(["--", "sh", "-c", script])
            .run();
        assert_eq!(ran.ok().text(), "new\nown", "{home}");
        assert_eq!(fs::read(&file).unwrap(), b"new\n");
        assert!(!session.home().join("note").exists());
    }
}
