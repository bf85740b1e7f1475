//! What others have copied, as clients of X meet it: the window manager has the selection then.

use std::borrow::Cow;

use x11rb_protocol::protocol::xproto::{
    AtomEnum, ChangePropertyRequest, EventMask, InternAtomReply, InternAtomRequest, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, SendEventRequest,
};
use x11rb_protocol::x11_utils::TryParse;

use super::NONE;
use crate::bridge::clipboard::{AppOffer, Shown};
use crate::bridge::drag;
use crate::bridge::selection::Which;
use crate::bridge::xtypes::{self, TYPES, TextAtoms, Type};
use crate::session::Session;
use crate::x11::{Asked, X11};

/// Requests of X's clients that are answered in one turn; further ones are refused.
const ANSWERS: u32 = 256;

/// What is offered, once the server has told its names of the types.
#[derive(Debug)]
pub(super) struct Offer {
    number: u64,
    pub(super) shown: Shown,
    named: Vec<(String, u32)>,
    missing: usize,
    pub(super) types: Vec<Type>,
}

/// What a client reads from.
#[derive(Debug)]
pub(super) enum Given {
    Copied(AppOffer),
    Dragged(drag::Offer),
}

impl X11 {
    /// What we have in a selection, as which types, and since when.
    fn given(&self, selection: u32) -> Option<(Given, Vec<Type>, u32)> {
        if selection == self.atoms.xdnd_selection {
            let (offer, types, since) = self.drags.given()?;
            return Some((Given::Dragged(offer), types, since));
        }
        let which = self.which(selection)?;
        let selection = &self.selections.both[which as usize];
        let offer = selection.offer.as_ref()?;
        let shown = offer.shown;
        let given = Given::Copied(AppOffer { which, shown });
        Some((given, offer.types.clone(), selection.since))
    }

    pub(in crate::x11) fn text_atoms(&self) -> TextAtoms {
        TextAtoms {
            utf8_string: self.atoms.utf8_string,
            string: AtomEnum::STRING.into(),
            text: self.atoms.text,
        }
    }

    /// The server's name of a type; after the last one the selection is taken.
    pub(in crate::x11) fn type_has_atom(
        &mut self,
        number: u64,
        place: usize,
        answer: Option<&[u8]>,
    ) {
        let text = self.text_atoms();
        for which in Which::BOTH {
            let selection = self.selections.one(which);
            let Some(offer) = selection.offer.as_mut().filter(|it| it.number == number) else {
                continue;
            };
            let reply = answer.and_then(|bytes| InternAtomReply::try_parse(bytes).ok());
            if let (Some((_, atom)), Some((reply, _))) = (offer.named.get_mut(place), reply) {
                *atom = reply.atom;
            }
            offer.missing = offer.missing.saturating_sub(1);
            if offer.missing == 0 {
                let mut named = std::mem::take(&mut offer.named);
                named.retain(|(_, atom)| *atom != 0);
                offer.types = xtypes::for_x(named, text);
                selection.taking = true;
                self.set_owner(which, self.own);
            }
        }
    }

    /// Says where the answer is, or that there is none.
    pub(super) fn answer(&mut self, request: &SelectionRequestEvent, place: u32) {
        let event = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: place,
        };
        self.wire.send(SendEventRequest {
            propagate: false,
            destination: request.requestor,
            event_mask: EventMask::NO_EVENT,
            event: Cow::Owned(event.into()),
        });
    }

    /// Puts words into a property of somebody's window, and says so.
    fn answer_words(&mut self, request: &SelectionRequestEvent, place: u32, kind: u32, of: &[u32]) {
        self.set_words(request.requestor, place, kind, of);
        self.answer(request, place);
    }

    /// Puts bytes there.
    pub(super) fn put(&mut self, window: u32, place: u32, kind: u32, bytes: &[u8]) {
        self.wire.send(ChangePropertyRequest {
            mode: PropMode::REPLACE,
            window,
            property: place,
            type_: kind,
            format: 8,
            data_len: u32::try_from(bytes.len()).unwrap_or(0),
            data: Cow::Borrowed(bytes),
        });
    }
}

impl Session {
    /// X's clients are offered something else, or nothing.
    pub(crate) fn x11_is_offered(&mut self, data: AppOffer, mimes: &[String]) {
        let AppOffer { which, shown } = data;
        let is_own = self.shared.hub.borrow().is_of(which, self.id);
        let Some(x11) = &mut self.x11 else { return };
        let own = x11.own;
        x11.outgoing_is_old(which);
        let number = u64::from(x11.selections.number());
        let selection = x11.selections.one(which);
        let Some(generation) = shown.generation() else {
            if selection.offer.take().is_some() && (selection.owner == own || selection.taking) {
                x11.set_owner(which, NONE);
            }
            return;
        };
        // Theirs; or what was there before a client of X took the selection.
        let is_theirs = is_own && matches!(shown, Shown::Sandbox(_));
        if is_theirs || generation <= selection.latest {
            selection.offer = None;
            return;
        }
        let named: Vec<_> = mimes.iter().take(TYPES).map(|it| (it.clone(), 0)).collect();
        selection.offer = Some(Offer {
            number,
            shown,
            missing: named.len(),
            named,
            types: Vec::new(),
        });
        for (place, mime) in mimes.iter().take(TYPES).enumerate() {
            let request = InternAtomRequest {
                only_if_exists: false,
                name: Cow::Borrowed(mime.as_bytes()),
            };
            x11.wire.ask(request, Asked::TypeAtom(number, place));
        }
    }

    /// A client of X asks the window manager for what it offers.
    pub(super) fn x11_asks(&mut self, request: &SelectionRequestEvent) {
        let Some(x11) = &mut self.x11 else { return };
        // As clients from before there was a rule ask.
        let place = match request.property {
            0 => request.target,
            property => property,
        };
        // What is written there is the asking client's to choose: nothing of the window manager's own.
        let is_ours = request.requestor == x11.root || x11.same_client(request.requestor, x11.own);
        let selections = &mut x11.selections;
        selections.answered += 1;
        let is_flood = selections.answered > ANSWERS;
        let serves = !is_ours && !is_flood;
        let given = serves.then(|| x11.given(request.selection)).flatten();
        let Some((given, types, since)) = given else {
            if !is_ours {
                x11.answer(request, NONE);
            }
            return;
        };
        if request.target == x11.atoms.targets {
            let mut targets = vec![x11.atoms.targets, x11.atoms.timestamp];
            targets.extend(types.iter().map(|kind| kind.atom));
            x11.answer_words(request, place, AtomEnum::ATOM.into(), &targets);
        } else if request.target == x11.atoms.timestamp {
            x11.answer_words(request, place, AtomEnum::INTEGER.into(), &[since]);
        } else if let Some(kind) = types.iter().find(|kind| kind.atom == request.target) {
            self.x11_reads(request, place, given, kind);
        } else {
            x11.answer(request, NONE);
        }
    }
}
