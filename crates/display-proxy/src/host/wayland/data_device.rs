//! The host's clipboard and its drags.

use wayland_client::protocol::wl_data_device::{self, WlDataDevice};
use wayland_client::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_client::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_client::protocol::wl_data_source::{self, WlDataSource};
use wayland_client::{
    Connection, Dispatch, Proxy, QueueHandle, delegate_noop, event_created_child,
};
use wayland_server::protocol::wl_data_device::WlDataDevice as AppDevice;

use crate::bridge::drag::out::DragSource;
use crate::bridge::drag::{Offered, Target};
use crate::bridge::selection::{HostOffer, HostSource, Which};
use crate::session::Session;

delegate_noop!(Session: WlDataDeviceManager);

/// User data of the device behind the selections and drags of the sandbox's X server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForX11;

impl Dispatch<WlDataDevice, AppDevice> for Session {
    fn event(
        session: &mut Self,
        _device: &WlDataDevice,
        event: wl_data_device::Event,
        app: &AppDevice,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        session.host_device_says(&Target::Wayland(app.clone()), event);
    }

    event_created_child!(Session, WlDataDevice, [
        wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, Offered::default()),
    ]);
}

impl Dispatch<WlDataDevice, ForX11> for Session {
    fn event(
        session: &mut Self,
        _device: &WlDataDevice,
        event: wl_data_device::Event,
        _: &ForX11,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        session.host_device_says(&Target::X11, event);
    }

    event_created_child!(Session, WlDataDevice, [
        wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, Offered::default()),
    ]);
}

impl Session {
    fn host_device_says(&mut self, target: &Target, event: wl_data_device::Event) {
        use wl_data_device::Event;
        match event {
            Event::Selection { id } => self.host_selection(Which::Clipboard, id.map(offered)),
            Event::Enter {
                serial,
                surface,
                x,
                y,
                id,
            } => self.drag_enters(target, serial, &surface, (x, y), id),
            Event::Motion { time, x, y } => self.drag_moves(target, time, (x, y)),
            Event::Leave => self.drag_leaves(target),
            Event::Drop => self.drag_drops(target),
            _ => {}
        }
    }
}

/// What the host offers, and as what.
fn offered(offer: WlDataOffer) -> (HostOffer, Vec<String>) {
    let mimes = offer.data::<Offered>().map(Offered::mimes);
    (HostOffer::Data(offer), mimes.unwrap_or_default())
}

impl Dispatch<WlDataOffer, Offered> for Session {
    fn event(
        session: &mut Self,
        offer: &WlDataOffer,
        event: wl_data_offer::Event,
        offered: &Offered,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_data_offer::Event;
        match event {
            Event::Offer { mime_type } => offered.add(mime_type),
            Event::SourceActions { source_actions } => {
                offered.set_actions(source_actions.into());
                session.drag_source_actions(offer);
            }
            Event::Action { dnd_action } => session.drag_action(offer, dnd_action.into()),
            _ => {}
        }
    }
}

impl Dispatch<WlDataSource, Which> for Session {
    fn event(
        session: &mut Self,
        source: &WlDataSource,
        event: wl_data_source::Event,
        which: &Which,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        let source = HostSource::Data(source.clone());
        match event {
            wl_data_source::Event::Send { mime_type, fd } => {
                session.host_reads(*which, &source, mime_type, fd)
            }
            wl_data_source::Event::Cancelled => session.host_cancelled(*which, &source),
            _ => {}
        }
    }
}

impl Dispatch<WlDataSource, DragSource> for Session {
    fn event(
        session: &mut Self,
        source: &WlDataSource,
        event: wl_data_source::Event,
        _data: &DragSource,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_data_source::Event;
        match event {
            Event::Target { mime_type } => session.drag_target(source, mime_type),
            Event::Send { mime_type, fd } => session.drag_is_read(source, mime_type, fd),
            Event::Action { dnd_action } => session.drag_source_action(source, dnd_action.into()),
            Event::DndDropPerformed => session.drag_was_dropped(source),
            Event::DndFinished => session.drag_is_over(source, true),
            Event::Cancelled => session.drag_is_over(source, false),
            _ => {}
        }
    }
}
