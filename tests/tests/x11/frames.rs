//! What a person does with the border that says whose window it is, and what an app may ask for its window: under each window
//! manager, and without one.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz, typing, wait};

use super::terminal;

fn near(a: i32, b: i32) -> bool {
    (a - b).abs() <= 3
}

#[test]
fn the_mark_moves_and_resizes_its_window() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("frames");
    let (_run, window) = terminal(&session, &dir, "dragged", typing::SCRIPT)?;
    session.settled(&window)?;
    let window = session.again(&window)?;
    let was = window.content;
    // Wherever it was put, there is room.
    let by = (
        if was.x > 300 { -210 } else { 210 },
        if was.y > 150 { -90 } else { 90 },
    );
    let now = session.drag_window(&window, (was.x + 60, was.y - 9), by, |now| {
        near(now.content.x, was.x + by.0) && near(now.content.y, was.y + by.1)
    })?;
    ensure!(
        (now.content.width, now.content.height) == (was.width, was.height),
        "{now:?} was {was:?}"
    );
    let was = now.content;
    let corner = (was.x + was.width + 1, was.y + was.height + 1);
    let now = session.drag_window(&now, corner, (140, 120), |now| {
        // A terminal has whole lines.
        (now.content.width - was.width - 140).abs() < 24
            && (now.content.height - was.height - 120).abs() < 32
    })?;
    ensure!(
        near(now.content.x, was.x) && near(now.content.y, was.y),
        "{now:?} was {was:?}"
    );
    session.shoot("x11-dragged")?;
    typing::arrives(&session, &dir, &now, "still typed into")
}

#[test]
fn an_app_may_fill_the_screen_and_have_its_size_again() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("filling");
    let script = format!("cd {}; {}", dir.display(), typing::SCRIPT);
    let colour = "--override=colors.background=5a148c";
    let _run = oz(["run", "--write"])
        .arg(&dir)
        .args(["foot", "--override=key-bindings.fullscreen=F11", colour])
        .args(["-T", "it fills", "sh", "-c", &script])
        .start();
    let window = session.window_within(wait::LONG, "foot", "it fills")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    let before = session.again(&window)?;
    session.key("f11", "press")?;
    wait::for_condition("the whole screen", || {
        let now = session.again(&window);
        now.is_ok_and(|now| now.fullscreen && (now.rect.width, now.rect.height) == (1600, 1000))
    });
    session.wait_for_colour(&window, [90, 20, 140], 0.9)?;
    session.shoot("x11-filling")?;
    session.key("f11", "press")?;
    wait::for_condition("its size", || {
        let now = session.again(&window);
        now.is_ok_and(|now| !now.fullscreen && now.content.width == before.content.width)
    });
    typing::arrives(&session, &dir, &session.again(&window)?, "after all")
}

#[test]
fn a_question_stands_before_its_window_and_has_the_keyboard() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("asked").join("asked.txt"), b"text\n");
    let _run = oz(["run", "mousepad"]).arg(&file).start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("asked.txt"))?;
    session.give_focus(&window)?;
    session.click_window(&window)?;
    session.type_text("changed")?;
    wait::for_condition("the mark of a change", || {
        session
            .again(&window)
            .is_ok_and(|now| now.title.contains('*'))
    });
    session.chord(&["ctrl", "w"])?;
    let question = session.wait_for_window(wait::PATIENCE, |w| w.con_id != window.con_id)?;
    wait::for_condition("the keyboard", || {
        session.again(&question).is_ok_and(|now| now.focused)
    });
    session.settled(&question)?;
    session.shoot("x11-question")?;
    let (question, window) = (session.again(&question)?, session.again(&window)?);
    ensure!(question.mark == window.mark, "{question:?}");
    let (x, y) = question.rect.centre();
    let under = window.rect;
    ensure!(
        x > under.x && x < under.x + under.width && y > under.y && y < under.y + under.height,
        "{question:?} beside {window:?}"
    );
    session.key("escape", "press")?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == question.con_id)?;
    // And its window has it again.
    wait::for_condition("the keyboard", || {
        session.again(&window).is_ok_and(|now| now.focused)
    });
    session.chord(&["ctrl", "s"])?;
    wait::for_condition("the file", || {
        std::fs::read_to_string(&file).is_ok_and(|it| it.contains("changed"))
    });
    Ok(())
}
