//! A program whose refused calls somebody outside answers, to say what they were.
//!
//! The filter is the sandbox's own, but that each of its refusals asks whoever holds the listener that comes
//! with it. Nothing becomes allowed by that: if nobody holds the listener, or nobody answers any more, the
//! kernel says that there is no such call.
//!
//! While a program is trained it asks about some allowed calls as well, before the filter proper is reached. Who
//! answers has the same filter, which looks at nothing but registers, and decides as it does.

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

/// `BPF_LD | BPF_W | BPF_ABS` of the architecture and of the call's number, and `BPF_JMP | BPF_JEQ`, `BPF_JA`.
const LOAD_ARCHITECTURE: u64 = 0x0020_0000_0000_0004;
const LOAD_NUMBER: u64 = 0x0020_0000_0000_0000;
const EQUAL: u64 = 0x0015_0000_0000_0000;
const JUMP: u64 = 0x0005_0000_0000_0000;
/// Whose numbers are compared: this machine's own.
const NATIVE: u64 = if cfg!(target_arch = "x86_64") {
    0xc000_003e
} else {
    0xc000_00b7
};
/// Most calls that are asked about: jumps reach no further.
const MOST_WATCHED: usize = 200;

/// Who answers, and about what beyond refusals.
#[derive(Debug)]
pub struct Explain {
    /// Somebody waits here for the listener.
    pub socket: OwnedFd,
    /// Numbers of allowed calls.
    pub watched: Vec<u32>,
}

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
pub fn install(filter: &[u64], explain: Explain) -> io::Result<()> {
    let Explain { socket, watched } = explain;
    let mut all = watching(&watched).ok_or(io::ErrorKind::InvalidInput)?;
    all.extend(filter.iter().map(|step| asking(*step)));
    let filter = all;
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

/// What comes before the filter: these calls ask, all others go through it.
fn watching(calls: &[u32]) -> Option<Vec<u64>> {
    if calls.is_empty() {
        return Some(Vec::new());
    }
    let count = u64::try_from(calls.len()).ok()?;
    if calls.len() > MOST_WATCHED {
        return None;
    }
    // Behind the comparisons are a jump over the question, and the question.
    let over_all = count + 3;
    let mut steps = vec![
        LOAD_ARCHITECTURE,
        EQUAL | over_all << 32 | NATIVE,
        LOAD_NUMBER,
    ];
    let of_call = |(at, call): (u64, &u32)| EQUAL | (count - at) << 40 | u64::from(*call);
    steps.extend((0..).zip(calls).map(of_call));
    steps.extend([JUMP | 1, ASK]);
    Some(steps)
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
    fn watched_calls_jump_to_the_question_and_others_over_it() {
        assert_eq!(watching(&[]), Some(Vec::new()));
        let steps = watching(&[7, 8]).expect("few");
        // Of another architecture: over the rest, which is 5 long behind the comparison.
        assert_eq!(steps[1] >> 32 & 0xff, 5);
        assert_eq!(steps.len(), 2 + 5);
        // The first over the second and the jump, the second over the jump.
        assert_eq!((steps[3] >> 40 & 0xff, steps[4] >> 40 & 0xff), (2, 1));
        assert_eq!(steps[5..], [JUMP | 1, ASK]);
        assert_eq!(watching(&[1; 300]), None);
    }

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
