//! Answering the calls that wait, one after the other, until nobody is left who could make one.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use oz_confine::filter::{self, Decision};
use oz_core::plan::syscalls::why;
use oz_core::wire::explain::{Config, Line, Refused};
use oz_sys::seccomp::{Listener, Waiting};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::access::{self, Accesses};
use crate::decode;
use crate::kinds::Kinds;
use crate::process;

/// So many calls take at least so long: an app that makes nothing but refused calls waits, and not this machine's
/// processor.
const PACE: (u32, Duration) = (256, Duration::from_micros(12_800));

/// How long whoever listens may take to hear the last numbers.
const LAST: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};

/// Everything that is known of the program.
pub(crate) struct Server {
    listener: Listener,
    config: Config,
    kinds: Kinds,
    accesses: Accesses,
    report: Option<Report>,
    pace: (u32, Instant),
}

/// Who listens, and what is on its way there. All that is ever said is bounded, so nobody is waited for.
struct Report {
    socket: OwnedFd,
    outgoing: Vec<u8>,
    /// Nothing more is said.
    over: bool,
}

impl Server {
    pub(crate) fn new(listener: Listener, config: Config, report: OwnedFd) -> Self {
        Self {
            listener,
            config,
            kinds: Kinds::default(),
            accesses: Accesses::default(),
            report: Some(Report {
                socket: report,
                outgoing: Vec::new(),
                over: false,
            }),
            pace: (0, Instant::now()),
        }
    }

    /// Until the last process under the filter has ended.
    pub(crate) fn run(mut self) -> io::Result<()> {
        loop {
            let (calls, asked) = self.wait()?;
            if calls.contains(PollFlags::IN) {
                self.answer_one()?;
            } else if !calls.is_empty() {
                break;
            }
            if asked.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                self.hear();
            }
            self.flush();
        }
        self.conclude();
        while let Some(report) = &self.report {
            let mut polled = [PollFd::new(&report.socket, PollFlags::OUT)];
            if !matches!(poll(&mut polled, Some(&LAST)), Ok(1..)) {
                break;
            }
            self.flush();
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<(PollFlags, PollFlags)> {
        let mut polled = vec![PollFd::new(&self.listener, PollFlags::IN)];
        if let Some(report) = &self.report {
            let mut wanted = PollFlags::IN;
            if !report.outgoing.is_empty() {
                wanted |= PollFlags::OUT;
            }
            polled.push(PollFd::new(&report.socket, wanted));
        }
        match poll(&mut polled, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened = |index: usize| {
            polled
                .get(index)
                .map_or(PollFlags::empty(), PollFd::revents)
        };
        Ok((happened(0), happened(1)))
    }

    /// Answers one call as the filter would have, whatever is found out about it.
    fn answer_one(&mut self) -> io::Result<()> {
        let waiting = match self.listener.next() {
            Ok(waiting) => waiting,
            // It was given up before it was taken.
            Err(error) if gone(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let answered = match filter::decide(&self.config.filter, &waiting.call) {
            Decision::Errno(errno) => {
                self.note(&waiting, errno);
                self.listener.refuse(waiting.id, errno)
            }
            Decision::Allow if self.config.train => {
                self.see(&waiting);
                self.listener.go_on(waiting.id)
            }
            // Nobody would have asked then.
            Decision::Allow | Decision::Kill => {
                let errno = no_such_call();
                self.note(&waiting, errno);
                self.listener.refuse(waiting.id, errno)
            }
        };
        match answered {
            Err(error) if !gone(&error) => return Err(error),
            _ => {}
        }
        self.rest();
        Ok(())
    }

    /// Tells what an allowed call names, if that is new.
    fn see(&mut self, waiting: &Waiting) {
        let Some(name) = filter::name(waiting.call.number) else {
            return;
        };
        let seen = access::seen(name, waiting.thread, &waiting.call.arguments);
        if seen.is_empty() || !self.listener.waits(waiting.id) {
            return;
        }
        for seen in seen {
            if let Some(line) = self.accesses.take(seen) {
                self.say(&line);
            }
        }
    }

    /// Counts a call, and says what it was if there was none like it.
    fn note(&mut self, waiting: &Waiting, errno: u16) {
        let process = process::of_thread(waiting.thread);
        let number = waiting.call.number;
        let (name, arguments) = match filter::name(number) {
            Some(name) => {
                let read = |address| process::text(waiting.thread, address);
                let arguments = decode::arguments(name, &waiting.call.arguments, read);
                (name, arguments)
            }
            None => ("unknown", format!("number={number}")),
        };
        if !self.listener.waits(waiting.id) {
            // What was read may be another's.
            return;
        }
        let call = Refused {
            process: process.name,
            pid: process.pid,
            call: name.to_owned(),
            arguments,
            answer: answer(errno),
            reason: why(&self.config.policy, name).map(str::to_owned),
        };
        if let Some(line) = self.kinds.count(call) {
            self.say(&line);
        }
    }

    fn say(&mut self, line: &Line) {
        if let Some(report) = &mut self.report
            && !report.over
            && let Ok(json) = serde_json::to_vec(line)
        {
            report.outgoing.extend(json);
            report.outgoing.push(b'\n');
        }
    }

    /// The other side wants the numbers, or is gone.
    fn hear(&mut self) {
        let Some(report) = &self.report else {
            return;
        };
        let heard = rustix::net::recv(&report.socket, &mut [0; 64][..], RecvFlags::DONTWAIT);
        match heard {
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.report = None,
            Ok(_) => self.conclude(),
        }
    }

    /// Says the numbers; from then on nothing.
    fn conclude(&mut self) {
        let numbers: Vec<Line> = self.kinds.numbers().chain([Line::End]).collect();
        for line in numbers {
            self.say(&line);
        }
        if let Some(report) = &mut self.report {
            report.over = true;
        }
    }

    /// Sends what is taken now.
    fn flush(&mut self) {
        let Some(report) = &mut self.report else {
            return;
        };
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        while !report.outgoing.is_empty() {
            match rustix::net::send(&report.socket, &report.outgoing, flags) {
                Ok(count) => drop(report.outgoing.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    self.report = None;
                    return;
                }
            }
        }
        if report.over {
            self.report = None;
        }
    }

    fn rest(&mut self) {
        let (most, least) = PACE;
        self.pace.0 += 1;
        if self.pace.0 < most {
            return;
        }
        std::thread::sleep(least.saturating_sub(self.pace.1.elapsed()));
        self.pace = (0, Instant::now());
    }
}

/// Nobody waits for an answer any more.
fn gone(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::NOENT | Errno::INTR | Errno::INPROGRESS))
}

fn no_such_call() -> u16 {
    u16::try_from(Errno::NOSYS.raw_os_error()).unwrap_or(u16::MAX)
}

/// The name of an error that filters of ours answer with.
fn answer(errno: u16) -> String {
    match Errno::from_raw_os_error(errno.into()) {
        Errno::PERM => "EPERM".to_owned(),
        Errno::NOSYS => "ENOSYS".to_owned(),
        _ => errno.to_string(),
    }
}
