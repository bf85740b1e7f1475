//! Questions that the library answers by itself, without a pause, beside somebody who does nothing wrong.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use common::Rig;
use common::attacks::{ask_without_end, registries, syncs};

/// How many are asked in one go: as many as a socket holds, so that nobody has to write while they are read. As built for tests the
/// proxy takes several turns for them.
const MANY: usize = 3 * 4096;

/// Takes all answers to these, and counts their bytes.
fn take(mut socket: UnixStream, taken: &AtomicUsize) {
    let mut bytes = vec![0; 1 << 20];
    // Each is done, and its number free.
    while taken.load(Ordering::SeqCst) < MANY * 24 {
        match socket.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(read) => taken.fetch_add(read, Ordering::SeqCst),
        };
    }
}

#[test]
fn others_are_served_before_all_is_answered_that_somebody_asks() {
    let rig = Rig::new();
    let mut bystander = rig.app();
    let mut attacker = rig.socket();
    let answers = attacker.try_clone().unwrap();
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| take(answers, &taken));
        scope.spawn(|| {
            attacker.write_all(&syncs().repeat(MANY / 4096)).unwrap();
        });
        while taken.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        for _ in 0..2 {
            bystander.sync().unwrap();
        }
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken < MANY * 24, "nobody else was served before the end");
    });
    // Asking much is no wrong.
    assert_eq!(taken.load(Ordering::SeqCst), MANY * 24);
    rig.still_serves();
}

#[test]
fn nobody_is_kept_from_windows_by_who_asks_without_end() {
    for requests in [syncs(), registries()] {
        let rig = Rig::new();
        let mut bystander = rig.app();
        let mut window = bystander.window();
        let attacker = rig.socket();
        let enough = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| ask_without_end(attacker, &requests, || enough.load(Ordering::Relaxed)));
            for colour in 1..20 {
                bystander.draw(&mut window, colour);
            }
            enough.store(true, Ordering::Relaxed);
        });
        rig.still_serves();
    }
}
