//! What a client of X drags.
//!
//! It takes the selection, finds our window below the pointer and tells it the types; then the host drags. What the host says
//! of those that it comes over is told the client as what our window says. When the user lets go the client hears of that, says
//! that it drops, and serves who reads.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use tracing::debug;
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xproto::{GetAtomNameReply, GetAtomNameRequest};
use x11rb_protocol::x11_utils::TryParse;

use super::{Asked, ENDING, NONE, OLDEST, PATIENCE};
use crate::bridge::drag::{COPY, choose};
use crate::bridge::selection::{AppSource, XSource};
use crate::bridge::surfaces::Role;
use crate::bridge::xtypes::{self, TYPES, Type};
use crate::policy;
use crate::session::Session;
use crate::x11::{Asked as AskedOfAll, X11};

/// Reads that wait until the client drops; further ones get nothing.
const HELD: usize = 16;

/// How long our window lies over all others after the button was let go of, if the client has not found it: what is clicked
/// meanwhile is lost.
const UNTOLD: Duration = Duration::from_millis(500);

/// A drag of a client.
#[derive(Debug)]
pub(super) struct Out {
    number: u64,
    /// Who has the selection.
    owner: u32,
    /// For which window it speaks, once it does.
    window: u32,
    /// Its types, as it has them.
    pub(super) atoms: Vec<u32>,
    named: Vec<(u32, String)>,
    missing: usize,
    types: Vec<Type>,
    /// What the host drags, and which of the sandbox's drags that is.
    source: Option<XSource>,
    pub(super) drag: Option<u64>,
    /// A window that shows it.
    picture: u32,
    /// The action that it would like.
    suggested: u32,
    /// Whether somebody would take it, and what would be done.
    wanted: bool,
    action: u32,
    stage: Stage,
    /// Reads that wait for the drop.
    pub(super) held: Vec<(Type, OwnedFd)>,
    pub(super) until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has the selection.
    Begun,
    /// It has told its types, which are asked for.
    Naming,
    /// They are known.
    Named,
    /// It is asked what may be done with it.
    Asking,
    /// The host drags.
    Dragged,
    /// The user has let go; what has become of it, if that is known.
    LetGo(Option<bool>),
    /// The client has dropped it, at its time.
    Dropped(u32),
}

impl Out {
    pub(super) fn is_dragged(&self) -> bool {
        self.stage == Stage::Dragged
    }

    /// When the client has dropped it; none if it has not.
    pub(super) fn dropped(&self) -> Option<u32> {
        match self.stage {
            Stage::Dropped(time) => Some(time),
            _ => None,
        }
    }

    fn has_begun(&self) -> bool {
        self.source.is_some()
    }
}

impl X11 {
    /// The drag for which a window speaks.
    fn out_by(&mut self, window: u32) -> Option<&mut Out> {
        let out = self.drags.out.as_mut()?;
        (out.window == window && window != NONE).then_some(out)
    }

    fn out_numbered(&mut self, number: u64) -> Option<&mut Out> {
        self.drags.out.as_mut().filter(|out| out.number == number)
    }

    /// Whether a window that comes is what a client shows below the pointer of what it drags. The host moves that.
    pub(in crate::x11) fn is_drag_picture(&mut self, window: u32) -> bool {
        let bits = self.client_bits;
        let out = self.drags.out.as_mut();
        let Some(out) = out.filter(|out| (window ^ out.owner) & bits == 0) else {
            return false;
        };
        match out.stage {
            Stage::LetGo(_) | Stage::Dropped(_) => false,
            // It comes too late to be shown.
            Stage::Dragged => true,
            _ => {
                out.picture = window;
                true
            }
        }
    }

    /// Tells the client whether it can be dropped.
    fn answer_drag(&mut self) {
        let Some(out) = &self.drags.out else { return };
        let (window, takes) = (out.window, out.wanted && out.action != 0);
        let action = if takes {
            self.atoms.of_drag_action(out.action)
        } else {
            NONE
        };
        if window != NONE {
            // In no rectangle are further positions not to be told. The flag for that is not set: Qt takes it for a yes.
            let data = [self.drag_window(), u32::from(takes), 0, 0, action];
            self.message(window, self.atoms.xdnd_status, data);
        }
    }

