//! An X server whose screen has twice the usual density, as its user's resources say.

use anyhow::{Context, Result, ensure};
use oz_e2e::run::Run;
use oz_e2e::second_x::SecondX;
use oz_e2e::{Session, wait};
use oz_testkit::desktop::{Rect, Window};

use super::programs;

const TWICE: &[&str] = &[
    "-root",
    "-f",
    "RESOURCE_MANAGER",
    "8s",
    "-set",
    "RESOURCE_MANAGER",
    "Xft.dpi:\t192\n",
];

fn begin(session: &Session) -> SecondX {
    let mut second = SecondX::begin(session);
    second.run(Run::new("xprop", TWICE)).run().ok();
    second.manage(["openbox"]);
    second
}

/// What a window shows within its border, which is twice as thick too.
fn content(window: &Window) -> Rect {
    let content = window.content;
    Rect {
        x: content.x + 4,
        y: content.y + 18,
        width: content.width - 8,
        height: content.height - 22,
    }
}

#[test]
fn apps_are_twice_as_large_and_sharp_and_their_menus_lie_where_they_have_them() -> Result<()> {
    let session = Session::begin();
    let second = begin(&session);
    let desktop = &second.desktop;
    second.oz(["run", "--detach", "gtk4-demo"]).run().ok();
    let window = desktop.wait_for_window(wait::LONG, |w| w.title == "GTK Demo")?;
    desktop.give_focus(&window)?;
    let picture = desktop.settled(&window)?;
    desktop.shoot("dense-gtk4")?;
    let shown = content(&desktop.again(&window)?);
    // It is 800 wide where the density is the usual one.
    ensure!(shown.width > 1500, "{shown:?}");
    ensure!(!picture.is_blown_up(shown), "it is not sharp");

    let button = (shown.x + shown.width - 142, shown.y + 46);
    desktop.click(button)?;
    let popover = wait::until("the popover", || desktop.popups().ok()?.first().copied());
    desktop.settled(&window)?;
    desktop.shoot("dense-gtk4-popover")?;
    // Below its button, and pushed back on the screen.
    ensure!(
        (popover.x..popover.x + popover.width).contains(&button.0)
            && (button.1..button.1 + 80).contains(&popover.y)
            && popover.x + popover.width <= 1600,
        "{popover:?} of {shown:?}"
    );
    desktop.key("escape", "press")?;
    wait::for_condition("the popover to close", || {
        desktop.popups().is_ok_and(|all| all.is_empty())
    });
    Ok(())
}

#[test]
fn a_click_arrives_in_the_cell_that_it_was_made_on() -> Result<()> {
    let session = Session::begin();
    let second = begin(&session);
    let desktop = &second.desktop;
    let dir = session.fresh_dir("dense");
    let script = format!(
        r"cd {}; printf '\033[?1000h\033[?1006h'; stty -icanon -echo; echo > ready
        head -c 11 | tr -d '\033' > clicked",
        dir.display()
    );
    let _run = second
        .oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["foot", "-T", "twice as dense", "sh", "-c", &script])
        .start();
    let window = desktop.wait_for_window(wait::LONG, |w| w.title == "twice as dense")?;
    desktop.give_focus(&window)?;
    wait::for_condition("the script", || dir.join("ready").exists());
    let picture = desktop.settled_but_for_the_cursor(&window)?;
    desktop.shoot("dense-foot")?;
    let shown = content(&desktop.again(&window)?);
    ensure!(!picture.is_blown_up(shown), "it is not sharp");
    // The text cursor, which is in the first cell, says how large cells are.
    let ground = picture.main_colour(shown).context("a colour")?;
    let corner = Rect {
        width: 60,
        height: 60,
        ..shown
    };
    let differs = |x: i32, y: i32| picture.at(x, y).is_some_and(|it| it != ground);
    let columns =
        (corner.x..corner.x + 60).filter(|x| (corner.y..corner.y + 60).any(|y| differs(*x, y)));
    let rows =
        (corner.y..corner.y + 60).filter(|y| (corner.x..corner.x + 60).any(|x| differs(x, *y)));
    let (width, height) = (
        i32::try_from(columns.count())?,
        i32::try_from(rows.count())?,
    );
    ensure!(width >= 12 && height >= 24, "{width} {height}");
    desktop.click((
        shown.x + 4 + 11 * width + width / 2,
        shown.y + 4 + 6 * height + height / 2,
    ))?;
    let clicked = wait::until("the click", || {
        let text = std::fs::read_to_string(dir.join("clicked")).ok()?;
        (!text.is_empty()).then_some(text)
    });
    ensure!(clicked.starts_with("[<0;12;7M"), "{clicked:?}");
    Ok(())
}

#[test]
fn an_app_of_x_has_the_pixels_of_the_screen_and_hears_where_it_is_clicked() -> Result<()> {
    let session = Session::begin();
    let second = begin(&session);
    let desktop = &second.desktop;
    let dir = session.fresh_dir("dense-x");
    let program = programs::write(&dir, programs::PATTERN);
    let _run = second
        .oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["--", "python3"])
        .args([&program, &dir])
        .start();
    let window = desktop.wait_for_window(wait::LONG, |w| w.title == "a fine pattern")?;
    desktop.give_focus(&window)?;
    desktop.point((5, 5))?;
    let picture = desktop.settled(&window)?;
    desktop.shoot("dense-x")?;
    let shown = content(&desktop.again(&window)?);
    ensure!((shown.width, shown.height) == (400, 300), "{shown:?}");
    let mut all =
        (shown.y..shown.y + 299).flat_map(|y| (shown.x..shown.x + 399).map(move |x| (x, y)));
    ensure!(
        all.all(|(x, y)| {
            let here = picture.at(x, y);
            here != picture.at(x + 1, y) && here != picture.at(x, y + 1)
        }),
        "its pixels are not the screen's"
    );
    desktop.click((shown.x + 301, shown.y + 203))?;
    wait::for_content(&dir.join("clicked"), "301 203\n");
    let said = std::fs::read_to_string(dir.join("resources"))?;
    ensure!(said.contains("Xft.dpi:\t192\n"), "{said}");
    Ok(())
}
