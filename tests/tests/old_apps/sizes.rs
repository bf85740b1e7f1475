//! Windows that ask for sizes, in every way that X has.

use anyhow::Result;
use oz_e2e::{Session, oz, wait};

use super::programs;

#[test]
fn a_window_has_the_size_that_it_asks_for_and_stays_where_the_host_has_it() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-sizes");
    let program = programs::write(&dir, programs::SIZES);
    std::fs::write(dir.join("go"), "")?;
    let _run = oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["--", "python3"])
        .args([&program, &dir])
        .start();
    let window = session.wait_for_window(wait::LONG, |w| w.title == "asks for sizes")?;
    session.settled(&window)?;
    let before = session.again(&window)?.content;
    let mut said = "frame (0, 0, 0, 0)\n".to_owned();
    wait::for_content(&dir.join("said"), &said);
    for (go, says, size) in [
        ("first", "asked", (420, 310)),
        ("first second", "told", (360, 250)),
    ] {
        std::fs::write(dir.join("go"), go)?;
        said += &format!("{says}\n");
        wait::for_content(&dir.join("said"), &said);
        wait::for_condition("the size", || {
            let now = session.again(&window).map(|window| window.content);
            now.is_ok_and(|now| (now.width, now.height) == size && within(now.x, before.x))
        });
    }
    session.shoot("x11-sizes")?;
    Ok(())
}

/// A host may keep the middle of a window where it was, instead of its corner; never where the window says.
fn within(now: i32, before: i32) -> bool {
    (now - before).abs() < 80
}
