//! Files and directories that are shown to a running sandbox.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oz_core::plan::Access;
use oz_core::wire::init::ExitStatus;
use oz_core::wire::mount::Refusal;
use support::mount::grant;
use support::{plan, start};

const DONE: ExitStatus = ExitStatus::Code(0);

#[test]
fn an_added_directory_appears_can_only_be_read_and_goes_without_a_trace() {
    let mut sandbox = start(plan::minimal());
    let directory = sandbox.scratch.directory("music");
    sandbox.scratch.file("music/song", "la");
    let song = format!("{}/song", directory.display());
    assert_ne!(sandbox.shell(&format!("cat {song}")).1, DONE);
    let granted = sandbox.add_one(&directory, Access::Read).expect("added");
    assert_eq!(
        granted.made.len(),
        2,
        "the scratch directory and music in it"
    );
    assert_eq!(sandbox.shell(&format!("cat {song}")).0, "la");
    let (text, status) = sandbox.shell(&format!("echo x > {song}"));
    assert_ne!(status, DONE, "{text}");
    let (text, _) = sandbox.shell(&format!(
        "grep ' {} ' /proc/self/mountinfo",
        directory.display()
    ));
    assert!(text.contains(" ro,nosuid,nodev"), "{text}");
    sandbox.take(granted.clone()).expect("removed");
    assert_ne!(sandbox.shell(&format!("cat {song}")).1, DONE);
    assert_eq!(
        sandbox.shell("ls -A /var/tmp").0,
        "",
        "the places are gone too"
    );
    assert_eq!(sandbox.take(granted), Err(Refusal::NotMounted));
    assert!(
        std::fs::exists(song).expect("stat"),
        "the host's file is still there"
    );
}

#[test]
fn the_root_stays_read_only_after_places_were_made_in_it() {
    let mut sandbox = start(plan::minimal());
    let file = sandbox.scratch.file("book", "once");
    sandbox.add_one(&file, Access::Write).expect("added");
    assert_eq!(
        sandbox.shell("touch /x /var/x; mkdir /y").1,
        ExitStatus::Code(1)
    );
    let text = format!("echo upon > {0} && cat {0}", file.display());
    assert_eq!(sandbox.shell(&text).0, "upon");
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "upon\n");
}

#[test]
fn an_added_directory_appears_in_mount_namespaces_of_the_apps_own() {
    let mut sandbox = start(plan::minimal());
    let directory = sandbox.scratch.directory("late");
    sandbox.scratch.file("late/x", "seen");
    let wait = format!(
        "unshare -Um --propagation unchanged sh -c 'echo up; for i in $(seq 400); do cat {}/x 2>/dev/null && break; sleep 0.01; done'",
        directory.display()
    );
    let (process, mut output) = sandbox.begin_shell(&wait);
    std::io::Read::read_exact(&mut output, &mut [0; 3]).expect("it is up");
    sandbox.add_one(&directory, Access::Read).expect("added");
    sandbox.ended(process);
    assert_eq!(std::io::read_to_string(output).expect("read"), "seen");
}

#[test]
fn what_is_neither_file_nor_directory_is_refused_at_once() {
    let sandbox = start(plan::minimal());
    let fifo = sandbox.scratch.path.join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o666);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("made");
    let socket = sandbox.scratch.path.join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
    for path in [&fifo, &socket] {
        assert_eq!(sandbox.add_one(path, Access::Write), Err(Refusal::Kind));
    }
    let null = sandbox.add_one("/dev/null".as_ref(), Access::Write);
    assert_eq!(null, Err(Refusal::Kind));
    let proc = sandbox.add_one("/proc/sys".as_ref(), Access::Read);
    assert_eq!(proc, Err(Refusal::Kind));
}

#[test]
fn what_has_taken_the_place_of_what_was_named_is_refused() {
    let sandbox = start(plan::minimal());
    let file = sandbox.scratch.file("letter", "dear");
    let before = grant(&file, Access::Read);
    let link = sandbox.scratch.path.join("link");
    std::os::unix::fs::symlink(&file, &link).expect("linked");
    let mut through = grant(&file, Access::Read);
    through.path = link.as_path().into();
    std::fs::rename(&file, sandbox.scratch.path.join("kept")).expect("renamed");
    sandbox.scratch.file("letter", "other");
    std::fs::remove_file(&link).expect("removed");
    std::os::unix::fs::symlink(sandbox.scratch.path.join("kept"), &link).expect("linked");
    let results = sandbox.add(vec![before, through]);
    assert_eq!(results, [Err(Refusal::Replaced), Err(Refusal::Replaced)]);
    std::fs::remove_file(&file).expect("removed");
    let mut gone = grant(&link, Access::Read);
    gone.path = file.as_path().into();
    assert_eq!(sandbox.add(vec![gone]), [Err(Refusal::Vanished)]);
}

