//! What a client of X has copied is read by somebody: its answer goes into a pipe.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::event::PollFlags;
use x11rb_protocol::protocol::xproto::{
    AtomEnum, ConvertSelectionRequest, CreateWindowAux, DestroyWindowRequest, EventMask,
    GetPropertyReply, GetPropertyRequest,
};

use super::{NOTHING, PATIENCE};
use crate::bridge::xtypes::{self, Type};
use crate::pipe::{self, is_read};
use crate::session::Session;
use crate::x11::{Asked, X11};

/// Reads at a time; a further one ends the oldest.
const AT_ONCE: usize = 16;
/// Words of a property that are taken at once.
const WORDS: u32 = 16_384;

/// One read.
#[derive(Debug)]
pub(super) struct Incoming {
    /// Of which selection.
    of: u32,
    /// In whose property the answer comes.
    window: u32,
    /// The writing end of a pipe of ours.
    to: OwnedFd,
    latin: bool,
    waiting: Vec<u8>,
    stage: Stage,
    /// The server has been asked for a part.
    asked: bool,
    until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its owner has not answered.
    Unanswered,
    /// The answer lies in the property; so many words of it have been taken.
    Whole(u32),
    /// It comes in parts, each when the one before has been taken; whether one is there, and how much of that has been.
    Parts { there: bool, taken: u32 },
    /// All has been taken.
    Over,
}

impl Stage {
    /// The next part is awaited.
    const PARTS: Self = Self::Parts {
        there: false,
        taken: 0,
    };
}

impl Incoming {
    pub(super) fn to(&self) -> &OwnedFd {
        &self.to
    }

    pub(super) fn wants(&self) -> PollFlags {
        if self.waiting.is_empty() {
            NOTHING
        } else {
            PollFlags::OUT
        }
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    fn has_begun(&self) -> bool {
        self.stage != Stage::Unanswered
    }

    /// Takes a part that has come; false if it ends here.
    fn take(&mut self, reply: GetPropertyReply, incr: u32) -> bool {
        self.asked = false;
        self.until = Instant::now() + PATIENCE;
        let words = u32::try_from(reply.value.len() / 4).unwrap_or(0);
        let (none, more) = (reply.value.is_empty(), reply.bytes_after > 0);
        self.stage = match self.stage {
            // How much is to come is the owner's to promise.
            Stage::Whole(0) if reply.type_ == incr => {
                self.stage = Stage::PARTS;
                return true;
            }
            // It claims that more is there than it has.
            _ if none && more => return false,
            Stage::Whole(taken) if more => Stage::Whole(taken + words),
            Stage::Whole(_) => Stage::Over,
            Stage::Parts { taken, .. } if more => Stage::Parts {
                there: true,
                taken: taken + words,
            },
            // An empty part is the end.
            Stage::Parts { .. } if none => Stage::Over,
            Stage::Parts { .. } => Stage::PARTS,
            Stage::Unanswered | Stage::Over => return false,
        };
        self.waiting = if self.latin {
            xtypes::from_latin(&reply.value)
        } else {
            reply.value
        };
        true
    }

    /// Writes what it can; false if nobody reads.
    fn write(&mut self) -> bool {
        let done = pipe::write(&self.to, &mut self.waiting);
        if done.is_some_and(|done| done > 0) {
            self.until = Instant::now() + PATIENCE;
        }
        done.is_some()
    }

    /// From where the next part is to be taken, if it may and there is one.
    fn next(&self) -> Option<u32> {
        if self.asked || !self.waiting.is_empty() {
            return None;
        }
        match self.stage {
            Stage::Whole(taken) | Stage::Parts { there: true, taken } => Some(taken),
            _ => None,
        }
    }
}

impl X11 {
    /// A window that nobody sees, for an answer.
    pub(super) fn make_window(&mut self, window: u32) {
        let values = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        self.create_unseen(window, values);
    }

    /// Takes a part of an answer, which tells who has put it there that it was taken.
    pub(super) fn take_part(&mut self, window: u32, from: u32) {
        let request = GetPropertyRequest {
            delete: true,
            window,
            property: self.atoms.oz_answer,
            type_: AtomEnum::ANY.into(),
            long_offset: from,
            long_length: WORDS,
        };
        self.wire.ask(request, Asked::Part(window));
    }

