//! Windows: the host's toplevel behind an app's, and configures in between.

use std::collections::VecDeque;

use oz_core::denied::Denied;
use smithay::utils::Serial;
use smithay::wayland::compositor::{BufferAssignment, SurfaceAttributes, with_states};
use smithay::wayland::shell::xdg::{ToplevelSurface, XdgToplevelSurfaceData};
use wayland_client::Proxy;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface as HostXdgSurface;
use wayland_protocols::xdg::shell::client::xdg_toplevel::XdgToplevel as HostToplevel;
use wayland_protocols::xdg::shell::server::xdg_toplevel::{State, WmCapabilities};
use wayland_protocols::xdg::shell::server::xdg_wm_base;
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_v1::XdgToplevelIconV1;
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use super::surfaces::{Role, Shell};
use crate::app::decoration::Decoration;
use crate::mark::places::Shape;
use crate::policy;
use crate::report::Event;
use crate::session::{Session, Shared};

/// A configure that the app has not acknowledged.
#[derive(Debug)]
struct Sent {
    app: Serial,
    /// None: it was not the host's.
    host: Option<u32>,
    shape: Shape,
}

/// Which configure of the host stands behind which of smithay's.
#[derive(Debug, Default)]
pub(crate) struct Configures {
    sent: VecDeque<Sent>,
    acked: bool,
}

impl Configures {
    pub(crate) fn sent(&mut self, app: Serial, host: Option<u32>, shape: Shape) {
        self.sent.push_back(Sent { app, host, shape });
    }

    /// The shape of the border for one that the app acknowledged, and the host's serial for it; older ones are settled
    /// with it.
    pub(crate) fn ack(&mut self, app: Serial) -> Option<(Shape, Option<u32>)> {
        let at = self.sent.iter().position(|known| known.app == app)?;
        self.acked = true;
        let settled = self.sent.drain(..=at);
        // One of ours between the host's settles the host's before it.
        settled.fold(None, |before: Option<(Shape, Option<u32>)>, sent| {
            let host = sent.host.or(before.and_then(|(_, host)| host));
            Some((sent.shape, host))
        })
    }

    /// The host of these is gone: another knows none of them.
    fn lose_host(&mut self) {
        self.sent.iter_mut().for_each(|sent| sent.host = None);
    }

    pub(crate) fn acked(&self) -> bool {
        self.acked
    }

    /// An unmapped window starts over with a commit without a buffer.
    pub(crate) fn reset(&mut self) {
        self.acked = false;
    }
}

/// What the host has said about a window since its last configure.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) size: (i32, i32),
    pub(crate) states: Vec<u8>,
    pub(crate) bounds: Option<(i32, i32)>,
    pub(crate) capabilities: Option<Vec<u8>>,
}

/// A window.
#[derive(Debug)]
pub(crate) struct Toplevel {
    pub(crate) app: ToplevelSurface,
    pub(crate) host: HostToplevel,
    pub(crate) xdg: HostXdgSurface,
    pub(crate) configures: Configures,
    pub(crate) told: Told,
    pub(crate) decoration: Option<Decoration>,
    pub(crate) icon: Option<XdgToplevelIconV1>,
    /// How much of a border it has, by what the app has acknowledged.
    pub(crate) shape: Shape,
    sent: Shell,
    /// The daemon's number of it, once it has been shown.
    window: Option<u64>,
    /// The app has committed it.
    pub(crate) begun: bool,
    /// What has to be before a host that is new shows it again.
    pub(crate) awaits: Option<Awaits>,
    /// How large it was for the host before.
    pub(crate) outer: Option<(i32, i32)>,
}

/// What a window waits for that is to be shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// That the host says how it is to be.
    Configure,
    /// That the app is so.
    App,
}

impl Toplevel {
    /// As the host has said it last.
    pub(crate) fn is_maximised(&self) -> bool {
        words(&self.told.states).any(|word| word == MAXIMISED)
    }

    pub(crate) fn is_fullscreen(&self) -> bool {
        words(&self.told.states).any(|word| word == FULLSCREEN)
    }

    /// Whether the host takes it at the size that it has. Of one that fills something it is strict.
    fn fits_as_it_was(&self) -> bool {
        let is_strict = self.is_maximised() || self.is_fullscreen();
        !is_strict || self.told.size == (0, 0) || Some(self.told.size) == self.outer
    }

    /// Its host is gone. It is as it was, but nobody sees it.
    pub(crate) fn lose_host(&mut self) {
        self.configures.lose_host();
        self.awaits = None;
        self.sent = Shell::default();
        let unseen =
            words(&self.told.states).filter(|word| !matches!(*word, ACTIVATED | SUSPENDED));
        let unseen: Vec<u32> = unseen.chain([SUSPENDED]).collect();
        self.told.states = unseen.into_iter().flat_map(u32::to_ne_bytes).collect();
    }