    /// Tells the client what has become of what it has dropped.
    fn finish_drag(&mut self, taken: bool) {
        let Some(out) = &self.drags.out else { return };
        let (window, action) = (out.window, out.action);
        let action = if taken {
            self.atoms.of_drag_action(action)
        } else {
            NONE
        };
        let data = [self.drag_window(), u32::from(taken), action, 0, 0];
        self.message(window, self.atoms.xdnd_finished, data);
    }
}

impl Session {
    /// A client has taken the selection of drags, or left it.
    pub(super) fn x11_takes_drag(&mut self, owner: u32) {
        let Some(x11) = &mut self.x11 else { return };
        if let Some(out) = &mut x11.drags.out {
            let is_its = owner != NONE && (owner ^ out.owner) & x11.client_bits == 0;
            // That of a button which was let go of is another drag.
            if is_its && out.until.is_none() {
                out.owner = owner;
                return;
            }
            self.x11_drag_ends();
        }
        let Some(x11) = &mut self.x11 else { return };
        let held = x11.held_window();
        if owner == NONE || !held.is_some_and(|held| x11.same_client(held, owner)) {
            if owner != NONE {
                debug!(session = self.id, "a drag of X without a button");
            }
            return;
        }
        x11.drags.out = Some(Out {
            number: x11.drags.number(),
            owner,
            window: NONE,
            atoms: Vec::new(),
            named: Vec::new(),
            missing: 0,
            types: Vec::new(),
            source: None,
            drag: None,
            picture: NONE,
            suggested: COPY,
            wanted: false,
            action: 0,
            stage: Stage::Begun,
            held: Vec::new(),
            until: None,
        });
        x11.show_drag_window();
    }

    /// Our window lies over all others now.
    pub(in crate::x11) fn x11_drag_window_shown(&mut self) {
        if let Some(x11) = &self.x11
            && x11.drags.out.is_some()
        {
            x11.drags.pointer.stir();
        }
    }

    /// The client has found our window, and says what it drags.
    pub(super) fn x11_drag_says_types(&mut self, data: [u32; 5]) {
        let Some(x11) = &mut self.x11 else { return };
        let (window, version, many) = (data[0], data[1] >> 24, data[1] & 1 != 0);
        let bits = x11.client_bits;
        let Some(out) = &mut x11.drags.out else {
            return;
        };
        let is_its = (window ^ out.owner) & bits == 0;
        if out.stage != Stage::Begun || !is_its || version < OLDEST {
            return;
        }
        out.window = window;
        out.stage = Stage::Naming;
        let number = out.number;
        if many {
            let list = x11.atoms.xdnd_type_list;
            x11.ask_drag_words(window, list, TYPES, Asked::Types(number));
        } else {
            self.x11_drag_types(number, data[2..].to_vec());
        }
    }

