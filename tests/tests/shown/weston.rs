//! The small clients that come with weston: each tries one part of the protocols.

use anyhow::{Result, ensure};
use oz_e2e::marked::shown_and_marked;
use oz_e2e::{Session, cli, oz, wait};

/// A client and its window's title. Those that do not run on the session's compositor without Oz either are not here: what
/// has two buffers only and does not wait for them, and what wants an older protocol for text.
const CLIENTS: &[(&str, &str)] = &[
    ("weston-clickdot", "Wayland ClickDot"),
    ("weston-cliptest", "cliptest"),
    ("weston-confine", "Wayland Confine"),
    ("weston-dnd", "Wayland Drag and Drop Demo"),
    ("weston-eventdemo", "EventDemo"),
    ("weston-flower", "Flower"),
    ("weston-fullscreen", "Fullscreen"),
    ("weston-presentation-shm", "presentation-shm"),
    ("weston-resizor", "Wayland Resizor"),
    ("weston-scaler", "Scaler Test Box"),
    ("weston-simple-egl", "simple-egl"),
    ("weston-smoke", "smoke"),
    ("weston-stacking", "Stacking Test"),
    ("weston-subsurfaces", "Wayland Sub-surface Demo"),
    ("weston-terminal", "Wayland Terminal"),
    ("weston-transformed", "Transformed"),
];

#[test]
fn weston_s_clients_show_their_windows() -> Result<()> {
    let session = Session::begin();
    for &(program, title) in CLIENTS {
        let client = oz(["run", "--ephemeral", "--", program]).start();
        let window = session.wait_for_window(wait::LONG, |w| w.title.contains(title))?;
        ensure!(window.mark.as_deref() == Some(program), "{window:?}");
        if program == "weston-smoke" {
            // It draws nothing by itself: smoke rises where the pointer moves.
            for step in 0..40 {
                let (x, y) = window.content.centre();
                session.point((x - 20 + step, y))?;
            }
        }
        shown_and_marked(&session, &window, "generic", program)?;
        ensure!(
            cli::running() == [program],
            "{client:?}",
            client = client.complaint_so_far()
        );
        oz(["stop", program]).run().ok();
        session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == window.con_id)?;
    }
    Ok(())
}
