//! Becoming the window manager: names, extensions, then the root window. The server lets its clients in when that is done.

use std::borrow::Cow;

use x11rb_protocol::protocol::composite::{Redirect, RedirectSubwindowsRequest};
use x11rb_protocol::protocol::xfixes::{
    ClientDisconnectFlags, QueryVersionRequest, SetClientDisconnectModeRequest,
};
use x11rb_protocol::protocol::xproto::{
    AtomEnum, ChangePropertyRequest, ChangeWindowAttributesAux, ChangeWindowAttributesRequest,
    CreateWindowAux, CreateWindowRequest, EventMask, InternAtomReply, InternAtomRequest,
    MapWindowRequest, PropMode, QueryExtensionReply, QueryExtensionRequest,
    SetSelectionOwnerRequest, Setup, WindowClass,
};
use x11rb_protocol::x11_utils::{ExtensionInformation, TryParse};

use super::atoms::NAMES;
use super::{Asked, X11};

impl X11 {
    /// The connection is made: asks for what must be known.
    pub(super) fn begin(&mut self, setup: &Setup) {
        let Some(screen) = setup.roots.first() else {
            return;
        };
        self.root = screen.root;
        self.screen = (
            screen.width_in_pixels.into(),
            screen.height_in_pixels.into(),
        );
        self.client_bits = !setup.resource_id_mask;
        self.own = setup.resource_id_base | (setup.resource_id_mask & 1);
        for (place, name) in NAMES.iter().enumerate() {
            let name = Cow::Borrowed(name.as_bytes());
            let request = InternAtomRequest {
                only_if_exists: false,
                name,
            };
            self.wire.ask(request, Asked::Atom(place));
        }
        for (name, asked) in [
            (b"Composite".as_slice(), Asked::Composite),
            (b"XFIXES", Asked::Xfixes),
        ] {
            let name = Cow::Borrowed(name);
            self.wire.ask(QueryExtensionRequest { name }, asked);
        }
        self.unknown = NAMES.len() + 2;
    }

    /// Notes an answer; the last one begins.
    pub(super) fn learn(&mut self, asked: &Asked, answer: Option<&[u8]>) {
        let opcode = || {
            let reply = QueryExtensionReply::try_parse(answer?).ok()?.0;
            reply.present.then_some(reply.major_opcode)
        };
        match asked {
            Asked::Atom(place) => {
                let reply = answer.and_then(|bytes| InternAtomReply::try_parse(bytes).ok());
                self.atoms
                    .set(*place, reply.map_or(0, |(reply, _)| reply.atom));
            }
            Asked::Composite => self.composite = opcode().unwrap_or(0),
            Asked::Xfixes => {
                let reply = answer.and_then(|bytes| QueryExtensionReply::try_parse(bytes).ok());
                if let Some((reply, _)) = reply.filter(|(reply, _)| reply.present) {
                    self.xfixes = Some(ExtensionInformation {
                        major_opcode: reply.major_opcode,
                        first_event: reply.first_event,
                        first_error: reply.first_error,
                    });
                }
            }
            Asked::Property(..)
            | Asked::TypeName(..)
            | Asked::TypeAtom(..)
            | Asked::Part(_)
            | Asked::Focus
            | Asked::Drag(_) => {}
        }
        self.unknown = self.unknown.saturating_sub(1);
        if self.unknown == 0 {
            self.manage();
            self.managing = true;
        }
    }

    /// A window of ours that nobody sees.
    pub(super) fn create_unseen(&mut self, window: u32, values: CreateWindowAux) {
        self.wire.send(CreateWindowRequest {
            depth: 0,
            wid: window,
            parent: self.root,
            x: -1,
            y: -1,
            width: 1,
            height: 1,
            border_width: 0,
            class: WindowClass::INPUT_ONLY,
            visual: 0,
            value_list: Cow::Owned(values.override_redirect(1)),
        });
    }

