//! The clipboard and drags as apps speak them.

use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_data_device::{self, WlDataDevice};
use wayland_server::protocol::wl_data_device_manager::{self, WlDataDeviceManager};
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::{self, WlDataSource};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::mirror::Mirror;
use crate::bridge::clipboard::AppOffer;
use crate::bridge::drag::over::DragOffer;
use crate::bridge::drag::{DataSource, Offer};
use crate::bridge::selection::{AppDevice, AppSource, Which};
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<WlDataDeviceManager, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlDataDeviceManager>,
        _mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, ());
        session.take(Kind::Object, &manager);
    }
}

impl Dispatch<WlDataDeviceManager, ()> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &WlDataDeviceManager,
        request: wl_data_device_manager::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        match request {
            wl_data_device_manager::Request::CreateDataSource { id } => {
                let source = data_init.init(id, DataSource::default());
                session.take(Kind::Object, &source);
            }
            wl_data_device_manager::Request::GetDataDevice { id, seat } => {
                let device = data_init.init(id, ());
                session.take(Kind::Object, &device);
                session.add_device(Which::Clipboard, AppDevice::Data(device), seat);
                session.expect_answer();
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataDevice, ()> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        device: &WlDataDevice,
        request: wl_data_device::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(device);
        match request {
            wl_data_device::Request::SetSelection { source, serial } => {
                let device = AppDevice::Data(device.clone());
                session.set_selection(
                    Which::Clipboard,
                    &device,
                    source.map(AppSource::Data),
                    serial,
                );
            }
            wl_data_device::Request::StartDrag {
                source,
                origin,
                icon,
                serial,
            } => session.start_drag(device, source, &origin, icon, serial),
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, device: &WlDataDevice, (): &()) {
        session.drag_device_gone(device);
        session.remove_device(Which::Clipboard, &AppDevice::Data(device.clone()));
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WlDataSource, DataSource> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        source: &WlDataSource,
        request: wl_data_source::Request,
        data: &DataSource,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(source);
        match request {
            wl_data_source::Request::Offer { mime_type } => data.mimes.add(mime_type),
            wl_data_source::Request::SetActions { dnd_actions }
                if !data.set_actions(dnd_actions.into()) =>
            {
                source.post_error(wl_data_source::Error::InvalidActionMask, "no such action");
                session.end("named an action that does not exist");
            }
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, source: &WlDataSource, _data: &DataSource) {
        let source = AppSource::Data(source.clone());
        session.source_gone(Which::Clipboard, &source);
        session.drag_source_gone(&source);
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WlDataOffer, AppOffer> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        offer: &WlDataOffer,
        request: wl_data_offer::Request,
        data: &AppOffer,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(offer);
        if let wl_data_offer::Request::Receive { mime_type, fd } = request {
            session.app_reads(data, mime_type, fd);
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, _offer: &WlDataOffer, _data: &AppOffer) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WlDataOffer, DragOffer> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        offer: &WlDataOffer,
        request: wl_data_offer::Request,
        _data: &DragOffer,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use wl_data_offer::Request;
        session.tick(offer);
        let offer = Offer::Wayland(offer.clone());
        match request {
            Request::Accept { serial, mime_type } => {
                session.drag_accepted(&offer, serial, mime_type)
            }
            Request::Receive { mime_type, fd } => session.drag_read(&offer, mime_type, fd),
            Request::SetActions {
                dnd_actions,
                preferred_action,
            } => session.drag_actions(&offer, dnd_actions.into(), preferred_action.into()),
            Request::Finish => session.drag_finished(&offer),
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, offer: &WlDataOffer, _data: &DragOffer) {
        session.drag_offer_gone(&Offer::Wayland(offer.clone()));
        session.quota.give(Kind::Object);
    }
}
