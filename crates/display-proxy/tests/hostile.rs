//! Clients that attack: they lose their connection, and nobody else notices.
//!
//! Every test ends with a fresh client that gets a window, and with a host that had nothing to
//! complain of: what is wrong must be found on this side.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;

use common::{App, Rig, memory, picture};
use oz_testkit::fakehost::Seen;
use rustix::fs::MemfdFlags;
use wayland_client::Proxy;
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_shm::{Format, WlShm};
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;
use wayland_client::protocol::wl_surface::WlSurface;
use wayland_protocols::xdg::shell::client::xdg_wm_base::XdgWmBase;

/// Runs an attack beside a bystander.
fn attack(act: impl FnOnce(&mut App)) {
    Rig::new().attack(act);
}

fn create_buffer(app: &App, offset: i32, width: i32, height: i32, stride: i32) {
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
    let pool = app
        .bind::<WlShm>(1)
        .create_pool(pixels.as_fd(), 1024, &app.qh, ());
    pool.create_buffer(offset, width, height, stride, Format::Argb8888, &app.qh, ());
}

#[test]
fn a_stride_that_wraps() {
    attack(|app| create_buffer(app, 0, 2, 2, i32::MAX));
}

#[test]
fn an_offset_that_wraps() {
    attack(|app| create_buffer(app, i32::MAX - 3, 1, 1, 4));
}

#[test]
fn a_negative_offset() {
    attack(|app| create_buffer(app, -4, 1, 1, 4));
}

#[test]
fn a_buffer_larger_than_its_pool() {
    attack(|app| create_buffer(app, 0, 16, 17, 64));
}

#[test]
fn a_format_that_was_not_announced() {
    attack(|app| {
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        let pool = app
            .bind::<WlShm>(1)
            .create_pool(pixels.as_fd(), 1024, &app.qh, ());
        pool.create_buffer(0, 16, 16, 64, Format::Nv12, &app.qh, ());
    });
}

#[test]
fn a_pool_larger_than_its_file() {
    attack(|app| {
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        app.bind::<WlShm>(1)
            .create_pool(pixels.as_fd(), 4096, &app.qh, ());
    });
}

#[test]
fn a_pool_of_negative_size() {
    attack(|app| {
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        app.bind::<WlShm>(1)
            .create_pool(pixels.as_fd(), -1, &app.qh, ());
    });
}

#[test]
fn a_pool_grown_beyond_its_file() {
    attack(|app| {
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        app.bind::<WlShm>(1)
            .create_pool(pixels.as_fd(), 1024, &app.qh, ())
            .resize(1 << 29);
    });
}

#[test]
fn a_pipe_as_a_pool() {
    attack(|app| {
        let (read, _write) = rustix::pipe::pipe().unwrap();
        app.bind::<WlShm>(1)
            .create_pool(read.as_fd(), 1024, &app.qh, ());
    });
}

#[test]
fn a_device_as_a_pool() {
    attack(|app| {
        let zero = std::fs::File::open("/dev/zero").unwrap();
        app.bind::<WlShm>(1)
            .create_pool(zero.as_fd(), 1024, &app.qh, ());
    });
}

#[test]
fn a_sealed_pool_cannot_be_truncated_after_it_was_made() {
    let rig = Rig::new();
    let mut app = rig.app();
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
    app.bind::<WlShm>(1)
        .create_pool(pixels.as_fd(), 1024, &app.qh, ());
    app.sync().unwrap();
    assert!(rustix::fs::ftruncate(&pixels, 0).is_err());
}

#[test]
fn a_pool_that_is_truncated_before_the_commit() {
    attack(|app| {
        // Made so that it cannot be sealed: it is copied, and the copy notices.
        let pixels = memory(MemfdFlags::empty(), &picture(5, 16, 16));
        let window = app.window();
        let buffer = app.buffer(&pixels, 16, 16);
        app.sync().unwrap();
        rustix::fs::ftruncate(&pixels, 10).unwrap();
        window.surface.attach(Some(&buffer), 0, 0);
        window.surface.damage_buffer(0, 0, 16, 16);
        window.surface.commit();
    });
}

#[test]
fn a_regular_file_is_shown_but_never_reaches_the_host() {
    let rig = Rig::new();
    let mut app = rig.app();
    let path = std::env::temp_dir().join(format!("oz-dp-file-{}", std::process::id()));
    std::fs::write(&path, picture(6, 16, 16)).unwrap();
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let window = app.window();
    let buffer = app.buffer(&file.into(), 16, 16);
    window.surface.attach(Some(&buffer), 0, 0);
    window.surface.damage_buffer(0, 0, 16, 16);
    window.surface.commit();
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first: 6, .. }));
    std::fs::remove_file(path).unwrap();
    rig.assert_no_complaint();
}

#[test]
fn two_windows_of_one_xdg_surface() {
    attack(|app| {
        let window = app.window();
        window.xdg.get_toplevel(&app.qh, ());
    });
}

