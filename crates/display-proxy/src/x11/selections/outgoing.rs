//! A client of X reads what others have copied: what comes through a pipe becomes its property, in parts if it is long.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use x11rb_protocol::protocol::xproto::{EventMask, SelectionRequestEvent};

use super::offering::Given;
use super::{NONE, PATIENCE, Selections};
use crate::bridge::selection::Which;
use crate::bridge::xtypes::{ToLatin, Type};
use crate::session::Session;
use crate::x11::X11;

/// Answers at a time; a further one ends the oldest.
const AT_ONCE: usize = 16;
/// More than this goes in parts of as much.
const PART: usize = 64 * 1024;
/// How long the first byte may take: the user may have to be asked.
const FIRST: Duration = Duration::from_secs(100);
/// How long a client may leave a part where it is: meanwhile the host's program may be unable to do anything else than write.
const TAKES: Duration = Duration::from_secs(8);
/// And how long once there is something newer.
const TAKES_OLD: Duration = Duration::from_secs(1);

/// One answer.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The reading end of a pipe of ours.
    from: OwnedFd,
    request: SelectionRequestEvent,
    place: u32,
    latin: Option<ToLatin>,
    read: Vec<u8>,
    ended: bool,
    stage: Stage,
    /// Something newer was copied.
    is_old: bool,
    until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is not known yet whether all of it fits.
    Begun,
    /// It goes in parts; whether the last has been taken.
    Parts { taken: bool },
}

impl Outgoing {
    pub(super) fn from(&self) -> &OwnedFd {
        &self.from
    }

    /// Whether it reads. While a part waits to be taken it does not: that is the back pressure.
    pub(super) fn hears(&self) -> bool {
        !self.ended && self.read.len() <= PART
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// The host's program waits for the client.
    fn is_held(&self) -> bool {
        !self.ended && self.read.len() > PART
    }

    /// Something has moved.
    fn moved(&mut self) {
        let longest = match (self.is_held(), self.is_old) {
            (true, true) => TAKES_OLD,
            (true, false) => TAKES,
            _ => PATIENCE,
        };
        self.until = Instant::now() + longest;
    }

    /// In which property of which window it comes.
    fn at(&self) -> (u32, u32) {
        (self.request.requestor, self.place)
    }

    fn is_at(&self, window: u32, place: u32) -> bool {
        self.at() == (window, place)
    }

    fn fill(&mut self) {
        let had = self.read.len();
        let mut buffer = [0; 16 * 1024];
        while !self.ended && self.read.len() <= PART {
            match rustix::io::read(&self.from, &mut buffer) {
                Ok(0) => self.ended = true,
                Ok(count) => match &mut self.latin {
                    Some(latin) => self.read.extend(latin.piece(&buffer[..count])),
                    None => self.read.extend_from_slice(&buffer[..count]),
                },
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => self.ended = true,
            }
        }
        if self.read.len() > had {
            self.moved();
        }
    }
}

impl Selections {
    /// A window is gone, and what it has asked for with it.
    pub(super) fn requestor_gone(&mut self, window: u32) {
        self.outgoing.retain(|it| it.request.requestor != window);
    }
}

impl X11 {
    /// Somebody has taken what was put in a property of its window.
    pub(super) fn part_taken(&mut self, window: u32, place: u32) {
        for transfer in &mut self.selections.outgoing {
            if transfer.is_at(window, place)
                && let Stage::Parts { taken } = &mut transfer.stage
            {
                *taken = true;
                transfer.moved();
            }
        }
        self.run_outgoing();
    }

    pub(super) fn run_outgoing(&mut self) {
        let mut all = std::mem::take(&mut self.selections.outgoing);
        let mut over = Vec::new();
        all.retain_mut(|transfer| {
            transfer.fill();
            let goes_on = self.go_on(transfer);
            if !goes_on {
                over.push(transfer.request.requestor);
            }
            goes_on
        });
        self.selections.outgoing = all;
        self.forget_requestors(&over);
    }

