//! Whether a person can see on the screen whose window it is.

use anyhow::{Result, ensure};
use oz_testkit::desktop::{Picture, Rect, Rgb, Window};

use crate::session::Session;
use crate::wait;

/// The colour of a profile's borders.
pub fn colour(profile: &str) -> Rgb {
    let colour = oz_core::colour::Colour::of_profile(profile);
    [colour.red, colour.green, colour.blue]
}

/// How much of the line around what a window's app draws is in a colour, side by side: above, below, left, right.
pub(crate) fn sides(picture: &Picture, content: Rect, colour: Rgb) -> [f64; 4] {
    let Rect {
        x,
        y,
        width,
        height,
    } = content;
    let line = |x, y, width, height| {
        let rect = Rect {
            x,
            y,
            width,
            height,
        };
        let all = f64::from(width * height);
        f64::from(u32::try_from(picture.count(rect, colour, 2)).unwrap_or(0)) / all
    };
    [
        line(x, y - 1, width, 1),
        line(x, y + height, width, 1),
        line(x - 1, y, 1, height),
        line(x + width, y, 1, height),
    ]
}

/// Fails unless a window that has come to rest has the border of a profile on all sides.
pub fn ensure_marked(session: &Session, window: &Window, profile: &str) -> Result<()> {
    session.point((5, 5))?;
    session.settled(window)?;
    let window = session.again(window)?;
    ensure!(window.mark.is_some(), "{window:?}");
    let sides = sides(&session.look()?, window.content, colour(profile));
    ensure!(
        sides.iter().all(|side| *side > 0.98),
        "{sides:?} of {window:?}"
    );
    Ok(())
}

/// Waits until a window has the border of a profile on all sides and its app has drawn into it, and keeps a picture; for
/// windows that never come to rest.
pub fn shown_and_marked(
    session: &Session,
    window: &Window,
    profile: &str,
    name: &str,
) -> Result<Window> {
    let colour = colour(profile);
    let mut seen = String::new();
    let end = std::time::Instant::now() + wait::PATIENCE;
    while std::time::Instant::now() < end {
        let now = session.again(window)?;
        let picture = session.look()?;
        let sides = sides(&picture, now.content, colour);
        // Some draw a few lines only, some nothing but one plain colour.
        let behind = picture.at(2, 2);
        let main = picture.main_colour(now.content);
        let drawn = picture.colours(now.content) > 3 || main != behind;
        if now.mark.is_some() && sides.iter().all(|side| *side > 0.98) && drawn {
            session.shoot(name)?;
            return Ok(now);
        }
        seen = format!("{sides:?} of {now:?}, drawn: {drawn}");
        wait::pause(std::time::Duration::from_millis(100));
    }
    session.shoot(&format!("failed-{name}"))?;
    anyhow::bail!("{name}: {seen}")
}
