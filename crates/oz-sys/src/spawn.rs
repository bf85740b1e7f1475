//! Starting a program of the host with nothing but what it is given.
//!
//! The child borrows the caller's memory until it executes the program (as `posix_spawn` does it),
//! so the size of the caller costs nothing and threads of it do no harm.
//!
//! A child begins with copies of all descriptors and closes those that are not for it. To close one asks its file system, and one
//! that has stopped answering would hold every program that is started: who holds descriptors from somebody hostile calls
//! [`keep_low`] first, and its children never have them.

use std::ffi::{CStr, CString, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

use libc::{c_char, c_int};
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus};

/// Enough for the few calls of the child.
const STACK: usize = 64 << 10;

/// The kernel copies descriptors by words of its bit maps: what is below this is copied, what is above need not be.
const LOW: RawFd = 64;

/// /dev/null, held at all numbers from 3 to [`LOW`].
static HELD: OnceLock<Mutex<OwnedFd>> = OnceLock::new();

/// Takes the low numbers of descriptors for the programs that are started from now on: they begin with copies of those alone, so
/// nothing that is opened later is theirs, not even to close it.
///
/// To be called before anything is open; what is at those numbers is closed.
///
/// # Errors
/// When there is no /dev/null, or not as many descriptors may be open.
pub fn keep_low() -> io::Result<()> {
    // A number of its own that is none of those, and the one that it was opened at free again.
    let null = rustix::io::fcntl_dupfd_cloexec(null()?, LOW)?;
    for number in 3..LOW {
        place(&null, number)?;
    }
    // A second call has held what the first one holds.
    let _ = HELD.set(Mutex::new(null));
    Ok(())
}

fn null() -> io::Result<OwnedFd> {
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    Ok(rustix::fs::open(
        c"/dev/null",
        flags,
        rustix::fs::Mode::empty(),
    )?)
}

