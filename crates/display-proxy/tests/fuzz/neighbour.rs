//! How long somebody waits who does nothing wrong.

use std::fmt;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::MemfdFlags;

use super::common::{App, memory, picture};

/// What a stall is, beyond what somebody waits whom nobody disturbs.
pub const STALL: Duration = Duration::from_millis(20);

/// A client with a window that it draws over and over, and asks each time whether that was heard.
pub struct Neighbour {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Answers>,
}

/// How long each answer took.
#[derive(Default)]
pub struct Answers(Vec<Duration>);

impl Neighbour {
    pub fn of(socket: UnixStream) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || live(socket, &stopped));
        Self { stop, thread }
    }

    pub fn finish(self) -> Answers {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("nobody has harmed it")
    }
}

fn live(socket: UnixStream, stop: &AtomicBool) -> Answers {
    let mut app = App::new(socket);
    let window = app.window();
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(1, 16, 16));
    let buffer = app.buffer(&pixels, 16, 16);
    let mut answers = Answers::default();
    while !stop.load(Ordering::Relaxed) {
        window.surface.attach(Some(&buffer), 0, 0);
        window.surface.damage_buffer(0, 0, 16, 16);
        window.surface.commit();
        let asked = Instant::now();
        app.sync().expect("it does nothing wrong");
        answers.0.push(asked.elapsed());
        app.told.heard.clear();
        app.told.released.clear();
        std::thread::sleep(Duration::from_millis(1));
    }
    answers
}

impl Answers {
    pub fn slowest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }

    /// Those that took longer than the slowest of somebody else by what is a stall.
    pub fn stalls(&self, baseline: &Self) -> usize {
        let most = baseline.slowest() + STALL;
        self.0.iter().filter(|answer| **answer > most).count()
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.0.clone();
        all.sort_unstable();
        let part = |of: usize| all.get(all.len().saturating_sub(1) * of / 1000);
        let [half, most, nearly] = [500, 990, 999].map(|of| part(of).copied().unwrap_or_default());
        let (many, slowest) = (all.len(), self.slowest());
        write!(
            f,
            "{many} answers, half within {half:?}, 99 % within {most:?}, 99.9 % within {nearly:?}, the slowest {slowest:?}"
        )
    }
}
