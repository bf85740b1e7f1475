//! Screens of higher densities: X11 apps draw their pixels, not larger ones.

use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, menus, oz, wait};
use oz_testkit::desktop::{Picture, Rect};

use super::programs;

/// The session's screen at another density, until it goes.
struct Dense<'a> {
    session: &'a Session,
    scale: f64,
}

impl<'a> Dense<'a> {
    fn begin(session: &'a Session, scale: f64) -> Result<Self> {
        session.sway(&format!("output HEADLESS-1 scale {scale}"))?;
        Ok(Self { session, scale })
    }

    /// What sway counts in its units, in pixels of the screen.
    fn pixels(&self, rect: Rect) -> Rect {
        #[expect(clippy::cast_possible_truncation, reason = "places on a screen")]
        let by = |units: i32| (f64::from(units) * self.scale).round() as i32;
        Rect {
            x: by(rect.x),
            y: by(rect.y),
            width: by(rect.width),
            height: by(rect.height),
        }
    }
}

impl Drop for Dense<'_> {
    fn drop(&mut self) {
        let back = self.session.sway("output HEADLESS-1 scale 1");
        back.expect("the screen is as it was");
    }
}

/// Whether every pixel is far from what its neighbours are. Where half a pixel more would belong to the window, the host and
/// whoever takes the picture may mix a little of them.
fn is_the_pattern(picture: &Picture, rect: Rect) -> bool {
    let differs = |one: (i32, i32), other: (i32, i32)| {
        let both = picture.at(one.0, one.1).zip(picture.at(other.0, other.1));
        both.is_some_and(|(one, other)| one.iter().zip(other).all(|(a, b)| a.abs_diff(b) > 100))
    };
    let is_it = |x: i32, y: i32| differs((x, y), (x + 1, y)) && differs((x, y), (x, y + 1));
    let mut rows = rect.y..rect.y + rect.height - 1;
    rows.all(|y| (rect.x..rect.x + rect.width - 1).all(|x| is_it(x, y)))
}

fn shows_its_pixels(scale: f64, size: (i32, i32), dpi: &str) -> Result<()> {
    let session = Session::begin();
    let dense = Dense::begin(&session, scale)?;
    let dir = session.fresh_dir("x11-dense");
    let program = programs::write(&dir, programs::PATTERN);
    let _run = oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["--", "python3"])
        .args([&program, &dir])
        .start();
    let window = session.wait_for_window(wait::LONG, |w| w.title == "a fine pattern")?;
    // Where a unit begins with a pixel.
    session.move_to(&window, 100, 60)?;
    session.settled(&window)?;
    let window = session.again(&window)?;
    let content = dense.pixels(window.content);
    ensure!(
        (window.content.width, window.content.height) == size,
        "{window:?}"
    );
    session.point((5, 5))?;
    session.shoot(&format!("x11-dense-{scale}"))?;
    wait::for_condition(&format!("its pixels in {content:?}"), || {
        let picture = session.look();
        picture.is_ok_and(|picture| is_the_pattern(&picture, content.shrunk(4)))
    });
    session.click((content.x + 301, content.y + 203))?;
    let clicked = wait::until("the click", || {
        let text = std::fs::read_to_string(dir.join("clicked")).ok()?;
        (!text.is_empty()).then_some(text)
    });
    // Where a unit has a part of a pixel, what the host can say of a place may end above it.
    let exact = scale.fract() == 0.0;
    let is_there = clicked == "301 203\n" || (!exact && clicked == "300 203\n");
    ensure!(is_there, "{clicked}");
    let said = std::fs::read_to_string(dir.join("resources"))?;
    ensure!(said.contains(&format!("Xft.dpi:\t{dpi}\n")), "{said}");
    Ok(())
}

#[test]
fn an_x11_app_has_the_pixels_of_a_screen_of_twice_the_density() -> Result<()> {
    shows_its_pixels(2.0, (200, 150), "192")
}

#[test]
fn an_x11_app_has_the_pixels_of_a_screen_of_one_and_a_half_the_density() -> Result<()> {
    shows_its_pixels(1.5, (267, 200), "144")
}

fn uses_menus(scale: f64) -> Result<()> {
    let session = Session::begin();
    let _dense = Dense::begin(&session, scale)?;
    let program = ("menus_qt.py", include_str!("menus_qt.py"));
    let start = |dir: &Path| menus::boxed(dir, "python3", program, &[]);
    menus::uses_at(&session, scale, "Qt", start)
}

#[test]
fn menus_of_qt_can_be_used_on_a_screen_of_twice_the_density() -> Result<()> {
    uses_menus(2.0)
}

#[test]
fn menus_of_qt_can_be_used_on_a_screen_of_one_and_a_half_the_density() -> Result<()> {
    uses_menus(1.5)
}

#[test]
fn gtk_under_x11_is_as_large_on_a_dense_screen_and_sharper() -> Result<()> {
    let session = Session::begin();
    let file = write(
        &session.fresh_dir("x11-dense-gtk").join("menu.txt"),
        b"text\n",
    );
    let mut sizes = Vec::new();
    for scale in [1.0, 2.0] {
        let dense = Dense::begin(&session, scale)?;
        let run = oz(["run", "--ephemeral", "--read"])
            .arg(&file)
            .args(["--", "env", "GDK_BACKEND=x11", "GTK_CSD=0", "mousepad"])
            .arg(&file)
            .start();
        let window = session.wait_for_window(wait::LONG, |w| w.title.contains("menu.txt"))?;
        session.point((5, 5))?;
        let picture = session.settled(&window)?;
        session.shoot(&format!("x11-dense-gtk-{scale}"))?;
        let content = session.again(&window)?.content;
        sizes.push((content.width, content.height));
        ensure!(scale < 2.0 || !picture.is_blown_up(dense.pixels(content)));
        session.close(&window)?;
        run.end_within(wait::PATIENCE);
        session.wait_for_no_window(wait::PATIENCE, |_| true)?;
    }
    ensure!(
        (sizes[0].0 - sizes[1].0).abs() < 40 && (sizes[0].1 - sizes[1].1).abs() < 40,
        "{sizes:?}"
    );
    Ok(())
}
