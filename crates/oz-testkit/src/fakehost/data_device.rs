//! The clipboard, with the host as one party, and where drags begin.

use std::io::Write;
use std::sync::PoisonError;

use wayland_server::protocol::wl_data_device::{self, WlDataDevice};
use wayland_server::protocol::wl_data_device_manager::{self, WlDataDeviceManager};
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::{self, WlDataSource};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::drag::Source;
use super::surface::global;
use super::{Host, Seen};

global!(WlDataDeviceManager);

impl Host {
    /// Tells every device what the clipboard offers.
    pub(crate) fn announce(&mut self, dh: &DisplayHandle) {
        let Some((mimes, text)) = self.offered.clone() else {
            return;
        };
        for device in self.devices.iter().filter(|device| device.is_alive()) {
            let Some(client) = device.client() else {
                continue;
            };
            let made =
                client.create_resource::<WlDataOffer, _, Self>(dh, device.version(), text.clone());
            let Ok(offer) = made else { continue };
            device.data_offer(&offer);
            mimes.iter().for_each(|mime| offer.offer(mime.clone()));
            device.selection(Some(&offer));
        }
    }
}

impl Dispatch<WlDataDeviceManager, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _manager: &WlDataDeviceManager,
        request: wl_data_device_manager::Request,
        (): &(),
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_data_device_manager::Request::CreateDataSource { id } => {
                data_init.init(id, Source::default());
            }
            wl_data_device_manager::Request::GetDataDevice { id, .. } => {
                host.devices.push(data_init.init(id, ()));
                host.announce(dh);
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataDevice, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _device: &WlDataDevice,
        request: wl_data_device::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_data_device::Request::SetSelection {
                source: Some(source),
                ..
            } => {
                let mimes = source.data().map(Source::mimes);
                host.saw(Seen::Selection(mimes.unwrap_or_default()));
                host.selection = Some(source);
            }
            wl_data_device::Request::StartDrag {
                source,
                icon,
                serial,
                ..
            } => {
                let mimes = source
                    .as_ref()
                    .map(|source| source.data().map(Source::mimes).unwrap_or_default());
                host.saw(Seen::Drag {
                    mimes,
                    icon: icon.is_some(),
                    serial,
                });
                host.dragged = source;
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataSource, Source> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _source: &WlDataSource,
        request: wl_data_source::Request,
        data: &Source,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_data_source::Request::Offer { mime_type } => {
                let mut mimes = data.mimes.lock().unwrap_or_else(PoisonError::into_inner);
                mimes.push(mime_type);
            }
            wl_data_source::Request::SetActions { dnd_actions } => {
                let mut actions = data.actions.lock().unwrap_or_else(PoisonError::into_inner);
                *actions = dnd_actions.into();
            }
            _ => {}
        }
    }

    fn destroyed(
        host: &mut Self,
        _client: wayland_server::backend::ClientId,
        _source: &WlDataSource,
        _data: &Source,
    ) {
        host.saw(Seen::SourceGone);
    }
}

impl Dispatch<WlDataOffer, String> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _offer: &WlDataOffer,
        request: wl_data_offer::Request,
        text: &String,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let wl_data_offer::Request::Receive { mime_type, fd } = request {
            host.saw(Seen::Read(mime_type));
            // Short enough for any pipe, so this waits for nobody.
            let _ = std::fs::File::from(fd).write_all(text.as_bytes());
        }
    }
}
