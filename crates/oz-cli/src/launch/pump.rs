//! Copying between the program's pipes or terminal and ours, each direction on a thread of its
//! own, so that none waits for another. Many programs write nothing to one of them: its thread
//! begins with the first bytes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{Builder, JoinHandle};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;

const STACK: usize = 128 << 10;

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().stack_size(STACK).spawn(work)
}

/// Our input, copied until it ends, nobody reads it, or this is dropped: what is typed then is not the program's. The thread is
/// never waited for.
pub(super) struct Input(Arc<OwnedFd>);

impl Input {
    /// Copies to the program's end.
    pub(super) fn start(to: OwnedFd) -> io::Result<Self> {
        Self::copy(io::stdin().as_fd().try_clone_to_owned()?, to)
    }

    fn copy(from: OwnedFd, to: OwnedFd) -> io::Result<Self> {
        let over = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let heard = Arc::clone(&over);
        spawn(move || {
            let _ = input(&mut File::from(from), &mut File::from(to), &heard);
        })?;
        Ok(Self(over))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }
}

fn input(from: &mut File, to: &mut File, over: &OwnedFd) -> io::Result<()> {
    let mut buffer = [0; 32 << 10];
    loop {
        let mut ready = [
            PollFd::new(&*from, PollFlags::IN),
            PollFd::new(over, PollFlags::IN),
        ];
        match rustix::event::poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result?,
        };
        if !ready[1].revents().is_empty() {
            return Ok(());
        }
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
    /// Streams to which nothing was written so far.
    silent: Vec<(Receiver, OwnedFd)>,
    threads: Vec<JoinHandle<()>>,
    /// Written to once the program has ended.
    over: Arc<OwnedFd>,
}

impl Pumps {
    /// Begins to listen; [`next`](Self::next) must be polled.
    pub(super) fn listen(
        streams: impl IntoIterator<Item = (OwnedFd, OwnedFd)>,
    ) -> io::Result<Self> {
        let silent = streams
            .into_iter()
            .map(|(from, to)| Ok((Receiver::from_owned_fd(from)?, to)));
        Ok(Self {
            silent: silent.collect::<io::Result<_>>()?,
            threads: Vec::new(),
            over: Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?),
        })
    }

    /// Copies from now on.
    pub(super) fn start(streams: impl IntoIterator<Item = (OwnedFd, OwnedFd)>) -> io::Result<Self> {
        let mut pumps = Self::listen([])?;
        for (from, to) in streams {
            pumps.copy(from, to, Vec::new())?;
        }
        Ok(pumps)
    }

    fn copy(&mut self, from: OwnedFd, to: OwnedFd, first: Vec<u8>) -> io::Result<()> {
        let over = Arc::clone(&self.over);
        self.threads.push(spawn(move || {
            let (mut from, mut to) = (File::from(from), File::from(to));
            // When nobody reads our output the program hears of it by its closed pipe.
            let _ = to
                .write_all(&first)
                .and_then(|()| output(&mut from, &mut to, &over));
        })?);
        Ok(())
    }

    /// Waits for the first bytes of a silent stream, and has it copied from then on.
    pub(super) async fn next(&mut self) -> io::Result<()> {
        let (index, first) = std::future::poll_fn(|context| self.poll_first(context)).await?;
        let (from, to) = self.silent.swap_remove(index);
        if first.is_empty() {
            return Ok(());
        }
        self.copy(from.into_blocking_fd()?, to, first)
    }

    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(usize, Vec<u8>)>> {
        let mut buffer = [0; 4096];
        for (index, (from, _)) in self.silent.iter_mut().enumerate() {
            let mut read = ReadBuf::new(&mut buffer);
            if let Poll::Ready(result) = Pin::new(from).poll_read(context, &mut read) {
                return Poll::Ready(result.map(|()| (index, read.filled().to_vec())));
            }
        }
        Poll::Pending
    }

    /// What the program wrote before it ended is in the pipes: copies that, but waits for
    /// nobody else who may hold them open.
    pub(super) fn finish(&mut self) {
        let _ = rustix::io::write(&*self.over, &1_u64.to_ne_bytes());
        for (from, to) in self.silent.drain(..) {
            if let Ok(from) = from.into_blocking_fd() {
                let _ = output(&mut File::from(from), &mut File::from(to), &self.over);
            }
        }
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
    fn what_is_typed_once_it_is_over_is_left_to_others() {
        let (mut typed, keyboard) = io::pipe().expect("a pipe");
        let (mut program, to) = io::pipe().expect("a pipe");
        let ours = typed.try_clone().expect("another end");
        let input = Input::copy(ours.into(), to.into()).expect("started");
        let mut keyboard = keyboard;
        keyboard.write_all(b"for the program").expect("written");
        let mut seen = [0; 15];
        program.read_exact(&mut seen).expect("read");
        drop(input);
        // It has closed its end, so it reads nothing any more.
        assert_eq!(program.read(&mut seen).expect("read"), 0);
        keyboard.write_all(b"yes").expect("written");
        let mut answer = [0; 3];
        typed.read_exact(&mut answer).expect("read");
        assert_eq!(&answer, b"yes");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_silent_stream_is_copied_from_its_first_byte_on() {
        let (from, program) = io::pipe().expect("a pipe");
        let (seen, to) = io::pipe().expect("a pipe");
        let mut pumps = Pumps::listen([(from.into(), to.into())]).expect("listens");
        let mut program = program;
        program.write_all(b"first ").expect("written");
        pumps.next().await.expect("heard");
        assert_eq!((pumps.silent.len(), pumps.threads.len()), (0, 1));
        program.write_all(b"last").expect("written");
        pumps.finish();
        assert_eq!(io::read_to_string(seen).expect("read"), "first last");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_end_of_a_silent_stream_needs_no_thread() {
        let (from, program) = io::pipe().expect("a pipe");
        let (seen, to) = io::pipe().expect("a pipe");
        let (late, other) = io::pipe().expect("a pipe");
        let (late_seen, late_to) = io::pipe().expect("a pipe");
        let streams = [(from.into(), to.into()), (late.into(), late_to.into())];
        let mut pumps = Pumps::listen(streams).expect("listens");
        drop(program);
        pumps.next().await.expect("heard");
        assert_eq!((pumps.silent.len(), pumps.threads.len()), (1, 0));
        assert_eq!(io::read_to_string(seen).expect("read"), "");
        let mut other = other;
        other.write_all(b"late").expect("written");
        pumps.finish();
        assert_eq!(io::read_to_string(late_seen).expect("read"), "late");
    }

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
