//! A program whose refused calls somebody outside answers, to say what they were.
//!
//! The filter is the sandbox's own, but that each of its refusals asks whoever holds the listener that comes
//! with it. Nothing becomes allowed by that: if nobody holds the listener, or nobody answers any more, the
//! kernel says that there is no such call.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::thread;

use oz_sys::{seccomp, socket};

/// `BPF_RET | BPF_K` with `SECCOMP_RET_ERRNO`; the lowest 16 bits are the error number.
const REFUSE: u64 = 0x0006_0000_0005_0000;
const ERROR: u64 = 0xffff;
/// The same with `SECCOMP_RET_USER_NOTIF`.
const ASK: u64 = 0x0006_0000_7fc0_0000;

/// What the two threads have to say to each other.
#[derive(Default)]
struct Between {
    /// Of the filter, once it is installed.
    listener: OnceLock<OwnedFd>,
    /// Whether it could be sent.
    sent: OnceLock<io::Result<()>>,
}

/// Installs the filter on the calling thread and sends its listener to the other end of `socket`.
///
/// The caller must execute its program next: there is a second thread, and this one is not waited for.
pub fn install(filter: &[u64], socket: OwnedFd) -> io::Result<()> {
    let filter: Vec<u64> = filter.iter().map(|step| asking(*step)).collect();
    let between = Arc::new(Between::default());
    let other = Arc::clone(&between);
    // The list of the sandbox may not have a call by which descriptors are sent. A thread that exists before
    // the filter is not held to it; it has no other right than this one, and ends with the next program.
    thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let listener = loop {
            match other.listener.get() {
                Some(listener) => break listener,
                None => thread::yield_now(),
            }
        };
        let sent = socket::send_frame(&socket, &[0], &[listener.as_fd()]);
        drop(socket);
        let _ = other.sent.set(sent);
    })?;
    let listener = seccomp::install_with_listener(&filter)?;
    let _ = between.listener.set(listener);
    // No call is made here: nobody answers until the listener is sent. It is closed with the next program.
    let sent = loop {
        match between.sent.get() {
            None => std::hint::spin_loop(),
            Some(Ok(())) => break Ok(()),
            Some(Err(error)) => break Err(error.kind().into()),
        }
    };
    std::mem::forget(between);
    sent
}

/// An instruction of the filter that explains.
fn asking(step: u64) -> u64 {
    match step & ERROR {
        // What only seems to have been made is no refusal.
        0 => step,
        _ if step & !ERROR == REFUSE => ASK,
        _ => step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_become_questions() {
        let allow = 0x0006_0000_7fff_0000;
        let kill = 0x0006_0000_8000_0000;
        let load = 0x0020_0000_0005_0001;
        for step in [allow, kill, load, REFUSE] {
            assert_eq!(asking(step), step, "{step:#x}");
        }
        for errno in [1, 38, 0xffff] {
            assert_eq!(asking(REFUSE | errno), ASK);
        }
    }
}
