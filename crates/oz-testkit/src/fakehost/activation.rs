//! Tokens that let a window have the focus.

use wayland_protocols::xdg::activation::v1::server::xdg_activation_token_v1::{
    self, XdgActivationTokenV1,
};
use wayland_protocols::xdg::activation::v1::server::xdg_activation_v1::{self, XdgActivationV1};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New};

use super::surface::{global, inert};
use super::{Host, Seen};

global!(XdgActivationV1);
inert!(XdgActivationTokenV1, xdg_activation_token_v1::Request);

impl Dispatch<XdgActivationV1, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _activation: &XdgActivationV1,
        request: xdg_activation_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_activation_v1::Request::GetActivationToken { id } => {
                data_init.init(id, ());
            }
            xdg_activation_v1::Request::Activate { token, .. } => host.saw(Seen::Activated(token)),
            _ => {}
        }
    }
}
