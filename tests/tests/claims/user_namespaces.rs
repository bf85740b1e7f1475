//! Browsers make user namespaces in their sandbox, in which they have every capability. What the kernel offers
//! to capabilities stays closed there.

use oz_e2e::Session;
use oz_e2e::cli::oz;
use oz_e2e::probe::{Probe, says};

/// User and network namespaces.
const USER_NET: &str = "0x50000000";
/// User and mount namespaces.
const USER_MOUNT: &str = "0x10020000";
/// User, process id, network and ipc namespaces.
const ALL_OF_A_BROWSER: &str = "0x78000000";

const BROWSER: &str = "browser";

#[test]
fn a_browser_can_make_the_namespaces_of_its_own_sandbox() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for flags in [USER_NET, ALL_OF_A_BROWSER] {
        probe.outside(&["nested", flags]).ok();
        says(
            &probe.inside_template(BROWSER, &["nested", flags]),
            "ok entered",
        );
        // Nobody else can.
        probe.is_refused(&["nested", flags]);
    }
    // Renderers lock themselves up by it.
    says(
        &probe.inside_template(
            BROWSER,
            &[
                "nested",
                "0x10000000",
                "syscall",
                "161",
                "@/proc/self/fdinfo",
            ],
        ),
        "ok",
    );
}

#[test]
fn a_browser_cannot_make_a_mount_namespace_in_any_namespace_of_its_own() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    probe.outside(&["nested", USER_MOUNT]).ok();
    says(
        &probe.inside_template(BROWSER, &["nested", USER_MOUNT]),
        "refused EPERM",
    );
    let nested = ["nested", "0x10000000", "syscall", "272", "0x20000"];
    probe.outside(&nested).ok();
    says(&probe.inside_template(BROWSER, &nested), "refused EPERM");
    // clone(CLONE_NEWNS | CLONE_NEWUSER | SIGCHLD), and in its place clone3, which is not there.
    for call in [
        &["syscall", "56", "0x10020011", "0", "0", "0", "0"][..],
        &["syscall", "435", "#88", "88"],
    ] {
        says(&probe.inside_template(BROWSER, call), "refused");
    }
    // Nor uts, cgroup and time namespaces, which no browser wants.
    for flags in ["0x14000000", "0x12000000", "0x10000080"] {
        probe.outside(&["nested", flags]).ok();
        says(
            &probe.inside_template(BROWSER, &["nested", flags]),
            "refused EPERM",
        );
    }
}

#[test]
fn a_browser_could_not_mount_even_if_its_filter_had_a_hole() {
    let _session = Session::begin();
    // The limit by which the kernel itself refuses, as a namespace that the program made sees it.
    let ran = oz(["run", "--profile", BROWSER, "--ephemeral", "--", "sh", "-c"])
        .arg("cat /proc/sys/user/max_mnt_namespaces; echo 1 >/proc/sys/user/max_mnt_namespaces")
        .run();
    assert_eq!(ran.text(), "0", "{ran}");
    assert_ne!(ran.code, 0, "it could be written: {ran}");
}

#[test]
fn a_browser_cannot_mount_in_a_namespace_of_its_own() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for call in [
        &["165", "@none", "@/tmp", "@tmpfs", "0", "0"][..], // mount
        &["166", "@/tmp", "2"],                             // umount2
        &["155", "@/tmp", "@/tmp"],                         // pivot_root
        &["428", "-100", "@/usr", "1"],                     // open_tree, clone
        &["429", "0", "@", "-100", "@/tmp", "4"],           // move_mount
        &["430", "@tmpfs", "0"],                            // fsopen
        &["433", "-100", "@/tmp", "0"],                     // fspick
        &["442", "-100", "@/tmp", "0", "#32", "32"],        // mount_setattr
        &["308", "0", "0"],                                 // setns
    ] {
        let words: Vec<&str> = [&["nested", USER_NET, "syscall"], call].concat();
        says(&probe.inside_template(BROWSER, &words), "refused EPERM");
    }
    // The same mount works outside, where a mount namespace can be had as well.
    let mount = ["syscall", "165", "@none", "@/tmp", "@tmpfs", "0", "0"];
    let words: Vec<&str> = [&["nested", USER_MOUNT], &mount[..]].concat();
    probe.outside(&words).ok();
}

#[test]
fn a_browser_cannot_reach_packet_filters_or_raw_packets_by_capabilities_of_its_own() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for (what, socket) in [
        ("netfilter's netlink", ["16", "3", "12"]),
        ("xfrm's netlink", ["16", "3", "6"]),
        ("generic netlink", ["16", "3", "16"]),
        ("audit", ["16", "3", "9"]),
        ("packets", ["17", "3", "0"]),
        ("packets by an old name", ["2", "10", "0"]),
        ("raw IP", ["2", "3", "1"]),
        ("raw IPv6", ["10", "3", "58"]),
        ("keys of IPsec", ["15", "3", "2"]),
    ] {
        let words = [
            "nested", USER_NET, "syscall", "41", socket[0], socket[1], socket[2],
        ];
        let ran = probe.is_filtered(BROWSER, &words);
        assert!(ran.text().starts_with("refused EPERM"), "{what}: {ran}");
    }
    // Those that every kernel has do work outside.
    for kind in [["2", "3", "1"], ["16", "3", "0"]] {
        let words = [
            "nested", USER_NET, "syscall", "41", kind[0], kind[1], kind[2],
        ];
        probe.outside(&words).ok();
    }
}

#[test]
fn a_browser_cannot_reach_packet_filters_by_options_of_ordinary_sockets() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for (what, option) in [
        ("tables of IP", ["2", "2", "0", "64"]),
        ("counters of IP", ["2", "2", "0", "65"]),
        ("tables of ARP", ["2", "2", "0", "96"]),
        ("tables of bridges", ["2", "2", "0", "128"]),
        ("virtual servers", ["2", "2", "0", "1157"]),
        ("tables of IPv6", ["10", "2", "41", "64"]),
        ("IPsec of IP", ["2", "2", "0", "17"]),
        ("IPsec of IPv6", ["10", "2", "41", "35"]),
        ("IPsec in UDP", ["2", "2", "17", "100"]),
        ("protocols on TCP", ["2", "1", "6", "31"]),
        ("repair of TCP", ["2", "1", "6", "19"]),
    ] {
        let words: Vec<&str> = [&["nested", USER_NET, "option"], &option[..]].concat();
        let ran = probe.is_filtered(BROWSER, &words);
        assert!(ran.text().starts_with("refused EPERM"), "{what}: {ran}");
        // Not by others either, who have no capability.
        let words: Vec<&str> = [&["option"], &option[..]].concat();
        says(&probe.inside(&words), "refused EPERM");
    }
    // Ordinary ones work: SO_BROADCAST, TCP_NODELAY, IP_TTL takes a value.
    for option in [
        ["2", "2", "1", "6"],
        ["2", "1", "6", "1"],
        ["10", "2", "41", "66"],
    ] {
        let words: Vec<&str> = [&["option"], &option[..]].concat();
        probe.outside(&words).ok();
        probe.inside(&words).ok();
    }
}
