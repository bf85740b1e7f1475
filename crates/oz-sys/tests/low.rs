//! Programs started by a process that holds the low numbers of descriptors: alone in a process, since those are everybody's.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use oz_sys::spawn;

fn output(script: &str, others: &[(BorrowedFd, RawFd)]) -> String {
    let (mut read, write) = io::pipe().unwrap();
    let mut fds = vec![(write.as_fd(), 1)];
    fds.extend_from_slice(others);
    let argv = [c"sh".into(), c"-c".into(), CString::new(script).unwrap()];
    let child = spawn::spawn(c"/bin/sh", &argv, &[], &fds).unwrap();
    drop(write);
    let mut text = String::new();
    read.read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    text
}

#[test]
fn programs_get_what_they_are_given_and_what_is_opened_later_is_never_low() {
    spawn::keep_low().unwrap();
    let (root, usr) = (File::open("/").unwrap(), File::open("/usr").unwrap());
    assert!(root.as_raw_fd() >= 64 && usr.as_raw_fd() >= 64);
    // Twice: what was placed for one program is not there for the next.
    let each = "for n in $(seq 0 200); do test -e /proc/$$/fd/$n && echo $n; done";
    for _ in 0..2 {
        let given = [(root.as_fd(), 7), (usr.as_fd(), 70)];
        assert_eq!(output(each, &given), "0\n1\n2\n7\n70\n");
    }
    assert_eq!(output(each, &[]), "0\n1\n2\n");
    let lines = "readlink /proc/$$/fd/3 /proc/$$/fd/4";
    let given = [(root.as_fd(), 4), (usr.as_fd(), 3)];
    assert_eq!(output(lines, &given), "/usr\n/\n");
    // Here all is as it was.
    for number in 3..64 {
        let at = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap();
        assert_eq!(at.to_str(), Some("/dev/null"), "{number}");
    }
    assert!(root.metadata().unwrap().is_dir() && usr.metadata().unwrap().is_dir());
    let missing = spawn::spawn(c"/nonexistent", &[], &[], &[]).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    let many: Vec<_> = (3..80).map(|target| (root.as_fd(), target)).collect();
    let too_many = spawn::spawn(c"/bin/true", &[], &[], &many).unwrap_err();
    assert_eq!(too_many.kind(), io::ErrorKind::InvalidInput);
}
