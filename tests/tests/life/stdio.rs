//! Pipes between a program inside and its caller.

use std::io::Write;
use std::time::Duration;

use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, cli::sandboxed_sh, oz};

const LOTS: usize = 10 << 20;

#[test]
fn output_and_complaints_arrive_apart() {
    let _session = Session::begin();
    let ran = sandboxed_sh("echo out; echo err >&2").run().ok();
    assert_eq!((ran.text(), ran.complaint()), ("out".into(), "err".into()));
}

#[test]
fn ten_megabytes_pass_in_both_directions() {
    let _session = Session::begin();
    let data: Vec<u8> = (0..LOTS).map(|n| (n % 251).to_le_bytes()[0]).collect();
    let ran = sandboxed_sh("cat").stdin(data.clone()).run().ok();
    assert_eq!(ran.out.len(), data.len());
    assert!(ran.out == data, "the bytes are the same");
}

#[test]
fn the_last_output_before_the_end_is_not_lost() {
    let _session = Session::begin();
    for _ in 0..5 {
        let ran = sandboxed_sh("head -c 300000 /dev/zero; echo -n end >&2")
            .run()
            .ok();
        assert_eq!((ran.out.len(), ran.complaint()), (300_000, "end".into()));
    }
}

#[test]
fn the_end_of_input_reaches_the_app() {
    let _session = Session::begin();
    assert_eq!(sandboxed_sh("wc -c").stdin("12345").run().ok().text(), "5");
    assert_eq!(sandboxed_sh("wc -c").run().ok().text(), "0");
}

#[test]
fn a_reader_that_goes_away_ends_a_writer() {
    let _session = Session::begin();
    let ran = Run::sh("oz run --ephemeral -- yes | head -n 1").run().ok();
    assert_eq!(ran.text(), "y");
    ran.quick(Duration::from_secs(15));
    oz_e2e::wait::for_condition("the writer inside ends too", || {
        oz_e2e::cli::running().is_empty()
    });
}

#[test]
fn an_app_that_closes_its_input_early_does_not_block_its_caller() {
    let _session = Session::begin();
    let ran = sandboxed_sh("exec <&-; sleep 0.5; echo done")
        .stdin(vec![b'x'; LOTS])
        .run()
        .ok();
    assert_eq!(ran.text(), "done");
}

#[test]
fn a_conversation_goes_back_and_forth() {
    let _session = Session::begin();
    let mut run = sandboxed_sh("while read line; do echo \"<$line>\"; done")
        .stdin("")
        .start();
    let mut pipe = run.child.stdin.take().unwrap();
    for n in 0..5 {
        writeln!(pipe, "line {n}").unwrap();
        pipe.flush().unwrap();
        oz_e2e::wait::for_condition("the answer", || {
            run.text_so_far().contains(&format!("<line {n}>"))
        });
    }
    drop(pipe);
    run.end_within(Duration::from_secs(10)).ok();
}

#[test]
fn a_file_can_be_input_and_output() {
    let session = Session::begin();
    let dir = session.fresh_dir("redirect");
    write(&dir.join("in"), b"from a file\n");
    let script = format!(
        "cd {} && oz run --ephemeral -- tr a-z A-Z <in >out",
        dir.display()
    );
    Run::sh(&script).run().ok();
    assert_eq!(
        std::fs::read_to_string(dir.join("out")).unwrap(),
        "FROM A FILE\n"
    );
}

#[test]
fn the_app_does_not_hold_the_file_itself() {
    let session = Session::begin();
    let dir = session.fresh_dir("redirect");
    write(&dir.join("in"), b"from a file\n");
    let inside = "test -p /dev/stdin && test -p /dev/stdout && echo pipes >&2; ! readlink /proc/self/fd/0 | grep in$";
    let script = format!(
        "cd {} && oz run --ephemeral -- sh -c '{inside}' <in >out",
        dir.display()
    );
    let ran = Run::sh(&script).run().ok();
    assert_eq!(ran.complaint(), "pipes");
}

#[test]
fn a_directory_or_a_socket_as_input_is_refused() {
    let session = Session::begin();
    let dir = session.fresh_dir("as-input");
    let ran = Run::sh(&format!(
        "oz run --ephemeral -- sh -c 'ls -l /proc/self/fd/0; echo ran' <{}",
        dir.display()
    ))
    .run();
    assert!(!ran.text().contains("ran"), "{ran}");
    assert!([1, 2, 125].contains(&ran.code), "{ran}");
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut command = std::process::Command::new("oz");
    command
        .args(["run", "--ephemeral", "--", "true"])
        .stdin(std::os::fd::OwnedFd::from(theirs));
    assert!(!command.output().unwrap().status.success());
    drop(ours);
}

#[test]
fn closed_streams_are_no_trouble() {
    let _session = Session::begin();
    Run::sh("oz run --ephemeral -- true <&- >&- 2>&-")
        .run()
        .ok();
    assert_eq!(
        Run::sh("oz run --ephemeral -- echo out <&-")
            .run()
            .ok()
            .text(),
        "out"
    );
}

#[test]
fn a_detached_app_prints_only_its_id_and_goes_on() {
    let _session = Session::begin();
    let ran = oz(["run", "--detach", "--", "sh", "-c", "echo noise; sleep 100"])
        .run()
        .ok();
    let id = ran.text();
    assert!(
        !id.contains('\n') && !id.contains("noise") && !id.is_empty(),
        "{ran}"
    );
    assert!(oz_e2e::cli::is_running(&id));
}
