//! Windows with names, in the newer version of the protocol and, of what tests use, in the older one.

use std::sync::PoisonError;

use wayland_protocols::xdg::foreign::zv1::server::zxdg_exported_v1::{self, ZxdgExportedV1};
use wayland_protocols::xdg::foreign::zv1::server::zxdg_exporter_v1::{self, ZxdgExporterV1};
use wayland_protocols::xdg::foreign::zv2::server::zxdg_exported_v2::{self, ZxdgExportedV2};
use wayland_protocols::xdg::foreign::zv2::server::zxdg_exporter_v2::{self, ZxdgExporterV2};
use wayland_protocols::xdg::foreign::zv2::server::zxdg_imported_v2::{self, ZxdgImportedV2};
use wayland_protocols::xdg::foreign::zv2::server::zxdg_importer_v2::{self, ZxdgImporterV2};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::surface::{Surface, global, inert};
use super::{Host, Seen};

global!(ZxdgExporterV1);
global!(ZxdgExporterV2);
global!(ZxdgImporterV2);
inert!(ZxdgExportedV1, zxdg_exported_v1::Request);

/// What the next window is called.
fn name(host: &mut Host, surface: &WlSurface) -> String {
    let data = surface.data::<Surface>();
    let is_window = data.is_some_and(|data| {
        let state = data.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.shell.is_some()
    });
    assert!(is_window, "what is no window reached the host");
    let name = format!("host-{}", host.next_serial());
    host.saw(Seen::Exported(name.clone()));
    name
}

impl Dispatch<ZxdgExporterV1, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _exporter: &ZxdgExporterV1,
        request: zxdg_exporter_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let zxdg_exporter_v1::Request::Export { id, surface } = request {
            let name = name(host, &surface);
            data_init.init(id, ()).handle(name);
        }
    }
}

impl Dispatch<ZxdgExporterV2, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _exporter: &ZxdgExporterV2,
        request: zxdg_exporter_v2::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let zxdg_exporter_v2::Request::ExportToplevel { id, surface } = request {
            let name = name(host, &surface);
            data_init.init(id, name.clone()).handle(name);
        }
    }
}

impl Dispatch<ZxdgExportedV2, String> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _exported: &ZxdgExportedV2,
        _request: zxdg_exported_v2::Request,
        _name: &String,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
    }

    fn destroyed(host: &mut Self, _client: ClientId, _exported: &ZxdgExportedV2, name: &String) {
        host.saw(Seen::Unexported(name.clone()));
    }
}

impl Dispatch<ZxdgImporterV2, ()> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _importer: &ZxdgImporterV2,
        request: zxdg_importer_v2::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let zxdg_importer_v2::Request::ImportToplevel { id, handle } = request {
            data_init.init(id, handle);
        }
    }
}

impl Dispatch<ZxdgImportedV2, String> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _imported: &ZxdgImportedV2,
        request: zxdg_imported_v2::Request,
        name: &String,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let zxdg_imported_v2::Request::SetParentOf { .. } = request {
            host.saw(Seen::Before(name.clone()));
        }
    }
}
