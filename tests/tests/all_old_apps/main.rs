//! What takes long with X11 apps, and large ones, for `cargo xtask test --all`.

mod gimp;
mod java;

use anyhow::{Result, ensure};
use oz_e2e::{Inside, Session, wait};

const SANDBOXES: usize = 10;
/// Starts of an X server after which init lets a sandbox wait for the next one, a minute from the first.
const STARTS: usize = 10;

#[test]
fn a_hundred_killed_x_servers_end_nothing_but_their_own_apps() -> Result<()> {
    let session = Session::begin();
    let is_eyes = |window: &oz_testkit::desktop::Window| window.title == "xeyes";
    let mut last = None;
    for number in 0..SANDBOXES {
        let title = format!("wayland {number}");
        let inside = Inside::start(&["--ephemeral", "--", "foot", "--title", &title]);
        let wayland = session.wait_for_window(wait::LONG, |window| window.title == title)?;
        for _ in 0..STARTS {
            let eyes = inside.script("exec xeyes").start();
            session.wait_for_window(wait::LONG, is_eyes)?;
            inside.sh("pkill -KILL -x Xwayland").ok();
            eyes.end_within(wait::LONG).fails();
            session.wait_for_no_window(wait::LONG, is_eyes)?;
            ensure!(inside.is_running(), "the sandbox ended with its X server");
            session.again(&wayland)?;
        }
        last = Some(inside);
    }
    // And who connects after all that has to wait, and is served.
    let inside = last.expect("the last sandbox");
    let _eyes = inside.script("exec xeyes").start();
    session.wait_for_window(wait::LONG, is_eyes)?;
    Ok(())
}