#[test]
fn a_symlink_that_is_swapped_in_never_wins() {
    let mut sandbox = start(plan::minimal());
    sandbox.scratch.directory("secret");
    sandbox.scratch.file("secret/name", "secret");
    let open = sandbox.scratch.directory("open");
    let file = sandbox.scratch.file("open/name", "harmless");
    let swapped = sandbox.scratch.path.join("swap");
    std::os::unix::fs::symlink("secret", &swapped).expect("linked");
    let wanted = grant(&file, Access::Read);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let exchange = rustix::fs::RenameFlags::EXCHANGE;
            while !stop.load(Ordering::Relaxed) {
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, &open, cwd, &swapped, exchange).expect("swapped");
            }
        });
        let mut outcomes = [0, 0];
        for _ in 0..100 {
            match sandbox.add(vec![wanted.clone()]).pop() {
                Some(Ok(granted)) => {
                    outcomes[0] += 1;
                    let (text, _) = sandbox.shell(&format!("cat {}", file.display()));
                    assert_eq!(text, "harmless");
                    sandbox.take(granted).expect("removed");
                }
                Some(Err(refusal)) => {
                    outcomes[1] += 1;
                    assert!(
                        matches!(refusal, Refusal::Replaced | Refusal::Vanished),
                        "{refusal}"
                    );
                }
                None => panic!("no answer"),
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(
            outcomes[0] > 0 && outcomes[1] > 0,
            "both were met: {outcomes:?}"
        );
    });
}

#[test]
fn an_app_cannot_steer_a_mount_by_symlinks_or_files_of_its_own() {
    let mut plan = plan::minimal();
    plan.root.push(plan::tmpfs("/var/tmp", 0o777));
    let mut sandbox = start(plan);
    let directory = sandbox.scratch.directory("papers");
    let scratch = sandbox.scratch.path.display().to_string();
    for trap in [
        format!("ln -s /usr {scratch}"),
        format!("echo x > {scratch}"),
    ] {
        assert_eq!(sandbox.shell(&trap).1, DONE);
        assert_eq!(
            sandbox.add_one(&directory, Access::Read),
            Err(Refusal::Blocked)
        );
        assert_eq!(sandbox.shell(&format!("rm {scratch}")).1, DONE);
    }
    assert!(sandbox.add_one(&directory, Access::Read).is_ok());
}

#[test]
fn a_mount_that_the_app_has_moved_by_renaming_is_found_and_no_other_is_hit() {
    let mut plan = plan::minimal();
    plan.root.push(plan::tmpfs("/var/tmp", 0o777));
    let mut sandbox = start(plan);
    let directory = sandbox.scratch.directory("papers");
    sandbox.scratch.file("papers/x", "x");
    let granted = sandbox.add_one(&directory, Access::Read).expect("added");
    let scratch = sandbox.scratch.path.display().to_string();
    let (text, status) = sandbox.shell(&format!(
        "mv {scratch} /var/tmp/moved && ln -s / {scratch} && cat /var/tmp/moved/papers/x"
    ));
    assert_eq!((text.as_str(), status), ("x", DONE));
    sandbox.take(granted).expect("removed");
    assert_ne!(sandbox.shell("cat /var/tmp/moved/papers/x").1, DONE);
    assert_eq!(
        sandbox
            .shell("test -d /proc/1 && test -e /dev/null && test -d /usr/bin")
            .1,
        DONE
    );
}

#[test]
fn adding_a_directory_is_quick() {
    let sandbox = start(plan::minimal());
    let directory = sandbox.scratch.directory("quick");
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let begin = std::time::Instant::now();
            let granted = sandbox.add_one(&directory, Access::Read).expect("added");
            let time = begin.elapsed();
            sandbox.take(granted).expect("removed");
            time
        })
        .collect();
    times.sort();
    println!("median of a live add: {:?}", times[10]);
    assert!(times[10] < Duration::from_millis(100));
}

#[test]
fn what_is_hidden_of_a_directory_is_empty_from_the_first_moment_and_cannot_be_uncovered() {
    let mut sandbox = start(plan::minimal());
    let dir = sandbox.scratch.directory("shown");
    for below in ["shown/keys", "shown/keys/deep"] {
        sandbox.scratch.directory(below);
    }
    sandbox.scratch.file("shown/keys/deep/secret", "secret");
    sandbox.scratch.file("shown/file", "secret");
    sandbox.scratch.file("shown/other", "open");
    std::os::unix::fs::symlink("keys", dir.join("link")).expect("linked");
    let hide = ["keys", "file", "missing", "link", "keys/deep"];
    let mut shown = grant(&dir, Access::Read);
    shown.hide = hide.map(|name| dir.join(name).into()).to_vec();
    // Named by itself, the same is shown.
    let named = grant(&dir.join("file"), Access::Read);
    for result in sandbox.add(vec![shown, named]) {
        result.expect("shown");
    }
    let at = dir.display();
    let (text, _) = sandbox.shell(&format!(
        "exec 2>/dev/null; cd {at}; cat other file; ls -A keys; ls -A link/; cat keys/deep/secret link/deep/secret; \
         mv keys x; umount keys; touch keys/x"
    ));
    assert_eq!(text, "opensecret");
    // Nothing has changed outside.
    assert_eq!(
        std::fs::read_to_string(dir.join("keys/deep/secret")).expect("there"),
        "secret"
    );
}

#[test]
fn only_what_lies_below_a_grant_can_be_hidden_by_it() {
    let sandbox = start(plan::minimal());
    let dir = sandbox.scratch.directory("shown");
    for hide in ["/etc", "/", &dir.display().to_string()] {
        let mut shown = grant(&dir, Access::Read);
        shown.hide = vec![hide.into()];
        let result = sandbox.add(vec![shown]).pop().expect("one");
        assert!(result.is_err(), "{hide}");
    }
}
