//! What the kernel counts for the user as a whole: a sandbox that takes all that it gets leaves enough.

use oz_e2e::claim::works_outside;
use oz_e2e::cli::{oz, sandboxed_sh};
use oz_e2e::probe::{Probe, says};
use oz_e2e::run::Started;
use oz_e2e::{Run, Session, cli, processes, wait};

/// What a hog has taken.
fn taken(running: &Started) -> usize {
    let text = wait::within(wait::LONG, "the hog", || {
        let text = running.text_so_far();
        text.contains('\n').then_some(text)
    });
    let count = text.trim().strip_prefix("ok ").map(str::parse);
    let count = count.unwrap_or_else(|| panic!("it took nothing: {text:?}"));
    count.expect("it says how many")
}

/// Starts a hog inside and returns it with how much it got.
fn hog(probe: &Probe, what: &str) -> (Started, usize) {
    let running = probe.inside_with(&["hog", what, "600"]).start();
    let count = taken(&running);
    (running, count)
}

/// A program of the host starts, and a new window opens on its screen.
fn host_goes_on(session: &Session) {
    Run::new("true", [""; 0]).run().ok();
    let title = "started meanwhile";
    let mut terminal = std::process::Command::new("foot");
    terminal.args(["--app-id=meanwhile", "--title", title, "sleep", "60"]);
    let _terminal = session.start(&mut terminal).expect("foot starts");
    let window = session
        .wait_for_window(wait::LONG, |window| window.app_id == "meanwhile")
        .expect("a window");
    session.close(&window).expect("it can be closed");
    session
        .wait_for_no_window(wait::LONG, |window| window.app_id == "meanwhile")
        .expect("it closes");
}

/// The sandbox ends while its hog holds what it has.
fn can_be_stopped(running: Started) {
    oz(["stop", "--all"]).within(wait::LONG).run().ok();
    running.end_within(wait::LONG);
    assert!(cli::running().is_empty());
}

#[test]
fn cannot_keep_others_from_passing_descriptors() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // For a moment nobody else of the user can pass one.
    says(&probe.outside(&["starve"]), "ok");
    let (running, count) = hog(&probe, "descriptors");
    assert!(count > 500, "it tried: {count}");
    // A program of the host with the usual limit can, and an app starts.
    probe.outside(&["pass"]).ok();
    sandboxed_sh("true").run().ok();
    host_goes_on(&session);
    can_be_stopped(running);
}

#[test]
fn cannot_take_all_watches_of_files() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let all: usize = works_outside("cat /proc/sys/fs/inotify/max_user_instances")
        .text()
        .parse()
        .unwrap();
    let (running, count) = hog(&probe, "inotify");
    assert!((1..=all / 4).contains(&count), "{count} of {all}");
    // inotify_init1
    probe.outside(&["syscall", "294", "0"]).ok();
    host_goes_on(&session);
    can_be_stopped(running);
}

#[test]
fn cannot_keep_others_from_starting_by_what_has_no_owner() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // Pages in pipes, locks of files, memory: outside as many are to be had, and for a moment nobody is
    // the worse for it, so that what is shown is that they are taken at all.
    for (what, many) in [("pipes", 1000), ("locks", 10_000), ("memory", 64)] {
        let outside = Run::new(probe.path(), ["hog", what, "600"]).start();
        assert!(taken(&outside) >= many, "{what} outside");
        drop(outside);
        let (running, count) = hog(&probe, what);
        assert!(count >= many, "it tried: {count} {what}");
        host_goes_on(&session);
        can_be_stopped(running);
    }
}

#[test]
fn can_be_stopped_when_it_has_all_watches_of_epoll_that_the_user_can_have() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let all: usize = works_outside("cat /proc/sys/fs/epoll/max_user_watches")
        .text()
        .parse()
        .expect("a number");
    // Nothing keeps it from that: SECURITY.md says so. Shown inside alone, since outside nobody would end it.
    let (running, count) = hog(&probe, "epoll");
    assert!(count > all / 2, "{count} of {all}");
    can_be_stopped(running);
    host_goes_on(&session);
    sandboxed_sh("true").run().ok();
}