/// Puts a descriptor at a number of those that are held.
fn place(source: &impl AsRawFd, number: RawFd) -> io::Result<()> {
    // SAFETY: the number is nobody's, or held for this.
    let placed = unsafe { libc::dup3(source.as_raw_fd(), number, libc::O_CLOEXEC) };
    if placed < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A program that was started.
#[derive(Debug)]
pub struct Spawned {
    /// Its process id, valid until it is waited for.
    pub pid: i32,
    /// Readable once it has ended.
    pub pidfd: OwnedFd,
}

impl Spawned {
    /// How it ended, which also lets go of its process id; `None` while it runs.
    pub fn try_wait(&self) -> io::Result<Option<WaitIdStatus>> {
        self.wait_with(WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
    }

    /// Waits until it has ended.
    pub fn wait(&self) -> io::Result<Option<WaitIdStatus>> {
        self.wait_with(WaitIdOptions::EXITED)
    }

    fn wait_with(&self, options: WaitIdOptions) -> io::Result<Option<WaitIdStatus>> {
        let pidfd = rustix::fd::AsFd::as_fd(&self.pidfd);
        Ok(rustix::process::waitid(WaitId::PidFd(pidfd), options)?)
    }
}

/// What the child works on; all memory is allocated before it exists.
struct Child {
    path: *const c_char,
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
    /// Source and target, by target.
    fds: Vec<(RawFd, RawFd)>,
    /// It shares the caller's descriptors and is to have only the low ones.
    low: bool,
    /// Set by the child before it gives up.
    errno: c_int,
}

/// Starts the program at `path` in a session of its own, with exactly these variables and these
/// descriptors at these numbers; 0, 1 and 2 are /dev/null if they are not among them.
///
/// Signals are at their defaults and unblocked. Returns once the program is being executed.
pub fn spawn(
    path: &CStr,
    argv: &[CString],
    envp: &[CString],
    fds: &[(BorrowedFd, RawFd)],
) -> io::Result<Spawned> {
    let null = null()?;
    let mut by_target: Vec<(RawFd, RawFd)> = Vec::with_capacity(fds.len() + 3);
    by_target.extend(
        fds.iter()
            .map(|(source, target)| (source.as_raw_fd(), *target)),
    );
    for standard in 0..3 {
        if !by_target.iter().any(|(_, target)| *target == standard) {
            by_target.push((null.as_raw_fd(), standard));
        }
    }
    by_target.sort_by_key(|(_, target)| *target);
    if by_target.iter().any(|(_, target)| *target < 0)
        || by_target.windows(2).any(|pair| pair[0].1 == pair[1].1)
    {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut child = Child {
        path: path.as_ptr(),
        argv: pointers(argv),
        envp: pointers(envp),
        fds: by_target,
        low: false,
        errno: 0,
    };
    let spawned = match HELD.get() {
        Some(held) => {
            let held = held.lock().unwrap_or_else(PoisonError::into_inner);
            from_low(&mut child, &held)?
        }
        None => clone_and_exec(&mut child)?,
    };
    if child.errno == 0 {
        Ok(spawned)
    } else {
        spawned.wait()?;
        Err(io::Error::from_raw_os_error(child.errno))
    }
}

/// Starts it with what it is given at low numbers, and with copies of those alone.
fn from_low(child: &mut Child, held: &OwnedFd) -> io::Result<Spawned> {
    if child.fds.len() > (3..LOW).len() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    let mut placed = Ok(());
    for ((source, _), number) in child.fds.iter_mut().zip(3..) {
        placed = placed.and_then(|()| place(source, number));
        *source = number;
    }
    child.low = true;
    let spawned = placed.and_then(|()| clone_and_exec(child));
    for ((_, _), number) in child.fds.iter().zip(3..) {
        place(held, number)?;
    }
    spawned
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let ends = std::iter::once(ptr::null());
    strings.iter().map(|s| s.as_ptr()).chain(ends).collect()
}

fn clone_and_exec(child: &mut Child) -> io::Result<Spawned> {
    let mut stack = vec![0u128; STACK / size_of::<u128>()];
    let mut pidfd: c_int = -1;
    let mut flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    if child.low {
        flags |= libc::CLONE_FILES;
    }
    // SAFETY: CLONE_VFORK suspends this thread until the child has executed or ended, so `child`,
    // the strings that it points to and the stack, whose end is aligned to 16 bytes, outlive it and
    // nothing here runs meanwhile. All signals are blocked, so no handler of this process runs on
    // the child's stack. The child makes system calls only: it allocates nothing and takes no lock.
    let pid = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let top = stack.as_mut_ptr_range().end.cast::<c_void>();
        let argument = ptr::from_mut(child).cast::<c_void>();
        let pid = libc::clone(run, top, flags, argument, &raw mut pidfd);
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        if pid < 0 {
            return Err(error);
        }
        pid
    };
    // SAFETY: CLONE_PIDFD has stored a new descriptor that nobody else knows.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Spawned { pid, pidfd })
}

/// What the child does: system calls only, see above.
extern "C" fn run(argument: *mut c_void) -> c_int {
    // SAFETY: the argument is the `Child` of the suspended parent, which nobody else uses now.
    unsafe {
        let child = &mut *argument.cast::<Child>();
        child.errno = prepare(child).err().unwrap_or_else(|| {
            libc::execve(child.path, child.argv.as_ptr(), child.envp.as_ptr());
            *libc::__errno_location()
        });
        libc::_exit(127)
    }
}

/// Signals, session and descriptors of the child.
fn prepare(child: &mut Child) -> Result<(), c_int> {
    // SAFETY: plain system calls of a process with its own signal handlers, and with its own descriptor table from where it
    // would change it.
    unsafe {
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=64 {
            // KILL, STOP and the C library's own two cannot be set and need not be.
            libc::sigaction(signal, &raw const default, ptr::null_mut());
        }
        libc::setsid();
        if child.low {
            let (low, last) = (LOW.cast_unsigned(), c_int::MAX.cast_unsigned());
            let unshare = libc::CLOSE_RANGE_UNSHARE.cast_signed();
            errno(libc::close_range(low, last, unshare))?;
        }
        let above = child.fds.last().map_or(0, |(_, target)| target + 1);
        for (source, _) in &mut child.fds {
            *source = errno(libc::fcntl(*source, libc::F_DUPFD_CLOEXEC, above))?;
        }
        let mut next = 0;
        for (source, target) in &child.fds {
            close_between(next, *target)?;
            errno(libc::dup2(*source, *target))?;
            next = target + 1;
        }
        close_between(next, c_int::MAX)?;
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
    }
    Ok(())
}

/// Marks the descriptors from `first` up to `end` to be closed when the program is executed.
fn close_between(first: c_int, end: c_int) -> Result<(), c_int> {
    if first < end {
        let (first, last) = (first.cast_unsigned(), end.cast_unsigned() - 1);
        let cloexec = libc::CLOSE_RANGE_CLOEXEC.cast_signed();
        // SAFETY: changes flags of descriptors of the child's own table only.
        errno(unsafe { libc::close_range(first, last, cloexec) })?;
    }
    Ok(())
}

fn errno(result: c_int) -> Result<c_int, c_int> {
    if result < 0 {
        // SAFETY: always valid to read.
        Err(unsafe { *libc::__errno_location() })
    } else {
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsFd;

    fn shell(script: &str, fds: &[(BorrowedFd, RawFd)]) -> Spawned {
        let argv = [
            c"sh".into(),
            c"-c".into(),
            CString::new(script).expect("no NUL"),
        ];
        spawn(c"/bin/sh", &argv, &[c"A=b".into()], fds).expect("spawned")
    }

    fn output(script: &str, others: &[(BorrowedFd, RawFd)]) -> String {
        let (mut read, write) = io::pipe().expect("pipe");
        let mut fds = vec![(write.as_fd(), 1)];
        fds.extend_from_slice(others);
        let child = shell(script, &fds);
        drop(write);
        let mut text = String::new();
        read.read_to_string(&mut text).expect("read");
        child.wait().expect("waited");
        text
    }

    #[test]
    fn a_program_gets_exactly_the_descriptors_that_it_is_given() {
        let (_keep, inherited) = io::pipe().expect("pipe");
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).expect("inheritable");
        let other = std::fs::File::open("/").expect("opened");
        let each = "for n in $(seq 0 200); do test -e /proc/$$/fd/$n && echo $n; done";
        assert_eq!(output(each, &[(other.as_fd(), 7)]), "0\n1\n2\n7\n");
    }

    #[test]
    fn targets_may_be_numbers_of_other_sources() {
        let (a, b) = (
            std::fs::File::open("/usr").expect("opened"),
            std::fs::File::open("/etc").expect("opened"),
        );
        let swapped = [(a.as_fd(), b.as_raw_fd()), (b.as_fd(), a.as_raw_fd())];
        let script = format!(
            "readlink /proc/$$/fd/{} /proc/$$/fd/{}",
            a.as_raw_fd(),
            b.as_raw_fd()
        );
        assert_eq!(output(&script, &swapped), "/etc\n/usr\n");
    }

    #[test]
    fn it_has_a_session_of_its_own_and_only_the_variables_that_it_is_given() {
        let text = output(
            "set -- $(cat /proc/$$/stat); echo $1 $6; echo $A $HOME",
            &[],
        );
        let mut words = text.split_whitespace();
        assert_eq!(words.next(), words.next(), "it leads its session");
        assert_eq!((words.next(), words.next()), (Some("b"), None));
    }

    #[test]
    fn a_missing_program_is_an_error_and_leaves_no_zombie() {
        let error = spawn(c"/nonexistent", &[], &[], &[]).expect_err("does not exist");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let any = rustix::process::waitid(
            WaitId::All,
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT,
        );
        // Other tests have children of their own; none of them is an ended one with code 127.
        let code = any.ok().flatten().and_then(|status| status.exit_status());
        assert_ne!(code, Some(127));
    }

    #[test]
    fn its_end_and_its_exit_status_are_seen_by_the_pidfd() {
        let child = shell("exit 5", &[]);
        let status = child.wait().expect("waited").expect("ended");
        assert_eq!(status.exit_status(), Some(5));
        assert!(child.try_wait().is_err(), "it was let go");
    }
}
