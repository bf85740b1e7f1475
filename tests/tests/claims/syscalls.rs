//! The system call filter, tried call by call past libc.

use oz_e2e::Session;
use oz_e2e::probe::{Probe, says};

#[test]
fn cannot_use_kernel_interfaces_that_work_outside() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for call in [
        &["425", "8", "#120"][..],                // io_uring_setup
        &["250", "0", "-3", "0"],                 // keyctl(KEYCTL_GET_KEYRING_ID, session)
        &["248", "@user", "@x", "@y", "1", "-2"], // add_key to the process keyring
        &["101", "0", "0", "0", "0"],             // ptrace(PTRACE_TRACEME)
        &["272", "0x10000000"],                   // unshare(CLONE_NEWUSER)
    ] {
        let words: Vec<&str> = [&["syscall"], call].concat();
        probe.cannot(&words);
    }
}

#[test]
fn cannot_use_kernel_interfaces_that_nobody_should() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for (name, call) in [
        ("bpf", &["321", "0", "#72", "72"][..]),
        ("perf_event_open", &["298", "#112", "0", "-1", "-1", "0"]),
        ("userfaultfd", &["323", "1"]),
        ("io_uring_enter", &["426", "0", "0", "0", "0"]),
        ("io_uring_register", &["427", "0", "0", "0", "0"]),
        ("request_key", &["249", "@user", "@x", "@y", "-2"]),
        ("process_vm_readv", &["310", "1", "#16", "1", "#16", "1"]),
        ("process_vm_writev", &["311", "1", "#16", "1", "#16", "1"]),
        ("kcmp", &["312", "1", "1", "0", "0", "0"]),
        (
            "name_to_handle_at",
            &["303", "-100", "@/usr", "#136", "#4", "0"],
        ),
        ("open_by_handle_at", &["304", "-100", "#136", "0"]),
        ("init_module", &["175", "#8", "8", "@"]),
        ("finit_module", &["313", "0", "@", "0"]),
        ("delete_module", &["176", "@x", "0"]),
        ("kexec_load", &["246", "0", "0", "0", "0"]),
        ("reboot", &["169", "0xfee1dead", "672274793", "0"]),
        ("swapon", &["167", "@/tmp/x", "0"]),
        ("syslog", &["103", "2", "#8", "8"]),
        ("acct", &["163", "0"]),
        ("quotactl", &["179", "0", "@x", "0", "0"]),
        ("settimeofday", &["164", "#16", "#8"]),
        ("clock_settime", &["227", "0", "#16"]),
        ("adjtimex of the clock", &["159", "#208"]),
        ("iopl", &["172", "3"]),
        ("ioperm", &["173", "0", "1", "1"]),
        ("vhangup", &["153"]),
        ("modify_ldt", &["154", "0", "#64", "64"]),
        (
            "personality without randomised addresses",
            &["135", "0x40000"],
        ),
        ("seccomp listener", &["317", "1", "8", "#16"]),
        ("fanotify_init", &["300", "0", "0"]),
        ("migrate_pages", &["256", "1", "0", "0", "0"]),
        ("move_pages", &["279", "1", "0", "0", "0", "0"]),
        ("pidfd_getfd", &["438", "0", "0", "0"]),
        ("memfd_secret", &["447", "0"]),
        ("a call that does not exist yet", &["2000"]),
    ] {
        let words: Vec<&str> = [&["syscall"], call].concat();
        let ran = probe.inside(&words);
        assert!(ran.text().starts_with("refused"), "{name}: {ran}");
    }
}

#[test]
fn cannot_open_sockets_that_nobody_needs() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for (what, socket) in [
        ("AF_ALG", ["38", "5", "0"]),
        ("AF_VSOCK", ["40", "1", "0"]),
        ("MPTCP", ["2", "1", "262"]),
        ("MPTCP on IPv6", ["10", "1", "262"]),
        ("UDP-Lite", ["2", "2", "136"]),
        ("SCTP", ["2", "1", "132"]),
        ("DCCP", ["2", "6", "33"]),
        ("L2TP", ["2", "2", "115"]),
        ("ping", ["2", "2", "1"]),
        ("netfilter", ["16", "3", "12"]),
        ("device events", ["16", "3", "15"]),
    ] {
        let words = ["syscall", "41", socket[0], socket[1], socket[2]];
        // Outside the kernel answers by itself, whether it has such sockets or not.
        let outside = probe.outside(&words);
        let answers = ["ok", "refused"]
            .iter()
            .any(|word| outside.text().starts_with(word));
        assert!(answers, "{what}: {outside}");
        let ran = probe.inside(&words);
        assert!(ran.text().starts_with("refused EPERM"), "{what}: {ran}");
    }
}

#[test]
fn cannot_take_more_of_what_is_counted_for_all() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // io_setup: places of the whole machine.
    probe.cannot(&["syscall", "206", "64", "#8"]);
    // fcntl(F_SETPIPE_SZ) on no pipe: outside it gets as far as finding that out.
    probe.is_filtered("generic", &["syscall", "72", "9", "1031", "1048576"]);
    probe.is_filtered("generic", &["syscall", "72", "9", "0x100000407", "1048576"]);
}

#[test]
fn cannot_push_characters_into_a_terminal() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // TIOCSTI and TIOCLINUX, plain and with bits set above the 32 that the kernel looks at.
    for request in [
        "0x5412",
        "0x100005412",
        "0xffffffff00005412",
        "0x541c",
        "0x10000541c",
    ] {
        let ran = probe.inside(&["syscall", "16", "0", request, "@x"]);
        // What is no terminal answers ENOTTY; that the filter is asked first shows in EPERM.
        says(&ran, "refused EPERM");
    }
}

#[test]
fn cannot_use_the_system_calls_of_32_bit_programs() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    probe.outside(&["int80-call"]).ok();
    let ran = probe.inside(&["int80-call"]);
    assert!(ran.code != 0 && !ran.text().starts_with("ok"), "{ran}");
}

#[test]
fn calls_of_other_architectures_kill() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // getpid by its number of x32, which this kernel may not know; it answers outside in any case.
    let outside = probe.outside(&["syscall", "0x40000027"]);
    assert!(outside.code < 2, "{outside}");
    for call in [&["syscall", "0x40000027"][..], &["int80-call"]] {
        let ran = probe.inside(call);
        // SIGSYS.
        assert_eq!(ran.code, 128 + 31, "{call:?}: {ran}");
    }
}

#[test]
fn ordinary_calls_work() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for call in [
        &["39"][..],                                     // getpid
        &["318", "#16", "16", "0"],                      // getrandom
        &["319", "@x", "1"],                             // memfd_create
        &["439", "-100", "@/usr", "4", "0"],             // faccessat2
        &["332", "-100", "@/usr", "0", "0x7ff", "#256"], // statx
        &["257", "-100", "@/tmp", "0x410002", "0x180"],  // openat(O_TMPFILE | O_RDWR)
        &["41", "1", "1", "0"],                          // socket(AF_UNIX)
        &["41", "2", "1", "0"],                          // socket(AF_INET)
    ] {
        let words: Vec<&str> = [&["syscall"], call].concat();
        probe.outside(&words).ok();
        probe.inside(&words).ok();
    }
}