    /// The types are these; what are they called?
    pub(super) fn x11_drag_types(&mut self, number: u64, mut atoms: Vec<u32>) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = x11.out_numbered(number) else {
            return;
        };
        if out.stage != Stage::Naming || out.missing > 0 {
            return;
        }
        atoms.retain(|atom| *atom != NONE);
        atoms.truncate(TYPES);
        let mut once: Vec<u32> = Vec::new();
        for atom in atoms {
            if !once.contains(&atom) {
                once.push(atom);
            }
        }
        out.missing = once.len();
        out.atoms.clone_from(&once);
        for atom in once {
            let what = AskedOfAll::Drag(Asked::TypeName(number, atom));
            x11.wire.ask(GetAtomNameRequest { atom }, what);
        }
    }

    pub(super) fn x11_drag_type_is_called(
        &mut self,
        number: u64,
        atom: u32,
        answer: Option<&[u8]>,
    ) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = x11.out_numbered(number) else {
            return;
        };
        let reply = answer.and_then(|bytes| GetAtomNameReply::try_parse(bytes).ok());
        let name = reply.and_then(|(reply, _)| String::from_utf8(reply.name).ok());
        if let Some(name) = name.filter(|name| name.len() <= policy::MIME_MAX) {
            out.named.push((atom, name));
        }
        out.missing = out.missing.saturating_sub(1);
        if out.missing == 0 && out.stage == Stage::Naming {
            out.types = xtypes::for_drag(&out.named);
            out.stage = Stage::Named;
            // Its next word begins the drag.
            x11.drags.pointer.stir();
        }
    }

    /// The client says where the pointer is, which it does again only after an answer.
    pub(super) fn x11_drag_is_at(&mut self, data: [u32; 5]) {
        let Some(x11) = &mut self.x11 else { return };
        let atoms = x11.atoms;
        let Some(out) = x11.out_by(data[0]) else {
            return;
        };
        out.suggested = atoms.drag_action(data[4]);
        let (number, window) = (out.number, out.window);
        let asks = out.stage == Stage::Named;
        if asks {
            out.stage = Stage::Asking;
        }
        x11.answer_drag();
        if asks {
            const ACTIONS: usize = 16;
            let list = atoms.xdnd_action_list;
            x11.ask_drag_words(window, list, ACTIONS, Asked::Actions(number));
        }
    }

    /// All is known: the host drags from here on.
    pub(super) fn x11_drag_actions_are(&mut self, number: u64, list: &[u32]) {
        let Some(x11) = &mut self.x11 else { return };
        let (atoms, origin) = (x11.atoms, x11.drags.pointer.origin());
        let Some(out) = x11.out_numbered(number) else {
            return;
        };
        if out.stage != Stage::Asking {
            return;
        }
        let listed = list.iter().map(|atom| atoms.drag_action(*atom));
        let actions = listed.fold(out.suggested, |all, one| all | one);
        let mimes = out.types.iter().map(|kind| kind.mime.clone()).collect();
        let source = XSource::new(mimes);
        let picture = self.x11_drag_picture();
        let begun = origin.and_then(|(surface, serial)| {
            let icon = picture.as_ref().and_then(|it| self.surfaces.get(&it.id()));
            // What covers the screen is not shown: it has no border.
            let icon = icon.filter(|link| !link.exceeds(policy::DRAG_ICON_MAX));
            let icon = icon.map(|link| link.host.clone());
            self.x11_starts_drag(&source, actions, (&surface, serial), icon.as_ref())
        });
        let Some(drag) = begun else {
            let picture = picture.and_then(|picture| self.surfaces.get_mut(&picture.id()));
            if let Some(link) = picture {
                link.role = Role::None;
            }
            self.x11_drag_ends();
            return;
        };
        picture.inspect(|picture| self.relay_held(picture));
        if let Some(x11) = &mut self.x11
            && let Some(out) = &mut x11.drags.out
        {
            out.stage = Stage::Dragged;
            out.source = Some(source);
            out.drag = Some(drag);
        }
    }

    /// What the client shows of what it drags, if it has come in time.
    fn x11_drag_picture(&mut self) -> Option<WlSurface> {
        let x11 = self.x11.as_ref()?;
        let picture = x11.windows.get(&x11.drags.out.as_ref()?.picture)?;
        let surface = picture.surface.clone()?;
        let link = self.surfaces.get_mut(&surface.id())?;
        if !matches!(link.role, Role::None) {
            return None;
        }
        link.role = Role::DragIcon;
        Some(surface)
    }

    /// Somebody whom it is over would take it, or not.
    pub(crate) fn x11_drag_wanted(&mut self, wanted: bool) {
        let Some(x11) = &mut self.x11 else { return };
        if let Some(out) = x11.drags.out.as_mut().filter(|out| out.is_dragged()) {
            out.wanted = wanted;
            x11.answer_drag();
        }
    }

    /// What would be done with it.
    pub(crate) fn x11_drag_action(&mut self, action: u32) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = x11.drags.out.as_mut().filter(|out| out.has_begun()) else {
            return;
        };
        out.action = choose(action, 0);
        if out.is_dragged() {
            x11.answer_drag();
        }
    }

    /// The user has let go over somebody who takes it.
    pub(crate) fn x11_drag_dropped(&mut self) {
        self.x11_drag_let_go(None);
    }

    /// The host drags no longer: it was taken, or it was not.
    pub(crate) fn x11_drag_over(&mut self, taken: bool) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = &mut x11.drags.out else {
            return;
        };
        match &mut out.stage {
            Stage::Dragged => {
                out.wanted = false;
                x11.answer_drag();
                self.x11_drag_let_go(Some(taken));
            }
            Stage::LetGo(over) => *over = Some(taken),
            Stage::Dropped(_) => {
                x11.finish_drag(taken);
                self.x11_drag_forget();
            }
            _ => {}
        }
    }

    /// The client hears that the button is held no longer, and what it has to say then is awaited.
    fn x11_drag_let_go(&mut self, over: Option<bool>) {
        let Some(x11) = &mut self.x11 else { return };
        if let Some(out) = x11.drags.out.as_mut().filter(|out| out.is_dragged()) {
            out.stage = Stage::LetGo(over);
            out.until = Some(Instant::now() + PATIENCE);
            x11.drags.pointer.let_go();
        }
    }

    /// The button was let go of before the host dragged anything, which the client has heard.
    pub(super) fn x11_drag_button_released(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        if let Some(out) = &mut x11.drags.out {
            let patience = match out.window {
                NONE => UNTOLD,
                _ => PATIENCE,
            };
            out.until.get_or_insert(Instant::now() + patience);
        }
    }

    /// The client does not drop it here, or no more.
    pub(super) fn x11_drag_turns_away(&mut self, window: u32) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = x11.out_by(window) else {
            return;
        };
        if out.dropped().is_none() {
            self.x11_drag_ends();
        }
    }

    /// The client drops it.
    pub(super) fn x11_drag_lets_go(&mut self, window: u32, time: u32) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = x11.out_by(window) else {
            return;
        };
        match out.stage {
            Stage::Dropped(_) => {}
            Stage::LetGo(over) => {
                out.stage = Stage::Dropped(time);
                out.until = Some(Instant::now() + ENDING);
                x11.hide_drag_window();
                self.x11_drop_goes_on();
                if let Some(taken) = over {
                    self.x11_drag_over(taken);
                }
            }
            // The host says when something is dropped, not the client.
            _ => {
                x11.finish_drag(false);
                self.x11_drag_ends();
            }
        }
    }

    /// Serves who reads what is dragged.
    pub(super) fn x11_drag_serves(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        let selection = x11.atoms.xdnd_selection;
        let Some(out) = &mut x11.drags.out else {
            return;
        };
        let Some(source) = &out.source else { return };
        for (mime, to) in source.reads() {
            let kind = out.types.iter().find(|kind| kind.mime == mime);
            if let Some(kind) = kind
                && out.held.len() < HELD
            {
                out.held.push((kind.clone(), to));
            }
        }
        // Some clients serve only what was dropped, and know it by its time.
        let time = match out.stage {
            Stage::LetGo(_) => return,
            Stage::Dropped(time) => time,
            _ => NONE,
        };
        for (kind, to) in std::mem::take(&mut out.held) {
            self.x11_read((selection, time), &kind, to);
        }
    }

    /// It comes to nothing, whoever has ended it.
    pub(super) fn x11_drag_ends(&mut self) {
        if let Some(x11) = &mut self.x11
            && let Some(out) = &x11.drags.out
        {
            if out.dropped().is_some() {
                x11.finish_drag(false);
            }
            x11.drags.pointer.let_go_if_kept();
            let selection = x11.atoms.xdnd_selection;
            x11.forget_unbegun(selection);
        }
        self.x11_drag_forget();
    }

    fn x11_drag_forget(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(out) = x11.drags.out.take() else {
            return;
        };
        x11.hide_drag_window();
        if let Some(source) = out.source {
            // Those whom it is over see that there is nothing any more.
            self.drag_source_gone(&AppSource::X11(source));
            self.x11_drop_goes_on();
        }
    }
}
