//! What is dragged over a window of X.
//!
//! The window says whether it takes drops, and in whose place; then it is told what comes and where it is, one place at a time,
//! and says what it would do. What is dragged it reads of the selection, which is ours meanwhile, by the rules for everybody:
//! nothing before it is dropped.

use std::borrow::Cow;
use std::time::Instant;

use wayland_server::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xproto::{AtomEnum, InternAtomReply, InternAtomRequest};
use x11rb_protocol::x11_utils::TryParse;

use super::{Asked, ENDING, NONE, OLDEST, PATIENCE, VERSION};
use crate::bridge::drag::{ASK, COPY, Offer, choose};
use crate::bridge::xtypes::{self, TYPES, Type};
use crate::session::Session;
use crate::x11::{Asked as AskedOfAll, X11};

/// A drag over a window.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) number: u64,
    /// By which the host has told of it.
    serial: u32,
    pub(super) window: u32,
    /// What it says of itself, and the one that hears in its place.
    taker: Taker,
    proxy: Option<Taker>,
    /// Answers that have not come.
    missing: usize,
    /// A client of the same server drags it.
    is_own: bool,
    mimes: Vec<String>,
    named: Vec<(String, u32)>,
    pub(super) types: Vec<Type>,
    /// What it would be asked to do.
    suggested: u32,
    /// Where it is, on the screen of X.
    at: (i32, i32),
    stage: Stage,
    wanted: bool,
    action: u32,
    dropped: bool,
    pub(super) until: Option<Instant>,
}

/// A window that may take drops.
#[derive(Debug, Clone, Copy, Default)]
struct Taker {
    window: u32,
    aware: u32,
    proxy: u32,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is not known whether the window takes anything.
    Asking,
    /// It does not.
    Deaf,
    /// It has answered what it was told last.
    Answered,
    /// It has not; whether there is something newer to tell.
    Told { newer: bool },
    /// It was told that it is dropped there.
    Dropped,
}

impl Over {
    /// To whom messages go.
    fn to(&self) -> Taker {
        self.proxy.unwrap_or(self.taker)
    }

    fn offer(&self) -> Offer {
        Offer::X11(self.number)
    }
}

impl X11 {
    fn over_numbered(&mut self, number: u64) -> Option<&mut Over> {
        self.drags
            .over
            .as_mut()
            .filter(|over| over.number == number)
    }

    fn ask_taker(&mut self, number: u64, window: u32) {
        let (aware, proxy) = (self.atoms.xdnd_aware, self.atoms.xdnd_proxy);
        self.ask_drag_words(window, aware, 1, Asked::Aware(number, window));
        self.ask_drag_words(window, proxy, 1, Asked::Proxy(number, window));
    }

    /// Tells the window something of the drag.
    fn tell_drop(&mut self, kind: u32, rest: [u32; 4]) {
        let from = self.drag_window();
        if let Some(over) = &self.drags.over {
            let (to, window) = (over.to().window, over.window);
            let data = [from, rest[0], rest[1], rest[2], rest[3]];
            self.message_by(to, window, kind, data);
        }
    }

    /// Tells it what comes.
    fn tell_enter(&mut self) {
        let Some(over) = &self.drags.over else { return };
        let mut atoms: Vec<u32> = over.types.iter().map(|kind| kind.atom).collect();
        match &self.drags.out {
            // As the client has them, who may be that of the window as well.
            Some(out) if over.is_own => atoms.clone_from(&out.atoms),
            _ => {
                let selection = self.atoms.xdnd_selection;
                self.give_selection(selection, self.own);
            }
        }
        let Some(over) = &mut self.drags.over else {
            return;
        };
        over.stage = Stage::Told { newer: false };
        let version = over.to().aware.min(VERSION);
        let many = atoms.len() > 3;
        let list = self.atoms.xdnd_type_list;
        self.set_words(self.drag_window(), list, AtomEnum::ATOM.into(), &atoms);
        atoms.resize(3.max(atoms.len()), NONE);
        let head = version << 24 | u32::from(many);
        self.tell_drop(self.atoms.xdnd_enter, [head, atoms[0], atoms[1], atoms[2]]);
        self.tell_position();
    }

    fn tell_position(&mut self) {
        let time = self.drags.since;
        let Some(over) = &mut self.drags.over else {
            return;
        };
        over.stage = Stage::Told { newer: false };
        let short = |at: i32| u32::try_from(at.clamp(0, 0xffff)).unwrap_or(0);
        let at = short(over.at.0) << 16 | short(over.at.1);
        let action = self.atoms.of_drag_action(over.suggested);
        self.tell_drop(self.atoms.xdnd_position, [0, at, time, action]);
    }

    /// Where a point of a window's surface is on the screen.
    fn on_screen(&self, window: u32, (x, y): (f64, f64)) -> Option<(i32, i32)> {
        let rect = self.windows.get(&window)?.rect;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what does not fit is far away"
        )]
        let whole = |at: f64| at as i32;
        Some((
            rect.x.saturating_add(whole(x)),
            rect.y.saturating_add(whole(y)),
        ))
    }
}

