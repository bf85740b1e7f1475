//! Attacks of one client beside another that does nothing wrong.

use std::io::Write;
use std::os::unix::net::UnixStream;

use oz_testkit::fakehost::Seen;

use super::{App, Rig};

impl Rig {
    /// Runs an attack beside a bystander: whoever makes it is thrown out, and nobody else notices.
    pub fn attack(&self, act: impl FnOnce(&mut App)) {
        let mut bystander = self.app();
        let mut window = bystander.window();
        let mut app = self.app();
        act(&mut app);
        assert!(app.is_thrown_out(), "the attacker stays");
        bystander.draw(&mut window, 0xff00_0001);
        self.still_serves();
        self.assert_no_complaint();
    }

    /// The host has ended no connection for what it was sent.
    pub fn assert_no_complaint(&self) {
        let seen = self.host().seen();
        let complaint = seen.iter().find(|seen| matches!(seen, Seen::Left(Some(_))));
        assert_eq!(complaint, None, "it reached the host: {seen:?}");
    }
}

/// Writes requests again and again until that is enough, and takes each answer at once: nothing ever holds them up but who
/// reads them.
pub fn ask_without_end(mut socket: UnixStream, requests: &[u8], enough: impl Fn() -> bool) {
    let mut answers = socket.try_clone().unwrap();
    let reader = std::thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()));
    while !enough() && socket.write_all(requests).is_ok() {}
    let _ = socket.shutdown(std::net::Shutdown::Both);
    let _ = reader.join();
}

/// `wl_display.sync`, whose object is gone with its answer, so that it may be asked again by the same number.
pub fn syncs() -> Vec<u8> {
    let asks = std::iter::repeat_n([1_u32, 12 << 16, 2], 4096);
    asks.flatten().flat_map(u32::to_ne_bytes).collect()
}

/// `wl_display.get_registry`, each of which is answered with all globals. One that has as many objects is thrown out.
pub fn registries() -> Vec<u8> {
    let asks = (2_u32..60_000).flat_map(|id| [1, 12 << 16 | 1, id]);
    asks.flat_map(u32::to_ne_bytes).collect()
}
