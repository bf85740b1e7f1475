//! Taking a descriptor away from a library that would go on reading it.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use crate::{check, descriptors};

/// Nobody else uses it: it is for timers of processor time, of which programs have at most one.
const SIGNAL: libc::c_int = libc::SIGVTALRM;

/// What a thread does for so long and no longer, without being asked: a timer of its processor time.
///
/// It belongs to the thread that made it and is told of by a signal to that thread alone, so whatever happens happens between
/// two instructions of what is cut short, and after [`Self::disarm`] no more.
pub struct Deadline {
    timer: libc::timer_t,
    target: Box<Target>,
}

/// What is read by the signal's handler.
struct Target {
    number: AtomicI32,
    now: AtomicI32,
    source: AtomicI32,
    has_come: AtomicBool,
}

impl Deadline {
    /// A timer of the calling thread's.
    ///
    /// # Errors
    /// When the kernel has no timer left for this user.
    pub fn of_this_thread() -> io::Result<Self> {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(handle);
        let target = Box::new(Target {
            number: AtomicI32::new(-1),
            now: AtomicI32::new(-1),
            source: AtomicI32::new(-1),
            has_come: AtomicBool::new(false),
        });
        // SAFETY: all zeroes is a value of this structure of numbers and a pointer.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = SIGNAL;
        event.sigev_value = libc::sigval {
            sival_ptr: (&raw const *target).cast_mut().cast(),
        };
        // SAFETY: asks for a number.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = MaybeUninit::<libc::timer_t>::uninit();
        // SAFETY: reads `event`, and writes the timer if it succeeds.
        let made = unsafe {
            libc::timer_create(
                libc::CLOCK_THREAD_CPUTIME_ID,
                &raw mut event,
                timer.as_mut_ptr(),
            )
        };
        check(made.into())?;
        Ok(Self {
            // SAFETY: it succeeded.
            timer: unsafe { timer.assume_init() },
            target,
        })
    }

    /// When this thread has had so much processor time, the descriptor `number` becomes another one for what `source` is, as by
    /// [`descriptors::replace`]: if it is one for what `now` is then. All three are to stay open until [`Self::disarm`].
    ///
    /// # Errors
    /// When the time is none that the kernel takes.
    pub fn arm(
        &self,
        after: Duration,
        number: RawFd,
        now: BorrowedFd<'_>,
        source: BorrowedFd<'_>,
    ) -> io::Result<()> {
        let target = &self.target;
        target.has_come.store(false, Ordering::Relaxed);
        target.now.store(now.as_raw_fd(), Ordering::Relaxed);
        target.source.store(source.as_raw_fd(), Ordering::Relaxed);
        target.number.store(number, Ordering::Relaxed);
        self.set(after)
    }

    /// Whether the time has come since [`Self::arm`]; it does not come any more.
    pub fn disarm(&self) -> bool {
        // It fails for no timer that there is.
        let _ = self.set(Duration::ZERO);
        // A signal that was on its way has been handled with the end of that call.
        self.target.number.store(-1, Ordering::Relaxed);
        self.target.has_come.load(Ordering::Relaxed)
    }

    /// Zero is never.
    fn set(&self, after: Duration) -> io::Result<()> {
        let nothing = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let time = libc::itimerspec {
            it_interval: nothing,
            it_value: libc::timespec {
                tv_sec: libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX),
                tv_nsec: after.subsec_nanos().into(),
            },
        };
        // SAFETY: reads `time`, and the timer is there until it is dropped.
        let set =
            unsafe { libc::timer_settime(self.timer, 0, &raw const time, std::ptr::null_mut()) };
        check(set.into())?;
        Ok(())
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        // SAFETY: nobody uses it afterwards. This is the thread that made it, for it cannot be sent to others: a signal that was on
        // its way has been handled with the end of this call, while the target is still there.
        unsafe { libc::timer_delete(self.timer) };
    }
}

impl std::fmt::Debug for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deadline")
    }
}

fn handle() {
    // SAFETY: all zeroes is a value of this structure.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = come as *const () as libc::sighandler_t;
    // What waits goes on waiting.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler below does only what may be done in one.
    unsafe { libc::sigaction(SIGNAL, &raw const action, std::ptr::null_mut()) };
}

/// The time has come. In the middle of anything: only system calls, and no lock.
extern "C" fn come(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel gives it to handlers that ask for it, as this one does.
    let info = unsafe { &*info };
    // A signal that somebody sent says nothing of any timer.
    if info.si_code != libc::SI_TIMER {
        return;
    }
    // SAFETY: what a timer's signal has is the pointer that the timer was made with. The program has no other timers with this signal,
    // and what it points to is there as long as the timer.
    let target = unsafe { &*info.si_value().sival_ptr.cast::<Target>() };
    // SAFETY: where this thread's is, always.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    let [number, now, source] =
        [&target.number, &target.now, &target.source].map(|fd| fd.load(Ordering::Relaxed));
    if number >= 0 {
        target.has_come.store(true, Ordering::Relaxed);
        // Nobody could be told of a failure; then it goes on.
        let _ = descriptors::replace_raw(number, now, source);
    }
    // SAFETY: as above.
    unsafe { *errno = before };
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::*;

    fn work(time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn who_works_for_too_long_finds_another_descriptor_and_only_in_time() {
        let deadline = Deadline::of_this_thread().unwrap();
        let (mut read, _write) = UnixStream::pair().unwrap();
        let (empty, closed) = UnixStream::pair().unwrap();
        drop(closed);
        let same = read.try_clone().unwrap();
        let number = read.as_raw_fd();
        let arm = |time| {
            deadline
                .arm(time, number, same.as_fd(), empty.as_fd())
                .unwrap()
        };

        arm(Duration::from_secs(1000));
        assert!(!deadline.disarm());
        // Waiting is no work.
        arm(Duration::from_millis(50));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!deadline.disarm());
        // What is disarmed comes no more.
        work(Duration::from_millis(100));
        assert!(!deadline.disarm());
        read.set_nonblocking(true).unwrap();
        assert!(read.read(&mut [0; 1]).is_err(), "nothing is written");

        arm(Duration::from_millis(5));
        let start = Instant::now();
        while !matches!(read.read(&mut [0; 1]), Ok(0)) {
            assert!(start.elapsed() < Duration::from_secs(60), "it never comes");
        }
        assert!(deadline.disarm());
        // What the number is no more is left alone.
        arm(Duration::from_millis(1));
        work(Duration::from_millis(100));
        assert!(deadline.disarm());
    }

    #[test]
    fn each_thread_has_its_own() {
        let deadline = Deadline::of_this_thread().unwrap();
        let (one, other) = UnixStream::pair().unwrap();
        let time = Duration::from_millis(20);
        deadline.arm(time, -2, one.as_fd(), other.as_fd()).unwrap();
        std::thread::spawn(|| work(Duration::from_millis(200)))
            .join()
            .unwrap();
        assert!(!deadline.disarm());
    }
}
