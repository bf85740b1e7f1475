//! Small programs with what is hard to get right, a menu in a menu and a list to choose from. Each writes into a directory where
//! on its window what can be clicked lies now (`places`: a name, x and y of each), and what was chosen last (`chosen`).

use std::path::Path;

use anyhow::{Result, ensure};

use crate::run::{Run, Started};
use crate::{Session, oz, wait};

/// Where on its window something lies that can be clicked, as the program says.
fn place(dir: &Path, name: &str) -> Option<(i32, i32)> {
    let all = std::fs::read_to_string(dir.join("places")).ok()?;
    let mut lines = all.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let is_it = words.next() == Some(name);
        let number = |word: Option<&str>| word?.parse().ok();
        let at = (number(words.next())?, number(words.next())?);
        is_it.then_some(at)
    });
    lines.next()
}

/// Clicks through a menu in a menu, and chooses from a list, in the window `menus of NAME`: each lies where the app has it, and
/// stays open until then.
pub fn uses(session: &Session, name: &str, start: impl FnOnce(&Path) -> Run) -> Result<()> {
    uses_at(session, 1.0, name, start)
}

/// The same where the host's units are so many pixels.
pub fn uses_at(
    session: &Session,
    scale: f64,
    name: &str,
    start: impl FnOnce(&Path) -> Run,
) -> Result<()> {
    let dir = session.fresh_dir(&format!("x11-{name}"));
    let run: Started = start(&dir).start();
    let title = format!("menus of {name}");
    let window = session.wait_for_window(wait::LONG, |window| window.title == title)?;
    session.give_focus(&window)?;
    wait::within(wait::LONG, "its places", || place(&dir, "box"));
    session.settled(&window)?;
    let window = session.again(&window)?;
    let clicks = |what: &str| -> Result<()> {
        // It may still be on its way to there.
        let at = wait::until(what, || {
            let at = place(&dir, what)?;
            session.settled(&window).ok()?;
            place(&dir, what).filter(|now| *now == at)
        });
        session.shoot(&format!("x11-{name}-{what}-{scale}"))?;
        #[expect(clippy::cast_possible_truncation, reason = "places on a screen")]
        let pixels = |units: i32| (f64::from(units) * scale).round() as i32;
        session.click((
            pixels(window.content.x) + at.0,
            pixels(window.content.y) + at.1,
        ))
    };
    for (clicked, last) in [
        (&["Outer", "Inner", "Chosen"][..], "Chosen"),
        (&["box", "third"], "third"),
    ] {
        for what in clicked {
            clicks(what)?;
        }
        wait::for_content(&dir.join("chosen"), last);
    }
    ensure!(session.windows()?.len() == 1, "{:?}", session.windows());
    session.close(&window)?;
    run.end_within(wait::PATIENCE);
    Ok(())
}

/// A program in a sandbox that has a file and may write to a directory, both named last.
pub fn boxed(dir: &Path, program: &str, (name, text): (&str, &str), words: &[&str]) -> Run {
    let file = dir.join(name);
    std::fs::write(&file, text).expect("written");
    oz(["run", "--ephemeral", "--write"])
        .arg(dir)
        .args(["--", "env", "QT_QPA_PLATFORM=xcb", program])
        .args(words)
        .arg(file)
        .arg(dir)
}
