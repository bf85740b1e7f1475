//! The bell of the desktop. A flood of it would be the user's ears' and the host's to bear.

use std::time::{Duration, Instant};

use wayland_protocols::xdg::system_bell::v1::client::xdg_system_bell_v1::XdgSystemBellV1 as HostBell;
use wayland_protocols::xdg::system_bell::v1::server::xdg_system_bell_v1::{self, XdgSystemBellV1};

use super::mirror::{mirror_manager, relay};

/// Between two rings of one sandbox; those in between are not heard.
const PAUSE: Duration = Duration::from_millis(200);

mirror_manager!(XdgSystemBellV1 => HostBell);

relay!(XdgSystemBellV1 => HostBell, |session, bell, host, request, _init| {
    if let xdg_system_bell_v1::Request::Ring { surface } = request {
        let now = Instant::now();
        let rung = session.shared.rung.get();
        if rung.is_some_and(|at| now.saturating_duration_since(at) < PAUSE) {
            return;
        }
        session.shared.rung.set(Some(now));
        let surface = surface.as_ref().and_then(|surface| session.host_surface(surface));
        host.ring(surface);
    }
});
