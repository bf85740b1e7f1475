//! A program in a terminal.

mod support;

use std::fs::File;
use std::io::{Read, Write};

use oz_core::wire::init::{ExitStatus, Stdio};
use support::{plan, start};

#[test]
fn a_terminal_has_its_size_a_session_and_job_control() {
    let mut sandbox = start(plan::minimal());
    let size = Stdio::Terminal {
        rows: 33,
        columns: 101,
    };
    let script = "stty -echo; tty; stty size; ps -o pid=,sid=,tpgid= -p $$; trap 'echo caught; exit 4' INT; echo up; while :; do sleep 0.01; done";
    let process = sandbox.begin(&["sh", "-c", script], size, &[]);
    let mut fds = sandbox.started(process);
    let mut terminal = File::from(fds.pop().expect("the terminal's other end"));
    let mut text = String::new();
    let mut buffer = [0; 256];
    while !text.contains("up\r\n") {
        let length = terminal.read(&mut buffer).expect("output");
        text += &String::from_utf8_lossy(&buffer[..length]);
    }
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["/dev/pts/0", "33 101"]);
    let numbers: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(numbers.len(), 3, "{text}");
    assert!(
        numbers.iter().all(|number| *number == numbers[0]),
        "it leads session and foreground: {text}"
    );
    terminal.write_all(b"\x03").expect("control-C");
    assert_eq!(sandbox.ended(process), ExitStatus::Code(4));
}

#[test]
fn a_terminal_that_hangs_up_ends_its_program() {
    let mut sandbox = start(plan::minimal());
    let size = Stdio::Terminal {
        rows: 24,
        columns: 80,
    };
    let process = sandbox.begin(&["cat"], size, &[]);
    drop(sandbox.started(process));
    assert_eq!(sandbox.ended(process), ExitStatus::Signal(1));
}
