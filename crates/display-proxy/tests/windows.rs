//! What an app shows is what the host shows.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{Rig, memory, picture};
use display_proxy::config::Buffers;
use oz_testkit::fakehost::Seen;
use rustix::fs::MemfdFlags;
use wayland_client::Proxy;
use wayland_client::protocol::wl_output::WlOutput;
use wayland_client::protocol::wl_shm::WlShm;
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;

fn shown(rig: &Rig, colour: u32) -> Seen {
    rig.host().wait_for(|seen| matches!(seen, Seen::Shown { first, last, .. } if *first == colour && *last == colour))
}

#[test]
fn pixels_arrive_when_shared() {
    let rig = Rig::new();
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 0xffaa_bbcc);
    assert!(matches!(
        shown(&rig, 0xffaa_bbcc),
        Seen::Shown {
            size: (16, 16),
            damage: 1,
            ..
        }
    ));
}

#[test]
fn pixels_arrive_when_copied() {
    let rig = Rig::with(|config| config.buffers = Buffers::Copied);
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 0xff01_0203);
    shown(&rig, 0xff01_0203);
}

#[test]
fn only_the_damage_is_copied() {
    let rig = Rig::with(|config| config.buffers = Buffers::Copied);
    let mut app = rig.app();
    let window = app.window();
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(1, 16, 16));
    let buffer = app.buffer(&pixels, 16, 16);
    window.surface.attach(Some(&buffer), 0, 0);
    window.surface.damage_buffer(0, 0, 16, 16);
    window.surface.commit();
    app.sync().unwrap();
    shown(&rig, 1);

    // Everything changes, but only the last pixel is said to.
    rustix::io::pwrite(&pixels, &picture(2, 16, 16), 0).unwrap();
    window.surface.attach(Some(&buffer), 0, 0);
    window.surface.damage_buffer(15, 15, 1, 1);
    window.surface.commit();
    app.sync().unwrap();
    rig.host().wait_for(|seen| {
        matches!(
            seen,
            Seen::Shown {
                first: 1,
                last: 2,
                ..
            }
        )
    });
}

#[test]
fn three_buffers_may_be_in_flight_and_return_in_any_order() {
    let rig = Rig::new();
    rig.host().hold_buffers();
    let mut app = rig.app();
    let window = app.window();
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(7, 16, 16));
    let buffers = [(); 3].map(|()| app.buffer(&pixels, 16, 16));
    for buffer in &buffers {
        window.surface.attach(Some(buffer), 0, 0);
        window.surface.commit();
    }
    app.sync().unwrap();
    while rig
        .host()
        .seen()
        .iter()
        .filter(|seen| matches!(seen, Seen::Shown { .. }))
        .count()
        < 3
    {
        app.sync().unwrap();
    }
    assert!(app.told.released.is_empty());
    rig.host().release();
    app.until(|told| told.released.len() == 3);
    let newest_first: Vec<u32> = buffers
        .iter()
        .rev()
        .map(|buffer| buffer.id().protocol_id())
        .collect();
    assert_eq!(app.told.released, newest_first);
}

#[test]
fn a_pool_grows() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(9, 16, 32));
    let pool = app.bind::<WlShm>(1).create_pool(
        std::os::fd::AsFd::as_fd(&pixels),
        16 * 16 * 4,
        &app.qh,
        (),
    );
    pool.resize(16 * 32 * 4);
    let format = wayland_client::protocol::wl_shm::Format::Xrgb8888;
    let buffer = pool.create_buffer(16 * 16 * 4, 16, 16, 64, format, &app.qh, ());
    window.surface.attach(Some(&buffer), 0, 0);
    window.surface.commit();
    app.sync().unwrap();
    shown(&rig, 9);
}

#[test]
fn a_title_is_cut_and_cleaned() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    window
        .toplevel
        .set_title(format!("a\u{202e}b\n{}", "x".repeat(3900)));
    app.sync().unwrap();
    let Seen::Title(title) = rig.host().wait_for(|seen| matches!(seen, Seen::Title(_))) else {
        unreachable!()
    };
    assert!(title.starts_with("abxxx") && title.len() == display_proxy::policy::TITLE_MAX);
}

