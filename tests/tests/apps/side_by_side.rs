//! Several apps on one desktop.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::window::{coverage, ensure_drawn};
use oz_e2e::{Session, cli, oz, wait};

#[test]
fn four_apps_share_the_desktop_and_each_has_its_sandbox() -> Result<()> {
    let session = Session::begin();
    let text = write(
        &session.fresh_dir("together").join("text.txt"),
        b"some text\n",
    );
    let red = [
        "--title=red",
        "--override=colors.background=c81e1e",
        "sleep",
        "1000",
    ];
    oz(["run", "--detach", "foot"]).args(red).run().ok();
    oz(["run", "--detach", "gtk4-demo"]).run().ok();
    oz(["run", "--detach", "gedit"]).arg(&text).run().ok();
    oz(["run", "--detach", "mousepad"]).arg(&text).run().ok();
    let places = [
        ("red", 0, 30),
        ("GTK Demo", 820, 30),
        ("gedit", 0, 500),
        ("Mousepad", 820, 650),
    ];
    for (title, x, y) in places {
        let window = session.wait_for_window(wait::LONG, |w| w.title.contains(title))?;
        session.resize(&window, 760, 420)?;
        session.move_to(&window, x, y)?;
    }
    ensure!(cli::running().len() == 4);
    let window = session.window("foot", "red")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    let picture = session.look()?;
    session.shoot("four-apps")?;
    ensure!(coverage(&picture, &session.again(&window)?, [200, 30, 30]) > 0.9);
    for (title, ..) in &places[1..] {
        let window = session.wait_for_window(wait::PATIENCE, |w| w.title.contains(title))?;
        ensure_drawn(&picture, &window)?;
    }
    // One ends; the others do not notice.
    session.close(&window)?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.title == "red")?;
    wait::for_condition("its sandbox to end", || cli::running().len() == 3);
    ensure!(session.windows()?.len() == 3);
    Ok(())
}