    /// Sends what can be sent of an answer; false when all is.
    fn go_on(&mut self, transfer: &mut Outgoing) -> bool {
        let request = transfer.request;
        let (to, place) = (request.requestor, transfer.place);
        // What it is when the client leaves that to us.
        let kind = if request.target == self.atoms.text {
            self.atoms.utf8_string
        } else {
            request.target
        };
        match &mut transfer.stage {
            Stage::Begun if transfer.ended && transfer.read.len() <= PART => {
                // Nothing at all is what was not permitted.
                if transfer.read.is_empty() {
                    self.answer(&request, NONE);
                } else {
                    self.put(to, place, kind, &transfer.read);
                    self.answer(&request, place);
                }
                false
            }
            Stage::Begun if transfer.read.len() > PART => {
                transfer.stage = Stage::Parts { taken: false };
                self.watch_requestor(to);
                let least = u32::try_from(transfer.read.len()).unwrap_or(u32::MAX);
                let incr = self.atoms.incr;
                self.set_words(to, place, incr, &[least]);
                self.answer(&request, place);
                true
            }
            Stage::Parts { taken } if *taken && (!transfer.read.is_empty() || transfer.ended) => {
                *taken = false;
                let length = PART.min(transfer.read.len());
                let part: Vec<u8> = transfer.read.drain(..length).collect();
                self.put(to, place, kind, &part);
                // An empty part is the end.
                !part.is_empty()
            }
            _ => true,
        }
    }

    /// The client's window says when a part was taken, and when it is gone. Of those that the window manager knows it hears
    /// that already.
    fn watch_requestor(&mut self, window: u32) {
        if !self.windows.contains_key(&window) {
            self.select(
                window,
                EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY,
            );
        }
    }

    fn forget_requestors(&mut self, windows: &[u32]) {
        for window in windows {
            let mut others = self.selections.outgoing.iter();
            let waits = others.any(|it| it.request.requestor == *window);
            if !waits && !self.windows.contains_key(window) {
                self.select(*window, EventMask::NO_EVENT);
            }
        }
    }

    /// Ends those that fit; who waits for a first answer is told that there is none.
    fn end_outgoing(&mut self, fits: impl Fn(&Outgoing) -> bool) {
        let all = std::mem::take(&mut self.selections.outgoing);
        let (gone, stay): (Vec<_>, Vec<_>) = all.into_iter().partition(fits);
        self.selections.outgoing = stay;
        for transfer in &gone {
            if transfer.stage == Stage::Begun {
                self.answer(&transfer.request, NONE);
            }
        }
        let windows: Vec<u32> = gone.iter().map(|it| it.request.requestor).collect();
        self.forget_requestors(&windows);
    }

    /// Gives up what has waited too long. Who has left one answer where it is, while the host's program could serve nobody
    /// else, has all that it asked for taken away: that program would write to one after the other.
    pub(super) fn give_up_outgoing(&mut self, now: Instant) {
        let mut all = self.selections.outgoing.iter();
        while let Some(late) = all.find(|it| it.until <= now && it.is_held()) {
            let client = late.request.requestor;
            let bits = self.client_bits;
            self.end_outgoing(|it| (it.request.requestor ^ client) & bits == 0);
            all = self.selections.outgoing.iter();
        }
        self.end_outgoing(|it| it.until <= now);
    }

    /// There is something newer: clients that do not take the older hold it no longer.
    pub(super) fn outgoing_is_old(&mut self, which: Which) {
        let soonest = Instant::now() + TAKES_OLD;
        let selection = self.atom_of(which);
        for transfer in &mut self.selections.outgoing {
            if transfer.request.selection == selection {
                transfer.is_old = true;
                if transfer.is_held() {
                    transfer.until = transfer.until.min(soonest);
                }
            }
        }
    }
}

impl Session {
    /// A client reads one type of what it is offered.
    pub(super) fn x11_reads(
        &mut self,
        request: &SelectionRequestEvent,
        place: u32,
        given: Given,
        kind: &Type,
    ) {
        let pipe = Self::own_pipe();
        let pipe = pipe.filter(|(from, _)| rustix::io::ioctl_fionbio(from.as_fd(), true).is_ok());
        let Some(x11) = &mut self.x11 else { return };
        let Some((from, to)) = pipe else {
            x11.answer(request, NONE);
            return;
        };
        // One property has one answer.
        x11.end_outgoing(|it| it.is_at(request.requestor, place));
        if x11.selections.outgoing.len() >= AT_ONCE {
            let (window, place) = x11.selections.outgoing[0].at();
            x11.end_outgoing(|it| it.is_at(window, place));
        }
        x11.selections.outgoing.push(Outgoing {
            from,
            request: *request,
            place,
            latin: kind.latin.then(ToLatin::default),
            read: Vec::new(),
            ended: false,
            stage: Stage::Begun,
            is_old: false,
            until: Instant::now() + FIRST,
        });
        // Whether it may is decided there; if it may not, the pipe ends.
        match given {
            Given::Copied(offer) => self.app_reads(&offer, kind.mime.clone(), to),
            Given::Dragged(offer) => self.drag_read(&offer, kind.mime.clone(), to),
        }
    }
}