#[test]
fn the_app_id_is_the_daemons() {
    let rig = Rig::with(|config| config.app_id = Some("org.oz.Test".to_owned()));
    let mut app = rig.app();
    let window = app.window();
    window.toplevel.set_app_id("org.mozilla.firefox".to_owned());
    app.sync().unwrap();
    rig.still_serves();
    let ids: Vec<Seen> = rig
        .host()
        .seen()
        .into_iter()
        .filter(|seen| matches!(seen, Seen::AppId(_)))
        .collect();
    assert!(
        ids.iter()
            .all(|id| *id == Seen::AppId("org.oz.Test".to_owned())),
        "{ids:?}"
    );
}

#[test]
fn screens_have_generic_names() {
    let rig = Rig::new();
    let mut app = rig.app();
    let _output: WlOutput = app.bind(4);
    app.sync().unwrap();
    app.until(|told| told.output_names.len() >= 4);
    for name in &app.told.output_names {
        assert!(
            name.starts_with("OZ-") || name == "a screen" || name == "Oz" || name == "screen",
            "{name}"
        );
    }
}

#[test]
fn the_keymap_is_the_hosts_and_sealed() {
    let rig = Rig::new();
    let mut app = rig.app();
    let _keyboard = app.keyboard();
    app.sync().unwrap();
    let (fd, size) = app
        .told
        .keymap
        .as_ref()
        .expect("the keymap comes before the end of a sync");
    let mut text = vec![0; *size as usize];
    rustix::io::pread(fd, &mut text, 0).unwrap();
    assert_eq!(text, b"keymap of the host\0");
    assert!(rustix::io::pwrite(fd, b"x", 0).is_err());
}

#[test]
fn a_subsurface_is_one_at_the_host_too() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let child = app.surface();
    let sub = app
        .bind::<WlSubcompositor>(1)
        .get_subsurface(&child, &window.surface, &app.qh, ());
    sub.set_position(3, 4);
    sub.place_below(&window.surface);
    sub.set_desync();
    child.commit();
    window.surface.commit();
    app.sync().unwrap();
    rig.host().wait_for(|seen| *seen == Seen::Subsurface);
    sub.destroy();
    app.sync().unwrap();
    rig.still_serves();
}

#[test]
fn what_a_subsurface_has_pending_is_still_so_when_its_parent_was_committed() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let child = app.surface();
    app.bind::<WlSubcompositor>(1)
        .get_subsurface(&child, &window.surface, &app.qh, ());
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0xff00_0007, 16, 16));
    child.attach(Some(&app.buffer(&pixels, 16, 16)), 0, 0);
    child.damage_buffer(0, 0, 16, 16);
    // From another thread of the app, say.
    window.surface.commit();
    child.commit();
    app.sync().unwrap();
    shown(&rig, 0xff00_0007);
}

#[test]
fn what_spies_is_not_offered() {
    let rig = Rig::new();
    let app = rig.app();
    for (_, interface, _) in &app.told.globals {
        assert!(
            display_proxy::globals::allowed(interface).is_some(),
            "{interface}"
        );
    }
}

#[test]
fn a_window_is_in_front_of_another_only_once_that_has_a_picture() {
    let rig = Rig::new();
    let mut app = rig.app();
    let (mut parent, mut dialog) = (app.window(), app.window());
    let parents = || -> Vec<Option<bool>> {
        let seen = rig.host().seen();
        let parents = seen.iter().filter_map(|seen| match seen {
            Seen::Parent(parent) => Some(*parent),
            _ => None,
        });
        parents.collect()
    };
    dialog.toplevel.set_parent(Some(&parent.toplevel));
    app.draw(&mut dialog, 0x00ff_0000);
    assert!(!parents().contains(&Some(false)), "{:?}", parents());
    app.draw(&mut parent, 0x0000_ff00);
    rig.host()
        .wait_for(|seen| *seen == Seen::Parent(Some(true)));
    // One that has lost its picture is none to be in front of either.
    parent.surface.attach(None, 0, 0);
    parent.surface.commit();
    dialog.toplevel.set_parent(None);
    dialog.toplevel.set_parent(Some(&parent.toplevel));
    app.sync().unwrap();
    assert!(!parents().contains(&Some(false)), "{:?}", parents());
}
