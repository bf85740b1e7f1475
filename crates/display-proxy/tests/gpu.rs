//! Buffers of a GPU: what passes, and what does not.
//!
//! Kernels that make no such memory are enough: other memory stands for it, for the proxy and for the host. That the
//! kernel's own word tells it from everything else is shown without.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use common::{App, Rig, Told, Window, memory, picture};
use oz_testkit::fakehost::linux_dmabuf::{self as gpu, DEVICE, LINEAR, NV12, TILED, UNNAMED, XRGB};
use oz_testkit::fakehost::{Seen, Versions};
use rustix::fs::{MemfdFlags, SealFlags};
use wayland_client::protocol::wl_buffer::WlBuffer;
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle, event_created_child};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_buffer_params_v1::{
    self, Flags, ZwpLinuxBufferParamsV1,
};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_feedback_v1::{
    self, ZwpLinuxDmabufFeedbackV1,
};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::{
    self, ZwpLinuxDmabufV1,
};
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1;

const OLD: Versions = &[("zwp_linux_dmabuf_v1", 3), ("wl_compositor", 6)];
const NEW: Versions = &[("zwp_linux_dmabuf_v1", 5), ("wl_compositor", 6)];
const TOO_OLD: Versions = &[("zwp_linux_dmabuf_v1", 2)];
const NONE: Versions = &[];

impl Dispatch<ZwpLinuxDmabufV1, ()> for Told {
    fn event(
        told: &mut Self,
        _manager: &ZwpLinuxDmabufV1,
        event: zwp_linux_dmabuf_v1::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_linux_dmabuf_v1::Event;
        match event {
            Event::Format { format } => told.heard.push(format!("format {format:x}")),
            Event::Modifier {
                format,
                modifier_hi,
                modifier_lo,
            } => told
                .heard
                .push(format!("format {format:x} {modifier_hi:x} {modifier_lo:x}")),
            _ => {}
        }
    }
}

impl Dispatch<ZwpLinuxBufferParamsV1, ()> for Told {
    fn event(
        told: &mut Self,
        _params: &ZwpLinuxBufferParamsV1,
        event: zwp_linux_buffer_params_v1::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_linux_buffer_params_v1::Event;
        match event {
            Event::Created { buffer } => {
                told.made = Some(buffer);
                told.heard.push("made".to_owned());
            }
            Event::Failed => told.heard.push("failed".to_owned()),
            _ => {}
        }
    }

    event_created_child!(Told, ZwpLinuxBufferParamsV1, [
        zwp_linux_buffer_params_v1::EVT_CREATED_OPCODE => (WlBuffer, ()),
    ]);
}

impl Dispatch<ZwpLinuxDmabufFeedbackV1, ()> for Told {
    fn event(
        told: &mut Self,
        _feedback: &ZwpLinuxDmabufFeedbackV1,
        event: zwp_linux_dmabuf_feedback_v1::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_linux_dmabuf_feedback_v1::Event;
        let number = |bytes: Vec<u8>| u64::from_ne_bytes(bytes.try_into().unwrap());
        told.heard.push(match event {
            Event::FormatTable { fd, size } => {
                told.keymap = Some((fd, size));
                format!("table {size}")
            }
            Event::MainDevice { device } => format!("on {:x}", number(device)),
            Event::TrancheTargetDevice { device } => format!("for {:x}", number(device)),
            Event::TrancheFlags { flags } => format!("flags {}", u32::from(flags)),
            Event::TrancheFormats { indices } => format!("formats {indices:?}"),
            Event::TrancheDone => "tranche".to_owned(),
            Event::Done => "done".to_owned(),
            _ => return,
        });
    }
}

/// Planes of a buffer.
struct Planes<'a> {
    app: &'a App,
    params: ZwpLinuxBufferParamsV1,
}

