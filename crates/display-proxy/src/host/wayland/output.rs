//! What the host says about its screens, without what tells one machine from another.

use wayland_client::protocol::wl_output::{self, WlOutput as HostOutput};
use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_manager_v1::ZxdgOutputManagerV1;
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_v1::{
    self, ZxdgOutputV1 as HostXdgOutput,
};
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_v1::ZxdgOutputV1;
use wayland_server::Resource;
use wayland_server::protocol::wl_output::{Mode, WlOutput};

use crate::app::mirror::Mirror;
use crate::bridge::known::{Screen, generic_name};
use crate::session::Session;

delegate_noop!(Session: ZxdgOutputManagerV1);

impl Dispatch<HostOutput, (WlOutput, Mirror)> for Session {
    fn event(
        session: &mut Self,
        _host: &HostOutput,
        event: wl_output::Event,
        (output, mirror): &(WlOutput, Mirror),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_output::Event;
        match event {
            Event::Geometry {
                x,
                y,
                physical_width,
                physical_height,
                subpixel,
                transform,
                ..
            } => {
                let screen = Screen {
                    at: (x, y),
                    millimetres: (physical_width, physical_height),
                    subpixel: subpixel.into(),
                    transform: transform.into(),
                    ..Screen::default()
                };
                screen.tell_geometry(output, session.density);
            }
            Event::Mode {
                flags,
                width,
                height,
                refresh,
            } => {
                output.mode(
                    Mode::from_bits_truncate(flags.into()),
                    width,
                    height,
                    refresh,
                );
            }
            Event::Done if output.version() >= 2 => output.done(),
            Event::Scale { factor } if output.version() >= 2 => {
                output.scale(if session.density.is_usual() {
                    factor
                } else {
                    1
                });
            }
            Event::Name { .. } if output.version() >= 4 => output.name(generic_name(mirror.name)),
            Event::Description { .. } if output.version() >= 4 => {
                output.description("a screen".to_owned())
            }
            _ => {}
        }
    }
}

impl Dispatch<HostXdgOutput, ZxdgOutputV1> for Session {
    fn event(
        session: &mut Self,
        _host: &HostXdgOutput,
        event: zxdg_output_v1::Event,
        output: &ZxdgOutputV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zxdg_output_v1::Event;
        let up = |units| session.density.up(units);
        match event {
            Event::LogicalPosition { x, y } => output.logical_position(up(x), up(y)),
            Event::LogicalSize { width, height } => output.logical_size(up(width), up(height)),
            Event::Done => output.done(),
            // The name was told at once; the host's own stays outside.
            _ => {}
        }
    }
}
