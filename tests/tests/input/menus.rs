//! Menus: opened by the pointer, in their place, usable, gone again.

use anyhow::{Context, Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::{Picture, Rect, Window};

/// Where two pictures differ, as the smallest rectangle around it.
fn changed(before: &Picture, after: &Picture) -> Option<Rect> {
    let all = before.rect();
    let (mut left, mut top, mut right, mut bottom) = (all.width, all.height, -1, -1);
    for y in 0..all.height {
        for x in 0..all.width {
            if before.at(x, y) != after.at(x, y) {
                (left, top) = (left.min(x), top.min(y));
                (right, bottom) = (right.max(x), bottom.max(y));
            }
        }
    }
    (right >= 0).then(|| Rect {
        x: left,
        y: top,
        width: right - left + 1,
        height: bottom - top + 1,
    })
}

/// The picture with the pointer where a click will be: the pointer is a part of pictures.
fn with_pointer_at(session: &Session, window: &Window, at: (i32, i32)) -> Result<Picture> {
    session.point(at)?;
    session.settled(window)
}

fn mousepad(session: &Session) -> Result<Window> {
    let file = write(&session.fresh_dir("menus").join("menu.txt"), b"text\n");
    oz(["run", "--detach", "mousepad"]).arg(&file).run().ok();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("menu.txt"))?;
    session.give_focus(&window)?;
    // Away from everything that reacts to a pointer over it.
    session.point((5, 5))?;
    session.settled(&window)?;
    session.again(&window)
}

/// The middle of the word File in the menu bar. Where the app draws its own title bar, that is
/// above the menu bar.
fn file_menu(session: &Session, window: &Window) -> (i32, i32) {
    let own_title_bar = if session.is_x11() {
        let mark = if window.mark.is_some() { 18 } else { 0 };
        window.content.y == window.rect.y + mark
    } else {
        // sway's title bar is beside the rectangle that it says.
        window.rect == window.content
    };
    (
        window.content.x + 18,
        window.content.y + if own_title_bar { 59 } else { 13 },
    )
}

#[test]
fn a_menu_opened_by_a_click_hangs_below_its_word() -> Result<()> {
    let session = Session::begin();
    let window = mousepad(&session)?;
    let at = file_menu(&session, &window);
    let before = with_pointer_at(&session, &window, at)?;
    session.click(at)?;
    let opened = session.settled(&window)?;
    session.shoot("mousepad-menu")?;
    let menu = changed(&before, &opened).context("no menu appeared")?;
    ensure!(
        menu.width > 100 && menu.height > 150,
        "too small for a menu: {menu:?}"
    );
    // Its left edge is the word's, its upper edge the menu bar's (the word itself is highlighted).
    ensure!(
        (menu.x - window.content.x).abs() < 16,
        "{menu:?} of {window:?}"
    );
    ensure!((menu.y - at.1).abs() < 24, "{menu:?} of {window:?}");
    // The window that it belongs to is still one window of the host.
    ensure!(session.windows()?.len() == 1);

    session.key("escape", "press")?;
    session.point((5, 5))?;
    let closed = session.settled(&window)?;
    ensure!(
        closed.difference(&before, menu) < 0.02,
        "the menu is still there"
    );
    Ok(())
}

#[test]
fn an_entry_of_a_menu_does_what_it_says() -> Result<()> {
    let session = Session::begin();
    let window = mousepad(&session)?;
    let at = file_menu(&session, &window);
    session.click(at)?;
    session.settled(&window)?;
    // The first entry is New.
    session.click((at.0 + 30, at.1 + 28))?;
    wait::until("a new document", || {
        session
            .again(&window)
            .ok()
            .filter(|now| now.title.contains("Untitled"))
    });
    Ok(())
}

#[test]
fn a_click_elsewhere_closes_a_menu() -> Result<()> {
    let session = Session::begin();
    let window = mousepad(&session)?;
    let at = file_menu(&session, &window);
    let before = with_pointer_at(&session, &window, at)?;
    session.click(at)?;
    let opened = session.settled(&window)?;
    let menu = changed(&before, &opened).context("no menu appeared")?;
    session.click((
        window.content.x + window.content.width - 40,
        window.content.y + window.content.height - 60,
    ))?;
    session.point((5, 5))?;
    let closed = session.settled(&window)?;
    ensure!(
        closed.difference(&before, menu) < 0.05,
        "the menu is still there"
    );
    Ok(())
}

#[test]
fn a_menu_near_the_edge_of_the_screen_stays_on_it() -> Result<()> {
    let session = Session::begin();
    let window = mousepad(&session)?;
    if session.is_x11() {
        // There are window managers that let nobody but the user put a window over the edge.
        let from = (window.content.x + 60, window.content.y - 9);
        let down = 890 - window.content.y;
        session.drag_window(&window, from, (0, down), |now| now.content.y > 850)?;
    } else {
        session.move_to(&window, 400, 880)?;
    }
    let window = wait::until("the new place", || {
        session.again(&window).ok().filter(|w| w.content.y > 850)
    });
    let at = file_menu(&session, &window);
    let before = with_pointer_at(&session, &window, at)?;
    session.click(at)?;
    let opened = session.settled(&window)?;
    session.shoot("mousepad-menu-edge")?;
    let menu = changed(&before, &opened).context("no menu appeared")?;
    ensure!(
        menu.y < window.content.y,
        "it opens upwards: {menu:?} of {window:?}"
    );
    ensure!(menu.height > 150, "{menu:?}");
    Ok(())
}

#[test]
fn a_popover_of_a_gtk_4_app_opens_beside_its_button() -> Result<()> {
    let session = Session::begin();
    oz(["run", "--detach", "gtk4-demo"]).run().ok();
    let window = session.wait_for_window(wait::LONG, |w| w.title == "GTK Demo")?;
    session.give_focus(&window)?;
    let window = session.again(&window)?;
    // The menu button is left of the one that closes the window.
    let at = (
        window.content.x + window.content.width - 71,
        window.content.y + 23,
    );
    let before = with_pointer_at(&session, &window, at)?;
    session.click(at)?;
    let opened = session.settled(&window)?;
    session.shoot("gtk4-popover")?;
    let popover = changed(&before, &opened).context("no popover appeared")?;
    ensure!(popover.width > 60 && popover.height > 60, "{popover:?}");
    let (x, y) = popover.centre();
    let content = window.content;
    ensure!(
        x > content.x
            && x < content.x + content.width
            && y > content.y
            && y < content.y + content.height / 2 + 100
    );
    Ok(())
}
