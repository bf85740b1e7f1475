//! How much of everything one app client may hold. An offender loses its connection.
//!
//! The figures are an order of magnitude above what browsers and office suites were seen to use.
//! None is larger than some thousands, for the same reason as that there are a thousand surfaces: smithay's teardown is quadratic in surfaces, and the host
//! connection searches for a free number through all objects each time it makes one.

use std::time::Duration;

/// What is counted per client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Surface,
    Region,
    Pool,
    Buffer,
    /// Descriptors of a GPU's memory, of which a buffer has up to four.
    Plane,
    /// Frame callbacks and presentation feedback that the host has not answered.
    Callback,
    Positioner,
    /// Seats, outputs, devices, sources, managers: everything of which nobody needs many.
    Object,
}

const KINDS: usize = 8;

impl Kind {
    fn limit(self) -> u32 {
        match self {
            // All that a client has goes at once when it goes, and of surfaces each looks through all others.
            Self::Surface => 1024,
            Self::Region | Self::Positioner | Self::Buffer | Self::Callback => 4096,
            Self::Pool | Self::Plane => 2048,
            Self::Object => 4096,
        }
    }
}

/// Requests in one turn; what comes after them waits in the socket until others had theirs. The library reads until
/// the socket is empty, so a client that writes without pause would otherwise keep the proxy to itself.
pub(crate) const REQUESTS_PER_TURN: u32 = 4096;

/// The same for time that the processor spends on them, whatever they are. A timer of a thread is as exact as the kernel's ticks.
pub(crate) const TIME_PER_TURN: Duration = Duration::from_millis(4);

/// The same for bytes of pictures that are copied.
pub(crate) const COPIED_PER_TURN: u64 = 16 << 20;

/// Whoever has had this much copied and commits more in the same turn is thrown out: what has been read already is not left
/// for later. It is two pictures of the largest screens.
pub(crate) const COPIED_AT_ONCE: u64 = 256 << 20;

/// Requests queued for a host that does not read. At under 100 bytes each this bounds memory.
pub(crate) const UNSENT_REQUESTS: u32 = 65_536;

/// File descriptors queued for a host that does not read.
pub(crate) const UNSENT_FDS: u32 = 256;

/// Rectangles in one region, and damage rectangles in one commit.
pub(crate) const RECTS: u32 = 8192;

/// More damage rectangles than this are relayed as one that covers everything.
pub(crate) const RELAYED_DAMAGE: usize = 64;

/// How deep subsurfaces may nest; host compositors walk this recursively.
pub(crate) const SUBSURFACE_DEPTH: usize = 32;

/// App clients of one sandbox.
pub(crate) const CLIENTS: usize = 96;

/// Bytes that may wait for a client that does not read, before it is disconnected.
pub(crate) const CLIENT_BACKLOG: usize = 1 << 20;

/// Descriptors beyond those that are accounted for. A client can attach them to requests that
/// take none, and they would pile up in the backend.
pub(crate) const STRAY_FDS: usize = 192;

/// When there are that many, whoever has sent most of them is thrown out, if these are more than come with one message.
pub(crate) const OWN_STRAY_FDS: usize = 28;

/// A limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over(pub(crate) Kind);

/// The counters of one client.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    held: [u32; KINDS],
}

impl Quota {
    pub(crate) fn take(&mut self, kind: Kind) -> Result<(), Over> {
        let held = &mut self.held[kind as usize];
        if *held >= kind.limit() {
            return Err(Over(kind));
        }
        *held += 1;
        Ok(())
    }

    pub(crate) fn give(&mut self, kind: Kind) {
        let held = &mut self.held[kind as usize];
        *held = held.saturating_sub(1);
    }

    pub(crate) fn give_many(&mut self, kind: Kind, many: usize) {
        (0..many).for_each(|_| self.give(kind));
    }

    pub(crate) fn held(&self, kind: Kind) -> u32 {
        self.held[kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_giving_back_makes_room() {
        let mut quota = Quota::default();
        for _ in 0..Kind::Pool.limit() {
            quota.take(Kind::Pool).unwrap();
        }
        assert_eq!(quota.take(Kind::Pool), Err(Over(Kind::Pool)));
        quota.give(Kind::Pool);
        quota.take(Kind::Pool).unwrap();
    }

    #[test]
    fn giving_back_too_much_does_not_wrap() {
        let mut quota = Quota::default();
        quota.give(Kind::Surface);
        assert_eq!(quota.held(Kind::Surface), 0);
    }
}
