//! Something that goes on in the background while something else is done.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

/// Does something over and over in the background while something else is done, also if that
/// panics.
pub fn meanwhile(again: impl Fn() + Sync, act: impl FnOnce()) {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                again();
            }
        });
        let _stop = Stop(&stop);
        act();
    });
}

/// Exchanges two names over and over while something is done.
pub fn while_swapping(a: &Path, b: &Path, act: impl FnOnce()) {
    let swap = || {
        renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).expect("the names can be exchanged");
    };
    meanwhile(swap, act);
}
