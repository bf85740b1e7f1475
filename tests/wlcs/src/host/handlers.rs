//! What the host does about the requests of its clients.

use std::os::fd::OwnedFd;

use smithay::backend::renderer::utils::with_renderer_surface_state;
use smithay::desktop::{
    PopupKeyboardGrab, PopupPointerGrab, find_popup_root_surface, get_popup_toplevel_coords,
};
use smithay::input::SeatHandler;
use smithay::input::pointer::{CursorImageStatus, Focus};
use smithay::reexports::wayland_protocols::xdg::shell::server::xdg_toplevel;
use smithay::reexports::wayland_server::Client as Connection;
use smithay::reexports::wayland_server::protocol::wl_buffer::WlBuffer;
use smithay::reexports::wayland_server::protocol::wl_output::WlOutput;
use smithay::reexports::wayland_server::protocol::wl_seat::WlSeat;
use smithay::utils::{Rectangle, Serial};
use smithay::wayland::buffer::BufferHandler;
use smithay::wayland::compositor::CompositorHandler;
use smithay::wayland::output::OutputHandler;
use smithay::wayland::selection::SelectionHandler;
use smithay::wayland::selection::data_device::{
    ClientDndGrabHandler, DataDeviceHandler, ServerDndGrabHandler, set_data_device_focus,
};
use smithay::wayland::selection::primary_selection::{PrimarySelectionHandler, set_primary_focus};
use smithay::wayland::shell::xdg::{
    PopupSurface, PositionerState, ToplevelSurface, XdgShellHandler,
};
use smithay::wayland::shm::ShmHandler;

use super::{
    Client, CompositorClientState, CompositorState, DataDeviceState, Host, PopupKind,
    PrimarySelectionState, Resource, SIZE, Seat, SeatState, ShmState, Window, WlSurface,
    XdgShellState, get_parent, on_commit_buffer_handler, origin,
};

/// A window that has shown something.
struct Mapped;

impl CompositorHandler for Host {
    fn compositor_state(&mut self) -> &mut CompositorState {
        &mut self.compositor
    }

    fn client_compositor_state<'a>(&self, client: &'a Connection) -> &'a CompositorClientState {
        &client
            .get_data::<Client>()
            .expect("every client has its data")
            .compositor
    }

    fn new_surface(&mut self, surface: &WlSurface) {
        if let Some(client) = surface.client() {
            let made = self.made.entry(client.id()).or_default();
            made.push(surface.clone());
        }
    }

    fn commit(&mut self, surface: &WlSurface) {
        on_commit_buffer_handler::<Self>(surface);
        let mut root = surface.clone();
        while let Some(parent) = get_parent(&root) {
            root = parent;
        }
        if let Some(window) = self.window_of(&root) {
            self.shown(&window);
        }
        self.popups.commit(surface);
        if let Some(PopupKind::Xdg(popup)) = self.popups.find_popup(surface)
            && !popup.is_initial_configure_sent()
        {
            let _ = popup.send_configure();
        }
    }
}

impl BufferHandler for Host {
    fn buffer_destroyed(&mut self, _buffer: &WlBuffer) {}
}

impl ShmHandler for Host {
    fn shm_state(&self) -> &ShmState {
        &self.shm
    }
}

impl OutputHandler for Host {}

impl XdgShellHandler for Host {
    fn xdg_shell_state(&mut self) -> &mut XdgShellState {
        &mut self.shell
    }

    fn new_toplevel(&mut self, surface: ToplevelSurface) {
        let window = Window::new_wayland_window(surface);
        self.space.map_element(window, (0, 0), false);
    }

    fn new_popup(&mut self, surface: PopupSurface, positioner: PositionerState) {
        self.position(&surface, positioner);
        let _ = self.popups.track_popup(PopupKind::Xdg(surface));
    }

    /// Its surface is still there, so that the pointer can leave it.
    fn popup_destroyed(&mut self, _surface: PopupSurface) {
        self.look_under_the_pointer();
    }

    fn maximize_request(&mut self, surface: ToplevelSurface) {
        fill(&surface, xdg_toplevel::State::Maximized, true);
    }

    fn unmaximize_request(&mut self, surface: ToplevelSurface) {
        fill(&surface, xdg_toplevel::State::Maximized, false);
    }

    fn fullscreen_request(&mut self, surface: ToplevelSurface, _output: Option<WlOutput>) {
        fill(&surface, xdg_toplevel::State::Fullscreen, true);
    }

