//! wl_seat: the master pointer and keyboard of the server.

use std::collections::VecDeque;

use wayland_server::backend::{ClientId, ObjectId};
use wayland_server::protocol::wl_keyboard::{self, WlKeyboard};
use wayland_server::protocol::wl_pointer::{self, WlPointer};
use wayland_server::protocol::wl_seat::{self, Capability, WlSeat};
use wayland_server::protocol::wl_touch::WlTouch;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};
use x11rb::protocol::xinput::{self, ConnectionExt as _, DeviceId, DeviceType};

use super::State;
use super::cursors::Cursors;
use super::keyboard::Keyboard;
use super::pointer::Pointer;
use super::screen::Screen;

/// Serials of input events that an app may still refer to.
const REMEMBERED: usize = 64;

/// Everything about input.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) pointer_device: DeviceId,
    pub(super) pointers: Vec<WlPointer>,
    pub(super) keyboards: Vec<WlKeyboard>,
    pub(super) pointer: Pointer,
    pub(super) keyboard: Keyboard,
    pub(super) cursors: Cursors,
    serials: VecDeque<u32>,
    /// The time of the last of them, as the server counts.
    pub(super) time: u32,
}

impl Seat {
    pub(super) fn new(screen: &Screen) -> Self {
        Self {
            pointer_device: master_pointer(screen).unwrap_or(2),
            pointers: Vec::new(),
            keyboards: Vec::new(),
            pointer: Pointer::default(),
            keyboard: Keyboard::ask(screen),
            cursors: Cursors::default(),
            serials: VecDeque::new(),
            time: x11rb::CURRENT_TIME,
        }
    }

    /// An input event with this serial is about to be told.
    pub(super) fn remember(&mut self, serial: u32, time: u32) {
        self.serials.push_back(serial);
        if self.serials.len() > REMEMBERED {
            self.serials.pop_front();
        }
        self.time = time;
    }

    pub(super) fn knows(&self, serial: u32) -> bool {
        self.serials.contains(&serial)
    }

    pub(super) fn cursor_surface(&self) -> Option<ObjectId> {
        self.cursors.surface().cloned()
    }
}

fn master_pointer(screen: &Screen) -> Option<DeviceId> {
    let all = xinput::Device::ALL_MASTER;
    let devices = screen.conn.xinput_xi_query_device(all).ok()?.reply().ok()?;
    let pointer = |info: &&xinput::XIDeviceInfo| info.type_ == DeviceType::MASTER_POINTER;
    devices.infos.iter().find(pointer).map(|it| it.deviceid)
}

impl GlobalDispatch<WlSeat, ()> for State {
    fn bind(
        _state: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlSeat>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let seat = data_init.init(resource, ());
        seat.capabilities(Capability::Pointer | Capability::Keyboard);
        if seat.version() >= 2 {
            seat.name("seat0".to_owned());
        }
    }
}

impl Dispatch<WlSeat, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _seat: &WlSeat,
        request: wl_seat::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_seat::Request::GetPointer { id } => {
                let pointer = data_init.init(id, ());
                state.pointer_came(pointer);
            }
            wl_seat::Request::GetKeyboard { id } => {
                let keyboard = data_init.init(id, ());
                state.keyboard_came(keyboard);
            }
            wl_seat::Request::GetTouch { id } => {
                // None is announced; one that is asked for all the same says nothing.
                data_init.init(id, ());
            }
            _ => {}
        }
    }
}

impl Dispatch<WlPointer, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _pointer: &WlPointer,
        request: wl_pointer::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let wl_pointer::Request::SetCursor {
            serial,
            surface,
            hotspot_x,
            hotspot_y,
        } = request
        {
            let surface = surface.map(|surface| surface.id());
            state.set_cursor(serial, surface, (hotspot_x, hotspot_y));
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, pointer: &WlPointer, (): &()) {
        state.seat.pointers.retain(|one| one != pointer);
    }
}

impl Dispatch<WlKeyboard, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _keyboard: &WlKeyboard,
        _request: wl_keyboard::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Release is the only request.
    }

    fn destroyed(state: &mut Self, _client: ClientId, keyboard: &WlKeyboard, (): &()) {
        state.seat.keyboards.retain(|one| one != keyboard);
    }
}

impl Dispatch<WlTouch, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _touch: &WlTouch,
        _request: <WlTouch as Resource>::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Release is the only request.
    }
}