    /// A part of an answer was put into a property.
    pub(super) fn part_came(&mut self, window: u32, property: u32) {
        if property != self.atoms.oz_answer {
            return;
        }
        for transfer in &mut self.selections.incoming {
            if transfer.window == window
                && let Stage::Parts { there, .. } = &mut transfer.stage
            {
                *there = true;
            }
        }
        self.run_incoming();
    }

    pub(super) fn incoming_part(&mut self, window: u32, reply: Option<GetPropertyReply>) {
        let incr = self.atoms.incr;
        let mut all = self.selections.incoming.iter_mut();
        let Some(transfer) = all.find(|it| it.window == window) else {
            return;
        };
        if !reply.is_some_and(|reply| transfer.take(reply, incr)) {
            self.end_incoming(|it| it.window == window);
        }
        self.run_incoming();
    }

    /// Ends those that fit: their readers see the end, their owners that the window is gone.
    fn end_incoming(&mut self, fits: impl Fn(&Incoming) -> bool) {
        let mut gone = Vec::new();
        self.selections.incoming.retain(|it| {
            let ends = fits(it);
            if ends {
                gone.push(it.window);
            }
            !ends
        });
        for window in gone {
            self.wire.send(DestroyWindowRequest { window });
        }
    }

    /// Ends those whose owner has not answered.
    pub(in crate::x11) fn forget_unbegun(&mut self, selection: u32) {
        self.end_incoming(|it| it.of == selection && !it.has_begun());
    }

    /// Its owner says that the answer is there; false if nobody waits for it.
    pub(super) fn is_answered(&mut self, window: u32) -> bool {
        let mut all = self.selections.incoming.iter_mut();
        let found = all.find(|it| it.window == window && !it.has_begun());
        let Some(transfer) = found else { return false };
        transfer.stage = Stage::Whole(0);
        transfer.asked = true;
        true
    }

    /// Its owner has nothing to give.
    pub(super) fn refused(&mut self, window: u32) {
        self.end_incoming(|it| it.window == window && !it.has_begun());
    }

    pub(super) fn give_up_incoming(&mut self, now: Instant) {
        self.end_incoming(|it| it.until <= now);
    }

    pub(super) fn run_incoming(&mut self) {
        let mut gone = Vec::new();
        let mut next = Vec::new();
        for transfer in &mut self.selections.incoming {
            let written = transfer.write();
            let idle = transfer.waiting.is_empty();
            let over = idle && (transfer.stage == Stage::Over || !is_read(&transfer.to));
            if !written || over {
                gone.push(transfer.window);
            } else if let Some(from) = transfer.next() {
                transfer.asked = true;
                next.push((transfer.window, from));
            }
        }
        self.end_incoming(|it| gone.contains(&it.window));
        for (window, from) in next {
            self.take_part(window, from);
        }
    }
}

impl Session {
    /// Somebody reads what a client of X has in a selection; a time of 0 is now.
    pub(in crate::x11) fn x11_read(
        &mut self,
        (selection, time): (u32, u32),
        kind: &Type,
        to: OwnedFd,
    ) {
        // Into a pipe of our own: what the descriptor is that came is for the transfer to judge.
        let Some((from, write)) = Self::own_pipe() else {
            return;
        };
        if rustix::io::ioctl_fionbio(write.as_fd(), true).is_err() {
            return;
        }
        self.transfer(from, to, None);
        let Some(x11) = &mut self.x11 else { return };
        if x11.selections.incoming.len() >= AT_ONCE {
            let oldest = x11.selections.incoming[0].window;
            x11.end_incoming(|it| it.window == oldest);
        }
        let window = x11.fresh_window();
        x11.make_window(window);
        x11.wire.send(ConvertSelectionRequest {
            requestor: window,
            selection,
            target: kind.atom,
            property: x11.atoms.oz_answer,
            time,
        });
        x11.selections.incoming.push(Incoming {
            of: selection,
            window,
            to: write,
            latin: kind.latin,
            waiting: Vec::new(),
            stage: Stage::Unanswered,
            asked: false,
            until: Instant::now() + PATIENCE,
        });
    }
}
