//! Windows that others put theirs in front of: by names of ours, and only in the same sandbox.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig, Window};
use oz_core::wire::display::Event;
use oz_testkit::fakehost::Seen;
use wayland_protocols::xdg::foreign::zv1::client::zxdg_exporter_v1::ZxdgExporterV1;
use wayland_protocols::xdg::foreign::zv2::client::zxdg_exported_v2::ZxdgExportedV2;
use wayland_protocols::xdg::foreign::zv2::client::zxdg_exporter_v2::ZxdgExporterV2;
use wayland_protocols::xdg::foreign::zv2::client::zxdg_imported_v2::ZxdgImportedV2;
use wayland_protocols::xdg::foreign::zv2::client::zxdg_importer_v2::ZxdgImporterV2;

fn export(app: &mut App, window: &Window) -> (ZxdgExportedV2, String) {
    let exporter: ZxdgExporterV2 = app.bind(1);
    app.told.name = None;
    let exported = exporter.export_toplevel(&window.surface, &app.qh, ());
    // Exactly one round trip, as many clients do it.
    app.sync().unwrap();
    let name = app
        .told
        .name
        .take()
        .expect("the name comes before the end of a sync");
    (exported, name)
}

fn import(app: &App, name: &str) -> ZxdgImportedV2 {
    let importer: ZxdgImporterV2 = app.bind(1);
    importer.import_toplevel(name.to_owned(), &app.qh, ())
}

/// The host's name of the window that was exported last.
fn of_host(rig: &Rig) -> String {
    let seen = rig.host().seen();
    let mut names = seen.iter().rev().filter_map(|seen| match seen {
        Seen::Exported(name) => Some(name.clone()),
        _ => None,
    });
    names.next().expect("it was exported")
}

#[test]
fn the_app_gets_a_name_of_ours_and_the_daemon_hears_which_window_of_the_hosts_it_is() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let (exported, name) = export(&mut app, &window);
    let host = of_host(&rig);
    assert_ne!(name, host);
    assert!(
        name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()),
        "{name}"
    );
    let told = rig
        .daemon()
        .told(|event| matches!(event, Event::Exported { .. }));
    assert_eq!(
        told,
        Event::Exported {
            name: name.clone(),
            host: host.clone()
        }
    );
    let (_, other) = export(&mut app, &window);
    assert_ne!(name, other);

    exported.destroy();
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| *seen == Seen::Unexported(host.clone()));
    let told = rig
        .daemon()
        .told(|event| matches!(event, Event::Unexported { .. }));
    assert_eq!(told, Event::Unexported { name });
}

#[test]
fn the_older_version_of_the_protocol_does_the_same() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let exporter: ZxdgExporterV1 = app.bind(1);
    exporter.export(&window.surface, &app.qh, ());
    app.sync().unwrap();
    let name = app.told.name.take().expect("a name");
    let told = rig
        .daemon()
        .told(|event| matches!(event, Event::Exported { .. }));
    assert_eq!(
        told,
        Event::Exported {
            name,
            host: of_host(&rig)
        }
    );
}

#[test]
fn another_client_of_the_sandbox_puts_its_window_before_one_that_has_a_name() {
    let rig = Rig::new();
    let (mut app, mut helper) = (rig.app(), rig.app());
    let window = app.window();
    let (_exported, name) = export(&mut app, &window);
    let dialog = helper.window();
    let imported = import(&helper, &name);
    imported.set_parent_of(&dialog.surface);
    helper.sync().unwrap();
    let host = of_host(&rig);
    rig.host()
        .wait_for(|seen| *seen == Seen::Before(host.clone()));
    assert_eq!(helper.told.destroyed, 0);
}

#[test]
fn a_name_of_the_hosts_of_another_sandbox_or_made_up_leads_to_no_window() {
    let (rig, other) = (Rig::new(), Rig::new());
    let (mut app, mut theirs) = (rig.app(), other.app());
    let (window, their_window) = (app.window(), theirs.window());
    let (exported, own) = export(&mut app, &window);
    let (_theirs, name) = export(&mut theirs, &their_window);
    exported.destroy();
    app.sync().unwrap();
    let long = "a".repeat(3000);
    let names = [
        of_host(&rig),
        of_host(&other),
        name,
        own,
        String::new(),
        long,
    ];
    for (count, name) in names.iter().enumerate() {
        let imported = import(&app, name);
        imported.set_parent_of(&window.surface);
        app.sync().unwrap();
        assert_eq!(app.told.destroyed, count + 1, "{name}");
    }
    let put = rig.host().seen();
    assert!(
        !put.iter().any(|seen| matches!(seen, Seen::Before(_))),
        "{put:?}"
    );
    rig.still_serves();
}

#[test]
fn only_windows_get_names_and_only_windows_are_put_before_others() {
    let rig = Rig::new();
    let mut app = rig.app();
    let exporter: ZxdgExporterV2 = app.bind(1);
    exporter.export_toplevel(&app.surface(), &app.qh, ());
    assert!(app.is_thrown_out());

    let mut app = rig.app();
    let window = app.window();
    let (_exported, name) = export(&mut app, &window);
    import(&app, &name).set_parent_of(&app.surface());
    assert!(app.is_thrown_out());
    rig.still_serves();
}

#[test]
fn names_that_are_asked_for_without_end_stop_coming() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let exporter: ZxdgExporterV2 = app.bind(1);
    for _ in 0..1000 {
        exporter.export_toplevel(&window.surface, &app.qh, ());
    }
    app.sync().unwrap();
    app.sync().unwrap();
    assert!((1..=128).contains(&app.told.names), "{}", app.told.names);
    rig.still_serves();
}
