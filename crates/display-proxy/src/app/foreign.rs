//! Windows that others put theirs in front of, by a name: dialogs that the host shows for the app, and windows of the
//! sandbox's other clients.
//!
//! The host's name of a window stays out: whoever knows it can put a window in front of that one. The app gets one of
//! ours, which means something to clients of its own sandbox and, through the daemon, to its dialogs, and to nobody else.
//! Both versions of the protocol are in use: GTK speaks the first, hosts and other toolkits the second.

use std::sync::{Mutex, OnceLock};

use super::mirror::mirror_manager;
use crate::peer::{Peer, host_of, link, manager_of};
use crate::quota::Kind;
use crate::report::Event;
use crate::session::Session;

/// Windows with names in one sandbox: more than dialogs that anybody looks at.
const EXPORTED_MAX: usize = 128;
/// Longest name; hosts use some tens of bytes.
const NAME_MAX: usize = 256;

/// A window with a name: the host's object, and the name that the app has for it.
#[derive(Debug)]
pub(crate) struct Export<P> {
    host: Peer<P>,
    name: OnceLock<String>,
}

impl<P> Default for Export<P> {
    fn default() -> Self {
        Self {
            host: Peer::default(),
            name: OnceLock::new(),
        }
    }
}

impl Session {
    /// The app's name for what the host has just named; none if the host's is no name, or there are too many.
    fn export(&self, host: &str) -> Option<String> {
        let mut exports = self.shared.exports.borrow_mut();
        if !is_name(host) || exports.len() >= EXPORTED_MAX {
            return None;
        }
        let name = self.shared.fresh_name();
        exports.insert(name.clone(), host.to_owned());
        self.shared.report.send(&Event::Exported {
            name: name.clone(),
            host: host.to_owned(),
        });
        Some(name)
    }

    /// The host's name for a window that has one of ours is another now.
    fn export_again(&self, name: &str, host: &str) {
        let mut exports = self.shared.exports.borrow_mut();
        if let Some(known) = exports.get_mut(name)
            && is_name(host)
            && known != host
        {
            host.clone_into(known);
            self.shared.report.send(&Event::Exported {
                name: name.to_owned(),
                host: host.to_owned(),
            });
        }
    }

    fn unexport(&self, name: Option<&String>) {
        if let Some(name) = name
            && self.shared.exports.borrow_mut().remove(name).is_some()
        {
            let name = name.clone();
            self.shared.report.send(&Event::Unexported { name });
        }
    }

    /// The host's name for one of ours.
    fn exported(&self, name: &str) -> Option<String> {
        self.shared.exports.borrow().get(name).cloned()
    }
}

