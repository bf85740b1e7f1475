//! Windows and popups. smithay keeps their state; what the host must know is relayed.

use smithay::input::{SeatHandler, SeatState};
use smithay::utils::{Logical, Point, Serial};
use smithay::wayland::shell::xdg::{
    Configure, PopupSurface, PositionerState, ShellClient, ToplevelSurface, XdgPositionerUserData,
    XdgShellHandler, XdgShellState, XdgShellSurfaceUserData, XdgSurfaceUserData, XdgWmBaseUserData,
};
use wayland_client::protocol::wl_output::WlOutput as HostOutput;
use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_protocols::xdg::shell::server::xdg_popup::XdgPopup;
use wayland_protocols::xdg::shell::server::xdg_positioner::{self, XdgPositioner};
use wayland_protocols::xdg::shell::server::xdg_surface::{self, XdgSurface};
use wayland_protocols::xdg::shell::server::xdg_toplevel::{self, ResizeEdge, XdgToplevel};
use wayland_protocols::xdg::shell::server::xdg_wm_base::{self, XdgWmBase};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_output::WlOutput;
use wayland_server::protocol::wl_seat::WlSeat;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use crate::bridge::toplevels::{Awaits, at_least};
use crate::peer::{host_of, same};
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

smithay::reexports::wayland_server::delegate_global_dispatch!(Session: [XdgWmBase: ()] => XdgShellState);
smithay::reexports::wayland_server::delegate_dispatch!(Session: [XdgPopup: XdgShellSurfaceUserData] => XdgShellState);

impl XdgShellHandler for Session {
    fn xdg_shell_state(&mut self) -> &mut XdgShellState {
        &mut self.xdg
    }

    fn new_client(&mut self, client: ShellClient) {
        self.pings.client = Some(client);
    }

    fn client_pong(&mut self, _client: ShellClient) {
        if let Some(serial) = self.pings.host.take() {
            self.host.wm_base.pong(serial);
        }
    }

    fn new_toplevel(&mut self, surface: ToplevelSurface) {
        self.toplevel_created(surface);
    }

    fn new_popup(&mut self, surface: PopupSurface, positioner: PositionerState) {
        self.popup_created(surface, &positioner);
    }

    fn move_request(&mut self, surface: ToplevelSurface, seat: WlSeat, serial: Serial) {
        if let Some((toplevel, seat, serial)) = self.by_the_user(&surface, &seat, serial) {
            toplevel.host._move(&seat, serial);
        }
    }

    fn resize_request(
        &mut self,
        surface: ToplevelSurface,
        seat: WlSeat,
        serial: Serial,
        edges: ResizeEdge,
    ) {
        if let Some((toplevel, seat, serial)) = self.by_the_user(&surface, &seat, serial)
            && let Some(edges) = same(edges)
        {
            toplevel.host.resize(&seat, serial, edges);
        }
    }

    fn show_window_menu(
        &mut self,
        surface: ToplevelSurface,
        seat: WlSeat,
        serial: Serial,
        at: Point<i32, Logical>,
    ) {
        let inset = self.inset(surface.wl_surface());
        if let Some((toplevel, seat, serial)) = self.by_the_user(&surface, &seat, serial) {
            let (x, y) = (at.x.saturating_add(inset.0), at.y.saturating_add(inset.1));
            toplevel.host.show_window_menu(&seat, serial, x, y);
        }
    }

    fn grab(&mut self, surface: PopupSurface, seat: WlSeat, serial: Serial) {
        let serial = u32::from(serial);
        if !self.input.knows(serial) {
            // The protocol's answer to a grab that is not granted.
            surface.send_popup_done();
            return;
        }
        let Some(seat) = host_of::<HostSeat>(&seat) else {
            return;
        };
        if let Some(popup) = self.popup_mut(surface.wl_surface()) {
            popup.host.grab(&seat, serial);
        }
    }

    fn reposition_request(
        &mut self,
        surface: PopupSurface,
        positioner: PositionerState,
        token: u32,
    ) {
        let below = surface.get_parent_surface();
        let positioner = self.make_positioner(&positioner, below.as_ref(), surface.wl_surface());
        let Some(positioner) = positioner else {
            surface.xdg_popup().post_error(
                xdg_wm_base::Error::InvalidPositioner,
                "the positioner is not complete",
            );
            self.end("used an incomplete positioner");
            return;
        };
        if let Some(popup) = self.popup_mut(surface.wl_surface())
            && at_least(&popup.host, 3)
        {
            popup.host.reposition(&positioner, token);
        }
        positioner.destroy();
    }

    // The four below leave out smithay's own configure: the host answers each with one.

