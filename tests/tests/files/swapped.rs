//! A path whose meaning changes while it is being added.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use oz_e2e::fixtures::write;
use oz_e2e::race::{meanwhile, while_swapping};
use oz_e2e::{Inside, Session, oz};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{add, sleeper};

#[test]
fn a_directory_that_becomes_a_symlink_meanwhile_never_shows_its_target() {
    let session = Session::begin();
    let dir = session.fresh_dir("racing");
    let secret = write(
        &session.fresh_dir("never-given").join("secret"),
        b"the secret",
    );
    write(&dir.join("good/file"), b"fine");
    std::os::unix::fs::symlink(secret.parent().unwrap(), dir.join("evil")).unwrap();
    let inside = sleeper();
    // Whatever the outcome of each command, the secret is readable inside at no moment, unless the
    // user's own symlink was followed when the user named it: then it shows at its real path.
    let good = dir.join("good");
    let end = Instant::now() + Duration::from_secs(6);
    while_swapping(&good, &dir.join("evil"), || {
        let mut rounds = 0;
        while Instant::now() < end || rounds < 10 {
            add(&inside, &[], &good).run();
            let look = inside.sh(&format!(
                "cat {0}/secret {0}/../never-given/secret",
                good.display()
            ));
            assert!(!look.text().contains("the secret"), "{look}");
            oz(["remove", inside.id()]).arg(&good).run();
            oz(["remove", inside.id()])
                .arg(secret.parent().unwrap())
                .run();
            rounds += 1;
        }
    });
}

#[test]
fn a_file_that_is_replaced_meanwhile_is_refused_or_is_one_of_the_two() {
    let session = Session::begin();
    let dir = session.fresh_dir("replaced");
    let (a, b) = (
        write(&dir.join("a"), b"AAAA"),
        write(&dir.join("b"), b"BBBB"),
    );
    let inside = sleeper();
    while_swapping(&a, &b, || {
        for _ in 0..15 {
            let ran = add(&inside, &[], &a).run();
            if ran.code == 0 {
                // Whichever was named, under the name that it had when it was granted.
                let look = format!("cat {} {}", a.display(), b.display());
                let seen = inside.sh(&look).text();
                assert!(seen == "AAAA" || seen == "BBBB", "{seen}");
            } else {
                ran.exits(1);
            }
            let removed = [&a, &b].map(|path| oz(["remove", inside.id()]).arg(path).run().code);
            assert!(removed.contains(&1), "{removed:?}");
        }
    });
}

#[test]
fn a_path_that_vanishes_meanwhile_is_an_error_in_bounded_time() {
    let session = Session::begin();
    let dir = session.fresh_dir("vanishing");
    let inside = sleeper();
    let come_and_go = || {
        let _ = fs::write(dir.join("f"), "x");
        let _ = fs::remove_file(dir.join("f"));
    };
    meanwhile(come_and_go, || {
        for _ in 0..15 {
            let ran = add(&inside, &[], dir.join("f"))
                .run()
                .quick(Duration::from_secs(8));
            assert!(ran.code <= 1, "{ran}");
            oz(["remove", inside.id()]).arg(dir.join("f")).run();
        }
    });
    inside.sh("true").ok();
}

#[test]
fn the_app_cannot_redirect_a_grant_by_a_symlink_in_the_way() {
    let session = Session::begin();
    let outer = session.fresh_dir("outer");
    let granted = session.fresh_dir("outer/granted");
    write(&granted.join("file"), b"given");
    let inside = sleeper();
    // Inside, the parents of a grant are directories of the sandbox's own. Here the app has put a
    // symlink there that leads to where it would like to have the mount.
    inside.sh(&format!(
        "mkdir -p {0} /tmp/elsewhere && rmdir {1} && ln -s /tmp/elsewhere {1}",
        session.home().display(),
        outer.display()
    ));
    inside.sh(&format!("ln -s /tmp/elsewhere {}", outer.display()));
    let ran = add(&inside, &[], &granted).run();
    inside
        .sh("test -e /tmp/elsewhere/granted/file")
        .refused_inside();
    if ran.code == 0 {
        inside.sh(&format!("cat {}/file", granted.display())).ok();
    }
}

