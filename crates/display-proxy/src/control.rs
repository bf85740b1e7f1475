//! What the daemon says while the proxy runs: lines of JSON on a pipe.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use oz_core::OsBytes;
use oz_core::wire::display::{FILES_MAX, LINE_MAX, Name, Tell};
use rustix::io::Errno;
use tracing::{debug, warn};

use crate::config::Clipboard;

/// Something whole that the daemon has said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The answer to one list of files: its number and where each file is.
    Files(u64, Vec<Option<OsBytes>>),
    /// Which way what is copied or dragged may pass.
    Clipboard(Clipboard),
    /// A click, by what the program was told of it, and the token of the host.
    Activation(String, String),
    /// The user's answer to a question about what was copied.
    Copy(u64, bool),
}

/// Answers whose end has not come yet; nobody is asked about more at a time.
const UNFINISHED: usize = 1024;

/// The pipe from the daemon.
#[derive(Debug)]
pub(crate) struct Control {
    pipe: OwnedFd,
    pending: Vec<u8>,
    unfinished: HashMap<u64, Vec<Option<OsBytes>>>,
}

impl Control {
    /// Takes over the pipe, which never blocks from then on.
    pub(crate) fn new(pipe: OwnedFd) -> std::io::Result<Self> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok(Self {
            pipe,
            pending: Vec::new(),
            unfinished: HashMap::new(),
        })
    }

    /// The pipe, to wait for.
    pub(crate) fn pipe(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    /// Reads what is there; none if nothing will come any more.
    pub(crate) fn read(&mut self) -> Option<Vec<Said>> {
        let mut buffer = [0; 16_384];
        let mut answers = Vec::new();
        loop {
            match rustix::io::read(&self.pipe, &mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.push(&buffer[..count], &mut answers),
                Err(Errno::AGAIN) => return Some(answers),
                Err(Errno::INTR) => {}
                Err(error) => {
                    warn!(%error, "the daemon cannot be heard");
                    return None;
                }
            }
        }
    }

    fn push(&mut self, bytes: &[u8], answers: &mut Vec<Said>) {
        for byte in bytes {
            if *byte != b'\n' {
                // A line that is too long is of no daemon of ours; what is left of it is no JSON.
                if self.pending.len() < LINE_MAX {
                    self.pending.push(*byte);
                }
                continue;
            }
            let tell = serde_json::from_slice(&self.pending);
            self.pending.clear();
            match tell {
                Ok(tell) => answers.extend(self.take(tell)),
                Err(error) => debug!(%error, "the daemon says what is not understood"),
            }
        }
    }

    fn take(&mut self, tell: Tell) -> Option<Said> {
        match tell {
            Tell::Files { list, paths } => {
                let known = self.unfinished.contains_key(&list);
                if known || self.unfinished.len() < UNFINISHED {
                    let all = self.unfinished.entry(list).or_default();
                    let room = FILES_MAX.saturating_sub(all.len());
                    let paths = paths.iter().take(room);
                    all.extend(paths.map(|name| name.as_ref().and_then(Name::path)));
                }
                None
            }
            Tell::Answered { list } => {
                let paths = self.unfinished.remove(&list).unwrap_or_default();
                Some(Said::Files(list, paths))
            }
            Tell::Clipboard { clipboard } => Some(Said::Clipboard(clipboard)),
            Tell::Activation { token, host } => Some(Said::Activation(token, host)),
            Tell::Copy { question, yes } => Some(Said::Copy(question, yes)),
            Tell::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::wire::display::answer;

    #[test]
    fn answers_come_whole_however_they_are_cut() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut control = Control::new(read).unwrap();
        let paths: Vec<_> = (0..300)
            .map(|number| {
                (number % 3 != 0).then(|| OsBytes::from(format!("/home/u/{number:0>50}")))
            })
            .collect();
        let mut text = b"nonsense\n{\"tell\":\"later\"}\n".to_vec();
        for tell in answer(7, &paths) {
            text.extend(serde_json::to_vec(&tell).unwrap());
            text.push(b'\n');
        }
        let mut answers = Vec::new();
        for part in text.chunks(1000) {
            rustix::io::write(&write, part).unwrap();
            answers.extend(control.read().unwrap());
        }
        assert_eq!(answers, [Said::Files(7, paths)]);
        drop(write);
        assert!(control.read().is_none());
    }
}
