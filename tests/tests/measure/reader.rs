//! What reads hostile files, and what becomes of it.

use std::io::Write;
use std::path::PathBuf;

use oz_e2e::fixtures::write;
use oz_e2e::session::make_executable;
use oz_e2e::{Run, Session, oz, wait};

/// The program, beside the `oz` that is tested.
fn worker() -> PathBuf {
    let oz = Run::sh("command -v oz").run().ok().text();
    let prefix = PathBuf::from(oz.trim())
        .ancestors()
        .nth(2)
        .expect("has one")
        .to_owned();
    prefix.join("libexec/oz/cow-worker")
}

#[test]
fn a_file_that_is_made_to_break_its_readers_breaks_nobody_else() {
    let session = Session::begin();
    let dir = session.fresh_dir("hostile");
    let whole = std::fs::read("/bin/true").expect("is installed");
    let mut tables = whole.clone();
    // The number and the size of the parts, and where they are.
    tables[0x20..0x28].copy_from_slice(&u64::MAX.to_le_bytes());
    tables[0x36..0x3a].fill(0xff);
    let huge = dir.join("huge");
    let file = std::fs::File::create(&huge).expect("made");
    (&file).write_all(&whole).expect("written");
    file.set_len(1 << 40).expect("a sparse file");
    let cases = [
        write(&dir.join("cut"), &whole[..100]),
        write(&dir.join("tables"), &tables),
        write(
            &dir.join("noise"),
            &[b"\x7fELF".as_slice(), &[0xaa; 9000]].concat(),
        ),
        write(
            &dir.join("script"),
            &[b"#!".as_slice(), &[b'x'; 200_000]].concat(),
        ),
        huge,
    ];
    for path in cases {
        make_executable(&path);
        let ran = oz(["profile", "new", "--print"])
            .arg(&path)
            .within(wait::LONG)
            .run();
        assert!(
            ran.code == 0 || ran.complaint().contains("what reads the file"),
            "{ran}"
        );
        if ran.code == 0 {
            assert!(ran.text().contains("\"extends\": \"generic\""), "{ran}");
        }
    }
}

#[test]
fn what_reads_programs_reads_nothing_of_the_user_and_starts_and_writes_nothing() {
    let session = Session::begin();
    let dir = session.fresh_dir("worker");
    let fifo = dir.join("fifo");
    Run::new("mkfifo", [&fifo]).run().ok();
    let worker = worker();
    // It waits for the first byte of what it is to read, behind its walls.
    let script = format!("exec {} analyse /x < {}", worker.display(), fifo.display());
    let mut running = Run::sh(&script).start();
    let held = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&fifo)
        .expect("opened");
    let status = || {
        let text =
            std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
        let is = |line: &str| text.lines().any(|other| other == line);
        is("Seccomp:\t2") && is("NoNewPrivs:\t1") && is("Name:\tcow-worker")
    };
    wait::for_condition("the walls", status);
    let limits =
        std::fs::read_to_string(format!("/proc/{}/limits", running.pid())).expect("is there");
    let limit = |name: &str| {
        limits
            .lines()
            .find(|line| line.starts_with(name))
            .expect("has it")
            .to_owned()
    };
    assert!(limit("Max address space").contains("268435456"), "{limits}");
    assert!(limit("Max file size").contains(" 0 "), "{limits}");
    assert!(limit("Max cpu time").contains(" 10 "), "{limits}");
    assert!(running.is_running());
    drop(held);
    let _ = running.end_within(wait::PATIENCE);
}
