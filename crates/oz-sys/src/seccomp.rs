//! Syscall filters, and answering for one.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::check;

/// Installs a filter on the calling thread for good; it must have no_new_privs.
///
/// Each instruction is `code` in the top 16 bits, then `jt`, `jf` (8 bits each), then `k`.
pub fn install(filter: &[u64]) -> io::Result<()> {
    set(filter, 0).map(drop)
}

/// As [`install`]; what the filter leaves to be answered (`SECCOMP_RET_USER_NOTIF`) waits for whoever has the
/// descriptor that this returns, see [`Listener`]. It is closed by the next program that is executed.
pub fn install_with_listener(filter: &[u64]) -> io::Result<OwnedFd> {
    let new = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // A call that has been taken for answering is interrupted by signals that kill only: an app with a
    // timer would otherwise make its call again and again. Since Linux 5.19.
    let patient = libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let listener = match set(filter, new | patient) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => set(filter, new),
        other => other,
    }?;
    let listener = RawFd::try_from(listener).map_err(io::Error::other)?;
    // SAFETY: with this flag a new descriptor is returned, which nobody else knows.
    Ok(unsafe { OwnedFd::from_raw_fd(listener) })
}

fn set(filter: &[u64], flags: libc::c_ulong) -> io::Result<libc::c_long> {
    let instructions: Vec<libc::sock_filter> = filter.iter().map(|&i| unpack(i)).collect();
    let program = libc::sock_fprog {
        len: u16::try_from(instructions.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        filter: instructions.as_ptr().cast_mut(),
    };
    // SAFETY: the kernel copies `len` instructions, which it does not change, and checks them.
    check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const program,
        )
    })
}

/// The requests of `ioctl` that [`Listener`] makes, for who lists its own system calls.
pub const REQUESTS: [u64; 3] = [
    libc::SECCOMP_IOCTL_NOTIF_RECV,
    libc::SECCOMP_IOCTL_NOTIF_SEND,
    libc::SECCOMP_IOCTL_NOTIF_ID_VALID,
];

/// The calls that wait for an answer, of all processes under one filter.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// A call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Names it until it is answered.
    pub id: u64,
    /// The thread that makes it, in the pid namespace of whoever asks; 0 if it is not seen from there.
    pub thread: u32,
    /// The call.
    pub call: Call,
}

/// A system call as a filter sees it: registers, and nothing that they point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub number: u32,
    /// Whose numbers those are.
    pub architecture: u32,
    /// Its arguments.
    pub arguments: [u64; 6],
}

impl Listener {
    /// Of a descriptor of [`install_with_listener`].
    pub fn new(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// Takes the next call, waiting for it. `NotFound`: it was given up meanwhile.
    pub fn next(&self) -> io::Result<Waiting> {
        // SAFETY: all zeroes is a value of this struct, and the one that the kernel asks for.
        let mut found: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the request's number says how much is written.
        self.ask(|fd| unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut found) })?;
        Ok(Waiting {
            id: found.id,
            thread: found.pid,
            call: Call {
                number: found.data.nr.cast_unsigned(),
                architecture: found.data.arch,
                arguments: found.data.args,
            },
        })
    }

    /// Whether a call still waits: its thread is still the one that made it.
    pub fn waits(&self, id: u64) -> bool {
        // SAFETY: the kernel reads one number.
        self.ask(|fd| unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) })
            .is_ok()
    }

    /// Answers a call with an error number, without it being made. `NotFound`: nobody waits any more.
    pub fn refuse(&self, id: u64, errno: u16) -> io::Result<()> {
        self.answer(libc::seccomp_notif_resp {
            id,
            val: 0,
            error: -i32::from(errno),
            flags: 0,
        })
    }

    /// Lets a call be made as it would have been without a question. What it points to may change before that, so this is
    /// for calls that may be made whatever they point to. `NotFound`: nobody waits any more.
    pub fn go_on(&self, id: u64) -> io::Result<()> {
        let flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE);
        self.answer(libc::seccomp_notif_resp {
            id,
            val: 0,
            error: 0,
            flags: flags.map_err(io::Error::other)?,
        })
    }

    fn answer(&self, answer: libc::seccomp_notif_resp) -> io::Result<()> {
        // SAFETY: the kernel reads the struct, whose size the request's number says.
        self.ask(|fd| unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const answer) })
    }

    fn ask(&self, request: impl FnOnce(RawFd) -> libc::c_int) -> io::Result<()> {
        check(request(self.0.as_raw_fd()).into()).map(drop)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[allow(clippy::cast_possible_truncation)] // each field is cut out on purpose
fn unpack(instruction: u64) -> libc::sock_filter {
    libc::sock_filter {
        code: (instruction >> 48) as u16,
        jt: (instruction >> 40) as u8,
        jf: (instruction >> 32) as u8,
        k: instruction as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_unpacked_from_the_top() {
        let instruction = unpack(0x0015_01ff_c000_003e);
        assert_eq!((instruction.code, instruction.jt), (0x15, 1));
        assert_eq!((instruction.jf, instruction.k), (0xff, 0xc000_003e));
    }

    #[test]
    fn a_filter_that_the_kernel_does_not_accept_is_an_error() {
        assert!(install(&[]).is_err());
        assert!(install(&[0xffff_0000_0000_0000]).is_err());
    }

    /// Allows everything but getpriority, which waits for an answer.
    #[cfg(target_arch = "x86_64")]
    const ASKS: &[u64] = &[
        0x0020_0000_0000_0000,       // load the number
        0x0015_0001_0000_0000 | 140, // getpriority, or
        0x0006_0000_7fc0_0000,       // ask
        0x0006_0000_7fff_0000,       // allow
    ];

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_call_waits_for_the_answer_of_whoever_listens() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let asking = std::thread::spawn(move || {
            rustix::thread::set_no_new_privs(true).expect("no privileges");
            let listener = install_with_listener(ASKS).expect("installed");
            sender.send(Listener::new(listener)).expect("sent");
            // SAFETY: takes integers only.
            let asked = || check(unsafe { libc::syscall(libc::SYS_getpriority, 7, 8, 9) });
            asked().expect_err("refused").raw_os_error()
        });
        let listener = receiver.recv().expect("a listener");
        let waiting = listener.next().expect("a call");
        assert_eq!(waiting.call.number, 140);
        assert_eq!(waiting.call.arguments[..3], [7, 8, 9]);
        assert!(listener.waits(waiting.id) && !listener.waits(waiting.id + 1));
        listener.refuse(waiting.id, 77).expect("answered");
        assert_eq!(asking.join().expect("no panic"), Some(77));
        assert!(listener.refuse(waiting.id, 77).is_err(), "answered twice");
    }
}
