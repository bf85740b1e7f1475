//! What is copied on the X server inside, joined with what is copied elsewhere.
//!
//! Whatever X's clients copy is an app's source like those of Wayland, and they are offered what others have copied by the
//! window manager, which has the selection then. Who may have what is decided where it is for everybody (`bridge/clipboard.rs`);
//! here is only X's way of saying it. All clients of the X server count as one app: what one of them may read all may.
//!
//! Every client can send every message and answer in another's name. Who does harms those on the same server, as it could
//! without us: nothing here waits without an end, and nothing grows.
//!
//! ICCCM 2: <https://www.x.org/releases/X11R7.7/doc/xorg-docs/icccm/icccm.html#Peer_to_Peer_Communication_by_Means_of_Selections>

mod incoming;
mod learning;
mod offering;
mod outgoing;

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use x11rb_protocol::protocol::Event;
use x11rb_protocol::protocol::xfixes::{
    SelectSelectionInputRequest, SelectionEventMask, SelectionNotifyEvent,
};
use x11rb_protocol::protocol::xproto::{AtomEnum, Property, SetSelectionOwnerRequest};

use super::X11;
use crate::bridge::selection::{AppDevice, AppSource, Which, XSource};
use crate::bridge::xtypes::Type;
use crate::session::Session;
use incoming::Incoming;
use learning::Learning;
use offering::Offer;
use outgoing::Outgoing;

/// How long the other end of something may do nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// No window, no atom.
const NONE: u32 = 0;
/// A time that is the server's to fill in.
const NOW: u32 = 0;
/// That somebody has gone is told without asking for it.
const NOTHING: PollFlags = PollFlags::empty();

/// One of the two selections.
#[derive(Debug, Default)]
struct Selection {
    /// The window that has it on the X server.
    owner: u32,
    /// Since when.
    since: u32,
    /// The latest selection of anybody's when its owner here changed.
    latest: u64,
    /// We have asked for it: what was taken before is ours again in a moment.
    taking: bool,
    /// What others have copied, as X's clients meet it.
    offer: Option<Offer>,
    /// What its owner has copied, while that is not known.
    learning: Option<Learning>,
    /// What it has copied, as others meet it.
    source: Option<(XSource, Vec<Type>)>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Selections {
    both: [Selection; 2],
    incoming: Vec<Incoming>,
    outgoing: Vec<Outgoing>,
    /// Numbers of what is asked, and of windows.
    next: u32,
    /// Requests that were answered in this turn.
    answered: u32,
    joined: bool,
}

impl Selections {
    /// What is under way.
    fn transfers(&self) -> usize {
        self.incoming.len() + self.outgoing.len()
    }

    /// Those that can go on by what a pipe does. Of one that waits for a client of X its end would be told again and again.
    fn heard(&self) -> impl Iterator<Item = &Outgoing> {
        self.outgoing.iter().filter(|it| it.hears())
    }

    pub(super) fn polled(&self) -> usize {
        self.incoming.len() + self.heard().count()
    }

    pub(super) fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        for transfer in &self.incoming {
            fds.push(PollFd::new(transfer.to(), transfer.wants()));
        }
        for transfer in self.heard() {
            fds.push(PollFd::new(transfer.from(), PollFlags::IN));
        }
    }

    /// When something is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let learning = self.both.iter().filter_map(|it| it.learning.as_ref());
        let learning = learning.map(Learning::until);
        let incoming = self.incoming.iter().map(Incoming::until);
        let outgoing = self.outgoing.iter().map(Outgoing::until);
        learning.chain(incoming).chain(outgoing).min()
    }

    fn one(&mut self, which: Which) -> &mut Selection {
        &mut self.both[which as usize]
    }

    fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}

impl X11 {
    /// Descriptors of what is under way.
    pub(crate) fn fds(&self) -> usize {
        // A read has the other end of its pipe in a transfer of the session's.
        2 * self.selections.transfers() + self.drags.fds()
    }

    /// Gives up what has waited too long.
    pub(super) fn give_up_selections(&mut self, now: Instant) {
        for which in Which::BOTH {
            let learning = &self.selections.one(which).learning;
            if learning.as_ref().is_some_and(|it| it.until() <= now) {
                self.forget_learning(which);
            }
        }
        self.give_up_incoming(now);
        self.give_up_outgoing(now);
    }

    fn which(&self, atom: u32) -> Option<Which> {
        let primary: u32 = AtomEnum::PRIMARY.into();
        match atom {
            _ if atom == primary => Some(Which::Primary),
            _ if atom == self.atoms.clipboard => Some(Which::Clipboard),
            _ => None,
        }
    }

    fn atom_of(&self, which: Which) -> u32 {
        match which {
            Which::Clipboard => self.atoms.clipboard,
            Which::Primary => AtomEnum::PRIMARY.into(),
        }
    }