impl Session {
    /// A number for what comes over a window of X; none if nobody there could hear of it.
    pub(crate) fn x11_drag_number(&mut self) -> Option<u64> {
        let x11 = self.x11.as_mut()?;
        Some(x11.drags.number())
    }

    /// Whether a window of X has that drag in hand still.
    pub(crate) fn x11_has_drag_over(&self, number: u64) -> bool {
        let over = self.x11.as_ref().and_then(|x11| x11.drags.over.as_ref());
        over.is_some_and(|over| over.number == number)
    }

    /// Something is dragged over a window of X.
    pub(crate) fn x11_drag_enters(
        &mut self,
        number: u64,
        serial: u32,
        surface: &WlSurface,
        at: (f64, f64),
    ) {
        // What was dropped and is not finished comes to nothing.
        self.x11_drop_ends(false);
        let Some(hand) = self.drag_in_hand(&Offer::X11(number)) else {
            return;
        };
        let Some(x11) = &mut self.x11 else { return };
        let Some(window) = x11.window_of(surface) else {
            return;
        };
        let at = x11
            .on_screen(window, self.density.up_at(at))
            .unwrap_or_default();
        let own = x11.drags.out.as_ref().and_then(|out| out.drag);
        let is_own = own.is_some() && hand.own == own;
        let named: Vec<(String, u32)> = if is_own {
            Vec::new()
        } else {
            let few = hand.mimes.iter().take(TYPES);
            few.map(|mime| (mime.clone(), NONE)).collect()
        };
        let names: Vec<String> = named.iter().map(|(mime, _)| mime.clone()).collect();
        x11.drags.over = Some(Over {
            number,
            serial,
            window,
            taker: Taker {
                window,
                ..Taker::default()
            },
            proxy: None,
            missing: 2 + named.len(),
            is_own,
            mimes: hand.mimes,
            named,
            types: Vec::new(),
            suggested: choose(hand.actions, COPY),
            at,
            stage: Stage::Asking,
            wanted: false,
            action: 0,
            dropped: false,
            until: None,
        });
        x11.ask_taker(number, window);
        for (place, name) in names.iter().enumerate() {
            let request = InternAtomRequest {
                only_if_exists: false,
                name: Cow::Borrowed(name.as_bytes()),
            };
            let what = AskedOfAll::Drag(Asked::TypeAtom(number, place));
            x11.wire.ask(request, what);
        }
    }

    pub(super) fn x11_drop_aware(&mut self, number: u64, window: u32, version: Option<u32>) {
        self.x11_drop_learns(number, |over| {
            for taker in std::iter::once(&mut over.taker).chain(&mut over.proxy) {
                if taker.window == window {
                    taker.aware = version.unwrap_or(0);
                }
            }
        });
    }

    pub(super) fn x11_drop_proxy(&mut self, number: u64, window: u32, proxy: Option<u32>) {
        self.x11_drop_learns(number, |over| {
            for taker in std::iter::once(&mut over.taker).chain(&mut over.proxy) {
                if taker.window == window {
                    taker.proxy = proxy.unwrap_or(NONE);
                }
            }
        });
    }

    pub(super) fn x11_drop_atom(&mut self, number: u64, place: usize, answer: Option<&[u8]>) {
        let reply = answer.and_then(|bytes| InternAtomReply::try_parse(bytes).ok());
        self.x11_drop_learns(number, |over| {
            if let (Some((_, atom)), Some((reply, _))) = (over.named.get_mut(place), reply) {
                *atom = reply.atom;
            }
        });
    }

    /// One answer more; after the last the window hears of the drag, if it takes any.
    fn x11_drop_learns(&mut self, number: u64, learn: impl FnOnce(&mut Over)) {
        let Some(x11) = &mut self.x11 else { return };
        let text = x11.text_atoms();
        let bits = x11.client_bits;
        let Some(over) = x11.over_numbered(number) else {
            return;
        };
        learn(over);
        over.missing = over.missing.saturating_sub(1);
        if over.missing > 0 || over.stage != Stage::Asking {
            return;
        }
        let window = over.taker.proxy;
        // Another client's would hear what is not for it, and could answer in the window's name.
        let is_its = (window ^ over.window) & bits == 0;
        if over.proxy.is_none() && window != NONE && window != over.window && is_its {
            over.proxy = Some(Taker {
                window,
                ..Taker::default()
            });
            over.missing = 2;
            x11.ask_taker(number, window);
            return;
        }
        // One that was left over from a client that is gone does not name itself.
        over.proxy = over.proxy.filter(|proxy| proxy.proxy == proxy.window);
        let mut named = std::mem::take(&mut over.named);
        named.retain(|(_, atom)| *atom != NONE);
        over.types = xtypes::for_x(named, text);
        if over.to().aware < OLDEST {
            over.stage = Stage::Deaf;
        } else {
            x11.tell_enter();
        }
        self.x11_drop_goes_on();
    }

