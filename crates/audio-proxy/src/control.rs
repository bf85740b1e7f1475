//! What the daemon says while the proxy runs: lines, each the whole state of the gate, or who looks.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use oz_core::wire::audio::{Gate, LINE_MAX, Told, Watched};
use rustix::io::Errno;
use tracing::{debug, warn};

/// How long is waited for a next daemon when nobody holds the other end.
const PAUSE: Duration = Duration::from_millis(200);

/// What was said last, of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// How the gate stands.
    pub gate: Option<Gate>,
    /// What somebody looks at.
    pub watched: Option<Watched>,
}

impl Said {
    fn then(self, later: Self) -> Self {
        Self {
            gate: later.gate.or(self.gate),
            watched: later.watched.or(self.watched),
        }
    }
}

/// The reading end of the control pipe.
#[derive(Debug)]
pub struct Control {
    pipe: Option<OwnedFd>,
    line: Vec<u8>,
    /// The line was too long; the rest of it is not read.
    skipping: bool,
    paused: Option<Instant>,
}

impl Control {
    /// Listens to `pipe`, or to nobody.
    #[must_use]
    pub fn new(pipe: Option<OwnedFd>) -> Self {
        if let Some(pipe) = &pipe
            && let Err(error) = rustix::io::ioctl_fionbio(pipe, true)
        {
            debug!(%error, "the control pipe may block");
        }
        Self {
            pipe,
            line: Vec::new(),
            skipping: false,
            paused: None,
        }
    }

    /// What to wait for. Nothing while there is no daemon: the end of a pipe would be ready for ever.
    #[must_use]
    pub fn polled(&self) -> Option<BorrowedFd<'_>> {
        let pipe = self.pipe.as_ref()?;
        self.paused.is_none().then(|| pipe.as_fd())
    }

    /// When to look again, if not told before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.paused
    }

    /// Reads what there is; of each kind the last whole line counts.
    pub fn read(&mut self, now: Instant) -> Said {
        let mut said = Said::default();
        if self.paused.is_some_and(|until| now < until) {
            return said;
        }
        self.paused = None;
        // Bounded, so that a daemon gone wild does not keep the proxy from its clients.
        for _ in 0..16 {
            let mut bytes = [0; 4096];
            let Some(pipe) = &self.pipe else { break };
            match rustix::io::read(pipe, &mut bytes) {
                Ok(0) => {
                    self.line.clear();
                    self.paused = Some(now + PAUSE);
                    // Who looked is gone with the daemon, or says it to the next one again.
                    said.watched = Some(Watched { levels: false });
                    break;
                }
                Ok(count) => said = said.then(self.push(&bytes[..count])),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error) => {
                    warn!(%error, "the control pipe cannot be read");
                    self.pipe = None;
                }
            }
        }
        said
    }

    /// Takes bytes; gives what the last whole lines among them say.
    pub fn push(&mut self, bytes: &[u8]) -> Said {
        let mut last = Said::default();
        for byte in bytes {
            if *byte != b'\n' {
                self.skipping |= self.line.len() >= LINE_MAX;
                if !self.skipping {
                    self.line.push(*byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.skipping) {
                warn!("a line of the control pipe is too long");
                continue;
            }
            match serde_json::from_slice::<Told>(&line) {
                Ok(Told::Gate(gate)) if gate.is_valid() => last.gate = Some(gate),
                Ok(Told::Watched(watched)) => last.watched = Some(watched),
                Ok(Told::Gate(_)) => warn!("a volume of the control pipe is out of range"),
                Err(error) => warn!(%error, "a line of the control pipe is not understood"),
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use oz_core::wire::audio::{Microphone, Speaker};

    use super::*;

    const ON: &[u8] = b"{\"microphone\":\"on\",\"speaker\":\"on\"}\n";

    #[test]
    fn the_last_whole_line_counts() {
        let mut control = Control::new(None);
        let off = b"{\"microphone\":\"off\",\"speaker\":\"silent\",\"speaker_volume\":3}\n{\"mic";
        let gate = control.push(&[ON, off].concat()).gate.unwrap();
        assert_eq!(gate.microphone, Microphone::Off);
        assert_eq!((gate.speaker, gate.speaker_volume), (Speaker::Silent, 3));
        let rest = b"rophone\":\"ask\",\"speaker\":\"on\"}\n";
        let gate = control.push(rest).gate.unwrap();
        assert_eq!(gate.microphone, Microphone::Ask);
    }

    #[test]
    fn who_looks_says_nothing_of_the_gate() {
        let mut control = Control::new(None);
        let said = control.push(b"{\"levels\":false}\n{\"levels\":true}\n");
        assert_eq!(said.watched, Some(Watched { levels: true }));
        assert_eq!(said.gate, None);
        let said = control.push(&[b"{\"levels\":true}\n", ON].concat());
        assert!(said.gate.is_some() && said.watched.is_some());
    }

    #[test]
    fn nonsense_changes_nothing() {
        let mut control = Control::new(None);
        assert_eq!(control.push(b"x\n\n{}\n"), Said::default());
        let loud = b"{\"microphone\":\"on\",\"speaker\":\"on\",\"speaker_volume\":200}\n";
        assert_eq!(control.push(loud), Said::default());
        let long = [b'['; LINE_MAX + 5];
        assert_eq!(control.push(&long), Said::default());
        assert_eq!(control.push(b"\n"), Said::default());
        assert!(control.push(ON).gate.is_some());
    }

    #[test]
    fn a_daemon_may_go_and_another_may_come() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut control = Control::new(Some(read));
        rustix::io::write(&write, ON).unwrap();
        let now = Instant::now();
        assert!(control.read(now).gate.is_some());
        drop(write);
        let unseen = Said {
            gate: None,
            watched: Some(Watched { levels: false }),
        };
        assert_eq!(control.read(now), unseen);
        assert!(control.polled().is_none());
        assert_eq!(control.deadline(), Some(now + PAUSE));
        assert_eq!(control.read(now + PAUSE), unseen);
        assert_eq!(control.deadline(), Some(now + 2 * PAUSE));
    }
}
