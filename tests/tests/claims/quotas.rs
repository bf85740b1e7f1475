//! What the kernel counts for the user as a whole: a sandbox that takes all that it gets leaves enough.

use oz_e2e::Session;
use oz_e2e::claim::works_outside;
use oz_e2e::cli::{oz, sandboxed_sh};
use oz_e2e::probe::{Probe, says};
use oz_e2e::wait;

/// Starts a hog inside and returns it with how much it got.
fn hog(probe: &Probe, what: &str) -> (oz_e2e::run::Started, usize) {
    let running = probe.inside_with(&["hog", what, "600"]).start();
    let text = wait::within(wait::LONG, "the hog", || {
        let text = running.text_so_far();
        text.starts_with("ok ").then_some(text)
    });
    let count = text.trim().trim_start_matches("ok ").parse();
    (running, count.expect("it says how many"))
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
    oz(["stop", "--all"]).run().ok();
    running.end_within(wait::LONG);
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
    oz(["stop", "--all"]).run().ok();
    running.end_within(wait::LONG);
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