#[test]
fn two_xdg_surfaces_of_one_surface() {
    attack(|app| {
        let window = app.window();
        app.bind::<XdgWmBase>(2)
            .get_xdg_surface(&window.surface, &app.qh, ())
            .get_toplevel(&app.qh, ());
    });
}

#[test]
fn a_buffer_before_the_first_acknowledgement() {
    attack(|app| {
        let surface = app.surface();
        let xdg = app
            .bind::<XdgWmBase>(2)
            .get_xdg_surface(&surface, &app.qh, ());
        xdg.get_toplevel(&app.qh, ());
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        surface.attach(Some(&app.buffer(&pixels, 16, 16)), 0, 0);
        surface.commit();
    });
}

#[test]
fn an_acknowledgement_of_nothing() {
    attack(|app| app.window().xdg.ack_configure(4711));
}

#[test]
fn a_popup_without_a_parent() {
    attack(|app| {
        let wm_base = app.bind::<XdgWmBase>(2);
        let positioner = wm_base.create_positioner(&app.qh, ());
        positioner.set_size(10, 10);
        positioner.set_anchor_rect(0, 0, 1, 1);
        wm_base
            .get_xdg_surface(&app.surface(), &app.qh, ())
            .get_popup(None, &positioner, &app.qh, ());
    });
}

#[test]
fn a_popup_with_an_empty_positioner() {
    attack(|app| {
        let window = app.window();
        let wm_base = app.bind::<XdgWmBase>(2);
        let positioner = wm_base.create_positioner(&app.qh, ());
        let xdg = wm_base.get_xdg_surface(&app.surface(), &app.qh, ());
        xdg.get_popup(Some(&window.xdg), &positioner, &app.qh, ());
    });
}

#[test]
fn positioner_numbers_at_the_edge() {
    attack(|app| {
        let positioner = app.bind::<XdgWmBase>(2).create_positioner(&app.qh, ());
        positioner.set_anchor_rect(i32::MIN, i32::MIN, i32::MAX, i32::MAX);
    });
}

#[test]
fn restacking_against_a_stranger() {
    attack(|app| {
        let (parent, child, stranger) = (app.surface(), app.surface(), app.surface());
        let sub = app
            .bind::<WlSubcompositor>(1)
            .get_subsurface(&child, &parent, &app.qh, ());
        sub.place_above(&stranger);
    });
}

#[test]
fn a_surface_as_its_own_ancestor() {
    attack(|app| {
        let subcompositor = app.bind::<WlSubcompositor>(1);
        let (one, other) = (app.surface(), app.surface());
        subcompositor.get_subsurface(&one, &other, &app.qh, ());
        subcompositor.get_subsurface(&other, &one, &app.qh, ());
    });
}

#[test]
fn subsurfaces_without_end() {
    attack(|app| {
        let subcompositor = app.bind::<WlSubcompositor>(1);
        let mut parent = app.surface();
        for _ in 0..100 {
            let child = app.surface();
            subcompositor.get_subsurface(&child, &parent, &app.qh, ());
            parent = child;
        }
    });
}

#[test]
fn a_flood_of_surfaces() {
    attack(|app| {
        let compositor = app.bind::<WlCompositor>(4);
        for _ in 0..10_000 {
            compositor.create_surface(&app.qh, ());
        }
    });
}

#[test]
fn a_flood_of_rectangles() {
    attack(|app| {
        let region = app.bind::<WlCompositor>(4).create_region(&app.qh, ());
        for number in 0..20_000 {
            region.add(number, 0, 1, 1);
        }
    });
}

#[test]
fn a_flood_of_callbacks() {
    attack(|app| {
        let surface = app.surface();
        for _ in 0..30_000 {
            surface.frame(&app.qh, ());
        }
    });
}

#[test]
fn surfaces_that_go_before_their_frames_cost_nothing() {
    let rig = Rig::new();
    let mut app = rig.app();
    let compositor = app.bind::<WlCompositor>(4);
    for _ in 0..100 {
        let surface = compositor.create_surface(&app.qh, ());
        for number in 0..100 {
            surface.frame(&app.qh, ());
            if number % 2 == 0 {
                surface.commit();
            }
        }
        surface.destroy();
        app.sync().unwrap();
    }
    rig.still_serves();
}

#[test]
fn a_flood_of_pools() {
    attack(|app| {
        let shm = app.bind::<WlShm>(1);
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        for number in 0..3000 {
            shm.create_pool(pixels.as_fd(), 1024, &app.qh, ());
            if number % 20 == 0 && app.sync().is_err() {
                return;
            }
        }
    });
}

#[test]
fn damage_without_end_is_no_more_than_everything() {
    let rig = Rig::new();
    let mut app = rig.app();
    let mut window = app.window();
    for number in 0..50_000 {
        window.surface.damage(number, 0, 1, 1);
        if number % 1000 == 0 {
            app.sync().unwrap();
            // Who sends more than the host takes is let go, which is another test's. Between two answers it reads.
            for _ in 0..2 {
                drop(rig.host().tree());
            }
        }
    }
    app.draw(&mut window, 0xff00_0002);
    rig.host().wait_for(|seen| {
        matches!(
            seen,
            Seen::Shown {
                first: 0xff00_0002,
                damage: 1,
                ..
            }
        )
    });
}

