//! Passing the focus on: the host issues the tokens and judges them.

use std::sync::OnceLock;

use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_protocols::xdg::activation::v1::client::xdg_activation_token_v1::XdgActivationTokenV1 as HostToken;
use wayland_protocols::xdg::activation::v1::server::xdg_activation_token_v1::{
    self, XdgActivationTokenV1,
};
use wayland_protocols::xdg::activation::v1::server::xdg_activation_v1::{self, XdgActivationV1};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::mirror::Mirror;
use crate::peer::{Peer, host_of};
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

/// Tokens are opaque; hosts use some tens of bytes.
const TOKEN_MAX: usize = 256;

/// User data of a token: the host's, and what has become of it.
#[derive(Debug, Default)]
pub(crate) struct Token {
    host: Peer<HostToken>,
    made: OnceLock<()>,
    committed: OnceLock<()>,
    answered: OnceLock<()>,
}

impl Token {
    /// Passes on what the host has issued.
    pub(crate) fn issue(&self, app: &XdgActivationTokenV1, token: String) {
        if self.answered.set(()).is_ok() {
            app.done(token);
        }
    }

    /// There is no host that would answer: apps wait for it. This token moves no focus.
    fn answer(&self, session: &Session, app: &XdgActivationTokenV1) {
        self.issue(app, session.shared.fresh_name());
    }

    /// The host is gone before it has answered.
    pub(crate) fn lose_host(&self, session: &Session, app: &XdgActivationTokenV1) {
        if self.committed.get().is_some() {
            self.answer(session, app);
        }
    }
}

impl GlobalDispatch<XdgActivationV1, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<XdgActivationV1>,
        _mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let activation = data_init.init(resource, ());
        session.take(Kind::Object, &activation);
    }
}

impl Dispatch<XdgActivationV1, ()> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        activation: &XdgActivationV1,
        request: xdg_activation_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(activation);
        match request {
            xdg_activation_v1::Request::GetActivationToken { id } => {
                let token = data_init.init(id, Token::default());
                session.take(Kind::Object, &token);
                if let Some(data) = token.data::<Token>() {
                    // Of another host's it would have to be asked anew: nobody waits that long.
                    session.link(&token, &data.host, move |session, of| {
                        let token = of.clone();
                        let made = token.data::<Token>()?.made.set(());
                        let host = session.host.activation.as_ref().filter(|_| made.is_ok())?;
                        Some(host.get_activation_token(&session.qh, token))
                    });
                }
            }
            xdg_activation_v1::Request::Activate { token, surface } if token.len() <= TOKEN_MAX => {
                if let (Some(host), Some(surface)) =
                    (&session.host.activation, session.host_surface(&surface))
                {
                    // Of a click that started a program here; else it is one that the host gave a client.
                    let click = session.shared.activations.borrow_mut().take(&token);
                    host.activate(click.unwrap_or(token), surface);
                }
            }
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, _activation: &XdgActivationV1, (): &()) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<XdgActivationTokenV1, Token> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        token: &XdgActivationTokenV1,
        request: xdg_activation_token_v1::Request,
        data: &Token,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(token);
        let host = data.host.get();
        match (request, host) {
            // Without the serial of a real event the host issues a token that moves no focus.
            (xdg_activation_token_v1::Request::SetSerial { serial, seat }, Some(host)) => {
                if let Some(seat) = host_of::<HostSeat>(&seat)
                    && session.input.knows(serial)
                {
                    host.set_serial(serial, &seat);
                }
            }
            (xdg_activation_token_v1::Request::SetAppId { app_id }, Some(host)) => {
                let shown = policy::shown(&app_id, policy::APP_ID_MAX);
                host.set_app_id(session.shared.config.app_id.clone().unwrap_or(shown));
            }
            (xdg_activation_token_v1::Request::SetSurface { surface }, Some(host)) => {
                if let Some(surface) = session.host_surface(&surface) {
                    host.set_surface(surface);
                }
            }
            (xdg_activation_token_v1::Request::Commit, host) => {
                if data.committed.set(()).is_err() {
                    token.post_error(
                        xdg_activation_token_v1::Error::AlreadyUsed,
                        "the token was committed before",
                    );
                    session.end("committed an activation token twice");
                } else if let Some(host) = host.filter(|_| session.has_host()) {
                    host.commit();
                    session.expect_answer();
                } else {
                    data.answer(session, token);
                }
            }
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _token: &XdgActivationTokenV1,
        data: &Token,
    ) {
        data.host.take().inspect(HostToken::destroy);
        session.quota.give(Kind::Object);
    }
}
