//! The clipboard and the primary selection: whose they are, what they have, who is told.
//! <https://x.org/releases/X11R7.7/doc/xorg-docs/icccm/icccm.html#Peer_to_Peer_Communication_by_Means_of_Selections>
//!
//! What others have is asked for only while a window of this client has the keyboard: apps hear nothing in the background.

mod devices;
mod drags;
mod drops;
mod incoming;
mod outgoing;

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_v1::ZwpPrimarySelectionDeviceV1;
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_offer_v1::ZwpPrimarySelectionOfferV1;
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_source_v1::ZwpPrimarySelectionSourceV1;
use wayland_server::Resource;
use wayland_server::protocol::wl_data_device::WlDataDevice;
use wayland_server::protocol::wl_data_offer::WlDataOffer;
use wayland_server::protocol::wl_data_source::WlDataSource;
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyOrIdError;
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask, SelectionNotifyEvent};
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, SelectionClearEvent, WindowClass,
};

use super::State;
use super::screen::Screen;
use devices::Given;
use drags::Dragged;
use drops::Drag;
use incoming::Incoming;
use outgoing::Outgoing;

/// The version of XDND that is spoken here, and the oldest that is understood.
const VERSION: u32 = 5;
const OLDEST: u32 = 3;

/// Types of one selection; further ones are not asked for.
const TYPES: usize = 128;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Clipboard,
    Primary,
}

impl Which {
    const BOTH: [Self; 2] = [Self::Clipboard, Self::Primary];
}

/// What an app offers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Data(WlDataSource),
    Primary(ZwpPrimarySelectionSourceV1),
}

impl Source {
    fn cancelled(&self) {
        match self {
            Self::Data(source) => source.cancelled(),
            Self::Primary(source) => source.cancelled(),
        }
    }

    fn send(&self, mime: String, fd: &OwnedFd) {
        match self {
            Self::Data(source) => source.send(mime, fd.as_fd()),
            Self::Primary(source) => source.send(mime, fd.as_fd()),
        }
    }
}

/// What the app has an offer of.
#[derive(Debug)]
pub(super) enum Offered {
    /// A selection of the host, as it was at that time.
    Selection(Which, u64),
    /// What is dragged.
    Drag(u64),
}

/// A type and the server's name of it.
pub(super) type Type = (String, u32);

/// What this client has put there.
#[derive(Debug)]
struct Own {
    source: Source,
    types: Vec<Type>,
    time: u32,
    /// Which request has put it there.
    request: u16,
}

/// One of the two selections.
#[derive(Debug)]
struct Selection {
    atom: u32,
    own: Option<Own>,
    /// Somebody else has it.
    foreign: bool,
    /// What it has, once that is known.
    types: Option<Vec<Type>>,
    /// The property in which the answer to the last question for that comes.
    asked: u32,
    /// Counts its owners.
    generation: u64,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Selections {
    /// Owns, asks and is answered.
    window: u32,
    both: [Selection; 2],
    devices: Vec<WlDataDevice>,
    primary_devices: Vec<ZwpPrimarySelectionDeviceV1>,
    incoming: Vec<Incoming>,
    /// Questions that nobody has answered yet.
    unanswered: u32,
    outgoing: Vec<Outgoing>,
    drag: Option<Drag>,
    /// What the app drags.
    dragged: Option<Dragged>,
    /// Properties of the window in which answers come; each is of one answer at a time.
    places: Vec<u32>,
    /// The same for what selections have, in turn.
    questions: Vec<u32>,
}

impl Selections {
    pub(super) fn new(screen: &Screen) -> Result<Self, ReplyOrIdError> {
        let conn = &screen.conn;
        let window = conn.generate_id()?;
        let events = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let class = WindowClass::INPUT_ONLY;
        let (root, none) = (screen.root, x11rb::COPY_FROM_PARENT);
        conn.create_window(0, window, root, -1, -1, 1, 1, 0, class, none, &events)?;
        let named = |name: &str| {
            let asked: Vec<_> = (0..8)
                .map(|n| conn.intern_atom(false, format!("{name}_{n}").as_bytes()))
                .collect::<Result<_, _>>()?;
            let atoms = asked.into_iter().map(|cookie| Ok(cookie.reply()?.atom));
            atoms.collect::<Result<Vec<u32>, ReplyOrIdError>>()
        };
        let one = |atom: u32| {
            let mask = SelectionEventMask::SET_SELECTION_OWNER
                | SelectionEventMask::SELECTION_WINDOW_DESTROY
                | SelectionEventMask::SELECTION_CLIENT_CLOSE;
            conn.xfixes_select_selection_input(window, atom, mask)?;
            let owner = conn.get_selection_owner(atom)?.reply()?.owner;
            Ok::<_, ReplyOrIdError>(Selection {
                atom,
                own: None,
                foreign: owner != x11rb::NONE,
                types: None,
                asked: x11rb::NONE,
                generation: 0,
            })
        };
        Ok(Self {
            window,
            both: [one(screen.atoms.CLIPBOARD)?, one(AtomEnum::PRIMARY.into())?],
            devices: Vec::new(),
            primary_devices: Vec::new(),
            incoming: Vec::new(),
            unanswered: 0,
            outgoing: Vec::new(),
            drag: None,
            dragged: None,
            places: named("OZ_SELECTION")?,
            questions: named("OZ_TYPES")?,
        })
    }