    /// Sends what a commit changes about the window.
    ///
    /// With a border the host's window is larger by `adds`, and its geometry is the border's to tell.
    pub(crate) fn relay(&mut self, shell: Shell, adds: (i32, i32), marked: bool) {
        if !marked {
            relay_geometry(&self.xdg, &mut self.sent, shell);
        }
        let larger = |(w, h): (i32, i32)| (outer(w, adds.0), outer(h, adds.1));
        let (min, max) = (larger(shell.min), larger(shell.max));
        if min != self.sent.min {
            self.host.set_min_size(min.0, min.1);
            self.sent.min = min;
        }
        if max != self.sent.max {
            self.host.set_max_size(max.0, max.1);
            self.sent.max = max;
        }
    }

    pub(crate) fn destroy(self, shared: &Shared) {
        if let Some(slot) = &self.decoration {
            slot.destroy();
        }
        self.host.destroy();
        self.xdg.destroy();
        if let Some(window) = self.window {
            shared.report.send(&Event::WindowClosed { window });
        }
    }
}

/// Sends a window geometry that changed and is in range.
pub(crate) fn relay_geometry(xdg: &HostXdgSurface, sent: &mut Shell, shell: Shell) {
    if shell.geometry == sent.geometry {
        return;
    }
    sent.geometry = shell.geometry;
    if let Some(rect) = shell.geometry
        && policy::is_side(rect.w)
        && policy::is_side(rect.h)
    {
        xdg.set_window_geometry(rect.x, rect.y, rect.w, rect.h);
    }
}

/// Whether the next commit of a surface brings a buffer.
fn is_attached(surface: &WlSurface) -> bool {
    with_states(surface, |states| {
        let mut attributes = states.cached_state.get::<SurfaceAttributes>();
        matches!(
            attributes.pending().buffer,
            Some(BufferAssignment::NewBuffer(_))
        )
    })
}

impl Session {
    pub(crate) fn toplevel_created(&mut self, app: ToplevelSurface) {
        let Some(host) = self.free_for_role(app.wl_surface(), app.xdg_toplevel()) else {
            return;
        };
        let surface = app.wl_surface().clone();
        let (xdg, host) = self.make_toplevel(&host, &surface);
        let toplevel = Toplevel {
            app,
            host,
            xdg,
            configures: Configures::default(),
            told: Told::default(),
            decoration: None,
            icon: None,
            shape: Shape::default(),
            sent: Shell::default(),
            window: None,
            begun: false,
            awaits: None,
            outer: None,
        };
        if let Some(link) = self.surfaces.get_mut(&surface.id()) {
            link.role = Role::Toplevel(toplevel);
        }
    }

    /// Makes the host's window of one of its surfaces.
    fn make_toplevel(
        &self,
        host: &HostSurface,
        surface: &WlSurface,
    ) -> (HostXdgSurface, HostToplevel) {
        let (wm_base, qh) = (&self.host.wm_base, &self.qh);
        let xdg = wm_base.get_xdg_surface(host, qh, surface.clone());
        let host = xdg.get_toplevel(qh, surface.clone());
        if let Some(id) = &self.shared.config.app_id {
            host.set_app_id(id.clone());
        }
        let title = self.shared.marking.title("");
        if !title.is_empty() {
            host.set_title(title);
        }
        (xdg, host)
    }

    /// Makes it anew, on the host that there is now; it waits for what that says.
    pub(crate) fn renew_toplevel(&mut self, surface: &WlSurface) {
        let Some(link) = self.surfaces.get(&surface.id()) else {
            return;
        };
        if !matches!(link.role, Role::Toplevel(_)) {
            return;
        }
        let (xdg, host) = self.make_toplevel(&link.host, surface);
        let Some(toplevel) = self.toplevel_mut(surface) else {
            return;
        };
        (toplevel.xdg, toplevel.host) = (xdg, host);
        toplevel.awaits = Some(Awaits::Configure);
        if toplevel.is_maximised() {
            toplevel.host.set_maximized();
        }
        // The user has let it fill the screen before.
        if toplevel.is_fullscreen() {
            toplevel.host.set_fullscreen(None);
        }
        toplevel.told = Told::default();
        let app = toplevel.app.clone();
        self.names_changed(&app);
    }

    /// Asks the host how a window is to be that was made anew.
    pub(crate) fn begin_again(&mut self, surface: &WlSurface) {
        let Some(link) = self.surfaces.get(&surface.id()) else {
            return;
        };
        if matches!(&link.role, Role::Toplevel(toplevel) if toplevel.begun) {
            link.host.commit();
        }
    }

