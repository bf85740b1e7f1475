//! wl_data_device_manager and the protocol of the primary selection.

use std::sync::{Mutex, PoisonError};

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
use wayland_server::protocol::wl_data_device::{self, WlDataDevice};
use wayland_server::protocol::wl_data_device_manager::{self, DndAction, WlDataDeviceManager};
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::{self, WlDataSource};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::{Offered, Source, Which};
use crate::host::x11::State;
use crate::host::x11::compositor::known;

/// What a source says of itself.
#[derive(Debug, Default)]
pub(super) struct Given(Mutex<(Vec<String>, Option<DndAction>)>);

impl Given {
    /// Its types, and what may be done with what is dragged.
    pub(super) fn said(&self) -> (Vec<String>, DndAction) {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (said.0.clone(), said.1.unwrap_or(DndAction::Copy))
    }

    fn say(&self, mime: String) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.0.push(mime);
    }

    fn may(&self, actions: DndAction) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.1 = Some(actions);
    }
}

fn types(given: Option<&Given>) -> Vec<String> {
    given.map(|given| given.said().0).unwrap_or_default()
}

impl Dispatch<WlDataDeviceManager, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WlDataDeviceManager,
        request: wl_data_device_manager::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_data_device_manager::Request::CreateDataSource { id } => {
                data_init.init(id, Given::default());
            }
            wl_data_device_manager::Request::GetDataDevice { id, .. } => {
                let device = data_init.init(id, ());
                state.selections.devices.push(device);
                if state.seat.keyboard.is_here() {
                    state.learn(Which::Clipboard);
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataSource, Given> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &WlDataSource,
        request: wl_data_source::Request,
        data: &Given,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_data_source::Request::Offer { mime_type } => data.say(mime_type),
            wl_data_source::Request::SetActions { dnd_actions } => {
                data.may(known(dnd_actions).unwrap_or(DndAction::empty()));
            }
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, object: &WlDataSource, _data: &Given) {
        state.source_gone(&Source::Data(object.clone()));
    }
}

impl Dispatch<WlDataDevice, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WlDataDevice,
        request: wl_data_device::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_data_device::Request::SetSelection { source, .. } => {
                let types = types(source.as_ref().and_then(|source| source.data()));
                let source = source.map(Source::Data);
                state.own_selection(Which::Clipboard, source, types);
            }
            wl_data_device::Request::StartDrag {
                source: Some(source),
                serial,
                ..
            } => state.begin_drag(&source, serial),
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, object: &WlDataDevice, (): &()) {
        state.selections.devices.retain(|one| one != object);
    }
}

impl Dispatch<WlDataOffer, Offered> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        object: &WlDataOffer,
        request: wl_data_offer::Request,
        offered: &Offered,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use wl_data_offer::Request;
        match (request, offered) {
            (Request::Receive { mime_type, fd }, Offered::Selection(which, generation)) => {
                state.read_selection(*which, *generation, &mime_type, fd);
            }
            (Request::Receive { mime_type, fd }, Offered::Drag(number)) => {
                state.drag_read(*number, &mime_type, fd);
            }
            (Request::Accept { mime_type, .. }, Offered::Drag(number)) => {
                state.drag_accepted(object, *number, mime_type.is_some());
            }
            (
                Request::SetActions {
                    dnd_actions,
                    preferred_action,
                },
                Offered::Drag(number),
            ) => {
                let [can, preferred] = [dnd_actions, preferred_action]
                    .map(|it| known(it).unwrap_or(DndAction::empty()));
                state.drag_actions(object, *number, can, preferred);
            }
            (Request::Finish, Offered::Drag(number)) => state.drag_done(*number, true),
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, object: &WlDataOffer, offered: &Offered) {
        // One that knows no end of a drag but this has taken what it read.
        if let Offered::Drag(number) = offered {
            state.drag_done(*number, object.version() < 3);
        }
    }
}

impl Dispatch<ZwpPrimarySelectionDeviceManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &ZwpPrimarySelectionDeviceManagerV1,
        request: zwp_primary_selection_device_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use zwp_primary_selection_device_manager_v1::Request;
        match request {
            Request::CreateSource { id } => {
                data_init.init(id, Given::default());
            }
            Request::GetDevice { id, .. } => {
                let device = data_init.init(id, ());
                state.selections.primary_devices.push(device);
                if state.seat.keyboard.is_here() {
                    state.learn(Which::Primary);
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<ZwpPrimarySelectionSourceV1, Given> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &ZwpPrimarySelectionSourceV1,
        request: zwp_primary_selection_source_v1::Request,
        data: &Given,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let zwp_primary_selection_source_v1::Request::Offer { mime_type } = request {
            data.say(mime_type);
        }
    }

    fn destroyed(
        state: &mut Self,
        _client: ClientId,
        object: &ZwpPrimarySelectionSourceV1,
        _data: &Given,
    ) {
        state.source_gone(&Source::Primary(object.clone()));
    }
}

impl Dispatch<ZwpPrimarySelectionDeviceV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &ZwpPrimarySelectionDeviceV1,
        request: zwp_primary_selection_device_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let zwp_primary_selection_device_v1::Request::SetSelection { source, .. } = request {
            let types = types(source.as_ref().and_then(|source| source.data()));
            let source = source.map(Source::Primary);
            state.own_selection(Which::Primary, source, types);
        }
    }

    fn destroyed(
        state: &mut Self,
        _client: ClientId,
        object: &ZwpPrimarySelectionDeviceV1,
        (): &(),
    ) {
        state.selections.primary_devices.retain(|one| one != object);
    }
}

impl Dispatch<ZwpPrimarySelectionOfferV1, Offered> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &ZwpPrimarySelectionOfferV1,
        request: zwp_primary_selection_offer_v1::Request,
        offered: &Offered,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let zwp_primary_selection_offer_v1::Request::Receive { mime_type, fd } = request
            && let Offered::Selection(which, generation) = offered
        {
            state.read_selection(*which, *generation, &mime_type, fd);
        }
    }
}