/// Every process starts two more, for ever.
const FORK_BOMB: &str = "b() { b | b & }; b; sleep 600";

#[test]
fn a_fork_bomb_leaves_room_for_others_and_can_be_stopped() {
    let session = Session::begin();
    // In namespaces of its own and with a limit of our own it does no harm, and takes all of it.
    let outside = Run::new("prlimit", ["--nproc=300", "--", "unshare"])
        .args([
            "--user",
            "--map-current-user",
            "--pid",
            "--fork",
            "--kill-child",
        ])
        .args(["bash", "-c", FORK_BOMB])
        .start();
    let mut most = 0;
    wait::within(wait::LONG, "the bomb outside", || {
        most = most.max(processes::descendants(outside.pid().as_raw_nonzero().get()).len());
        (most > 100).then_some(())
    });
    drop(outside);
    let running = oz(["run", "--ephemeral", "--", "bash", "-c", FORK_BOMB]).start();
    wait::for_condition("the sandbox", || cli::running().len() == 1);
    let init = cli::json(["ps"])[0]["pid"].as_i64().expect("a number");
    let init = i32::try_from(init).expect("a process");
    let complains = |running: &Started| running.complaint_so_far().contains("fork");
    wait::within(wait::LONG, "the bomb to hit its limit", || {
        complains(&running).then_some(())
    });
    let limit = 2048;
    let inside = processes::descendants(init).len();
    assert!(inside <= limit, "{inside} processes");
    host_goes_on(&session);
    sandboxed_sh("true").within(wait::LONG).run().ok();
    can_be_stopped(running);
}

#[test]
fn has_a_part_of_what_is_counted_for_the_user() {
    let _session = Session::begin();
    let limits = "awk '/locked memory|msgqueue|pending/ { print $(NF-2) }' /proc/self/limits";
    let outside = works_outside(limits).text();
    let inside = sandboxed_sh(limits).run().ok().text();
    let numbers = |text: &str| -> Vec<u64> { text.lines().flat_map(str::parse).collect() };
    let (outside, inside) = (numbers(&outside), numbers(&inside));
    assert!(
        outside.len() == 3 && inside.len() == 3,
        "{outside:?} {inside:?}"
    );
    for (outside, inside) in outside.iter().zip(&inside) {
        assert!(
            inside * 4 <= *outside && *inside > 0,
            "{inside} of {outside}"
        );
    }
}

#[test]
fn leaves_no_core_to_the_host_s_crash_handler() {
    let _session = Session::begin();
    let limit = "grep '^Max core' /proc/self/limits | tr -s ' '";
    // 1 byte is the one limit at which the kernel does not start a handler either.
    let one = "Max core file size 1 1 bytes";
    assert_eq!(sandboxed_sh(limit).run().ok().text(), one);
    // Setting it to 0 would start one again. Who does so to be safe is told that it is done.
    let lower = format!("ulimit -c 0 && {limit}");
    assert!(works_outside(&lower).text().contains("size 0 0"));
    assert_eq!(sandboxed_sh(&lower).run().ok().text(), one);
    sandboxed_sh("ulimit -c unlimited; cd /tmp; perl -e 'kill 11, $$'; ls core* /tmp/core*")
        .run()
        .refused_inside();
}

#[test]
fn cannot_use_more_memory_in_a_process_than_its_profile_says() {
    let session = Session::begin();
    let _small = session.profile(
        "small",
        r#"{ "extends": "generic", "limits": { "memory": "128 MiB" } }"#,
    );
    let take = "perl -e '$x = \"a\" x (300 << 20); print length $x'";
    works_outside(take);
    sandboxed_sh(take).run().ok();
    oz(["run", "--profile", "small", "--", "sh", "-c", take])
        .run()
        .refused_inside();
    oz([
        "run",
        "--profile",
        "small",
        "--",
        "sh",
        "-c",
        "perl -e 'print 1'",
    ])
    .run()
    .ok();
}