/// `wl_display.sync` with an object id, as bytes.
fn sync_message(id: u32) -> [u8; 12] {
    let mut message = [0; 12];
    message[0..4].copy_from_slice(&1_u32.to_ne_bytes());
    message[4..8].copy_from_slice(&(12_u32 << 16).to_ne_bytes());
    message[8..12].copy_from_slice(&id.to_ne_bytes());
    message
}

/// A surface that shows a picture.
fn shown(app: &App, width: i32, height: i32) -> WlSurface {
    let pixels = usize::try_from(width * height).unwrap();
    let memory = memory(MemfdFlags::ALLOW_SEALING, &picture(0, pixels, 1));
    let surface = app.surface();
    surface.attach(Some(&app.buffer(&memory, width, height)), 0, 0);
    surface.commit();
    surface
}

#[test]
fn a_picture_larger_than_a_cursor_becomes_one() {
    attack(|app| {
        let surface = shown(app, 1600, 4);
        app.pointer().set_cursor(0, Some(&surface), 0, 0);
    });
}

#[test]
fn a_cursor_grows_by_its_viewport() {
    attack(|app| {
        let surface = shown(app, 16, 16);
        app.pointer().set_cursor(0, Some(&surface), 0, 0);
        app.viewport(&surface).set_destination(1600, 1000);
        surface.commit();
    });
}

#[test]
fn a_picture_that_its_viewport_made_large_becomes_a_cursor() {
    attack(|app| {
        let surface = shown(app, 16, 16);
        let viewport = app.viewport(&surface);
        viewport.set_destination(1600, 1000);
        surface.commit();
        // In force until the next commit.
        viewport.set_destination(-1, -1);
        app.pointer().set_cursor(0, Some(&surface), 0, 0);
    });
}

#[test]
fn a_cursor_may_have_a_viewport() {
    let rig = Rig::new();
    let mut app = rig.app();
    let surface = shown(&app, 48, 48);
    app.viewport(&surface).set_destination(32, 32);
    app.pointer().set_cursor(0, Some(&surface), 4, 4);
    surface.commit();
    app.sync().unwrap();
    rig.assert_no_complaint();
}

#[test]
fn a_client_that_never_reads() {
    let rig = Rig::new();
    let mut bystander = rig.app();
    let mut socket = rig.socket();
    socket
        .set_write_timeout(Some(std::time::Duration::from_secs(10)))
        .unwrap();
    let batch: Vec<u8> = (0..1000).flat_map(|_| sync_message(2)).collect();
    for _ in 0..5000 {
        match socket.write_all(&batch) {
            Ok(()) => {}
            Err(error) => {
                assert!(
                    matches!(
                        error.kind(),
                        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
                    ),
                    "{error}"
                );
                bystander.sync().unwrap();
                rig.still_serves();
                return;
            }
        }
    }
    panic!("the attacker stays");
}

#[test]
fn garbage() {
    let rig = Rig::new();
    let mut bystander = rig.app();
    let mut socket = rig.socket();
    let _ = socket.write_all(&[0xff; 4096]);
    let _ = socket.write_all(&[0; 4096]);
    bystander.sync().unwrap();
    rig.still_serves();
}

/// The library that takes requests apart panics over this one. It costs its sender alone.
#[test]
fn a_text_that_is_none() {
    let rig = Rig::new();
    let mut bystander = rig.app();
    let mut app = rig.app();
    let window = app.window();
    app.sync().unwrap();
    // `xdg_toplevel.set_title` with a string of no bytes, not even the one that ends it.
    let mut message = window.toplevel.id().protocol_id().to_ne_bytes().to_vec();
    message.extend((12_u32 << 16 | 2).to_ne_bytes());
    message.extend(0_u32.to_ne_bytes());
    rustix::io::write(app.conn.as_fd(), &message).unwrap();
    assert!(app.is_thrown_out(), "the attacker stays");
    bystander.sync().unwrap();
    rig.still_serves();
}

#[test]
fn damage_and_regions_of_negative_size_are_nothing() {
    let rig = Rig::new();
    let mut app = rig.app();
    let mut window = app.window();
    window.surface.damage(0, 0, -1, i32::MIN);
    window.surface.damage_buffer(0, 0, i32::MIN, -1);
    let region = app.bind::<WlCompositor>(4).create_region(&app.qh, ());
    region.add(0, 0, -1, 4096);
    region.subtract(0, 0, 4096, -1);
    window.surface.set_opaque_region(Some(&region));
    app.draw(&mut window, 0xff00_0003);
    app.sync().unwrap();
    rig.assert_no_complaint();
}

#[test]
fn a_window_of_no_size() {
    attack(|app| app.window().xdg.set_window_geometry(0, 0, 0, 10));
    attack(|app| app.window().toplevel.set_min_size(-1, 10));
    attack(|app| {
        let window = app.window();
        window.toplevel.set_min_size(10, 10);
        window.toplevel.set_max_size(9, 0);
        window.surface.commit();
    });
}