impl<'a> Planes<'a> {
    fn of(app: &'a App) -> Self {
        let manager: ZwpLinuxDmabufV1 = app.bind(5);
        let params = manager.create_params(&app.qh, ());
        // What was made of it stays.
        manager.destroy();
        Self { app, params }
    }

    fn add(self, fd: impl AsFd, number: u32, offset: u32, stride: u32, modifier: u64) -> Self {
        let (high, low) = (modifier >> 32, modifier & 0xffff_ffff);
        let [high, low] = [high, low].map(|half| u32::try_from(half).unwrap());
        self.params
            .add(fd.as_fd(), number, offset, stride, high, low);
        self
    }

    fn ask(&self, width: i32, height: i32, format: u32) {
        self.params.create(width, height, format, Flags::empty());
    }

    fn at_once(&self, width: i32, height: i32, format: u32) -> WlBuffer {
        let none = Flags::empty();
        self.params
            .create_immed(width, height, format, none, &self.app.qh, ())
    }
}

/// A picture of one colour in what stands for memory of a GPU.
fn drawn(colour: u32) -> OwnedFd {
    gpu::memory(&picture(colour, 16, 16))
}

fn show(app: &mut App, window: &Window, buffer: &WlBuffer) {
    window.surface.attach(Some(buffer), 0, 0);
    window.surface.damage_buffer(0, 0, 16, 16);
    window.surface.commit();
    app.sync().unwrap();
}

fn shown(rig: &Rig, colour: u32) {
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first, .. } if *first == colour));
}

/// A buffer that was asked for.
fn made(app: &mut App, colour: u32) -> WlBuffer {
    let planes = Planes::of(app).add(drawn(colour), 0, 0, 64, LINEAR);
    planes.ask(16, 16, XRGB);
    let params = planes.params;
    app.until(|told| told.made.is_some());
    params.destroy();
    app.told.made.take().unwrap()
}

fn has_gpu(rig: &Rig) -> Option<u32> {
    let app = rig.app();
    let mut globals = app.told.globals.iter();
    let found = globals.find(|(_, name, _)| name == ZwpLinuxDmabufV1::interface().name);
    found.map(|(_, _, version)| *version)
}

#[test]
fn an_app_has_buffers_of_a_gpu_only_if_its_profile_gives_it_one_and_the_host_takes_them() {
    assert_eq!(has_gpu(&Rig::on(NEW, |_| {})), None);
    for (versions, version) in [
        (NEW, Some(5)),
        (OLD, Some(3)),
        (TOO_OLD, None),
        (NONE, None),
    ] {
        assert_eq!(has_gpu(&Rig::with_gpu(versions)), version);
    }
}

#[test]
fn what_a_gpu_has_drawn_is_shown_and_given_back() {
    for versions in [OLD, NEW] {
        let rig = Rig::with_gpu(versions);
        let mut app = rig.app();
        let window = app.window();
        let buffer = made(&mut app, 7);
        show(&mut app, &window, &buffer);
        shown(&rig, 7);
        let number = buffer.id().protocol_id();
        app.until(|told| told.released == [number]);
        buffer.destroy();

        let planes = Planes::of(&app).add(drawn(8), 0, 0, 64, LINEAR);
        let buffer = planes.at_once(16, 16, XRGB);
        planes.params.destroy();
        show(&mut app, &window, &buffer);
        shown(&rig, 8);
        let number = buffer.id().protocol_id();
        app.until(|told| told.released.last() == Some(&number));
        rig.still_serves();
        rig.assert_no_complaint();
    }
}

#[test]
fn a_picture_of_two_planes_passes() {
    let rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    let memory = gpu::memory(&[3; 16 * 24]);
    let planes = Planes::of(&app)
        .add(&memory, 1, 16 * 16, 16, LINEAR)
        .add(&memory, 0, 0, 16, LINEAR);
    planes.ask(16, 16, NV12);
    app.until(|told| told.made.is_some());
    rig.assert_no_complaint();
}