    fn maximize_request(&mut self, surface: ToplevelSurface) {
        if let Some(toplevel) = self.toplevel(surface.wl_surface()) {
            toplevel.host.set_maximized();
        }
    }

    fn unmaximize_request(&mut self, surface: ToplevelSurface) {
        if let Some(toplevel) = self.toplevel(surface.wl_surface()) {
            toplevel.host.unset_maximized();
        }
    }

    fn fullscreen_request(&mut self, surface: ToplevelSurface, output: Option<WlOutput>) {
        if !self.may_fill_the_screen() {
            self.configure_again(surface.wl_surface());
            return;
        }
        let output = output.as_ref().and_then(host_of::<HostOutput>);
        if let Some(toplevel) = self.toplevel(surface.wl_surface()) {
            toplevel.host.set_fullscreen(output.as_ref());
        }
    }

    fn unfullscreen_request(&mut self, surface: ToplevelSurface) {
        if let Some(toplevel) = self.toplevel(surface.wl_surface()) {
            toplevel.host.unset_fullscreen();
        }
    }

    fn minimize_request(&mut self, surface: ToplevelSurface) {
        if let Some(toplevel) = self.toplevel(surface.wl_surface()) {
            toplevel.host.set_minimized();
        }
    }

    fn parent_changed(&mut self, surface: ToplevelSurface) {
        self.relay_parent(&surface);
    }

    fn ack_configure(&mut self, surface: WlSurface, configure: Configure) {
        match configure {
            Configure::Toplevel(configure) => {
                if let Some(toplevel) = self.toplevel_mut(&surface)
                    && let Some((shape, serial)) = toplevel.configures.ack(configure.serial)
                {
                    toplevel.shape = shape;
                    if serial.is_some() {
                        toplevel.awaits.take_if(|awaits| *awaits == Awaits::App);
                    }
                    if let Some(serial) = serial {
                        toplevel.xdg.ack_configure(serial);
                    }
                }
            }
            Configure::Popup(configure) => {
                if let Some(popup) = self.popup_mut(&surface)
                    && let Some((_, Some(serial))) = popup.configures.ack(configure.serial)
                {
                    popup.xdg.ack_configure(serial);
                }
            }
        }
    }

    fn toplevel_destroyed(&mut self, surface: ToplevelSurface) {
        if self
            .toplevel(surface.wl_surface())
            .is_some_and(|known| known.app.xdg_toplevel() == surface.xdg_toplevel())
        {
            self.drop_role(surface.wl_surface());
        }
    }

    fn popup_destroyed(&mut self, surface: PopupSurface) {
        let known = self.popup_mut(surface.wl_surface());
        if known.is_some_and(|known| known.app.xdg_popup() == surface.xdg_popup()) {
            self.drop_role(surface.wl_surface());
        }
    }
}

impl Session {
    /// Relays in front of which window another is: of one that has no picture yet, once it has. For the protocol there is
    /// nothing to be in front of before, and wlroots 0.15 does not forget such a one when it goes, and ends of it.
    pub(crate) fn relay_parent(&self, surface: &ToplevelSurface) {
        let parent = surface.parent().filter(|parent| self.is_mapped(parent));
        let parent =
            parent.and_then(|parent| self.toplevel(&parent).map(|parent| parent.host.clone()));
        if let Some(toplevel) = self.toplevel(surface.wl_surface()) {
            toplevel.host.set_parent(parent.as_ref());
        }
    }

    /// A window has its first picture: what is in front of it is so from now on.
    pub(crate) fn relay_parents(&self, surface: &WlSurface) {
        if self.toplevel(surface).is_none() {
            return;
        }
        for child in self.xdg.toplevel_surfaces() {
            if child.parent().as_ref() == Some(surface) {
                self.relay_parent(child);
            }
        }
    }

    /// A window and the seat for a request that needs the user's doing, if it names a real event.
    fn by_the_user(
        &self,
        surface: &ToplevelSurface,
        seat: &WlSeat,
        serial: Serial,
    ) -> Option<(&crate::bridge::toplevels::Toplevel, HostSeat, u32)> {
        let serial = u32::from(serial);
        if !self.input.knows(serial) {
            return None;
        }
        Some((
            self.toplevel(surface.wl_surface())?,
            host_of::<HostSeat>(seat)?,
            serial,
        ))
    }
}

/// A pong is passed on when it comes, so that the host can tell that an app hangs.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    pub(crate) client: Option<ShellClient>,
    pub(crate) host: Option<u32>,
}

