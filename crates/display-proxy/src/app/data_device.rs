//! The clipboard as apps speak it. Drag and drop does not cross: a drag is cancelled at once.

use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_data_device::{self, WlDataDevice};
use wayland_server::protocol::wl_data_device_manager::{self, WlDataDeviceManager};
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::{self, WlDataSource};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New};

use super::mirror::Mirror;
use crate::bridge::clipboard::AppOffer;
use crate::bridge::selection::{AppDevice, AppSource, HostDevice, Mimes, Which};
use crate::peer::host_of;
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
                let source = data_init.init(id, Mimes::default());
                session.take(Kind::Object, &source);
            }
            wl_data_device_manager::Request::GetDataDevice { id, seat } => {
                let device = data_init.init(id, ());
                session.take(Kind::Object, &device);
                if let (Some(host), Some(seat)) =
                    (&session.host.data_devices, host_of::<HostSeat>(&seat))
                {
                    let host = host.get_data_device(seat, &session.qh, ());
                    session.add_device(
                        Which::Clipboard,
                        AppDevice::Data(device),
                        HostDevice::Data(host),
                    );
                    session.expect_answer();
                }
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
                source: Some(source),
                ..
            } => source.cancelled(),
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, device: &WlDataDevice, (): &()) {
        session.remove_device(Which::Clipboard, &AppDevice::Data(device.clone()));
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WlDataSource, Mimes> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        source: &WlDataSource,
        request: wl_data_source::Request,
        mimes: &Mimes,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(source);
        if let wl_data_source::Request::Offer { mime_type } = request {
            mimes.add(mime_type);
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, source: &WlDataSource, _mimes: &Mimes) {
        session.source_gone(Which::Clipboard, &AppSource::Data(source.clone()));
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