    /// Whether somebody is still to answer.
    pub(super) fn is_asking(&self) -> bool {
        self.unanswered > 0
    }

    fn one(&mut self, which: Which) -> &mut Selection {
        &mut self.both[which as usize]
    }

    /// What the app has in a selection: its source, the types, since when.
    fn own(&self, selection: u32, drags: u32) -> Option<(Source, &[Type], u32)> {
        if selection == drags {
            let dragged = self.dragged.as_ref()?;
            return Some((dragged.source(), &dragged.types, dragged.time));
        }
        let which = self.which(selection)?;
        let own = self.both[which as usize].own.as_ref()?;
        Some((own.source.clone(), &own.types, own.time))
    }

    fn which(&self, atom: u32) -> Option<Which> {
        Which::BOTH
            .into_iter()
            .find(|which| self.both[*which as usize].atom == atom)
    }

    /// How many descriptors [`Self::poll`] adds.
    pub(super) fn polled(&self) -> usize {
        self.incoming.len() + self.outgoing.len()
    }

    pub(super) fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        for transfer in &self.incoming {
            fds.push(PollFd::new(&transfer.to, transfer.wants()));
        }
        for transfer in &self.outgoing {
            fds.push(PollFd::new(&transfer.from, transfer.wants()));
        }
    }
}

/// That the other side has closed is told without asking for it.
const NOTHING: PollFlags = PollFlags::empty();

impl State {
    /// Events that concern selections, if they are such.
    pub(super) fn selection_event(&mut self, event: Event) {
        match event {
            Event::XfixesSelectionNotify(event) => self.owner_changed(&event),
            Event::SelectionClear(event) => self.selection_lost(&event),
            Event::SelectionRequest(event) => self.selection_asked(&event),
            Event::SelectionNotify(event) => self.selection_answered(&event),
            Event::DestroyNotify(event) => self.requestor_gone(event.window),
            _ => {}
        }
    }

    fn owner_changed(&mut self, event: &SelectionNotifyEvent) {
        let Some(which) = self.selections.which(event.selection) else {
            return;
        };
        let window = self.selections.window;
        let selection = self.selections.one(which);
        selection.generation += 1;
        selection.foreign = event.owner != x11rb::NONE && event.owner != window;
        selection.types = None;
        if self.seat.keyboard.is_here() {
            self.learn(which);
        }
    }

    /// A window of this client has got the keyboard.
    pub(super) fn selections_focused(&mut self) {
        for which in Which::BOTH {
            self.learn(which);
        }
    }

    /// Finds out what a selection has, and tells the app.
    fn learn(&mut self, which: Which) {
        let selection = self.selections.one(which);
        if !selection.foreign {
            if selection.own.is_none() {
                self.tell_selection(which, None);
            }
            return;
        }
        match selection.types.clone() {
            Some(types) => self.tell_selection(which, Some(&types)),
            None => self.ask_types(which),
        }
    }

