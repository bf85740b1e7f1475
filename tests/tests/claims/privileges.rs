//! Capabilities, namespaces, mounts, setuid programs.

use oz_e2e::Session;
use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::probe::Probe;

const CLONE_NEWUSER: &str = "0x10000000";

#[test]
fn has_no_capability_in_any_set() {
    let _session = Session::begin();
    let sets = sandboxed_sh("grep ^Cap /proc/self/status")
        .run()
        .ok()
        .text();
    assert_eq!(sets.lines().count(), 5, "{sets}");
    for set in sets.lines() {
        assert!(set.ends_with("0000000000000000"), "{set}");
    }
}

#[test]
fn runs_under_no_new_privs_and_a_filter() {
    let _session = Session::begin();
    let status = sandboxed_sh("grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status")
        .run()
        .ok()
        .text();
    let words: Vec<&str> = status.split_whitespace().collect();
    assert_eq!(words, ["NoNewPrivs:", "1", "Seccomp:", "2"]);
}

#[test]
fn is_the_user_and_in_no_other_group_of_theirs() {
    let _session = Session::begin();
    let outside = works_outside("id -u; id -g").text();
    assert_eq!(sandboxed_sh("id -u; id -g").run().ok().text(), outside);
    assert_eq!(
        sandboxed_sh("grep ^Uid /proc/self/status")
            .run()
            .ok()
            .text()
            .matches(&*uid())
            .count(),
        4
    );
}

#[test]
fn cannot_become_another_user() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for call in ["105", "106"] {
        probe.is_refused(&["syscall", call, "0"]);
    }
    sandboxed_sh("chown 0 /tmp/x || su root -c id || sudo -n id")
        .run()
        .refused_inside();
}

#[test]
fn cannot_make_a_user_namespace() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    probe.cannot(&["syscall", "272", CLONE_NEWUSER]);
    // clone(CLONE_NEWUSER | SIGCHLD)
    probe.cannot(&["syscall", "56", "0x10000011", "0", "0", "0", "0"]);
    // clone3, which a filter cannot look into, is not there at all: programs fall back to clone.
    probe.is_refused(&["syscall", "435", "#88", "88"]);
    oz_e2e::claim::cannot("unshare --user true");
    oz_e2e::claim::cannot("unshare --user --map-root-user --mount true");
}

#[test]
fn cannot_make_or_join_other_namespaces() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for flag in [
        "0x20000",
        "0x20000000",
        "0x40000000",
        "0x8000000",
        "0x4000000",
        "0x2000000",
        "0x80",
    ] {
        probe.is_refused(&["syscall", "272", flag]);
    }
    probe.is_refused(&["syscall", "308", "0", "0"]);
    sandboxed_sh("nsenter --target 1 --mount true")
        .run()
        .refused_inside();
}

#[test]
fn cannot_mount_or_unmount_by_any_call() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for call in [
        &["165", "@none", "@/tmp", "@tmpfs", "0", "0"][..], // mount
        &["166", "@/tmp", "2"],                             // umount2
        &["155", "@/tmp", "@/tmp"],                         // pivot_root
        &["161", "@/tmp"],                                  // chroot
        &["428", "-100", "@/usr", "1"],                     // open_tree, clone
        &["429", "0", "@", "-100", "@/tmp", "4"],           // move_mount
        &["430", "@tmpfs", "0"],                            // fsopen
        &["433", "-100", "@/tmp", "0"],                     // fspick
        &["442", "-100", "@/tmp", "0", "#32", "32"],        // mount_setattr
        &["467", "-100", "@/tmp", "0", "#32", "32"],        // open_tree_attr
    ] {
        let words: Vec<&str> = [&["syscall"], call].concat();
        probe.is_refused(&words);
    }
}

#[test]
fn gains_nothing_from_setuid_programs() {
    let _session = Session::begin();
    let mounts = sandboxed_sh("cat /proc/self/mountinfo").run().ok().text();
    assert!(mounts.lines().count() > 3, "{mounts}");
    for mount in mounts.lines() {
        let options = mount.split(' ').nth(5).unwrap_or_default();
        assert!(options.contains("nosuid"), "not nosuid: {mount}");
    }
}

fn uid() -> String {
    rustix::process::geteuid().as_raw().to_string()
}

#[test]
fn cannot_take_all_processes_of_the_machine() {
    let _session = Session::begin();
    let bomb = "my $n = 0; while ($n < 9000) { my $p = fork(); last unless defined $p; \
                if (!$p) { sleep 60; exit } $n++ } print qq($n\\n); kill 9, -1";
    let ran = oz_e2e::cli::sandboxed(["perl", "-e", bomb]).run();
    let count: u32 = ran.text().parse().unwrap_or(u32::MAX);
    assert!(count < 8000, "it made {count} processes: {ran}");
}
