//! From the app to the host: what the app writes into a pipe becomes the answer to whoever asked.

use std::os::fd::OwnedFd;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use x11rb::connection::RequestConnection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode,
    SelectionNotifyEvent, SelectionRequestEvent,
};
use x11rb::wrapper::ConnectionExt as _;

use super::NOTHING;
use crate::host::x11::State;

/// More than this goes in parts.
const PART: usize = 256 * 1024;

/// One answer.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) from: OwnedFd,
    request: SelectionRequestEvent,
    place: u32,
    read: Vec<u8>,
    ended: bool,
    /// It goes in parts.
    parts: bool,
    /// The last part has been taken.
    taken: bool,
}

impl Outgoing {
    pub(super) fn wants(&self) -> PollFlags {
        // While a part waits to be taken the app is not read: that is the back pressure.
        if self.ended || self.read.len() >= PART {
            NOTHING
        } else {
            PollFlags::IN
        }
    }

    fn fill(&mut self) {
        let mut buffer = [0; 16 * 1024];
        while !self.ended && self.read.len() < PART {
            match rustix::io::read(&self.from, &mut buffer) {
                Ok(0) => self.ended = true,
                Ok(count) => self.read.extend_from_slice(&buffer[..count]),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => self.ended = true,
            }
        }
    }
}

impl State {
    pub(super) fn selection_asked(&mut self, request: &SelectionRequestEvent) {
        let atoms = self.screen.atoms;
        let conn = &self.screen.conn;
        // As clients from before there was a rule ask.
        let place = if request.property == x11rb::NONE {
            request.target
        } else {
            request.property
        };
        let own = self
            .selections
            .own(request.selection, atoms.XdndSelection)
            .filter(|_| request.owner == self.selections.window);
        let Some((source, types, time)) = own else {
            self.answer(request, x11rb::NONE);
            return;
        };
        if request.target == atoms.TARGETS {
            let mut targets = vec![atoms.TARGETS, atoms.TIMESTAMP];
            targets.extend(types.iter().map(|(_, atom)| *atom));
            let mode = PropMode::REPLACE;
            let kind = AtomEnum::ATOM;
            let _ = conn.change_property32(mode, request.requestor, place, kind, &targets);
            self.answer(request, place);
        } else if request.target == atoms.TIMESTAMP {
            let (mode, kind) = (PropMode::REPLACE, AtomEnum::INTEGER);
            let _ = conn.change_property32(mode, request.requestor, place, kind, &[time]);
            self.answer(request, place);
        } else if let Some((mime, _)) = types.iter().find(|(_, atom)| *atom == request.target)
            && let Ok((from, to)) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)
            && rustix::io::ioctl_fionbio(&from, true).is_ok()
        {
            source.send(mime.clone(), &to);
            self.selections.outgoing.push(Outgoing {
                from,
                request: *request,
                place,
                read: Vec::new(),
                ended: false,
                parts: false,
                taken: false,
            });
        } else {
            self.answer(request, x11rb::NONE);
        }
    }

    /// Says where the answer is, or that there is none.
    fn answer(&self, request: &SelectionRequestEvent, place: u32) {
        let event = SelectionNotifyEvent {
            response_type: x11rb::protocol::xproto::SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: place,
        };
        let conn = &self.screen.conn;
        let _ = conn.send_event(false, request.requestor, EventMask::NO_EVENT, event);
    }

    pub(super) fn run_outgoing(&mut self) {
        let mut all = std::mem::take(&mut self.selections.outgoing);
        all.retain_mut(|transfer| {
            transfer.fill();
            self.go_on(transfer)
        });
        self.selections.outgoing.append(&mut all);
    }

    /// Sends what can be sent of an answer; false when all is.
    fn go_on(&self, transfer: &mut Outgoing) -> bool {
        let conn = &self.screen.conn;
        let request = &transfer.request;
        let (to, place, kind) = (request.requestor, transfer.place, request.target);
        let most = PART.min(conn.maximum_request_bytes().saturating_sub(64));
        if !transfer.parts {
            if transfer.ended && transfer.read.len() <= most {
                let mode = PropMode::REPLACE;
                let _ = conn.change_property8(mode, to, place, kind, &transfer.read);
                self.answer(request, place);
                return false;
            }
            if transfer.read.len() >= most.min(PART) {
                // Its window says when a part was taken, and when it is gone.
                let mask = EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY;
                let watch = ChangeWindowAttributesAux::new().event_mask(mask);
                let _ = conn.change_window_attributes(to, &watch);
                let (mode, incr) = (PropMode::REPLACE, self.screen.atoms.INCR);
                let length = u32::try_from(transfer.read.len()).unwrap_or(u32::MAX);
                let _ = conn.change_property32(mode, to, place, incr, &[length]);
                self.answer(request, place);
                transfer.parts = true;
            }
            return true;
        }
        if !transfer.taken || (transfer.read.is_empty() && !transfer.ended) {
            return true;
        }
        let end = transfer.read.is_empty();
        let length = most.min(transfer.read.len());
        let part: Vec<u8> = transfer.read.drain(..length).collect();
        let _ = conn.change_property8(PropMode::REPLACE, to, place, kind, &part);
        transfer.taken = false;
        !end
    }

    /// Somebody has taken what was put in a property of its window.
    pub(super) fn part_taken(&mut self, window: u32, place: u32) {
        for transfer in &mut self.selections.outgoing {
            if transfer.parts && transfer.request.requestor == window && transfer.place == place {
                transfer.taken = true;
            }
        }
    }

    pub(super) fn requestor_gone(&mut self, window: u32) {
        let all = &mut self.selections.outgoing;
        all.retain(|transfer| transfer.request.requestor != window);
    }
}