#[test]
fn the_app_cannot_keep_a_grant_by_renaming_what_is_above_it() {
    let session = Session::begin();
    let granted = session.fresh_dir("above/granted");
    write(&granted.join("file"), b"given");
    let inside = sleeper();
    add(&inside, &[], &granted).run().ok();
    let above = granted.parent().unwrap();
    inside.sh(&format!("mv {} {}-moved", above.display(), above.display()));
    oz(["remove", inside.id()]).arg(&granted).run().ok();
    inside
        .sh(&format!(
            "cat {0}/granted/file {0}-moved/granted/file",
            above.display()
        ))
        .refused_inside();
    let search = format!(
        "find {} /tmp -name file 2>/dev/null | grep .",
        session.home().display()
    );
    inside.sh(&search).refused_inside();
}

/// A file four directories deep, and as deep a one that is never given, with what leads from each part of the
/// way to that part of the other.
struct Ways {
    file: PathBuf,
    secret: PathBuf,
    parts: Vec<(PathBuf, PathBuf)>,
}

fn ways(session: &Session, name: &str) -> Ways {
    let top = session.fresh_dir(name);
    let never = session.fresh_dir("never-given");
    let below = ["a", "b", "c", "file"];
    let file = write(&top.join("a/b/c/file"), b"given");
    let secret = write(&never.join("a/b/c/file"), b"the secret");
    let part = |depth: usize| {
        let path: PathBuf = below[..=depth].iter().collect();
        let link = top.join(&path).with_extension("link");
        std::os::unix::fs::symlink(never.join(&path), &link).expect("linked");
        (top.join(&path), link)
    };
    let parts = (0..below.len()).map(part).collect();
    Ways {
        file,
        secret,
        parts,
    }
}

#[test]
fn no_part_of_a_path_can_be_turned_while_it_is_added_and_removed() {
    let session = Session::begin();
    let ways = ways(&session, "turned");
    let inside = sleeper();
    for (part, link) in &ways.parts {
        while_swapping(part, link, || {
            for options in [&[][..], &["--write"]] {
                for _ in 0..4 {
                    // It is refused, or shows what was named at the path that that has.
                    add(&inside, options, &ways.file).run();
                    let look = format!("cat {}", ways.file.display());
                    let seen = inside.sh(&look).text();
                    assert!(
                        ["", "given"].contains(&seen.as_str()),
                        "{seen:?} by {part:?}"
                    );
                    oz(["remove", inside.id()]).arg(&ways.file).run();
                    oz(["remove", inside.id()]).arg(&ways.secret).run();
                }
            }
        });
        // However often they were exchanged, the way is as it was in the end.
        if fs::symlink_metadata(part).unwrap().is_symlink() {
            renameat_with(CWD, part, CWD, link, RenameFlags::EXCHANGE).unwrap();
        }
        assert!(!inside.holds(&format!("cat {}", ways.secret.display())));
    }
    assert_eq!(fs::read(&ways.secret).unwrap(), b"the secret");
}

#[test]
fn no_part_of_a_path_that_is_given_for_good_can_be_turned_before_the_next_launch() {
    let session = Session::begin();
    let ways = ways(&session, "turned-later");
    let _profile = session.profile(
        "stays",
        r#"{ "description": "t", "match": { "executables": ["sleep"] }, "life": { "multi": true } }"#,
    );
    let first = Inside::start(&["stays", "1000"]);
    add(&first, &["--lasting", "--write"], &ways.file)
        .run()
        .ok();
    oz(["stop", first.id()]).run().ok();
    for (part, link) in &ways.parts {
        while_swapping(part, link, || {
            for _ in 0..3 {
                let ran = oz(["run", "--detach", "stays", "1000"]).run();
                if ran.code != 0 {
                    continue;
                }
                let inside = Inside::of(&ran.text());
                for path in [&ways.file, &ways.secret] {
                    let seen = inside.sh(&format!("cat {}", path.display())).text();
                    assert!(
                        ["", "given"].contains(&seen.as_str()),
                        "{seen:?} by {part:?}"
                    );
                }
                oz(["stop", inside.id()]).run().ok();
            }
        });
        if fs::symlink_metadata(part).unwrap().is_symlink() {
            renameat_with(CWD, part, CWD, link, RenameFlags::EXCHANGE).unwrap();
        }
    }
    // Back in its place it is given again.
    let inside = Inside::start(&["stays", "1000"]);
    let seen = inside.sh(&format!("cat {}", ways.file.display()));
    assert_eq!(seen.text(), "given");
    oz(["remove", "--profile", "stays"])
        .arg(&ways.file)
        .run()
        .ok();
    oz(["stop", "--all"]).run().ok();
}