    /// The host's surface for one that is about to become a window or popup.
    ///
    /// smithay lets the same role be given twice, by a second request or by a second xdg_surface;
    /// a host ends the connection over that.
    pub(crate) fn free_for_role(
        &mut self,
        surface: &WlSurface,
        object: &impl Resource,
    ) -> Option<HostSurface> {
        let link = self.surfaces.get(&surface.id())?;
        if !matches!(link.role, Role::None) {
            object.post_error(
                xdg_wm_base::Error::Role,
                "the surface already has a role object",
            );
            self.end("gave a surface a second role object");
            return None;
        }
        if link.has_buffer() || is_attached(surface) {
            object.post_error(
                xdg_wm_base::Error::InvalidSurfaceState,
                "the surface already has a buffer",
            );
            self.end("made a window of a surface with a buffer");
            return None;
        }
        Some(link.host.clone())
    }

    pub(crate) fn toplevel(&self, surface: &WlSurface) -> Option<&Toplevel> {
        match &self.surfaces.get(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some(toplevel),
            _ => None,
        }
    }

    pub(crate) fn toplevel_mut(&mut self, surface: &WlSurface) -> Option<&mut Toplevel> {
        match &mut self.surfaces.get_mut(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some(toplevel),
            _ => None,
        }
    }

    /// The host finished a configure of a window: the app gets it as one of smithay's.
    pub(crate) fn toplevel_configured(&mut self, surface: &WlSurface, host_serial: u32) {
        let Some(toplevel) = self.toplevel_mut(surface) else {
            return;
        };
        let shape = Shape::of_window(toplevel.is_fullscreen());
        if toplevel.awaits != Some(Awaits::Configure) {
            self.tell_toplevel(surface, Some(host_serial), shape);
            return;
        }
        if toplevel.configures.acked() && !toplevel.fits_as_it_was() {
            // The host would not have it as it is.
            toplevel.awaits = Some(Awaits::App);
            self.tell_toplevel(surface, Some(host_serial), shape);
            self.let_draw(surface);
            return;
        }
        toplevel.awaits = None;
        if toplevel.configures.acked() {
            // It is seen at once as it was; the app may then follow the host.
            toplevel.xdg.ack_configure(host_serial);
            toplevel.shape = shape;
            self.relay_held(surface);
            self.tell_toplevel(surface, None, shape);
        } else {
            self.relay_held(surface);
            self.tell_toplevel(surface, Some(host_serial), shape);
        }
    }

    /// Tells the app how its window is.
    pub(crate) fn tell_toplevel(
        &mut self,
        surface: &WlSurface,
        host_serial: Option<u32>,
        shape: Shape,
    ) {
        let adds = self.adds_with(surface, shape);
        let Some(toplevel) = self.toplevel_mut(surface) else {
            return;
        };
        let told = &toplevel.told;
        let within = |size: (i32, i32)| (inner(size.0, adds.0), inner(size.1, adds.1));
        toplevel.app.with_pending_state(|state| {
            state.size = Some(within(told.size).into());
            for (number, value) in STATES {
                if words(&told.states).any(|word| word == *number) {
                    state.states.set(*value);
                } else {
                    state.states.unset(*value);
                }
            }
            state.bounds = told.bounds.map(|bounds| within(bounds).into());
            if let Some(capabilities) = &told.capabilities {
                let known =
                    words(capabilities).filter_map(|word| WmCapabilities::try_from(word).ok());
                state.capabilities.replace(known);
            }
        });
        let serial = toplevel.app.send_configure();
        toplevel.configures.sent(serial, host_serial, shape);
    }

    /// Whether a window that asks for it gets the whole screen. Without the user's doing a picture of a whole desktop
    /// could be put over everything.
    pub(crate) fn may_fill_the_screen(&self) -> bool {
        let may = self.input.is_acting();
        if !may {
            self.shared.denied(Denied::Fullscreen);
        }
        may
    }

    /// Tells the app how its window is, as an answer to what it will not get.
    pub(crate) fn configure_again(&mut self, surface: &WlSurface) {
        let Some(toplevel) = self.toplevel_mut(surface) else {
            return;
        };
        if toplevel.configures.acked() {
            let shape = toplevel.shape;
            let serial = toplevel.app.send_configure();
            toplevel.configures.sent(serial, None, shape);
        }
    }

    /// A commit removed the buffer.
    pub(crate) fn unmapped(&mut self, surface: &WlSurface) {
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        match &mut link.role {
            Role::Toplevel(toplevel) => {
                toplevel.configures.reset();
                toplevel.app.reset_initial_configure_sent();
                toplevel.begun = false;
                if let Some(window) = toplevel.window.take() {
                    self.shared.report.send(&Event::WindowClosed { window });
                }
            }
            Role::Popup(popup) => {
                popup.configures.reset();
                popup.app.reset_initial_configure_sent();
            }
            _ => {}
        }
    }

