//! Copying between the program's pipes or terminal and ours, each direction on a thread of its
//! own, so that none waits for another.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd};

const STACK: usize = 128 << 10;

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().stack_size(STACK).spawn(work)
}

/// Copies our input until it ends or nobody reads it; the thread is never waited for.
pub(super) fn input(to: OwnedFd) -> io::Result<()> {
    spawn(move || {
        let from = io::stdin().as_fd().try_clone_to_owned();
        if let Ok(from) = from {
            let _ = copy(&mut File::from(from), &mut File::from(to));
        }
    })
    .map(drop)
}

fn copy(from: &mut File, to: &mut File) -> io::Result<()> {
    let mut buffer = [0; 32 << 10];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Copies of the program's output.
pub(super) struct Pumps {
    threads: Vec<JoinHandle<()>>,
    /// Written to once the program has ended.
    over: Arc<OwnedFd>,
}

impl Pumps {
    pub(super) fn start(streams: impl IntoIterator<Item = (OwnedFd, OwnedFd)>) -> io::Result<Self> {
        let over = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let mut threads = Vec::new();
        for (from, to) in streams {
            let over = Arc::clone(&over);
            threads.push(spawn(move || {
                // When nobody reads our output the program hears of it by its closed pipe.
                let _ = output(&mut File::from(from), &mut File::from(to), &over);
            })?);
        }
        Ok(Self { threads, over })
    }

    /// What the program wrote before it ended is in the pipes: copies that, but waits for
    /// nobody else who may hold them open.
    pub(super) fn finish(&mut self) {
        let _ = rustix::io::write(&*self.over, &1_u64.to_ne_bytes());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn output(from: &mut File, to: &mut File, over: &OwnedFd) -> io::Result<()> {
    let mut buffer = [0; 32 << 10];
    let mut ended = false;
    loop {
        let mut ready = [
            PollFd::new(&*from, PollFlags::IN),
            PollFd::new(over, PollFlags::IN),
        ];
        let now = Timespec::default();
        match rustix::event::poll(&mut ready, ended.then_some(&now)) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result?,
        };
        ended = !ready[1].revents().is_empty();
        if ready[0].revents().is_empty() {
            if ended {
                return Ok(());
            }
            continue;
        }
        match from.read(&mut buffer) {
            // A terminal whose program has ended says so by an error.
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_output_arrives_and_a_pipe_that_stays_open_is_not_waited_for() {
        let (from, program) = io::pipe().expect("a pipe");
        let (mut seen, to) = io::pipe().expect("a pipe");
        let mut pumps = Pumps::start([(from.into(), to.into())]).expect("started");
        let mut other = program.try_clone().expect("held open by another");
        let writer = std::thread::spawn(move || {
            let mut program = program;
            program.write_all(&[b'x'; 300_000]).expect("written");
        });
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            seen.read_to_end(&mut all).expect("read");
            all.len()
        });
        writer.join().expect("wrote");
        pumps.finish();
        assert_eq!(reader.join().expect("read"), 300_000);
        assert!(other.write_all(b"late").is_err());
    }
}
