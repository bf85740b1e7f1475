//! What the daemon hears: one JSON object a line, on a pipe that it may be slow to read.
//!
//! A state is said again until it was heard, and not more often than the daemon wants to hear; what
//! just happened may be lost.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use oz_core::wire::audio::{Event, Levels};
use tracing::debug;

/// States are not said more often than this...
const STATE: Duration = Duration::from_millis(50);
/// ...levels not more often than this, which is as fast as a meter moves...
const LEVELS: Duration = Duration::from_millis(100);
/// ...and refusals not more often than this.
const REFUSALS: Duration = Duration::from_secs(1);

/// Most sentences about clients that were turned away, in the time of [`REFUSALS`].
const CLIENTS_MAX: u32 = 5;

/// What is true now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// Streams that play.
    pub playback: u32,
    /// Streams that record.
    pub record: u32,
    /// What the microphone hears reaches an app.
    pub listening: bool,
    /// A stream waits for the user.
    pub asking: bool,
    /// The host's server cannot be reached.
    pub host_gone: bool,
}

/// Writes events and never waits.
#[derive(Debug)]
pub struct Report {
    pipe: Option<OwnedFd>,
    told: State,
    state_after: Option<Instant>,
    told_levels: Levels,
    levels_after: Option<Instant>,
    refusals_after: Option<Instant>,
    clients: u32,
}

impl Report {
    /// Reports to `pipe`, or to nobody.
    #[must_use]
    pub fn new(pipe: Option<OwnedFd>) -> Self {
        if let Some(pipe) = &pipe
            && let Err(error) = rustix::io::ioctl_fionbio(pipe, true)
        {
            debug!(%error, "the report pipe may block");
        }
        Self {
            pipe,
            told: State::default(),
            state_after: None,
            told_levels: Levels::default(),
            levels_after: None,
            refusals_after: None,
            clients: 0,
        }
    }

    /// Clients are accepted from now on.
    pub fn ready(&self) {
        self.send(&Event::Ready);
    }

    /// A client was turned away.
    pub fn refused(&mut self, reason: &str) {
        self.clients += 1;
        if self.clients <= CLIENTS_MAX {
            self.send(&Event::ClientRefused {
                reason: reason.to_owned(),
            });
        }
    }