#[test]
fn what_the_host_cannot_show_has_failed_and_nothing_worse() {
    let rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    let planes = Planes::of(&app).add(drawn(1), 0, 0, 64, TILED);
    planes.ask(16, 16, XRGB);
    app.until_heard("failed");
    app.told.heard.clear();
    let planes = Planes::of(&app).add(drawn(1), 0, 0, 64, TILED);
    planes.at_once(16, 16, XRGB);
    app.until_heard("failed");
    app.told.heard.clear();
    // Upside down, which hosts end connections over.
    let planes = Planes::of(&app).add(drawn(1), 0, 0, 64, LINEAR);
    planes.params.create(16, 16, XRGB, Flags::YInvert);
    app.until_heard("failed");
    app.told.heard.clear();
    let planes = Planes::of(&app).add(drawn(1), 0, 0, 64, LINEAR);
    let all = Flags::from_bits_retain(u32::MAX);
    planes.params.create_immed(16, 16, XRGB, all, &app.qh, ());
    app.until_heard("failed");
    assert_eq!(app.told.made, None);
    rig.still_serves();
    rig.assert_no_complaint();
}

#[test]
fn what_the_host_takes_is_told_as_each_version_says_it() {
    let rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    app.bind::<ZwpLinuxDmabufV1>(3);
    app.sync().unwrap();
    let tiled = format!("format {XRGB:x} {:x} 1", TILED >> 32);
    assert_eq!(app.told.heard.len(), 3, "{:?}", app.told.heard);
    assert!(app.told.heard.contains(&tiled), "{:?}", app.told.heard);

    for surface in [false, true] {
        let mut app = rig.app();
        let manager: ZwpLinuxDmabufV1 = app.bind(5);
        if surface {
            manager.get_surface_feedback(&app.surface(), &app.qh, ());
        } else {
            manager.get_default_feedback(&app.qh, ());
        }
        // As toolkits do: all is there after one round trip.
        app.sync().unwrap();
        let device = format!("{DEVICE:x}");
        let tranche = |flags: u32, formats: &str| {
            let words = [
                format!("for {device}"),
                format!("flags {flags}"),
                format!("formats {formats}"),
                "tranche".to_owned(),
            ];
            words.join(", ")
        };
        let scanout = match surface {
            true => tranche(1, "[0, 0]") + ", ",
            false => String::new(),
        };
        let rest = tranche(0, "[0, 0, 1, 0, 2, 0]");
        let expected = format!("table 48, on {device}, {scanout}{rest}, done");
        assert_eq!(app.told.heard.join(", "), expected);
        // A copy of our own: the host's is shared with others.
        let (table, _) = app.told.keymap.take().unwrap();
        let seals = rustix::fs::fcntl_get_seals(&table).unwrap();
        assert!(seals.contains(SealFlags::WRITE | SealFlags::SHRINK | SealFlags::SEAL));
    }
    rig.assert_no_complaint();
}

/// Runs an attack beside a bystander.
fn attack(act: impl FnOnce(&mut App)) {
    Rig::with_gpu(NEW).attack(act);
}

#[test]
fn memory_that_is_no_gpus_does_not_pass_for_it() {
    let plain = || memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
    attack(|app| {
        Planes::of(app).add(plain(), 0, 0, 64, LINEAR);
    });
    // By the kernel's own word neither does what stands for it elsewhere, nor what is called like it.
    let named = || {
        let fd = rustix::fs::memfd_create("/dmabuf:", MemfdFlags::CLOEXEC).unwrap();
        rustix::fs::ftruncate(&fd, 1024).unwrap();
        fd
    };
    let file = || {
        let path = std::env::temp_dir().join(format!("oz-dp-gpu-{}", std::process::id()));
        std::fs::write(&path, picture(0, 16, 16)).unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        OwnedFd::from(file)
    };
    let others: [&dyn Fn() -> OwnedFd; 6] = [
        &|| drawn(1),
        &named,
        &file,
        &|| File::open("/dev/zero").unwrap().into(),
        &|| rustix::pipe::pipe().unwrap().0,
        &|| std::os::unix::net::UnixStream::pair().unwrap().0.into(),
    ];
    for other in others {
        let rig = Rig::on(NEW, |config| config.gpu = true);
        rig.attack(|app| {
            Planes::of(app).add(other(), 0, 0, 64, LINEAR);
        });
    }
}

