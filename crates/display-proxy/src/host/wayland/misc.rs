//! Protocols of which the host has one event or none.

use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1;
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_v1::{
    self, WpFractionalScaleV1 as HostScale,
};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::WpFractionalScaleV1;
use wayland_protocols::wp::single_pixel_buffer::v1::client::wp_single_pixel_buffer_manager_v1::WpSinglePixelBufferManagerV1;
use wayland_protocols::wp::viewporter::client::wp_viewport::WpViewport;
use wayland_protocols::wp::viewporter::client::wp_viewporter::WpViewporter;
use wayland_protocols::xdg::activation::v1::client::xdg_activation_token_v1::{
    self, XdgActivationTokenV1 as HostToken,
};
use wayland_protocols::xdg::activation::v1::client::xdg_activation_v1::XdgActivationV1;
use wayland_protocols::xdg::activation::v1::server::xdg_activation_token_v1::XdgActivationTokenV1;
use wayland_protocols::xdg::decoration::zv1::client::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1;
use wayland_protocols::xdg::decoration::zv1::client::zxdg_toplevel_decoration_v1::{
    self, ZxdgToplevelDecorationV1 as HostDecoration,
};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::ZxdgToplevelDecorationV1;
use wayland_server::Resource;

use crate::app::activation::Token;
use crate::peer::same;
use crate::session::Session;

delegate_noop!(Session: WpViewporter);
delegate_noop!(Session: WpViewport);
delegate_noop!(Session: WpFractionalScaleManagerV1);
delegate_noop!(Session: WpSinglePixelBufferManagerV1);
delegate_noop!(Session: XdgActivationV1);
delegate_noop!(Session: ZxdgDecorationManagerV1);

impl Dispatch<HostScale, WpFractionalScaleV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostScale,
        event: wp_fractional_scale_v1::Event,
        scale: &WpFractionalScaleV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wp_fractional_scale_v1::Event::PreferredScale { scale: preferred } = event {
            scale.preferred_scale(preferred);
        }
    }
}

impl Dispatch<HostToken, XdgActivationTokenV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostToken,
        event: xdg_activation_token_v1::Event,
        app: &XdgActivationTokenV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let xdg_activation_token_v1::Event::Done { token } = event
            && let Some(data) = app.data::<Token>()
        {
            data.issue(app, token);
        }
    }
}

impl Dispatch<HostDecoration, ZxdgToplevelDecorationV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostDecoration,
        event: zxdg_toplevel_decoration_v1::Event,
        decoration: &ZxdgToplevelDecorationV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let zxdg_toplevel_decoration_v1::Event::Configure { mode } = event
            && let Some(mode) = same(mode)
        {
            decoration.configure(mode);
        }
    }
}