/// Whether a text can be the name of a window.
fn is_name(host: &str) -> bool {
    (1..=NAME_MAX).contains(&host.len()) && host.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One version of the protocol. Both say the same in different words.
macro_rules! version {
    (
        $module:ident,
        $package:ident,
        $exporter:ident :: $Exporter:ident,
        $exported:ident :: $Exported:ident,
        $importer:ident :: $Importer:ident,
        $imported:ident :: $Imported:ident,
        $Export:ident => $export:ident,
        $Import:ident => $import:ident
    ) => {
        mod $module {
            use super::*;
            use wayland_client::{Connection, QueueHandle, delegate_noop};
            use wayland_protocols::xdg::foreign::$package::client::$exported::{
                self as host_exported, $Exported as HostExported,
            };
            use wayland_protocols::xdg::foreign::$package::client::$exporter::$Exporter as HostExporter;
            use wayland_protocols::xdg::foreign::$package::client::$imported::{
                self as host_imported, $Imported as HostImported,
            };
            use wayland_protocols::xdg::foreign::$package::client::$importer::$Importer as HostImporter;
            use wayland_protocols::xdg::foreign::$package::server::$exported::{self, $Exported};
            use wayland_protocols::xdg::foreign::$package::server::$exporter::{self, $Exporter};
            use wayland_protocols::xdg::foreign::$package::server::$imported::{self, $Imported};
            use wayland_protocols::xdg::foreign::$package::server::$importer::{self, $Importer};
            use wayland_server::backend::ClientId;
            use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

            mirror_manager!($Exporter => HostExporter);
            mirror_manager!($Importer => HostImporter);
            delegate_noop!(Session: HostExporter);
            delegate_noop!(Session: HostImporter);

            impl Dispatch<$Exporter, Peer<HostExporter>> for Session {
                fn request(
                    session: &mut Self,
                    _client: &Client,
                    exporter: &$Exporter,
                    request: $exporter::Request,
                    data: &Peer<HostExporter>,
                    _dh: &DisplayHandle,
                    data_init: &mut DataInit<'_, Self>,
                ) {
                    session.tick(exporter);
                    let Some(host) = data.get() else { return };
                    match request {
                        $exporter::Request::$Export { id, surface } => {
                            let exported = data_init.init(id, Export::<HostExported>::default());
                            session.take(Kind::Object, &exported);
                            if session.toplevel(&surface).is_none() {
                                session.offend(exporter, "exported what is no window");
                                return;
                            }
                            let Some(export) = exported.data::<Export<HostExported>>() else {
                                return;
                            };
                            let exporter = exporter.clone();
                            session.link(&exported, &export.host, move |session, of| {
                                let host = manager_of::<HostExporter>(session, &exporter)?;
                                let window = session.toplevel(&surface).is_some();
                                let surface = session.host_surface(&surface).filter(|_| window)?;
                                Some(host.$export(surface, &session.qh, of.clone()))
                            });
                            session.expect_answer();
                        }
                        $exporter::Request::Destroy => host.destroy(),
                        _ => {}
                    }
                }

                fn destroyed(
                    session: &mut Self,
                    _client: ClientId,
                    _exporter: &$Exporter,
                    _data: &Peer<HostExporter>,
                ) {
                    session.quota.give(Kind::Object);
                }
            }

            impl wayland_client::Dispatch<HostExported, $Exported> for Session {
                fn event(
                    session: &mut Self,
                    _host: &HostExported,
                    event: host_exported::Event,
                    exported: &$Exported,
                    _conn: &Connection,
                    _qh: &QueueHandle<Self>,
                ) {
                    if let host_exported::Event::Handle { handle } = event
                        && let Some(export) = exported.data::<Export<HostExported>>()
                    {
                        if let Some(name) = export.name.get() {
                            session.export_again(name, &handle);
                        } else if let Some(name) = session.export(&handle) {
                            exported.handle(name.clone());
                            let _ = export.name.set(name);
                        }
                    }
                }
            }

            impl Dispatch<$Exported, Export<HostExported>> for Session {
                fn request(
                    session: &mut Self,
                    _client: &Client,
                    exported: &$Exported,
                    _request: $exported::Request,
                    _export: &Export<HostExported>,
                    _dh: &DisplayHandle,
                    _data_init: &mut DataInit<'_, Self>,
                ) {
                    session.tick(exported);
                }

                fn destroyed(
                    session: &mut Self,
                    _client: ClientId,
                    _exported: &$Exported,
                    export: &Export<HostExported>,
                ) {
                    if let Some(host) = export.host.take() {
                        host.destroy();
                    }
                    session.unexport(export.name.get());
                    session.quota.give(Kind::Object);
                }
            }

            impl Dispatch<$Importer, Peer<HostImporter>> for Session {
                fn request(
                    session: &mut Self,
                    _client: &Client,
                    importer: &$Importer,
                    request: $importer::Request,
                    data: &Peer<HostImporter>,
                    _dh: &DisplayHandle,
                    data_init: &mut DataInit<'_, Self>,
                ) {
                    session.tick(importer);
                    let Some(host) = data.get() else { return };
                    match request {
                        $importer::Request::$Import { id, handle } => {
                            let imported = data_init.init(id, Peer::<HostImported>::default());
                            session.take(Kind::Object, &imported);
                            let name = session.exported(&handle);
                            let Some(name) = name.filter(|_| session.has_host()) else {
                                imported.destroyed();
                                return;
                            };
                            // Another host has other names: what was imported is no window there.
                            let name = Mutex::new(Some(name));
                            let importer = importer.clone();
                            link(session, &imported, move |session, of| {
                                let name = name.lock().ok()?.take()?;
                                let host = host_of::<HostImporter>(&importer)?;
                                Some(host.$import(name, &session.qh, of.clone()))
                            });
                        }
                        $importer::Request::Destroy => host.destroy(),
                        _ => {}
                    }
                }

                fn destroyed(
                    session: &mut Self,
                    _client: ClientId,
                    _importer: &$Importer,
                    _data: &Peer<HostImporter>,
                ) {
                    session.quota.give(Kind::Object);
                }
            }

            impl Dispatch<$Imported, Peer<HostImported>> for Session {
                fn request(
                    session: &mut Self,
                    _client: &Client,
                    imported: &$Imported,
                    request: $imported::Request,
                    data: &Peer<HostImported>,
                    _dh: &DisplayHandle,
                    _data_init: &mut DataInit<'_, Self>,
                ) {
                    session.tick(imported);
                    if let $imported::Request::SetParentOf { surface } = request {
                        if session.toplevel(&surface).is_none() {
                            session.offend(imported, "put what is no window before another");
                            return;
                        }
                        if let (Some(host), Some(surface)) =
                            (data.get(), session.host_surface(&surface))
                        {
                            host.set_parent_of(surface);
                        }
                    }
                }

                fn destroyed(
                    session: &mut Self,
                    _client: ClientId,
                    _imported: &$Imported,
                    data: &Peer<HostImported>,
                ) {
                    if let Some(host) = data.take() {
                        host.destroy();
                    }
                    session.quota.give(Kind::Object);
                }
            }

            impl wayland_client::Dispatch<HostImported, $Imported> for Session {
                fn event(
                    _session: &mut Self,
                    _host: &HostImported,
                    event: host_imported::Event,
                    imported: &$Imported,
                    _conn: &Connection,
                    _qh: &QueueHandle<Self>,
                ) {
                    if let host_imported::Event::Destroyed = event {
                        imported.destroyed();
                    }
                }
            }
        }
    };
}

version!(
    first,
    zv1,
    zxdg_exporter_v1::ZxdgExporterV1,
    zxdg_exported_v1::ZxdgExportedV1,
    zxdg_importer_v1::ZxdgImporterV1,
    zxdg_imported_v1::ZxdgImportedV1,
    Export => export,
    Import => import
);
version!(
    second,
    zv2,
    zxdg_exporter_v2::ZxdgExporterV2,
    zxdg_exported_v2::ZxdgExportedV2,
    zxdg_importer_v2::ZxdgImporterV2,
    zxdg_imported_v2::ZxdgImportedV2,
    ExportToplevel => export_toplevel,
    ImportToplevel => import_toplevel
);
