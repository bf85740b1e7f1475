//! The host's clipboard. Its drags are never accepted.

use wayland_client::protocol::wl_data_device::{self, WlDataDevice};
use wayland_client::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_client::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_client::protocol::wl_data_source::{self, WlDataSource};
use wayland_client::{
    Connection, Dispatch, Proxy, QueueHandle, delegate_noop, event_created_child,
};

use crate::bridge::selection::{HostOffer, HostSource, Mimes, Which};
use crate::session::Session;

delegate_noop!(Session: WlDataDeviceManager);

impl Dispatch<WlDataDevice, ()> for Session {
    fn event(
        session: &mut Self,
        _device: &WlDataDevice,
        event: wl_data_device::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        match event {
            wl_data_device::Event::Selection { id } => {
                let offer = id.map(|offer| {
                    let mimes = offer.data::<Mimes>().map(Mimes::list).unwrap_or_default();
                    (HostOffer::Data(offer), mimes)
                });
                session.host_selection(Which::Clipboard, offer);
            }
            // Letting go of a drag's offer unanswered tells the host that it is not wanted.
            wl_data_device::Event::Enter {
                id: Some(offer), ..
            } => offer.destroy(),
            _ => {}
        }
    }

    event_created_child!(Session, WlDataDevice, [
        wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, Mimes::default()),
    ]);
}

impl Dispatch<WlDataOffer, Mimes> for Session {
    fn event(
        _session: &mut Self,
        _offer: &WlDataOffer,
        event: wl_data_offer::Event,
        mimes: &Mimes,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_data_offer::Event::Offer { mime_type } = event {
            mimes.add(mime_type);
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