#[test]
fn a_plane_twice() {
    attack(|app| {
        Planes::of(app)
            .add(drawn(1), 0, 0, 64, LINEAR)
            .add(drawn(1), 0, 0, 64, LINEAR);
    });
}

#[test]
fn a_plane_that_no_buffer_has() {
    for number in [4, u32::MAX] {
        attack(|app| {
            Planes::of(app).add(drawn(1), number, 0, 64, LINEAR);
        });
    }
}

#[test]
fn a_buffer_of_no_plane_or_with_a_gap() {
    attack(|app| Planes::of(app).ask(16, 16, XRGB));
    attack(|app| {
        Planes::of(app).at_once(16, 16, XRGB);
    });
    attack(|app| {
        Planes::of(app)
            .add(drawn(1), 0, 0, 64, LINEAR)
            .add(drawn(1), 2, 0, 64, LINEAR)
            .ask(16, 16, XRGB);
    });
}

#[test]
fn a_picture_larger_than_its_memory() {
    for (offset, stride) in [(4, 64), (0, 65), (u32::MAX, 64), (0, u32::MAX), (1024, 0)] {
        attack(|app| {
            let planes = Planes::of(app).add(drawn(1), 0, offset, stride, LINEAR);
            planes.ask(16, 16, XRGB);
        });
    }
    attack(|app| {
        Planes::of(app)
            .add(drawn(1), 0, 0, 64, LINEAR)
            .add(drawn(1), 1, 2000, 64, LINEAR)
            .ask(16, 16, NV12);
    });
}

#[test]
fn a_picture_of_no_size_or_of_a_huge_one() {
    for (width, height) in [(0, 16), (16, -1), (i32::MAX, i32::MAX), (16_385, 1)] {
        attack(|app| {
            let planes = Planes::of(app).add(drawn(1), 0, 0, 64, LINEAR);
            planes.at_once(width, height, XRGB);
        });
    }
}

#[test]
fn a_format_or_a_layout_that_was_not_announced() {
    for (format, modifier) in [(XRGB + 1, LINEAR), (XRGB, 77), (XRGB, UNNAMED)] {
        attack(|app| {
            let planes = Planes::of(app).add(drawn(1), 0, 0, 64, modifier);
            planes.ask(16, 16, format);
        });
    }
}

#[test]
fn a_layout_without_a_name_passes_where_hosts_name_none() {
    let rig = Rig::with_gpu(OLD);
    let mut app = rig.app();
    let planes = Planes::of(&app).add(drawn(1), 0, 0, 64, UNNAMED);
    planes.ask(16, 16, XRGB);
    app.until(|told| told.made.is_some());
    rig.assert_no_complaint();
}

#[test]
fn planes_that_lie_in_different_ways() {
    attack(|app| {
        let memory = gpu::memory(&[3; 16 * 24]);
        Planes::of(app)
            .add(&memory, 0, 0, 16, LINEAR)
            .add(&memory, 1, 256, 16, TILED)
            .ask(16, 16, NV12);
    });
}

#[test]
fn two_buffers_of_the_same_planes() {
    attack(|app| {
        let planes = Planes::of(app).add(drawn(1), 0, 0, 64, LINEAR);
        planes.ask(16, 16, XRGB);
        planes.ask(16, 16, XRGB);
    });
    attack(|app| {
        let planes = Planes::of(app).add(drawn(1), 0, 0, 64, LINEAR);
        planes.at_once(16, 16, XRGB);
        planes.add(drawn(1), 1, 0, 64, LINEAR);
    });
}

