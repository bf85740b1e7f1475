//! A client that does one thing without end, or too much of it at once, again and again.

use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::MemfdFlags;
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_shm::WlShm;
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;

use super::common::attacks::{ask_without_end, registries, syncs};
use super::common::{App, memory, picture};
use super::random::Random;

/// What a client does; it ends when it is thrown out, or by itself.
pub type Kind = fn(&mut App);

/// As many pictures as can be, in memory that is copied at each commit.
pub const COPIES: &[Kind] = &[|app| {
    let pixels = memory(MemfdFlags::empty(), &picture(0, 2048, 2048));
    let buffer = app.buffer(&pixels, 2048, 2048);
    let window = app.window();
    for _ in 0..100 {
        window.surface.attach(Some(&buffer), 0, 0);
        window.surface.damage_buffer(0, 0, 2048, 2048);
        window.surface.commit();
    }
}];

/// Everything else.
pub const FLOODS: &[Kind] = &[
    |app| {
        let compositor: WlCompositor = app.bind(4);
        (0..2000).for_each(|_| drop(compositor.create_surface(&app.qh, ())));
    },
    |app| {
        let surface = app.surface();
        (0..6000).for_each(|_| drop(surface.frame(&app.qh, ())));
    },
    |app| {
        let region = app.bind::<WlCompositor>(4).create_region(&app.qh, ());
        (0..20_000).for_each(|at| region.add(at, 0, 1, 1));
    },
    |app| {
        let surface = app.surface();
        (0..50_000).for_each(|at| surface.damage(at, 0, 1, 1));
        surface.commit();
    },
    |app| {
        let shm: WlShm = app.bind(1);
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        for _ in 0..3000 {
            shm.create_pool(pixels.as_fd(), 1024, &app.qh, ());
            if app.conn.flush().is_err() {
                return;
            }
        }
    },
    |app| {
        let subcompositor: WlSubcompositor = app.bind(1);
        let parent = app.surface();
        for _ in 0..500 {
            let child = app.surface();
            subcompositor.get_subsurface(&child, &parent, &app.qh, ());
            child.commit();
        }
        // The parent first: the parts go with nobody to hold them.
        parent.commit();
        parent.destroy();
    },
    |app| {
        // One whole window after the other, none of which is taken away in order.
        for _ in 0..200 {
            let mut window = app.window();
            app.draw(&mut window, 7);
            window.surface.destroy();
        }
    },
    |app| {
        // Asks whether it was heard, and takes each answer, without a pause.
        for _ in 0..100 {
            let display = app.conn.display();
            (0..500).for_each(|_| drop(display.sync(&app.qh, ())));
            if app.sync().is_err() {
                return;
            }
        }
    },
];

/// What a client writes that is none of a library's.
type Raw = fn(UnixStream);

const RAW: &[Raw] = &[
    never_read,
    |socket| ask(socket, &syncs()),
    |socket| ask(socket, &registries()),
];

/// One of these, as often as any of so many others.
fn raw(random: &mut Random, others: usize) -> Option<Raw> {
    RAW.get(random.below(others + RAW.len())).copied()
}

/// For a while, without a pause.
fn ask(socket: UnixStream, requests: &[u8]) {
    let start = Instant::now();
    ask_without_end(socket, requests, || {
        start.elapsed() > Duration::from_millis(400)
    });
}

/// Such clients, one at a time.
pub struct Flood {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Flood {
    pub fn of(path: PathBuf, kinds: &'static [Kind], mut random: Random) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut clients = 0;
            while !stopped.load(Ordering::Relaxed) {
                let Ok(socket) = UnixStream::connect(&path) else {
                    break;
                };
                if let Some(raw) = raw(&mut random, kinds.len()) {
                    raw(socket);
                } else {
                    // What it meets is an error or a panic of its own, which is as good as leaving.
                    let kind = *random.pick(kinds);
                    let act = std::panic::AssertUnwindSafe(|| {
                        let mut app = App::new(socket);
                        kind(&mut app);
                        let _ = app.sync();
                    });
                    let _ = std::panic::catch_unwind(act);
                }
                clients += 1;
            }
            clients
        });
        Self { stop, thread }
    }

    /// How many clients there were.
    pub fn finish(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it harms others only")
    }
}

/// Asks for answers and takes none.
fn never_read(mut socket: UnixStream) {
    let _ = socket.set_nonblocking(true);
    // wl_display.get_registry, each with a list of all globals for an answer.
    let asks = (2_u32..20_000).flat_map(|id| [1, 12 << 16 | 1, id]);
    let bytes: Vec<u8> = asks.flat_map(u32::to_ne_bytes).collect();
    let _ = socket.write_all(&bytes);
}