impl Dispatch<XdgWmBase, XdgWmBaseUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        wm_base: &XdgWmBase,
        request: xdg_wm_base::Request,
        data: &XdgWmBaseUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(wm_base);
        match &request {
            xdg_wm_base::Request::CreatePositioner { .. } => {
                session.take(Kind::Positioner, wm_base)
            }
            xdg_wm_base::Request::GetXdgSurface { surface, .. } => {
                session.take(Kind::Object, wm_base)
                    && session.free_for_role(surface, wm_base).is_some()
            }
            _ => true,
        };
        <XdgShellState as Dispatch<XdgWmBase, XdgWmBaseUserData, Self>>::request(
            session, client, wm_base, request, data, dh, data_init,
        );
    }

    fn destroyed(
        session: &mut Self,
        client: ClientId,
        wm_base: &XdgWmBase,
        data: &XdgWmBaseUserData,
    ) {
        <XdgShellState as Dispatch<XdgWmBase, XdgWmBaseUserData, Self>>::destroyed(
            session, client, wm_base, data,
        );
    }
}

impl Dispatch<XdgPositioner, XdgPositionerUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        positioner: &XdgPositioner,
        request: xdg_positioner::Request,
        data: &XdgPositionerUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(positioner);
        if is_absurd(&request) {
            positioner.post_error(xdg_positioner::Error::InvalidInput, "out of range");
            session.end("sent absurd positioner numbers");
            return;
        }
        <XdgShellState as Dispatch<XdgPositioner, XdgPositionerUserData, Self>>::request(
            session, client, positioner, request, data, dh, data_init,
        );
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _object: &XdgPositioner,
        _data: &XdgPositionerUserData,
    ) {
        session.quota.give(Kind::Positioner);
    }
}

/// smithay computes with these numbers; sums of them must stay far from the edge.
fn is_absurd(request: &xdg_positioner::Request) -> bool {
    let far = |number: i32| number.unsigned_abs() > 1 << 20;
    let side = |number: i32| !(0..=policy::SIDE_MAX).contains(&number);
    match *request {
        xdg_positioner::Request::SetSize { width, height } => side(width) || side(height),
        xdg_positioner::Request::SetAnchorRect {
            x,
            y,
            width,
            height,
        } => far(x) || far(y) || side(width) || side(height),
        xdg_positioner::Request::SetOffset { x, y } => far(x) || far(y),
        xdg_positioner::Request::SetParentSize {
            parent_width,
            parent_height,
        } => side(parent_width) || side(parent_height),
        _ => false,
    }
}

impl Dispatch<XdgSurface, XdgSurfaceUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        surface: &XdgSurface,
        request: xdg_surface::Request,
        data: &XdgSurfaceUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(surface);
        if let xdg_surface::Request::SetWindowGeometry { width, height, .. } = request
            && (width <= 0 || height <= 0)
        {
            surface.post_error(xdg_surface::Error::InvalidSize, "not a size");
            session.end("gave a window no size");
            return;
        }
        <XdgShellState as Dispatch<XdgSurface, XdgSurfaceUserData, Self>>::request(
            session, client, surface, request, data, dh, data_init,
        );
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _object: &XdgSurface,
        _data: &XdgSurfaceUserData,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<XdgToplevel, XdgShellSurfaceUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        toplevel: &XdgToplevel,
        request: xdg_toplevel::Request,
        data: &XdgShellSurfaceUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(toplevel);
        if let xdg_toplevel::Request::SetMinSize { width, height }
        | xdg_toplevel::Request::SetMaxSize { width, height } = request
            && (width < 0 || height < 0)
        {
            toplevel.post_error(xdg_toplevel::Error::InvalidSize, "not a size");
            session.end("limited a window to no size");
            return;
        }
        // After smithay's own handling, not in its "changed" callbacks: a host forgets a title
        // when the window is unmapped, and the same one set again is no change to smithay.
        let names = matches!(
            request,
            xdg_toplevel::Request::SetTitle { .. } | xdg_toplevel::Request::SetAppId { .. }
        );
        <XdgShellState as Dispatch<XdgToplevel, XdgShellSurfaceUserData, Self>>::request(
            session, client, toplevel, request, data, dh, data_init,
        );
        if names && let Some(app) = session.xdg.get_toplevel(toplevel) {
            session.names_changed(&app);
        }
    }

    fn destroyed(
        session: &mut Self,
        client: ClientId,
        toplevel: &XdgToplevel,
        data: &XdgShellSurfaceUserData,
    ) {
        <XdgShellState as Dispatch<XdgToplevel, XdgShellSurfaceUserData, Self>>::destroyed(
            session, client, toplevel, data,
        );
    }
}

/// smithay's popups ask for this; no seat of smithay is ever offered, ours is in `seat.rs`.
impl SeatHandler for Session {
    type KeyboardFocus = WlSurface;
    type PointerFocus = WlSurface;
    type TouchFocus = WlSurface;

    fn seat_state(&mut self) -> &mut SeatState<Self> {
        &mut self.seats
    }
}
