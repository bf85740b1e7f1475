//! The host's primary selection.

use wayland_client::{Connection, Dispatch, Proxy, QueueHandle, delegate_noop, event_created_child};
use wayland_protocols::wp::primary_selection::zv1::client::zwp_primary_selection_device_manager_v1::ZwpPrimarySelectionDeviceManagerV1;
use wayland_protocols::wp::primary_selection::zv1::client::zwp_primary_selection_device_v1::{
    self, ZwpPrimarySelectionDeviceV1,
};
use wayland_protocols::wp::primary_selection::zv1::client::zwp_primary_selection_offer_v1::{
    self, ZwpPrimarySelectionOfferV1,
};
use wayland_protocols::wp::primary_selection::zv1::client::zwp_primary_selection_source_v1::{
    self, ZwpPrimarySelectionSourceV1,
};

use crate::bridge::selection::{HostOffer, HostSource, Mimes, Which};
use crate::session::Session;

delegate_noop!(Session: ZwpPrimarySelectionDeviceManagerV1);

impl Dispatch<ZwpPrimarySelectionDeviceV1, ()> for Session {
    fn event(
        session: &mut Self,
        _device: &ZwpPrimarySelectionDeviceV1,
        event: zwp_primary_selection_device_v1::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let zwp_primary_selection_device_v1::Event::Selection { id } = event {
            let offer = id.map(|offer| {
                let mimes = offer.data::<Mimes>().map(Mimes::list).unwrap_or_default();
                (HostOffer::Primary(offer), mimes)
            });
            session.host_selection(Which::Primary, offer);
        }
    }

    event_created_child!(Session, ZwpPrimarySelectionDeviceV1, [
        zwp_primary_selection_device_v1::EVT_DATA_OFFER_OPCODE => (ZwpPrimarySelectionOfferV1, Mimes::default()),
    ]);
}

impl Dispatch<ZwpPrimarySelectionOfferV1, Mimes> for Session {
    fn event(
        _session: &mut Self,
        _offer: &ZwpPrimarySelectionOfferV1,
        event: zwp_primary_selection_offer_v1::Event,
        mimes: &Mimes,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let zwp_primary_selection_offer_v1::Event::Offer { mime_type } = event {
            mimes.add(mime_type);
        }
    }
}

impl Dispatch<ZwpPrimarySelectionSourceV1, Which> for Session {
    fn event(
        session: &mut Self,
        source: &ZwpPrimarySelectionSourceV1,
        event: zwp_primary_selection_source_v1::Event,
        which: &Which,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_primary_selection_source_v1::Event;
        let source = HostSource::Primary(source.clone());
        match event {
            Event::Send { mime_type, fd } => session.host_reads(*which, &source, mime_type, fd),
            Event::Cancelled => session.host_cancelled(*which, &source),
            _ => {}
        }
    }
}
