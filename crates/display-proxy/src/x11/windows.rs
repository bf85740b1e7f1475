//! What is known of the X server's windows: those right on its screen, shown or not.

use std::borrow::Cow;

use wayland_server::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xproto::{
    AtomEnum, ConfigureNotifyEvent, ConfigureWindowAux, ConfigureWindowRequest, EventMask,
    GetPropertyRequest, SendEventRequest, StackMode,
};

use super::properties::{Properties, Property};
use super::{Asked, X11};
use crate::bridge::buffers::Rect;
use crate::policy;

/// Windows that are known at a time; more are not shown.
const WINDOWS_MAX: usize = 4096;

/// A window of X.
#[derive(Debug)]
pub(super) struct Window {
    /// It manages itself: a menu, a hint, what is dragged.
    pub(super) is_own_master: bool,
    pub(super) mapped: bool,
    /// It is not shown, because it is out of sight or what is dragged looks like it. Once it moves that may be otherwise.
    pub(super) hidden: bool,
    /// Where it lies on the screen of X.
    pub(super) rect: Rect,
    /// The number of its surface, which may not have come yet.
    pub(super) surface_id: Option<u32>,
    pub(super) surface: Option<WlSurface>,
    /// Of which window it is a popup.
    pub(super) parent: Option<u32>,
    /// Which window the host has been told that it is in front of.
    pub(super) before: Option<u32>,
    /// Properties of which the first answer has not come.
    pub(super) unanswered: usize,
    pub(super) properties: Properties,
    /// What the host has said of it.
    pub(super) states: States,
    /// The host was asked to point it out, and it has not had the focus since.
    pub(super) pointed_out: bool,
}

impl Window {
    /// What of it is no shadow.
    pub(super) fn within_shadow(&self) -> Rect {
        let [left, right, top, bottom] = self.properties.shadow;
        Rect {
            x: left,
            y: top,
            w: self.rect.w - left - right,
            h: self.rect.h - top - bottom,
        }
    }
}

/// How the host shows a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct States {
    pub(crate) maximized: bool,
    pub(crate) fullscreen: bool,
    pub(crate) tiled: bool,
    pub(crate) activated: bool,
}

impl States {
    /// Whether its size is the host's alone.
    pub(super) fn is_bound(self) -> bool {
        self.maximized || self.fullscreen || self.tiled
    }
}

impl X11 {
    /// A window has come.
    pub(super) fn created(&mut self, window: u32, is_own_master: bool, rect: Rect) {
        if self.same_client(window, self.own) || self.windows.len() >= WINDOWS_MAX {
            return;
        }
        self.select(window, EventMask::PROPERTY_CHANGE);
        let new = Window {
            is_own_master,
            mapped: false,
            hidden: false,
            rect,
            surface_id: None,
            surface: None,
            parent: None,
            before: None,
            unanswered: 0,
            properties: Properties::default(),
            states: States::default(),
            pointed_out: false,
        };
        self.windows.insert(window, new);
    }

    /// Asks for what a window says of itself.
    pub(super) fn ask_properties(&mut self, window: u32) {
        let Some(known) = self.windows.get_mut(&window) else {
            return;
        };
        known.unanswered += Property::ALL.len();
        for property in Property::ALL {
            self.ask_property(window, property);
        }
    }

    pub(super) fn ask_property(&mut self, window: u32, property: Property) {
        let request = GetPropertyRequest {
            delete: false,
            window,
            property: property.atom(&self.atoms),
            type_: AtomEnum::ANY.into(),
            long_offset: 0,
            long_length: property.longest(),
        };
        self.wire.ask(request, Asked::Property(window, property));
    }

    /// Puts a window somewhere. One that is larger than a picture can be would end the server.
    pub(super) fn configure(&mut self, window: u32, rect: Rect) {
        let rect = Rect {
            w: rect.w.clamp(1, policy::SIDE_MAX),
            h: rect.h.clamp(1, policy::SIDE_MAX),
            ..rect
        };
        let side = |length: i32| u32::try_from(length).unwrap_or(1);
        let values = ConfigureWindowAux::new()
            .x(rect.x)
            .y(rect.y)
            .width(side(rect.w))
            .height(side(rect.h))
            .border_width(0);
        self.change(window, values);
        if let Some(known) = self.windows.get_mut(&window) {
            known.rect = rect;
        }
    }

    pub(super) fn change(&mut self, window: u32, values: ConfigureWindowAux) {
        self.wire.send(ConfigureWindowRequest {
            window,
            value_list: Cow::Owned(values),
        });
    }

    /// Says how large a window's frame is: the host's is outside of the server.
    pub(super) fn say_frame(&mut self, window: u32) {
        let extents = self.atoms.net_frame_extents;
        self.set_words(window, extents, AtomEnum::CARDINAL.into(), &[0; 4]);
    }

    /// Tells a window where it is, which is where it was (ICCCM 4.1.5).
    pub(super) fn say_unchanged(&mut self, window: u32) {
        let Some(known) = self.windows.get(&window) else {
            return;
        };
        let rect = known.rect;
        let short = |number: i32| i16::try_from(number).unwrap_or(0);
        let side = |length: i32| u16::try_from(length).unwrap_or(1);
        let event = ConfigureNotifyEvent {
            response_type: x11rb_protocol::protocol::xproto::CONFIGURE_NOTIFY_EVENT,
            sequence: 0,
            event: window,
            window,
            above_sibling: 0,
            x: short(rect.x),
            y: short(rect.y),
            width: side(rect.w),
            height: side(rect.h),
            border_width: 0,
            override_redirect: false,
        };
        self.wire.send(SendEventRequest {
            propagate: false,
            destination: window,
            event_mask: EventMask::STRUCTURE_NOTIFY,
            event: Cow::Owned(event.into()),
        });
    }

    /// Puts a window before the others, and behind those that manage themselves: input goes to the uppermost at a place, and
    /// on the screen of X all lie at the same.
    pub(super) fn raise(&mut self, window: u32) {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.change(window, above);
        let masters: Vec<u32> = self
            .windows
            .iter()
            .filter(|(_, window)| window.is_own_master && window.mapped)
            .map(|(window, _)| *window)
            .collect();
        for window in masters {
            self.change(window, above);
        }
    }

    /// Whether two windows are of one client.
    pub(super) fn same_client(&self, one: u32, other: u32) -> bool {
        one & self.client_bits == other & self.client_bits
    }
}