    /// Says what has changed and what was refused, if it is time; gives when there will be more to say.
    pub fn update(
        &mut self,
        state: State,
        denied: &mut BTreeMap<&'static str, u32>,
        now: Instant,
    ) -> Option<Instant> {
        [self.state(state, now), self.refusals(denied, now)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Says how loud it was, if somebody looks and it is time, and begins to count anew; gives when there will be more to
    /// say: what was loud and is not heard any more is silent.
    pub fn levels(&mut self, heard: Option<&mut Levels>, now: Instant) -> Option<Instant> {
        let Some(heard) = heard else {
            self.told_levels = Levels::default();
            return None;
        };
        let silent = Levels::default();
        if *heard == silent && self.told_levels == silent {
            return None;
        }
        if let Some(after) = self.levels_after.filter(|after| now < *after) {
            return Some(after);
        }
        self.levels_after = Some(now + LEVELS);
        let levels = std::mem::take(heard);
        if levels == self.told_levels || self.send(&Event::Levels(levels)) {
            self.told_levels = levels;
        }
        (self.told_levels != silent).then_some(now + LEVELS)
    }

    fn state(&mut self, state: State, now: Instant) -> Option<Instant> {
        if state == self.told {
            return None;
        }
        if let Some(after) = self.state_after.filter(|after| now < *after) {
            return Some(after);
        }
        self.state_after = Some(now + STATE);
        let mut told = self.told;
        if (state.playback, state.record) != (told.playback, told.record) {
            let streams = Event::Streams {
                playback: state.playback,
                record: state.record,
            };
            if self.send(&streams) {
                (told.playback, told.record) = (state.playback, state.record);
            }
        }
        let listening = Event::MicrophoneInUse {
            on: state.listening,
        };
        if state.listening != told.listening && self.send(&listening) {
            told.listening = state.listening;
        }
        if state.asking != told.asking && (!state.asking || self.send(&Event::MicrophoneAsked)) {
            told.asking = state.asking;
        }
        let host = if state.host_gone {
            Event::HostGone
        } else {
            Event::HostBack
        };
        if state.host_gone != told.host_gone && self.send(&host) {
            told.host_gone = state.host_gone;
        }
        self.told = told;
        (state != told).then_some(now + STATE)
    }

    fn refusals(
        &mut self,
        denied: &mut BTreeMap<&'static str, u32>,
        now: Instant,
    ) -> Option<Instant> {
        if denied.is_empty() && self.clients == 0 {
            return None;
        }
        if let Some(after) = self.refusals_after.filter(|after| now < *after) {
            return Some(after);
        }
        self.refusals_after = Some(now + REFUSALS);
        let unsaid = self.clients.saturating_sub(CLIENTS_MAX);
        self.clients = 0;
        if unsaid > 0 {
            debug!(unsaid, "more clients were turned away");
        }
        denied.retain(|command, count| {
            !self.send(&Event::Denied {
                command: (*command).to_owned(),
                count: *count,
            })
        });
        (!denied.is_empty()).then_some(now + REFUSALS)
    }

    /// Whether it was heard.
    fn send(&self, event: &Event) -> bool {
        let Some(pipe) = &self.pipe else { return true };
        let Ok(mut line) = serde_json::to_vec(event) else {
            return true;
        };
        line.push(b'\n');
        // Below PIPE_BUF a write is whole or not at all, so lines never tear.
        match rustix::io::write(pipe, &line) {
            Ok(_) => true,
            Err(error) => {
                debug!(%error, "the daemon does not read its reports");
                // It is said again to one who may read later, not to nobody.
                error != rustix::io::Errno::AGAIN
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    fn pair() -> (Report, impl Iterator<Item = String>) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let lines = BufReader::new(std::fs::File::from(read)).lines();
        (Report::new(Some(write)), lines.map(Result::unwrap))
    }

    #[test]
    fn a_flicker_is_not_said_but_how_it_ends() {
        let (mut report, lines) = pair();
        let mut none = BTreeMap::new();
        let now = Instant::now();
        let on = State {
            listening: true,
            ..State::default()
        };
        assert_eq!(report.update(on, &mut none, now), None);
        for _ in 0..1000 {
            let off = State::default();
            assert_eq!(report.update(off, &mut none, now), Some(now + STATE));
            assert_eq!(report.update(on, &mut none, now), None);
        }
        assert!(report.update(State::default(), &mut none, now).is_some());
        let later = now + STATE;
        assert_eq!(report.update(State::default(), &mut none, later), None);
        drop(report);
        let said: Vec<String> = lines.collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("true") && said[1].contains("false"));
    }

    #[test]
    fn refusals_are_counted_and_said_now_and_then() {
        let (mut report, lines) = pair();
        let mut denied = BTreeMap::from([("load-module", 3)]);
        let now = Instant::now();
        assert_eq!(report.update(State::default(), &mut denied, now), None);
        denied.insert("exit", 1);
        let next = report.update(State::default(), &mut denied, now);
        assert_eq!(next, Some(now + REFUSALS));
        for _ in 0..100 {
            report.refused("too many clients");
        }
        drop(report);
        let said: Vec<String> = lines.collect();
        assert_eq!(said.len(), 1 + 5);
        assert!(said[0].contains("load-module"));
    }

    #[test]
    fn levels_are_said_now_and_then_and_at_last_that_it_is_silent() {
        let (mut report, lines) = pair();
        let mut now = Instant::now();
        let loud = |speaker| Levels {
            speaker,
            microphone: 0,
        };
        assert_eq!(report.levels(None, now), None);
        let mut heard = Levels::default();
        assert_eq!(report.levels(Some(&mut heard), now), None);
        for _ in 0..1000 {
            heard = loud(heard.speaker.max(7));
            assert!(report.levels(Some(&mut heard), now).is_some());
        }
        // The loudest counts, whenever it was.
        heard = loud(900);
        now += LEVELS;
        assert_eq!(report.levels(Some(&mut heard), now), Some(now + LEVELS));
        assert_eq!(heard, Levels::default());
        now += LEVELS;
        assert_eq!(report.levels(Some(&mut heard), now), None);
        drop(report);
        let said: Vec<String> = lines.collect();
        let levels = [7, 900, 0].map(|loud| format!("\"speaker\":{loud},"));
        assert_eq!(said.len(), levels.len(), "{said:?}");
        for (line, level) in said.iter().zip(levels) {
            assert!(line.contains(&level), "{line}");
        }
    }

    #[test]
    fn a_state_that_nobody_could_hear_is_said_again() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut report = Report::new(Some(write));
        while report.send(&Event::Ready) {}
        let on = State {
            listening: true,
            ..State::default()
        };
        let now = Instant::now();
        let again = report.update(on, &mut BTreeMap::new(), now);
        assert_eq!(again, Some(now + STATE));
        let mut full = vec![0; 1 << 20];
        rustix::io::read(&read, &mut full).unwrap();
        let again = report.update(on, &mut BTreeMap::new(), now + STATE);
        assert_eq!(again, None);
    }
}