    /// A commit showed a buffer; for a window's first, the daemon hears of it.
    pub(crate) fn mapped(&mut self, surface: &WlSurface) {
        let shared = std::rc::Rc::clone(&self.shared);
        let activation = self.host.activation.clone();
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        let number = match &mut link.role {
            Role::Toplevel(toplevel) => &mut toplevel.window,
            Role::X11(shown) if shown.toplevel().is_some() => &mut shown.number,
            _ => return,
        };
        if number.is_some() {
            return;
        }
        let window = shared.next_window();
        *number = Some(window);
        shared.report.send(&Event::WindowOpened { window });
        if let Some(token) = shared.activation_token.borrow_mut().take()
            && let Some(activation) = activation
        {
            activation.activate(token, &link.host);
        }
    }

    /// Relays the title or the application id as a person may see it.
    pub(crate) fn names_changed(&self, app: &ToplevelSurface) {
        let Some(toplevel) = self.toplevel(app.wl_surface()) else {
            return;
        };
        let (title, app_id) = with_states(app.wl_surface(), |states| {
            let data = states.data_map.get::<XdgToplevelSurfaceData>();
            let data = data.and_then(|data| data.lock().ok());
            data.map_or((None, None), |data| {
                (data.title.clone(), data.app_id.clone())
            })
        });
        if let Some(title) = title {
            toplevel.host.set_title(self.shared.marking.title(&title));
        }
        if let Some(app_id) = app_id
            && self.shared.config.app_id.is_none()
        {
            toplevel
                .host
                .set_app_id(policy::shown(&app_id, policy::APP_ID_MAX));
        }
    }
}

/// The app's part of a length, of which 0 means that the app may choose.
/// A limit of the host's window by one of the app's; 0 is none.
pub(crate) fn outer(length: i32, adds: i32) -> i32 {
    match length.clamp(0, policy::SIDE_MAX) {
        0 => 0,
        length => length + adds,
    }
}

/// A length of the app's window in one of the host's; 0 leaves it to the app.
pub(crate) fn inner(length: i32, adds: i32) -> i32 {
    if length == 0 {
        0
    } else {
        length.saturating_sub(adds).max(1)
    }
}

const MAXIMISED: u32 = 1;
const FULLSCREEN: u32 = 2;
const ACTIVATED: u32 = 4;
const SUSPENDED: u32 = 9;

/// The states of a window, by their number on the wire.
const STATES: &[(u32, State)] = &[
    (MAXIMISED, State::Maximized),
    (FULLSCREEN, State::Fullscreen),
    (3, State::Resizing),
    (ACTIVATED, State::Activated),
    (5, State::TiledLeft),
    (6, State::TiledRight),
    (7, State::TiledTop),
    (8, State::TiledBottom),
    (SUSPENDED, State::Suspended),
];

pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes
        .chunks_exact(4)
        .map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
}

/// The newest version of what a proxy object can do, for the requests that need it.
pub(crate) fn at_least(proxy: &impl Proxy, version: u32) -> bool {
    proxy.version() >= version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(configures: &mut Configures, app: u32, host: Option<u32>) {
        configures.sent(Serial::from(app), host, Shape::Window);
    }

    fn acked(configures: &mut Configures, app: u32) -> Option<Option<u32>> {
        configures.ack(Serial::from(app)).map(|(_, host)| host)
    }

    #[test]
    fn acknowledging_a_later_configure_settles_the_earlier_ones() {
        let mut configures = Configures::default();
        for (app, host) in [(10, 1), (11, 2), (12, 3)] {
            sent(&mut configures, app, Some(host));
        }
        assert_eq!(acked(&mut configures, 11), Some(Some(2)));
        assert_eq!(acked(&mut configures, 10), None);
        assert_eq!(acked(&mut configures, 12), Some(Some(3)));
        assert!(configures.acked());
    }

    #[test]
    fn the_host_hears_of_its_own_configures_only() {
        let mut configures = Configures::default();
        sent(&mut configures, 10, Some(1));
        sent(&mut configures, 11, None);
        sent(&mut configures, 12, None);
        assert_eq!(acked(&mut configures, 11), Some(Some(1)));
        assert_eq!(acked(&mut configures, 12), Some(None));
    }

    #[test]
    fn an_unknown_serial_is_no_acknowledgement() {
        let mut configures = Configures::default();
        assert_eq!(acked(&mut configures, 1), None);
        assert!(!configures.acked());
    }
}