    fn manage(&mut self) {
        let (root, own) = (self.root, self.own);
        self.select(
            root,
            EventMask::SUBSTRUCTURE_REDIRECT
                | EventMask::SUBSTRUCTURE_NOTIFY
                | EventMask::STRUCTURE_NOTIFY
                | EventMask::PROPERTY_CHANGE,
        );
        // Each window has its own pixels, of which the server makes a surface.
        if self.composite != 0 {
            let update = Redirect::MANUAL;
            let request = RedirectSubwindowsRequest {
                window: root,
                update,
            };
            self.wire.send_to(self.composite, request);
        }
        if let Some(ExtensionInformation { major_opcode, .. }) = self.xfixes {
            let request = QueryVersionRequest {
                client_major_version: 6,
                client_minor_version: 0,
            };
            // What the answer is does not matter: nobody asks for it.
            self.wire.send_to(major_opcode, request);
            // The server goes when all others have.
            let request = SetClientDisconnectModeRequest {
                disconnect_mode: ClientDisconnectFlags::TERMINATE,
            };
            self.wire.send_to(major_opcode, request);
        }
        self.create_unseen(own, CreateWindowAux::new());
        self.wire.send(MapWindowRequest { window: own });
        self.watch_selections();
        self.make_drag_window();
        let atoms = self.atoms;
        for window in [root, own] {
            self.set_words(
                window,
                atoms.net_supporting_wm_check,
                AtomEnum::WINDOW.into(),
                &[own],
            );
        }
        self.set(own, atoms.net_wm_name, atoms.utf8_string, 8, b"Oz");
        let supported = [
            atoms.net_supported,
            atoms.net_supporting_wm_check,
            atoms.net_wm_name,
            atoms.net_active_window,
            atoms.net_client_list,
            atoms.net_close_window,
            atoms.net_moveresize_window,
            atoms.net_request_frame_extents,
            atoms.net_wm_moveresize,
            atoms.net_wm_ping,
            atoms.net_wm_state,
            atoms.net_wm_state_fullscreen,
            atoms.net_wm_state_maximized_horz,
            atoms.net_wm_state_maximized_vert,
            atoms.net_wm_state_focused,
            atoms.net_wm_state_modal,
            atoms.net_wm_state_demands_attention,
            atoms.net_wm_icon,
            atoms.net_startup_id,
            atoms.net_wm_window_type,
            atoms.net_frame_extents,
            atoms.gtk_frame_extents,
        ];
        self.set_words(root, atoms.net_supported, AtomEnum::ATOM.into(), &supported);
        let cardinal = AtomEnum::CARDINAL.into();
        self.set_words(root, atoms.net_number_of_desktops, cardinal, &[1]);
        self.set_words(root, atoms.net_current_desktop, cardinal, &[0]);
        self.say_screen();
        self.say_density();
        // Last: with it the server lets its clients in.
        self.wire.send(SetSelectionOwnerRequest {
            owner: own,
            selection: atoms.wm_s0,
            time: 0,
        });
    }

    /// Says how much of the screen is there.
    pub(super) fn say_screen(&mut self) {
        let side = |length: i32| u32::try_from(length).unwrap_or(0);
        let area = [0, 0, side(self.screen.0), side(self.screen.1)];
        self.set_words(
            self.root,
            self.atoms.net_workarea,
            AtomEnum::CARDINAL.into(),
            &area,
        );
    }

    /// What of a window is told from here on.
    pub(super) fn select(&mut self, window: u32, events: EventMask) {
        let values = ChangeWindowAttributesAux::new().event_mask(events);
        self.wire.send(ChangeWindowAttributesRequest {
            window,
            value_list: Cow::Owned(values),
        });
    }

    pub(super) fn set_words(&mut self, window: u32, property: u32, kind: u32, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.set(window, property, kind, 32, &bytes);
    }

    pub(super) fn set(&mut self, window: u32, property: u32, kind: u32, format: u8, bytes: &[u8]) {
        let items = bytes.len() / usize::from(format / 8);
        self.wire.send(ChangePropertyRequest {
            mode: PropMode::REPLACE,
            window,
            property,
            type_: kind,
            format,
            data_len: u32::try_from(items).unwrap_or(0),
            data: Cow::Borrowed(bytes),
        });
    }
}
