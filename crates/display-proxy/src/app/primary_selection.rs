//! The primary selection as apps speak it; the rules are those of the clipboard.

use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_manager_v1::{
    self, ZwpPrimarySelectionDeviceManagerV1,
};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_v1::{
    self, ZwpPrimarySelectionDeviceV1,
};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_offer_v1::{
    self, ZwpPrimarySelectionOfferV1,
};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_source_v1::{
    self, ZwpPrimarySelectionSourceV1,
};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New};

use super::mirror::Mirror;
use crate::bridge::clipboard::AppOffer;
use crate::bridge::selection::{AppDevice, AppSource, Mimes, Which};
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<ZwpPrimarySelectionDeviceManagerV1, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<ZwpPrimarySelectionDeviceManagerV1>,
        _mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, ());
        session.take(Kind::Object, &manager);
    }
}

impl Dispatch<ZwpPrimarySelectionDeviceManagerV1, ()> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &ZwpPrimarySelectionDeviceManagerV1,
        request: zwp_primary_selection_device_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        match request {
            zwp_primary_selection_device_manager_v1::Request::CreateSource { id } => {
                let source = data_init.init(id, Mimes::default());
                session.take(Kind::Object, &source);
            }
            zwp_primary_selection_device_manager_v1::Request::GetDevice { id, seat } => {
                let device = data_init.init(id, ());
                session.take(Kind::Object, &device);
                session.add_device(Which::Primary, AppDevice::Primary(device), seat);
                session.expect_answer();
            }
            _ => {}
        }
    }
}

impl Dispatch<ZwpPrimarySelectionDeviceV1, ()> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        device: &ZwpPrimarySelectionDeviceV1,
        request: zwp_primary_selection_device_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(device);
        if let zwp_primary_selection_device_v1::Request::SetSelection { source, serial } = request {
            let device = AppDevice::Primary(device.clone());
            session.set_selection(
                Which::Primary,
                &device,
                source.map(AppSource::Primary),
                serial,
            );
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        device: &ZwpPrimarySelectionDeviceV1,
        (): &(),
    ) {
        session.remove_device(Which::Primary, &AppDevice::Primary(device.clone()));
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<ZwpPrimarySelectionSourceV1, Mimes> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        source: &ZwpPrimarySelectionSourceV1,
        request: zwp_primary_selection_source_v1::Request,
        mimes: &Mimes,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(source);
        if let zwp_primary_selection_source_v1::Request::Offer { mime_type } = request {
            mimes.add(mime_type);
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        source: &ZwpPrimarySelectionSourceV1,
        _mimes: &Mimes,
    ) {
        session.source_gone(Which::Primary, &AppSource::Primary(source.clone()));
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<ZwpPrimarySelectionOfferV1, AppOffer> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        offer: &ZwpPrimarySelectionOfferV1,
        request: zwp_primary_selection_offer_v1::Request,
        data: &AppOffer,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(offer);
        if let zwp_primary_selection_offer_v1::Request::Receive { mime_type, fd } = request {
            session.app_reads(data, mime_type, fd);
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _offer: &ZwpPrimarySelectionOfferV1,
        _data: &AppOffer,
    ) {
        session.quota.give(Kind::Object);
    }
}
