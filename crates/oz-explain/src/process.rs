//! Who makes a call, and what it points to: what /proc and the process's memory say. Both are the app's to make up,
//! and may be another process's if the call was given up meanwhile; whoever asks has to look whether it still waits.

use rustix::fs::{CWD, Mode, OFlags};

use crate::decode::escaped;

/// Longest name in characters; the kernel has 15 bytes for it.
const NAME: usize = 16;
/// Longest text in bytes, its end included.
const TEXT: usize = 256;
/// The kernel reads memory that is there up to the first page that is not.
const PAGE: u64 = 4096;

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Process {
    /// What it calls itself; empty if nobody sees.
    pub(crate) name: String,
    pub(crate) pid: u32,
}

/// The process of a thread, by its number out here.
pub(crate) fn of_thread(thread: u32) -> Process {
    let mut buffer = [0; 1024];
    let number = read(&format!("{thread}/status"), &mut buffer)
        .and_then(|status| group(&status))
        .unwrap_or(thread);
    let name = read(&format!("{number}/comm"), &mut buffer).unwrap_or_default();
    Process {
        name: escaped(name.strip_suffix(b"\n").unwrap_or(&name), NAME),
        pid: number,
    }
}

/// The number of the process in the status of a thread. The name before it has no line's end in it: the kernel
/// escapes it there.
fn group(status: &[u8]) -> Option<u32> {
    let status = String::from_utf8_lossy(status);
    let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
    line.trim().parse().ok()
}

/// The beginning of a file of /proc, which is the root.
fn read(path: &str, buffer: &mut [u8]) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(CWD, path, flags, Mode::empty()).ok()?;
    let count = rustix::io::read(&file, &mut *buffer).ok()?;
    Some(buffer[..count].to_vec())
}

/// Where a link of a process's in /proc leads: its directory, or that of a descriptor. None if it is too long.
pub(crate) fn link(path: &str) -> Option<Vec<u8>> {
    let mut buffer = [0; 4096];
    let count = rustix::fs::readlinkat_raw(CWD, path, &mut buffer[..]).ok()?;
    (count < buffer.len()).then(|| buffer[..count].to_vec())
}

/// So many bytes of a thread's memory, or those that are there.
pub(crate) fn bytes(thread: u32, address: u64, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count.min(TEXT)];
    let read = oz_sys::memory::read_of(thread, address, &mut bytes).unwrap_or(0);
    bytes.truncate(read);
    bytes
}

/// The text at an address of a thread's memory, as far as it is there, ends, and is not too long for a line.
pub(crate) fn text(thread: u32, address: u64) -> Option<Vec<u8>> {
    text_up_to(thread, address, TEXT)
}

/// The same with another length.
pub(crate) fn text_up_to(thread: u32, address: u64, most: usize) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    while text.len() < most {
        let at = address.checked_add(text.len() as u64)?;
        let here = usize::try_from(PAGE - at % PAGE)
            .ok()?
            .min(TEXT)
            .min(most - text.len());
        let mut piece = [0; TEXT];
        let count = oz_sys::memory::read_of(thread, at, &mut piece[..here]).ok();
        // What comes before a hole has been read.
        let Some(count) = count.filter(|count| *count > 0) else {
            break;
        };
        match piece[..count].iter().position(|byte| *byte == 0) {
            Some(end) => {
                text.extend_from_slice(&piece[..end]);
                return Some(text);
            }
            None => text.extend_from_slice(&piece[..count]),
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_of_a_thread_is_found_behind_its_name() {
        let status = b"Name:\tTgid:\\n1\nUmask:\t0022\nState:\tS\nTgid:\t77\nPid:\t78\n";
        assert_eq!(group(status), Some(77));
        assert_eq!(group(b"Name:\tx\n"), None);
    }

    #[test]
    fn text_ends_where_it_ends() {
        let own = std::process::id();
        let read = |bytes: &[u8]| text(own, bytes.as_ptr().expose_provenance() as u64);
        assert_eq!(read(b"/etc/passwd\0more"), Some(b"/etc/passwd".to_vec()));
        assert_eq!(read(b"\0"), Some(Vec::new()));
        assert_eq!(read(&[b'x'; 5000]).map(|text| text.len()), Some(TEXT));
        assert_eq!(text(own, 1), None);
        assert_eq!(text(own, u64::MAX), None);
    }
}