    /// Hears from now on who has what.
    pub(super) fn watch_selections(&mut self) {
        let Some(xfixes) = self.xfixes else { return };
        let both = Which::BOTH.map(|which| self.atom_of(which));
        for selection in both.into_iter().chain([self.atoms.xdnd_selection]) {
            let request = SelectSelectionInputRequest {
                window: self.own,
                selection,
                event_mask: SelectionEventMask::SET_SELECTION_OWNER
                    | SelectionEventMask::SELECTION_WINDOW_DESTROY
                    | SelectionEventMask::SELECTION_CLIENT_CLOSE,
            };
            self.wire.send_to(xfixes.major_opcode, request);
        }
    }

    /// Gives a selection to our window or to none.
    fn set_owner(&mut self, which: Which, owner: u32) {
        self.give_selection(self.atom_of(which), owner);
    }

    pub(super) fn give_selection(&mut self, selection: u32, owner: u32) {
        self.wire.send(SetSelectionOwnerRequest {
            owner,
            selection,
            time: 0,
        });
    }

    /// A window of ours for one answer: nobody else's is taken for it, and its end is the other side's to see.
    fn fresh_window(&mut self) -> u32 {
        let base = self.own & self.client_bits;
        let mask = !self.client_bits;
        // The main window's ends otherwise.
        let ending = mask & 3;
        base | (self.selections.number().wrapping_mul(4) & mask) | ending
    }
}

impl Session {
    /// Takes part in the selections, once there is a seat and the window manager has begun.
    pub(crate) fn join_x11_selections(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(seat) = x11.seat.clone().filter(|_| x11.managing) else {
            return;
        };
        if std::mem::replace(&mut x11.selections.joined, true) {
            return;
        }
        for which in Which::BOTH {
            self.add_device(which, AppDevice::X11(which), seat.clone());
        }
    }

    /// Takes what concerns selections. What the server alone tells, a client has no business to.
    pub(super) fn x11_selection_event(&mut self, event: &Event, sent: bool) -> bool {
        match event {
            Event::XfixesSelectionNotify(event) if !sent => self.x11_owner_changed(event),
            Event::SelectionRequest(event) if !sent => self.x11_asks(event),
            Event::SelectionNotify(event) => self.x11_answers(event),
            Event::PropertyNotify(event) if !sent => {
                let Some(x11) = &mut self.x11 else {
                    return false;
                };
                if event.state == Property::NEW_VALUE {
                    x11.part_came(event.window, event.atom);
                } else {
                    x11.part_taken(event.window, event.atom);
                }
                // It may be a window's own as well.
                return false;
            }
            Event::DestroyNotify(event) if !sent => {
                if let Some(x11) = &mut self.x11 {
                    x11.selections.requestor_gone(event.window);
                }
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Somebody on the X server has a selection now, or nobody.
    fn x11_owner_changed(&mut self, event: &SelectionNotifyEvent) {
        let latest = self.shared.hub.borrow().latest();
        let Some(x11) = &mut self.x11 else { return };
        let Some(which) = x11.which(event.selection) else {
            self.x11_drags_begin(event);
            return;
        };
        let own = x11.own;
        let selection = x11.selections.one(which);
        if event.owner == own {
            selection.taking = false;
            (selection.owner, selection.since) = (own, event.selection_timestamp);
            return;
        }
        if selection.taking {
            return;
        }
        (selection.owner, selection.since) = (event.owner, event.selection_timestamp);
        // That nobody has it may be our own doing: what others have copied meanwhile is still to be offered.
        if event.owner != NONE {
            selection.latest = latest;
            selection.offer = None;
        }
        let source = selection.source.take();
        // What has been asked for and has not begun would be of what is there now.
        x11.forget_learning(which);
        x11.forget_unbegun(x11.atom_of(which));
        if event.owner != NONE {
            x11.begin_learning(which);
        }
        if let Some((source, _)) = source {
            self.source_gone(which, &AppSource::X11(source));
        }
    }

    /// Does what waits for the end of a turn: reads by others of what X's clients have copied.
    pub(crate) fn settle_x11(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        x11.selections.answered = 0;
        self.settle_x11_drags();
        for which in Which::BOTH {
            let Some(x11) = &mut self.x11 else { return };
            let selection = x11.selections.one(which);
            let Some((source, types)) = &selection.source else {
                continue;
            };
            let called = |(mime, to): (String, OwnedFd)| {
                let kind = types.iter().find(|kind| kind.mime == mime)?;
                Some((kind.clone(), to))
            };
            let reads: Vec<_> = source.reads().into_iter().filter_map(called).collect();
            if source.is_cancelled() {
                let takes = selection.offer.is_some();
                selection.source = None;
                if !takes {
                    x11.set_owner(which, NONE);
                }
            }
            let selection = x11.atom_of(which);
            for (kind, to) in reads {
                self.x11_read((selection, NOW), &kind, to);
            }
        }
    }

    /// Moves what can be moved at once.
    pub(crate) fn run_x11_transfers(&mut self) {
        if let Some(x11) = &mut self.x11
            && x11.selections.transfers() > 0
        {
            x11.run_incoming();
            x11.run_outgoing();
        }
    }
}
