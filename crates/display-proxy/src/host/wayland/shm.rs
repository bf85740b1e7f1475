//! Formats, and buffers that the host has finished with.

use wayland_client::protocol::wl_buffer::{self, WlBuffer as HostBuffer};
use wayland_client::protocol::wl_shm::{self, WlShm as HostShm};
use wayland_client::protocol::wl_shm_pool::WlShmPool;
use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_server::Weak;
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_shm::WlShm;

use crate::bridge::border::Strip;
use crate::bridge::buffers;
use crate::peer::same;
use crate::session::Session;

delegate_noop!(Session: WlShmPool);

impl Dispatch<HostShm, WlShm> for Session {
    fn event(
        session: &mut Self,
        _host: &HostShm,
        event: wl_shm::Event,
        shm: &WlShm,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_shm::Event::Format { format } = event {
            let number: u32 = format.into();
            if !session.known.has_format(number) {
                session.known.formats.push(number);
            }
            // Most were told when the app bound it.
            if session.formats.insert(number)
                && let Some(format) = same(number)
            {
                shm.format(format);
            }
        }
    }
}

impl Dispatch<HostBuffer, Weak<WlBuffer>> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostBuffer,
        event: wl_buffer::Event,
        buffer: &Weak<WlBuffer>,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        // One that the app has destroyed needs no release.
        if let wl_buffer::Event::Release = event
            && let Ok(buffer) = buffer.upgrade()
        {
            buffers::give_back(&buffer);
        }
    }
}

impl Dispatch<HostShm, ()> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostShm,
        _event: wl_shm::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        // Borders are of a format that every host has.
    }
}

impl Dispatch<HostBuffer, Strip> for Session {
    fn event(
        _session: &mut Self,
        buffer: &HostBuffer,
        event: wl_buffer::Event,
        _data: &Strip,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_buffer::Event::Release = event {
            buffer.destroy();
        }
    }
}