    /// Tells the app's devices what there is.
    fn tell_selection(&mut self, which: Which, types: Option<&[Type]>) {
        let generation = self.selections.one(which).generation;
        let dh = self.dh.clone();
        match which {
            Which::Clipboard => {
                for device in &self.selections.devices {
                    let offer = types.and_then(|types| {
                        let client = device.client()?;
                        let data = Offered::Selection(which, generation);
                        let version = device.version();
                        let offer = client
                            .create_resource::<WlDataOffer, _, Self>(&dh, version, data)
                            .ok()?;
                        device.data_offer(&offer);
                        types.iter().for_each(|(mime, _)| offer.offer(mime.clone()));
                        Some(offer)
                    });
                    device.selection(offer.as_ref());
                }
            }
            Which::Primary => {
                for device in &self.selections.primary_devices {
                    let offer = types.and_then(|types| {
                        let client = device.client()?;
                        let data = Offered::Selection(which, generation);
                        let offer = client
                            .create_resource::<ZwpPrimarySelectionOfferV1, _, Self>(&dh, 1, data)
                            .ok()?;
                        device.data_offer(&offer);
                        types.iter().for_each(|(mime, _)| offer.offer(mime.clone()));
                        Some(offer)
                    });
                    device.selection(offer.as_ref());
                }
            }
        }
    }

    /// The app puts something there, or takes it away.
    fn own_selection(&mut self, which: Which, source: Option<Source>, types: Vec<String>) {
        let (window, time) = (self.selections.window, self.seat.time);
        let types = self.named(types);
        let atom = self.selections.one(which).atom;
        let selection = &mut self.selections.both[which as usize];
        let owner = if source.is_some() {
            window
        } else {
            x11rb::NONE
        };
        let had = selection.own.is_some();
        // Only an owner gives it up.
        let request = if owner == window || had {
            let conn = &self.screen.conn;
            let sent = conn.set_selection_owner(owner, atom, time);
            sent.map_or(0, |cookie| cookie.sequence_number())
        } else {
            0
        };
        #[expect(clippy::cast_possible_truncation, reason = "events have no more of it")]
        let request = request as u16;
        let new = source.map(|source| Own {
            source,
            types,
            time,
            request,
        });
        if let Some(old) = std::mem::replace(&mut selection.own, new) {
            old.source.cancelled();
        }
    }

    /// The server's names of types.
    fn named(&self, types: Vec<String>) -> Vec<Type> {
        let conn = &self.screen.conn;
        let asked: Vec<_> = types
            .into_iter()
            .take(TYPES)
            .filter_map(|mime| {
                let cookie = conn.intern_atom(false, mime.as_bytes()).ok()?;
                Some((mime, cookie))
            })
            .collect();
        let mut named: Vec<Type> = asked
            .into_iter()
            .filter_map(|(mime, cookie)| Some((mime, cookie.reply().ok()?.atom)))
            .collect();
        // Apps of X ask for text by other names.
        let has = |named: &[Type], atom: u32| named.iter().any(|(_, one)| *one == atom);
        let text = ["text/plain;charset=utf-8", "text/plain"];
        let text = text
            .iter()
            .find(|mime| named.iter().any(|(one, _)| one == *mime));
        if let Some(text) = text {
            let atoms = &self.screen.atoms;
            for atom in [atoms.UTF8_STRING, AtomEnum::STRING.into(), atoms.TEXT] {
                if !has(&named, atom) {
                    named.push(((*text).to_owned(), atom));
                }
            }
        }
        named
    }

    /// Somebody else has put something there.
    fn selection_lost(&mut self, event: &SelectionClearEvent) {
        if event.owner != self.selections.window {
            return;
        }
        let Some(which) = self.selections.which(event.selection) else {
            return;
        };
        // One that was given up before what is there now was put there is told of late.
        let late = |own: &mut Own| event.sequence.wrapping_sub(own.request) > u16::MAX / 2;
        if let Some(own) = self.selections.one(which).own.take_if(|own| !late(own)) {
            own.source.cancelled();
        }
    }

    /// An app's source is gone, and with it what it had.
    fn source_gone(&mut self, source: &Source) {
        if self
            .selections
            .dragged
            .as_ref()
            .is_some_and(|dragged| dragged.source() == *source)
        {
            self.forget_drag();
        }
        for which in Which::BOTH {
            let selection = self.selections.one(which);
            if selection
                .own
                .as_ref()
                .is_some_and(|own| own.source == *source)
                && let Some(own) = selection.own.take()
            {
                let _ = self.screen.conn.set_selection_owner(
                    x11rb::NONE,
                    self.selections.both[which as usize].atom,
                    own.time,
                );
            }
        }
    }

    /// Moves what can be moved at once.
    pub(super) fn run_transfers(&mut self) {
        self.run_incoming();
        self.run_outgoing();
    }
}
