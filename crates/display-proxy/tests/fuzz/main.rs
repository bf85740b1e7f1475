//! Clients that send every request there is, in any order, with arguments that make sense and that do not.
//!
//! The encoder knows the requests from the same tables, generated from the protocols' XML, that proxy and hosts
//! decode with. While the clients come and go a bystander's window goes on; the proxy neither panics nor keeps
//! anything of theirs, and nothing that a host would end a connection for reaches it.
//!
//! `OZ_FUZZ_SECONDS` says for how long, `OZ_FUZZ_SEED` with what; a failure prints the seed.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that fails here has failed"
)]

#[path = "../common/mod.rs"]
mod common;

mod client;
mod flood;
mod lacking;
mod neighbour;
mod process;
mod random;
mod stalls;
mod things;
mod wire;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::{App, Rig};
use display_proxy::config::{Buffers, Config, Mark};
use display_proxy::server::Server;
use oz_core::wire::display::Event;
use oz_testkit::fakehost::{Seen, Versions, linux_dmabuf};
use random::Random;
use rustix::fs::MemfdFlags;

/// What the host has, beside what others have as well.
const NEWER: Versions = &[
    ("wl_compositor", 6),
    ("wl_seat", 9),
    ("xdg_wm_base", 6),
    ("wl_shm", 2),
    ("wp_cursor_shape_manager_v1", 2),
    ("zwp_pointer_constraints_v1", 1),
    ("wp_presentation", 2),
    ("zwp_primary_selection_device_manager_v1", 1),
    ("zwp_relative_pointer_manager_v1", 1),
    ("wp_single_pixel_buffer_manager_v1", 1),
    ("zxdg_decoration_manager_v1", 1),
    ("zxdg_output_manager_v1", 3),
    ("zwp_linux_dmabuf_v1", 5),
];

/// Clients at a time.
const AT_ONCE: usize = 4;

/// Held by a test while it runs: what is open in this process is counted, and how long somebody waits.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn seed() -> u64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    number("OZ_FUZZ_SEED").unwrap_or(u64::try_from(since.as_nanos() % (1 << 62)).unwrap())
}

/// What the descriptors of this process lead to.
fn descriptors() -> Vec<String> {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let target = |entry: std::fs::DirEntry| {
        // The directory itself is one, and is gone now.
        let target = std::fs::read_link(entry.path()).ok()?;
        Some(target.to_string_lossy().into_owned())
    };
    let mut all: Vec<_> = open.filter_map(|entry| target(entry.unwrap())).collect();
    all.sort();
    all
}

/// Resident memory of this process in kilobytes.
fn memory() -> u64 {
    memory_of("/proc/self/status".as_ref())
}

/// The same of another, by what the kernel says of it.
fn memory_of(status: &Path) -> u64 {
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.unwrap().split_whitespace().nth(1);
    words.unwrap().parse().unwrap()
}

#[test]
fn no_request_harms_anybody_but_its_sender() {
    let _alone = alone();
    let seed = seed();
    let length = Duration::from_secs(number("OZ_FUZZ_SECONDS").unwrap_or(4));
    for (round, buffers) in [Buffers::Shared, Buffers::Copied].into_iter().enumerate() {
        eprintln!("OZ_FUZZ_SEED={seed}, {buffers:?}");
        storm(buffers, length / 2, Random::new(seed ^ round as u64));
    }
}

fn storm(buffers: Buffers, length: Duration, mut random: Random) {
    let settings = |config: &mut Config| {
        config.shortcuts = true;
        config.gpu = true;
        config.buffers = buffers;
        config.mark = Mark::Border;
    };
    let gpu = |server: &mut Server| server.take_for_gpu_memory(linux_dmabuf::is_memory);
    let rig = Rig::start(NEWER, settings, gpu);
    let mut bystander = rig.app();
    let window = bystander.window();
    let pixels = common::memory(MemfdFlags::ALLOW_SEALING, &common::picture(1, 16, 16));
    let buffer = bystander.buffer(&pixels, 16, 16);
    let show = |app: &mut App, colour| {
        rustix::io::pwrite(&pixels, &common::picture(colour, 16, 16), 0).unwrap();
        window.surface.attach(Some(&buffer), 0, 0);
        window.surface.damage_buffer(0, 0, 16, 16);
        window.surface.commit();
        app.sync().unwrap();
    };
    let shown = |colour| {
        rig.host()
            .wait_for(|seen| matches!(seen, Seen::Shown { first, .. } if *first == colour));
    };
    show(&mut bystander, 1);
    shown(1);
    let things = things::Things::new();
    let before = descriptors();
    let mut settled = None;
    let mut clients = Vec::new();
    let (mut requests, mut gone, mut slowest) = (0_u64, 0_u64, Duration::ZERO);

    let start = Instant::now();
    let mut colour = 1;
    while start.elapsed() < length {
        while clients.len() < AT_ONCE {
            clients.push(client::Client::new(rig.socket()));
        }
        for client in &mut clients {
            for _ in 0..random.below(40) {
                if !client.act(&mut random, &things) {
                    break;
                }
                requests += 1;
            }
            if random.below(200) == 0 {
                client.leave();
            }
            client.hear(&mut random);
        }
        gone += clients.extract_if(.., |client| client.is_gone()).count() as u64;

        colour += 1;
        let asked = Instant::now();
        show(&mut bystander, colour);
        slowest = slowest.max(asked.elapsed());
        bystander.told.heard.clear();
        bystander.told.released.clear();
        if colour % 16 == 0 {
            shown(colour);
            judge(&rig);
            // What grows once, like the free lists of an allocator, has grown by now.
            settled.get_or_insert_with(memory);
        }
    }
    eprintln!(
        "{requests} requests, {gone} clients gone, slowest answer to the bystander {slowest:?}"
    );
    assert!(requests > 100 && gone > 0, "nothing was tried");

    drop(clients);
    // The proxy and the host hear of it in their own time.
    let patience = Instant::now();
    while descriptors().len() > before.len() && patience.elapsed() < Duration::from_secs(10) {
        bystander.sync().unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let after = descriptors();
    assert!(
        after.len() <= before.len(),
        "descriptors leak: {before:#?} became {after:#?}"
    );
    rig.still_serves();
    judge(&rig);
    if let Some(settled) = settled {
        let grown = memory().saturating_sub(settled);
        assert!(grown < 64 << 10, "{grown} KB leak");
    }
}

/// What the host and the daemon were told so far, forgotten afterwards.
fn judge(rig: &Rig) {
    for seen in rig.host().forget() {
        if let Seen::Left(Some(complaint)) = seen {
            panic!("it reached the host: {complaint}");
        }
    }
    for event in rig.daemon().all_told() {
        if let Event::ClientRefused { reason } = event {
            assert_ne!(reason, "the proxy failed", "the proxy panicked");
        }
    }
}