#[test]
fn a_buffer_that_has_failed_is_shown() {
    attack(|app| {
        let window = app.window();
        let planes = Planes::of(app).add(drawn(1), 0, 0, 64, LINEAR);
        let flags = Flags::Interlaced;
        let buffer = planes.params.create_immed(16, 16, XRGB, flags, &app.qh, ());
        window.surface.attach(Some(&buffer), 0, 0);
        window.surface.commit();
    });
}

#[test]
fn an_icon_is_not_drawn_by_a_gpu() {
    attack(|app| {
        let icon = app
            .bind::<XdgToplevelIconManagerV1>(1)
            .create_icon(&app.qh, ());
        let planes = Planes::of(app).add(drawn(1), 0, 0, 64, LINEAR);
        icon.add_buffer(&planes.at_once(16, 16, XRGB), 1);
    });
}

#[test]
fn planes_without_end() {
    attack(|app| {
        let memory = drawn(1);
        for number in 0..3000 {
            Planes::of(app).add(&memory, 0, 0, 64, LINEAR);
            if number % 20 == 0 && app.sync().is_err() {
                return;
            }
        }
    });
}

#[test]
fn buffers_that_nobody_waits_for_any_more_cost_nothing() {
    let rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    let memory = drawn(1);
    // More than a client may have at a time.
    for number in 0..5000 {
        let planes = Planes::of(&app).add(&memory, 0, 0, 64, LINEAR);
        planes.ask(16, 16, XRGB);
        planes.params.destroy();
        if number % 50 == 0 {
            app.sync().unwrap();
        }
    }
    let buffer = made(&mut app, 9);
    let window = app.window();
    show(&mut app, &window, &buffer);
    shown(&rig, 9);
    rig.assert_no_complaint();
}

#[test]
fn what_a_gpu_has_drawn_comes_back_on_the_next_host() {
    let mut rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    let window = app.window();
    let buffer = made(&mut app, 5);
    show(&mut app, &window, &buffer);
    shown(&rig, 5);
    rig.lose_host();
    // What is asked for meanwhile is there for the next.
    let later = made(&mut app, 6);
    rig.find_host(NEW);
    shown(&rig, 5);
    show(&mut app, &window, &later);
    shown(&rig, 6);
    rig.assert_no_complaint();
}

#[test]
fn what_a_host_had_not_answered_when_it_went_the_next_one_is_shown() {
    let mut rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    let window = app.window();
    rig.host().hold_answers();
    let planes = Planes::of(&app).add(drawn(4), 0, 0, 64, LINEAR);
    planes.ask(16, 16, XRGB);
    let forgotten = Planes::of(&app).add(drawn(4), 0, 0, 64, LINEAR);
    forgotten.ask(16, 16, XRGB);
    forgotten.params.destroy();
    app.conn.flush().unwrap();
    rig.host().wait_for_extra("asked");
    rig.lose_host();
    app.until(|told| told.made.is_some());
    let buffer = app.told.made.take().unwrap();
    rig.find_host(NEW);
    show(&mut app, &window, &buffer);
    shown(&rig, 4);
    rig.still_serves();
    rig.assert_no_complaint();
}

#[test]
fn an_app_goes_on_where_the_next_host_takes_nothing_of_a_gpu() {
    let mut rig = Rig::with_gpu(NEW);
    let mut app = rig.app();
    let mut window = app.window();
    let manager: ZwpLinuxDmabufV1 = app.bind(5);
    app.sync().unwrap();
    rig.lose_host();
    rig.find_host(NONE);
    app.draw(&mut window, 3);
    shown(&rig, 3);
    manager.get_default_feedback(&app.qh, ());
    let planes = Planes::of(&app).add(drawn(4), 0, 0, 64, LINEAR);
    planes.ask(16, 16, XRGB);
    // It was announced once, so it is no error.
    app.until_heard("failed");
    app.draw(&mut window, 2);
    shown(&rig, 2);
    rig.assert_no_complaint();
}
