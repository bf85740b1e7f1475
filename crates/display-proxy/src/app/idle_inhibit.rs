//! Windows that keep the screen on. The host does so only while it shows them.

use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1 as HostManager;
use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibitor_v1::ZwpIdleInhibitorV1 as HostInhibitor;
use wayland_protocols::wp::idle_inhibit::zv1::server::zwp_idle_inhibit_manager_v1::{
    self, ZwpIdleInhibitManagerV1,
};
use wayland_protocols::wp::idle_inhibit::zv1::server::zwp_idle_inhibitor_v1::ZwpIdleInhibitorV1;

use super::mirror::{mirror_manager, relay};
use crate::peer::{Peer, link, manager_of};
use crate::quota::Kind;

mirror_manager!(ZwpIdleInhibitManagerV1 => HostManager);

relay!(ZwpIdleInhibitManagerV1 => HostManager, |session, manager, _host, request, init| {
    if let zwp_idle_inhibit_manager_v1::Request::CreateInhibitor { id, surface } = request {
        let inhibitor = init.init(id, Peer::<HostInhibitor>::default());
        session.take(Kind::Object, &inhibitor);
        let manager = manager.clone();
        link(session, &inhibitor, move |session, _| {
            let manager = manager_of::<HostManager>(session, &manager)?;
            let surface = session.host_surface(&surface)?;
            Some(manager.create_inhibitor(surface, &session.qh, ()))
        });
    }
});

// Destruction is the only request.
relay!(ZwpIdleInhibitorV1 => HostInhibitor, |session, inhibitor, _host, _request, _init| {});
