//! The windows of the X server behind windows and popups.

use wayland_server::backend::ObjectId;
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyOrIdError;
use x11rb::protocol::present::ConnectionExt as _;
use x11rb::protocol::sync::{self, ConnectionExt as _};
use x11rb::protocol::xinput::{self, ConnectionExt as _, XIEventMask};
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gravity, WindowClass,
};

use super::State;
use super::rect::{Damage, Rect};
use super::screen::{Look, Screen, short, side};

/// A window of the X server.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) id: u32,
    pub(super) gc: u32,
    pub(super) look: Look,
    /// In the server's pixels.
    pub(super) size: (i32, i32),
    /// Where its content is on the screen.
    pub(super) at: (i32, i32),
    /// The part of the surface that it shows, in the app's units.
    pub(super) part: Rect,
    pub(super) damage: Damage,
    /// Its shape may be another with the next picture.
    pub(super) reshaped: bool,
    /// Whether it can be seen at all: it is not, as an icon.
    pub(super) viewable: bool,
    /// The server was asked to say when a frame is over.
    pub(super) asked_frame: bool,
    /// What the window manager waits at while it resizes.
    pub(super) counter: Option<u32>,
    /// What the counter is set to with the next frame.
    pub(super) count: Option<sync::Int64>,
}

impl Window {
    /// Where its content is on the screen, and its size.
    pub(super) fn place(&self) -> Rect {
        Rect::new(self.at.0, self.at.1, self.size.0, self.size.1)
    }
}

/// What input a window hears.
const INPUT: XIEventMask = XIEventMask::KEY_PRESS;

/// All of it.
pub(super) fn input_mask() -> XIEventMask {
    INPUT
        | XIEventMask::KEY_RELEASE
        | XIEventMask::BUTTON_PRESS
        | XIEventMask::BUTTON_RELEASE
        | XIEventMask::MOTION
        | XIEventMask::ENTER
        | XIEventMask::LEAVE
        | XIEventMask::FOCUS_IN
        | XIEventMask::FOCUS_OUT
}

/// What is asked for when a window is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) look: Look,
    pub(super) at: (i32, i32),
    pub(super) part: Rect,
    /// The window manager has nothing to do with it.
    pub(super) override_redirect: bool,
}

impl Window {
    pub(super) fn create(screen: &Screen, wanted: Wanted) -> Result<Self, ReplyOrIdError> {
        let conn = &screen.conn;
        let (id, gc) = (conn.generate_id()?, conn.generate_id()?);
        let size = wanted.part.scaled(screen.scale).size();
        let Look {
            depth,
            visual,
            colormap,
        } = wanted.look;
        let aux = CreateWindowAux::new()
            // Without a background the server leaves what was there: nothing flickers.
            .border_pixel(0)
            .bit_gravity(Gravity::NORTH_WEST)
            .override_redirect(u32::from(wanted.override_redirect))
            .colormap(colormap)
            .event_mask(
                EventMask::EXPOSURE
                    | EventMask::STRUCTURE_NOTIFY
                    | EventMask::PROPERTY_CHANGE
                    | EventMask::KEYMAP_STATE,
            );
        conn.create_window(
            depth,
            id,
            screen.root,
            short(wanted.at.0),
            short(wanted.at.1),
            side(size.0),
            side(size.1),
            0,
            WindowClass::INPUT_OUTPUT,
            visual,
            &aux,
        )?;
        // Nothing of others is copied, so nothing is said of what could not be.
        conn.create_gc(gc, id, &CreateGCAux::new().graphics_exposures(0))?;
        conn.xinput_xi_select_events(
            id,
            &[xinput::EventMask {
                deviceid: xinput::Device::ALL_MASTER.into(),
                mask: vec![input_mask()],
            }],
        )?;
        if screen.present {
            let events = conn.generate_id()?;
            let mask = x11rb::protocol::present::EventMask::COMPLETE_NOTIFY;
            conn.present_select_input(events, id, mask)?;
        }
        Ok(Self {
            id,
            gc,
            look: wanted.look,
            size,
            at: wanted.at,
            part: wanted.part,
            damage: Damage::default(),
            reshaped: false,
            viewable: true,
            asked_frame: false,
            counter: None,
            count: None,
        })
    }

    pub(super) fn rect(&self) -> Rect {
        Rect::sized(self.size)
    }

    /// All of it has to be drawn.
    pub(super) fn damage_all(&mut self) {
        let all = self.rect();
        self.damage.add(all);
        self.reshaped = true;
    }

    fn destroy(&self, screen: &Screen) {
        let conn = &screen.conn;
        let _ = conn.free_gc(self.gc);
        let _ = conn.destroy_window(self.id);
        if let Some(counter) = self.counter {
            let _ = conn.sync_destroy_counter(counter);
        }
    }
}

impl State {
    /// What of a surface has to be drawn, in the app's units on the surface at its root.
    pub(super) fn damage(&mut self, root: &ObjectId, rect: Rect) {
        let scale = self.screen.scale;
        if let Some(window) = self.window_mut(root) {
            let (x, y) = (window.part.x, window.part.y);
            let rect = rect.moved(-x, -y).scaled(scale).common(window.rect());
            window.damage.add(rect);
        }
    }

    pub(super) fn window(&self, id: &ObjectId) -> Option<&Window> {
        self.shells.get(id)?.window.as_ref()
    }

    pub(super) fn window_mut(&mut self, id: &ObjectId) -> Option<&mut Window> {
        self.shells.get_mut(id)?.window.as_mut()
    }

    /// The surface that a window of the server shows.
    pub(super) fn surface_of(&self, window: u32) -> Option<ObjectId> {
        self.by_window.get(&window).cloned()
    }

    /// What a surface's window is to be like. Transparency is for those who can show it.
    pub(super) fn look_of(&self, id: &ObjectId) -> Look {
        let transparent = self.surfaces.get(id).is_some_and(|surface| {
            let clear = surface.picture().is_some_and(|picture| !picture.opaque);
            let covered = surface
                .opaque
                .as_ref()
                .is_some_and(|region| region.covers(surface.window_rect()));
            clear && !covered
        });
        match self.screen.clear {
            Some(clear) if transparent && self.screen.is_composited() => clear,
            _ => self.screen.plain,
        }
    }

    /// Puts a window behind a surface.
    pub(super) fn add_window(&mut self, id: &ObjectId, mut window: Window) {
        window.damage_all();
        self.by_window.insert(window.id, id.clone());
        if let Some(shell) = self.shells.get_mut(id) {
            shell.window = Some(window);
        }
        self.tell_outputs(id);
        self.wants_frame(id);
    }

    /// Takes away the window behind a surface, if there is one.
    pub(super) fn unmap(&mut self, id: &ObjectId) {
        let Some(window) = self
            .shells
            .get_mut(id)
            .and_then(|shell| shell.window.take())
        else {
            return;
        };
        self.by_window.remove(&window.id);
        window.destroy(&self.screen);
        self.focus_goes_back(id);
        self.drag_left_window(id);
        self.pointer_left_window(id);
        self.keyboard_left_window(id);
        self.grabs_changed();
    }
}
