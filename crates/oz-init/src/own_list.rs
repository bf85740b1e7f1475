//! What a helper may call, as its daemon gives it: descriptor 4 is a file with its compiled filter.

use std::io;

use rustix::io::pread;

/// Longest program of the kernel's.
const MOST: usize = 4096;
const STEP: usize = size_of::<u64>();

/// Gives up every call that is not listed, before anything is read from anybody. Instructions are as
/// [`oz_sys::seccomp::install`] takes them, in the machine's byte order. Without a list there is no helper.
pub fn confine() -> io::Result<()> {
    let file = oz_sys::descriptors::inherited(4)?;
    let mut bytes = vec![0; (MOST + 1) * STEP];
    let mut length = 0;
    loop {
        match pread(&file, &mut bytes[length..], length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    let filter: Vec<u64> = bytes[..length]
        .chunks_exact(STEP)
        .filter_map(|step| Some(u64::from_ne_bytes(step.try_into().ok()?)))
        .collect();
    if filter.is_empty() || filter.len() > MOST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    rustix::thread::set_no_new_privs(true)?;
    oz_sys::seccomp::install(&filter)
}
