//! Games under X11 turn their view by a pointer that they put back.

use anyhow::Result;
use oz_e2e::{Session, oz, wait};

use super::programs;

const STEP: i32 = 60;

#[test]
fn a_game_turns_on_where_the_pointer_would_be_out_of_its_window_and_shows_it_where_it_likes()
-> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-game");
    let program = programs::write(&dir, programs::GAME);
    let _run = oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["--", "python3"])
        .args([&program, &dir])
        .start();
    let window = session.wait_for_window(wait::LONG, |window| window.title == "a game")?;
    session.settled(&window)?;
    session.focus(&window)?;
    let content = session.again(&window)?.content;
    let (x, y) = (content.x + 200, content.y + 150);
    session.click((x, y))?;
    wait::for_content(&dir.join("clicked-1"), "200 150");
    // It stays where it was clicked: all of this is further than the window is wide. One after the other, as whoever comes out of
    // the window before the game has put it back has left it.
    session.point((x + STEP, y))?;
    wait::for_content(&dir.join("turned"), &STEP.to_string());
    for step in 1..=5 {
        session.point((x + 2 * STEP, y))?;
        wait::for_content(&dir.join("turned"), &(STEP + 2 * STEP * step).to_string());
    }
    session.button("left", "click")?;
    wait::for_condition("the second click", || dir.join("clicked-2").exists());
    // It is there, although nobody has moved it.
    for click in 3..20 {
        session.button("left", "click")?;
        let said = dir.join(format!("clicked-{click}"));
        wait::for_condition("a click", || said.exists());
        if std::fs::read_to_string(said)? == "50 40" {
            session.shoot("x11-game")?;
            return Ok(());
        }
    }
    anyhow::bail!("the pointer is not where the game has put it")
}
