//! Locks of parts of files, which the kernel keeps without a limit.

use std::fs::File;
use std::os::fd::AsRawFd;

use crate::sys::{Arg, call};

/// Many, and not so many that to find one takes long.
const FILES: usize = 60;
const EACH: i64 = 1500;

/// Files in the temporary directory with every other byte locked, and how many locks that is.
pub(super) fn locks() -> Result<(Vec<File>, usize), String> {
    let (mut files, mut count) = (Vec::new(), 0);
    let directory = std::env::temp_dir();
    for number in 0..FILES {
        let path = directory.join(format!("oz-probe-locks-{}-{number}", std::process::id()));
        let file = File::create(&path).map_err(|error| error.to_string())?;
        let _ = std::fs::remove_file(path);
        for byte in 0..EACH {
            if lock(&file, 2 * byte).is_ok() {
                count += 1;
            }
        }
        files.push(file);
    }
    Ok((files, count))
}

/// F_SETLK of one byte: type and origin, then where, how far, and whose, as `struct flock` has them.
fn lock(file: &File, byte: i64) -> std::io::Result<i64> {
    let mut bytes = vec![0; 32];
    bytes[..2].copy_from_slice(&1_i16.to_ne_bytes());
    bytes[8..16].copy_from_slice(&byte.to_ne_bytes());
    bytes[16..24].copy_from_slice(&1_i64.to_ne_bytes());
    let fd = Arg::N(file.as_raw_fd().into());
    call(libc::SYS_fcntl, [fd, Arg::N(6), Arg::B(&bytes)])
}