    pub(crate) fn x11_drag_moves(&mut self, at: (f64, f64)) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(window) = x11.drags.over.as_ref().map(|over| over.window) else {
            return;
        };
        let at = x11.on_screen(window, self.density.up_at(at));
        let Some(over) = &mut x11.drags.over else {
            return;
        };
        over.at = at.unwrap_or(over.at);
        match &mut over.stage {
            Stage::Told { newer } => *newer = true,
            Stage::Answered => x11.tell_position(),
            _ => {}
        }
    }

    /// The window says what it would do.
    pub(super) fn x11_drop_status(&mut self, data: [u32; 5]) {
        const TAKES: u32 = 1;
        let Some(x11) = &mut self.x11 else { return };
        let atoms = x11.atoms;
        let Some(over) = &mut x11.drags.over else {
            return;
        };
        let Stage::Told { newer } = over.stage else {
            return;
        };
        if data[0] != over.window && data[0] != over.to().window {
            return;
        }
        over.stage = Stage::Answered;
        let action = atoms.drag_action(data[4]);
        let takes = data[1] & TAKES != 0 && action != 0;
        let before = (over.wanted, over.action);
        over.wanted = takes;
        over.action = if takes { action } else { 0 };
        if newer && !over.dropped {
            x11.tell_position();
        }
        let Some(over) = &self.x11.as_ref().and_then(|x11| x11.drags.over.as_ref()) else {
            return;
        };
        if before != (over.wanted, over.action) {
            let (offer, serial, action) = (over.offer(), over.serial, over.action);
            let mime = over.mimes.first().filter(|_| over.wanted).cloned();
            self.drag_actions(&offer, action, action);
            self.drag_accepted(&offer, serial, mime);
        }
        self.x11_drop_goes_on();
    }

    /// The drag is elsewhere.
    pub(crate) fn x11_drag_leaves(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        if x11.drags.over.as_ref().is_some_and(|over| !over.dropped) {
            x11.leave_drop();
        }
    }

    /// The user lets go over the window.
    pub(crate) fn x11_drag_drops(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        if let Some(over) = &mut x11.drags.over {
            over.dropped = true;
            over.until = Some(Instant::now() + PATIENCE);
        }
        self.x11_drop_goes_on();
    }

    /// Tells the window that something is dropped there, as soon as that can be.
    pub(super) fn x11_drop_goes_on(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(over) = x11.drags.over.as_ref().filter(|over| over.dropped) else {
            return;
        };
        let time = match (over.is_own, &x11.drags.out) {
            (false, _) => Some(x11.drags.since),
            // Its client has to say first that it drops.
            (true, Some(out)) => out.dropped(),
            // It does not.
            (true, None) => {
                if over.stage != Stage::Dropped {
                    self.x11_drop_ends(false);
                }
                return;
            }
        };
        let can = match over.stage {
            Stage::Deaf => false,
            Stage::Answered => over.wanted,
            _ => return,
        };
        if !can {
            self.x11_drop_ends(false);
        } else if let Some(time) = time {
            if let Some(over) = &mut x11.drags.over {
                over.stage = Stage::Dropped;
                over.until = Some(Instant::now() + ENDING);
            }
            x11.tell_drop(x11.atoms.xdnd_drop, [0, time, 0, 0]);
        }
    }

    /// The window has what it wanted.
    pub(super) fn x11_drop_finished(&mut self, data: [u32; 5]) {
        const TAKEN: u32 = 1;
        /// Since when a window says what it has done.
        const SAYS: u32 = 5;
        let Some(x11) = &mut self.x11 else { return };
        let atoms = x11.atoms;
        let Some(over) = &x11.drags.over else { return };
        let to = over.to();
        let is_it = data[0] == over.window || data[0] == to.window;
        if over.stage != Stage::Dropped || !is_it {
            return;
        }
        let taken = to.aware.min(VERSION) < SAYS || data[1] & TAKEN != 0;
        let done = atoms.drag_action(data[2]);
        let (offer, asked) = (over.offer(), over.action == ASK);
        if taken && asked {
            self.drag_decided(&offer, done);
        }
        self.x11_drop_ends(taken);
    }

    /// What was dragged over a window is no longer of its concern.
    pub(super) fn x11_drop_ends(&mut self, taken: bool) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(over) = &x11.drags.over else { return };
        let offer = over.offer();
        if over.stage == Stage::Dropped {
            x11.drags.over = None;
            x11.leave_drag_selection();
        } else {
            x11.leave_drop();
        }
        if taken {
            self.drag_finished(&offer);
        }
        self.drag_offer_gone(&offer);
    }
}

impl X11 {
    /// Tells the window that the drag is elsewhere, if it has heard of it.
    fn leave_drop(&mut self) {
        let heard = self.drags.over.as_ref().map(|over| over.stage);
        if matches!(heard, Some(Stage::Answered | Stage::Told { .. })) {
            self.tell_drop(self.atoms.xdnd_leave, [0; 4]);
            self.leave_drag_selection();
        }
        self.drags.over = None;
    }
}
