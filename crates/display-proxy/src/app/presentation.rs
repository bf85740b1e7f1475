//! When frames really were shown: for video players.

use wayland_protocols::wp::presentation_time::client::wp_presentation::WpPresentation as HostPresentation;
use wayland_protocols::wp::presentation_time::server::wp_presentation::{self, WpPresentation};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::{
    self, WpPresentationFeedback,
};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::mirror::Mirror;
use crate::peer::{Peer, link};
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<WpPresentation, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WpPresentation>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let presentation = data_init.init(resource, Peer::<HostPresentation>::default());
        session.take(Kind::Object, &presentation);
        if let Some(clock) = session.known.clock {
            presentation.clock_id(clock);
        }
        let name = mirror.name;
        let version = presentation.version();
        link::<_, HostPresentation>(session, &presentation, move |session, of| {
            Some(session.bind(name, version, of.clone()))
        });
    }
}

impl Dispatch<WpPresentation, Peer<HostPresentation>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        presentation: &WpPresentation,
        request: wp_presentation::Request,
        data: &Peer<HostPresentation>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(presentation);
        let Some(host) = data.get() else { return };
        match request {
            wp_presentation::Request::Feedback { surface, callback } => {
                let feedback = data_init.init(callback, ());
                session.take(Kind::Callback, &feedback);
                if !session.has_host() {
                    // An answer ends it, which has to be there until this request has been handled.
                    session.unshown.push(feedback);
                } else if let Some(surface) = session.host_surface(&surface) {
                    host.feedback(surface, &session.qh, feedback.clone());
                }
            }
            wp_presentation::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _p: &WpPresentation,
        data: &Peer<HostPresentation>,
    ) {
        data.take();
        session.quota.give(Kind::Object);
    }
}

impl Session {
    /// Says of what was drawn without a host that it was not shown.
    pub(crate) fn answer_unshown(&mut self) {
        for feedback in self.unshown.drain(..) {
            feedback.discarded();
        }
    }
}

impl Dispatch<WpPresentationFeedback, ()> for Session {
    fn request(
        _session: &mut Self,
        _client: &Client,
        _feedback: &WpPresentationFeedback,
        _request: wp_presentation_feedback::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // It has no requests.
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _feedback: &WpPresentationFeedback,
        (): &(),
    ) {
        session.quota.give(Kind::Callback);
    }
}
