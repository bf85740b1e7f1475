//! What is mounted where, in the mount namespace of this process.

use std::io;
use std::path::{Path, PathBuf};

use oz_core::mountinfo;

/// Places below a canonical path at which something is mounted, each once, sorted.
///
/// # Errors
/// /proc cannot be read.
pub fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(below_in(&std::fs::read("/proc/self/mountinfo")?, path))
}

fn below_in(list: &[u8], path: &Path) -> Vec<PathBuf> {
    let points = mountinfo::mounts(list).map(|mount| mount.point);
    let mut all: Vec<PathBuf> = points
        .filter(|point| point != path && point.starts_with(path))
        .collect();
    all.sort();
    all.dedup();
    all
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
