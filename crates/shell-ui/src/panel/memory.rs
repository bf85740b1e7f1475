//! How much memory the sandboxes take, as long as somebody looks.

use std::time::Duration;

use gtk::glib;
use gtk::prelude::*;

use super::profiles::away;
use super::window::Window;

/// How often somebody who looks is told.
const PAUSE: Duration = Duration::from_secs(3);

/// Shows it from now on, until the window is gone. While nobody can see the list nothing is read.
pub(super) fn watch(window: &Window) {
    let window = window.downgrade();
    glib::spawn_future_local(async move {
        loop {
            let watched = match window.upgrade() {
                Some(window) => window.watched(),
                None => return,
            };
            for (path, pid) in watched {
                let read = away(move || Ok(oz_host::memory::of_sandbox(pid))).await;
                let Some(window) = window.upgrade() else {
                    return;
                };
                window.show_memory(&path, read.ok().flatten());
            }
            glib::timeout_future(PAUSE).await;
        }
    });
}
