//! Menus of toolkits under X11: beside their word, and staying.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz, wait};

#[test]
fn a_menu_of_gtk_under_x11_hangs_below_its_word_and_stays() -> Result<()> {
    let session = Session::begin();
    // A pointer that was over the window when it came, and comes back with a click.
    session.point((800, 500))?;
    let file = write(&session.fresh_dir("x11-menus").join("menu.txt"), b"text\n");
    let _run = oz(["run", "--ephemeral", "--read"])
        .arg(&file)
        .args(["--", "env", "GDK_BACKEND=x11", "GTK_CSD=0", "mousepad"])
        .arg(&file)
        .start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("menu.txt"))?;
    session.give_focus(&window)?;
    session.point((5, 5))?;
    session.settled(&window)?;
    let window = session.again(&window)?;
    let before = session.look()?;
    let at = (window.content.x + 18, window.content.y + 13);
    session.click(at)?;
    let below = oz_testkit::desktop::Rect {
        x: window.content.x,
        y: window.content.y + 28,
        width: 150,
        height: 150,
    };
    let is_open = || {
        let now = session.look().expect("a picture");
        before.difference(&now, below) > 0.05
    };
    wait::for_condition("a menu below its word", is_open);
    session.settled(&window)?;
    session.shoot("mousepad-x11-menu")?;
    ensure!(is_open(), "the menu went away in {window:?}");
    ensure!(session.windows()?.len() == 1, "the menu is a window");
    session.key("escape", "press")?;
    Ok(())
}
