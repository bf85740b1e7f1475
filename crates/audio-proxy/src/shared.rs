//! What the clients of the sandbox have in common.

use std::collections::{BTreeMap, BTreeSet};

use oz_core::wire::audio::{COOKIE_SIZE, Config, Gate, Levels};

use crate::gate::level;
use crate::rewrite::lists::SourceOutput;
use crate::rewrite::stamp::Stamp;
use crate::wire::sample::Format;

/// What subscriptions are about, by the number of the bit in a mask.
#[expect(missing_docs, reason = "named like in the protocol")]
pub mod facility {
    pub const SINK: u32 = 0;
    pub const SOURCE: u32 = 1;
    pub const SINK_INPUT: u32 = 2;
    pub const SOURCE_OUTPUT: u32 = 3;
    pub const CLIENT: u32 = 5;
    pub const SERVER: u32 = 7;
    /// The bits of an event that say what it is about.
    pub const MASK: u32 = 0xf;
    /// Something is there now.
    pub const NEW: u32 = 0x00;
    /// Something is different.
    pub const CHANGE: u32 = 0x10;
    /// Something is gone.
    pub const REMOVE: u32 = 0x20;
    /// Every bit that a mask may have.
    pub const ALL: u32 = 0x2ff;
}

/// A stream that records, and the host's number of it while the host has it.
#[derive(Debug)]
pub struct Listed {
    /// As the sandbox sees it.
    pub output: SourceOutput,
    /// The host's stream.
    pub host: Option<u32>,
}

/// The state of one sandbox.
#[derive(Debug)]
pub struct Shared {
    /// What may pass.
    pub gate: Gate,
    /// Whose it is.
    pub stamp: Stamp,
    /// What the host wants to see.
    pub cookie: Box<[u8]>,
    /// The sandbox's clients, by the host's numbers.
    pub clients: BTreeSet<u32>,
    /// Its streams that play, by the host's numbers.
    pub sink_inputs: BTreeSet<u32>,
    /// Its streams that record, by numbers of our own, which stay when the host's change.
    pub source_outputs: BTreeMap<u32, Listed>,
    next_source_output: u32,
    /// Streams that play, with those that are being made.
    pub playback: usize,
    /// Streams that record, with those that are being made.
    pub record: usize,
    /// Events that every client shall hear of that wants to.
    pub news: Vec<(u32, u32)>,
    /// How loud it was since that was last said; counted only while somebody looks.
    pub levels: Option<Levels>,
    /// Commands that were refused, for the report.
    pub denied: BTreeMap<&'static str, u32>,
}

impl Shared {
    /// The state at the start.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let cookie = config.cookie.as_deref().and_then(cookie);
        Self {
            gate: config.gate,
            stamp: Stamp::new(&config.sandbox, config.app_name.as_deref()),
            cookie: cookie.unwrap_or_else(|| vec![0; COOKIE_SIZE].into()),
            clients: BTreeSet::new(),
            sink_inputs: BTreeSet::new(),
            source_outputs: BTreeMap::new(),
            next_source_output: 0,
            playback: 0,
            record: 0,
            news: Vec::new(),
            levels: None,
            denied: BTreeMap::new(),
        }
    }

    /// Tells everybody.
    pub fn announce(&mut self, event: u32, index: u32) {
        self.news.push((event, index));
    }

    /// Counts how loud samples are that pass, if somebody looks.
    pub fn hear(&mut self, direction: fn(&mut Levels) -> &mut u16, format: Format, samples: &[u8]) {
        if let Some(levels) = &mut self.levels {
            let loudest = direction(levels);
            *loudest = (*loudest).max(level::peak(format, samples));
        }
    }

    /// A number for a stream that records.
    pub fn number(&mut self) -> u32 {
        let number = self.next_source_output;
        self.next_source_output = (number + 1) & 0x7fff_ffff;
        number
    }

    /// Our number of the host's stream that records.
    #[must_use]
    pub fn ours(&self, host: u32) -> Option<u32> {
        let mut all = self.source_outputs.iter();
        all.find(|(_, listed)| listed.host == Some(host))
            .map(|(number, _)| *number)
    }
}

/// A cookie from hexadecimal digits.
#[must_use]
pub fn cookie(text: &str) -> Option<Box<[u8]>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len() == 2 * COOKIE_SIZE)?;
    let (pairs, _) = digits.as_chunks::<2>();
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_has_its_size() {
        assert_eq!(cookie(&"0fF0".repeat(128)).unwrap()[..2], [0x0f, 0xf0]);
        assert!(cookie("00").is_none());
        assert!(cookie(&"zz".repeat(256)).is_none());
        assert!(cookie(&"é".repeat(256)).is_none());
    }
}