    fn unfullscreen_request(&mut self, surface: ToplevelSurface) {
        fill(&surface, xdg_toplevel::State::Fullscreen, false);
    }

    fn reposition_request(
        &mut self,
        surface: PopupSurface,
        positioner: PositionerState,
        token: u32,
    ) {
        self.position(&surface, positioner);
        surface.send_repositioned(token);
    }

    fn grab(&mut self, surface: PopupSurface, _seat: WlSeat, serial: Serial) {
        let kind = PopupKind::Xdg(surface);
        let Ok(root) = find_popup_root_surface(&kind) else {
            return;
        };
        let seat = self.seat.clone();
        let Ok(grab) = self.popups.grab_popup(root, kind, &seat, serial) else {
            return;
        };
        if let Some(keyboard) = seat.get_keyboard() {
            keyboard.set_focus(self, grab.current_grab(), serial);
            keyboard.set_grab(self, PopupKeyboardGrab::new(&grab), serial);
        }
        if let Some(pointer) = seat.get_pointer() {
            pointer.set_grab(self, PopupPointerGrab::new(&grab), serial, Focus::Keep);
        }
    }
}

/// Has a window fill the screen, or not any more.
fn fill(toplevel: &ToplevelSurface, state: xdg_toplevel::State, yes: bool) {
    toplevel.with_pending_state(|pending| {
        if yes {
            pending.states.set(state);
        } else {
            pending.states.unset(state);
        }
        pending.size = yes.then(|| SIZE.into());
    });
    toplevel.send_configure();
}

impl Host {
    /// After a commit of a window, or of what is in it. Once it shows something it has the keyboard, and is told.
    fn shown(&mut self, window: &Window) {
        window.on_commit();
        let Some(toplevel) = window.toplevel().cloned() else {
            return;
        };
        if !toplevel.is_initial_configure_sent() {
            toplevel.send_configure();
        }
        let surface = toplevel.wl_surface();
        let maps = with_renderer_surface_state(surface, |state| state.buffer().is_some());
        let first = window.user_data().get::<Mapped>().is_none();
        if maps == Some(true) && first {
            window.user_data().insert_if_missing(|| Mapped);
            self.raise(window);
            toplevel.send_pending_configure();
        }
    }

    /// Where a popup is: on the screen, as far as its positioner lets it be moved for that.
    fn position(&self, popup: &PopupSurface, positioner: PositionerState) {
        let kind = PopupKind::Xdg(popup.clone());
        let root = find_popup_root_surface(&kind).ok();
        let window = root.and_then(|root| self.window_of(&root));
        let mut screen = Rectangle::from_size(SIZE.into());
        if let Some(window) = window {
            screen.loc -= origin(&window).get() + window.geometry().loc;
        }
        screen.loc -= get_popup_toplevel_coords(&kind);
        popup.with_pending_state(|state| {
            state.geometry = positioner.get_unconstrained_geometry(screen);
            state.positioner = positioner;
        });
    }
}

impl SeatHandler for Host {
    type KeyboardFocus = WlSurface;
    type PointerFocus = WlSurface;
    type TouchFocus = WlSurface;

    fn seat_state(&mut self) -> &mut SeatState<Self> {
        &mut self.seats
    }

    fn focus_changed(&mut self, seat: &Seat<Self>, focused: Option<&WlSurface>) {
        let client = focused.and_then(Resource::client);
        set_data_device_focus(&self.dh, seat, client.clone());
        set_primary_focus(&self.dh, seat, client);
    }

    fn cursor_image(&mut self, _seat: &Seat<Self>, _image: CursorImageStatus) {}
}

impl SelectionHandler for Host {
    type SelectionUserData = ();
}

impl DataDeviceHandler for Host {
    fn data_device_state(&self) -> &DataDeviceState {
        &self.data_device
    }
}

impl PrimarySelectionHandler for Host {
    fn primary_selection_state(&self) -> &PrimarySelectionState {
        &self.primary
    }
}

impl ClientDndGrabHandler for Host {}

impl ServerDndGrabHandler for Host {
    fn send(&mut self, _mime_type: String, _fd: OwnedFd, _seat: Seat<Self>) {}
}

smithay::delegate_compositor!(Host);
smithay::delegate_shm!(Host);
smithay::delegate_output!(Host);
smithay::delegate_xdg_shell!(Host);
smithay::delegate_seat!(Host);
smithay::delegate_data_device!(Host);
smithay::delegate_primary_selection!(Host);
smithay::delegate_viewporter!(Host);
