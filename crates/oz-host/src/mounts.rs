//! What is mounted where, in the mount namespace of this process.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Places below a canonical path at which something is mounted, each once, sorted.
///
/// # Errors
/// /proc cannot be read.
pub fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(below_in(&std::fs::read("/proc/self/mountinfo")?, path))
}

fn below_in(mountinfo: &[u8], path: &Path) -> Vec<PathBuf> {
    let lines = mountinfo.split(|byte| *byte == b'\n');
    // Number, parent, device, root, mount point (proc_pid_mountinfo(5)).
    let points = lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    let mut all: Vec<PathBuf> = points
        .map(|point| OsString::from_vec(unescaped(point)).into())
        .filter(|point: &PathBuf| point != path && point.starts_with(path))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// `\040` and the like are bytes that would end the field.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, others @ ..] = rest {
        let octal = others.first_chunk::<3>().filter(|_| *first == b'\\');
        let octal = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &others[3..];
            }
            None => {
                plain.push(*first);
                rest = others;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_is_listed() {
        let list = b"1 0 0:5 / / rw - tmpfs t rw\n2 1 8:1 / /home/u rw - ext4 d rw\n\
            3 2 8:1 / /home/u/a\\040b rw - ext4 d rw\n4 2 8:1 / /home/u2 rw - ext4 d rw\n\
            5 3 8:1 / /home/u/a\\040b rw - ext4 d rw\n";
        let found = below_in(list, Path::new("/home/u"));
        assert_eq!(found, [PathBuf::from("/home/u/a b")]);
    }
}
