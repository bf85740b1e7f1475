//! What a client of X has copied: its owner is asked which types it has, then the server what those are called.

use std::time::Instant;

use x11rb_protocol::protocol::xproto::{
    ConvertSelectionRequest, DestroyWindowRequest, GetAtomNameReply, GetAtomNameRequest,
    GetPropertyReply, SelectionNotifyEvent,
};
use x11rb_protocol::x11_utils::TryParse;

use super::{NONE, PATIENCE};
use crate::bridge::selection::{AppDevice, AppSource, Which, XSource};
use crate::bridge::xtypes::{self, TYPES};
use crate::policy;
use crate::session::Session;
use crate::x11::{Asked, X11};

/// Under way.
#[derive(Debug)]
pub(super) struct Learning {
    number: u64,
    /// Where the answer comes.
    window: u32,
    answered: bool,
    missing: usize,
    named: Vec<(u32, String)>,
    until: Instant,
}

impl Learning {
    pub(super) fn until(&self) -> Instant {
        self.until
    }
}

impl X11 {
    /// Asks the owner of a selection for its types.
    pub(super) fn begin_learning(&mut self, which: Which) {
        let window = self.fresh_window();
        self.make_window(window);
        self.wire.send(ConvertSelectionRequest {
            requestor: window,
            selection: self.atom_of(which),
            target: self.atoms.targets,
            property: self.atoms.oz_answer,
            time: 0,
        });
        let number = u64::from(self.selections.number());
        self.selections.one(which).learning = Some(Learning {
            number,
            window,
            answered: false,
            missing: 0,
            named: Vec::new(),
            until: Instant::now() + PATIENCE,
        });
    }

    /// It is not wanted any more, or over.
    pub(super) fn forget_learning(&mut self, which: Which) {
        if let Some(learning) = self.selections.one(which).learning.take() {
            let window = learning.window;
            self.wire.send(DestroyWindowRequest { window });
        }
    }

    fn learning_in(&mut self, window: u32) -> Option<(Which, &mut Learning)> {
        let which = Which::BOTH.into_iter().find(|which| {
            let learning = &self.selections.both[*which as usize].learning;
            learning.as_ref().is_some_and(|it| it.window == window)
        })?;
        let learning = self.selections.one(which).learning.as_mut()?;
        Some((which, learning))
    }
}

impl Session {
    /// A client answers a question for a selection.
    pub(super) fn x11_answers(&mut self, event: &SelectionNotifyEvent) {
        let Some(x11) = &mut self.x11 else { return };
        let window = event.requestor;
        let (answer, none) = (x11.atoms.oz_answer, event.property == NONE);
        if !none && event.property != answer {
            return;
        }
        if let Some((which, learning)) = x11.learning_in(window) {
            if std::mem::replace(&mut learning.answered, true) {
                return;
            }
            if none {
                x11.forget_learning(which);
            } else {
                x11.take_part(window, 0);
            }
            return;
        }
        if none {
            x11.refused(window);
        } else if x11.is_answered(window) {
            x11.take_part(window, 0);
        }
    }

    /// A property has come: a list of types, or something that is read.
    pub(in crate::x11) fn x11_part(&mut self, window: u32, answer: Option<&[u8]>) {
        let Some(x11) = &mut self.x11 else { return };
        let reply = answer.and_then(|bytes| GetPropertyReply::try_parse(bytes).ok());
        let reply = reply.map(|(reply, _)| reply);
        let Some((which, learning)) = x11.learning_in(window) else {
            x11.incoming_part(window, reply);
            return;
        };
        if learning.missing > 0 {
            return;
        }
        let atoms = reply.as_ref().and_then(GetPropertyReply::value32);
        let mut atoms: Vec<u32> = atoms.into_iter().flatten().collect();
        atoms.sort_unstable();
        atoms.dedup();
        atoms.truncate(TYPES);
        let number = learning.number;
        learning.missing = atoms.len();
        if atoms.is_empty() {
            x11.forget_learning(which);
        }
        for atom in atoms {
            let request = GetAtomNameRequest { atom };
            x11.wire.ask(request, Asked::TypeName(number, atom));
        }
    }

    /// The server says what a type is called; after the last one the sandbox and the host hear of what was copied.
    pub(in crate::x11) fn x11_type_is_called(
        &mut self,
        number: u64,
        atom: u32,
        answer: Option<&[u8]>,
    ) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(which) = Which::BOTH.into_iter().find(|which| {
            let learning = &x11.selections.both[*which as usize].learning;
            learning.as_ref().is_some_and(|it| it.number == number)
        }) else {
            return;
        };
        let Some(learning) = &mut x11.selections.one(which).learning else {
            return;
        };
        let reply = answer.and_then(|bytes| GetAtomNameReply::try_parse(bytes).ok());
        let name = reply.and_then(|(reply, _)| String::from_utf8(reply.name).ok());
        if let Some(name) = name.filter(|name| name.len() <= policy::MIME_MAX) {
            learning.named.push((atom, name));
        }
        learning.missing = learning.missing.saturating_sub(1);
        if learning.missing > 0 {
            return;
        }
        let types = xtypes::for_wayland(&learning.named);
        x11.forget_learning(which);
        if types.is_empty() {
            return;
        }
        let source = XSource::new(types.iter().map(|kind| kind.mime.clone()).collect());
        // What is copied without a key or button stays on the X server. No serial is 0.
        let serial = self.input.latest().unwrap_or(0);
        let copied = Some(AppSource::X11(source.clone()));
        self.set_selection(which, &AppDevice::X11(which), copied, serial);
        if self.shared.hub.borrow().is_of(which, self.id)
            && let Some(x11) = &mut self.x11
        {
            x11.selections.one(which).source = Some((source, types));
        }
    }
}
