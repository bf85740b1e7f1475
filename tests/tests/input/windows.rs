//! What the host does to a window reaches its app.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, cli, oz, wait};

use super::terminal;

/// Writes the terminal's size down again and again; a shell's trap misses a change now and then.
const WATCH: &str = "while :; do stty size > new; mv new size; sleep 0.1; done";

fn wait_for_size(dir: &std::path::Path, fits: impl Fn(u32, u32) -> bool) -> (u32, u32) {
    let mut last = String::new();
    let end = Instant::now() + wait::PATIENCE;
    while Instant::now() < end {
        last = std::fs::read_to_string(dir.join("size")).unwrap_or_default();
        let mut numbers = last.split_whitespace().filter_map(|word| word.parse().ok());
        if let (Some(rows), Some(columns)) = (numbers.next(), numbers.next())
            && fits(rows, columns)
        {
            return (rows, columns);
        }
        wait::pause(Duration::from_millis(40));
    }
    panic!("the size inside stays {last:?}");
}

#[test]
fn a_resized_window_is_drawn_anew_in_its_new_size() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("resize");
    let (_run, window) = terminal(&session, &dir, "resizing", WATCH)?;
    session.settled(&window)?;
    let (rows, columns) = wait_for_size(&dir, |_, _| true);
    session.resize(&window, 1000, 700)?;
    let larger = wait_for_size(&dir, |r, c| r > rows && c > columns);
    // sway takes a late picture of the old size for the app's own wish and goes back to it.
    session.settled(&window)?;
    session.resize(&window, 400, 300)?;
    wait_for_size(&dir, |r, c| r < larger.0 && c < larger.1 && c < columns);
    Ok(())
}

#[test]
fn full_screen_fills_the_output_and_back() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("fullscreen");
    let (_run, window) = terminal(&session, &dir, "filling", WATCH)?;
    // The terminal is made before it knows its window's size.
    session.settled(&window)?;
    let before = wait_for_size(&dir, |_, _| true);
    session.fullscreen(&window, true)?;
    let full = wait_for_size(&dir, |r, c| r > before.0 && c > before.1);
    session.settled(&window)?;
    let now = wait::until("full screen", || {
        session.again(&window).ok().filter(|w| w.fullscreen)
    });
    ensure!((now.rect.width, now.rect.height) == (1600, 1000), "{now:?}");
    session.wait_for_colour(&window, [90, 20, 140], 0.9)?;
    session.shoot("foot-fullscreen")?;
    session.fullscreen(&window, false)?;
    wait_for_size(&dir, |r, c| r < full.0 && c < full.1);
    Ok(())
}

#[test]
fn a_window_that_fills_the_desktop_is_drawn_so() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("tiling");
    let (_run, window) = terminal(&session, &dir, "tiled", WATCH)?;
    // The terminal is made before it knows its window's size.
    session.settled(&window)?;
    let before = wait_for_size(&dir, |_, _| true);
    session.fill(&window)?;
    wait_for_size(&dir, |r, c| r > before.0 && c > before.1);
    Ok(())
}

#[test]
fn closing_the_last_window_ends_app_sandbox_and_command() -> Result<()> {
    let session = Session::begin();
    let run = oz(["run", "gtk4-demo"]).start();
    let window = session.wait_for_window(wait::LONG, |w| w.title == "GTK Demo")?;
    session.close(&window)?;
    run.end_within(wait::PATIENCE).ok();
    wait::for_condition("the sandbox to end", || cli::running().is_empty());
    Ok(())
}

#[test]
fn an_app_may_answer_a_close_with_a_question() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("unsaved").join("doc.txt"), b"text\n");
    let mut run = oz(["run", "mousepad"]).arg(&file).start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    session.click_window(&window)?;
    session.type_text("changed")?;
    wait::until("the mark of a change", || {
        session
            .again(&window)
            .ok()
            .filter(|w| w.title.contains('*'))
    });
    session.close(&window)?;
    let question = session.wait_for_window(wait::PATIENCE, |w| w.con_id != window.con_id)?;
    session.shoot("mousepad-question")?;
    ensure!(run.is_running());
    session.give_focus(&question)?;
    session.key("escape", "press")?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == question.con_id)?;
    ensure!(run.is_running() && session.again(&window).is_ok());
    Ok(())
}

#[test]
fn stopping_a_sandbox_takes_its_windows_away() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("stopped");
    let (run, _window) = terminal(&session, &dir, "to be stopped", "sleep 1000")?;
    oz(["stop", "--all"]).run().ok();
    session.wait_for_no_window(wait::PATIENCE, |w| w.title == "to be stopped")?;
    run.end_within(wait::PATIENCE);
    Ok(())
}

#[test]
fn a_title_with_control_characters_is_shown_without_them() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("titles");
    // U+202E turns what follows around; a long title is cut.
    let script = r"printf '\033]2;safe\342\200\256txt.exe %04000d\007' 7; sleep 1000";
    let run = oz(["run", "--write"])
        .arg(&dir)
        .args(["foot", "sh", "-c", script])
        .start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.starts_with("safe"))?;
    ensure!(!window.title.contains('\u{202e}'), "{:?}", window.title);
    ensure!(window.title.len() < 4096);
    drop(run);
    Ok(())
}
