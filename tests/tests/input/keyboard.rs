//! Keys from the host's seat.

use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz, typing, wait};

use super::terminal;

#[test]
fn typed_text_arrives_in_a_file_inside() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("typing");
    let (run, window) = terminal(&session, &dir, "typing", typing::SCRIPT)?;
    let text = "Hello, World! 0123456789 ~!@#$%^&*()_+{}|:<>?";
    typing::arrives(&session, &dir, &window, text)?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn text_typed_into_gedit_is_saved_with_its_shortcut() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("saving");
    let file = write(&dir.join("doc.txt"), b"");
    let _run = oz(["run", "--write"])
        .arg(&dir)
        .arg("gedit")
        .arg(&file)
        .start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    session.click_window(&window)?;
    session.type_text("typed into gedit")?;
    session.chord(&["ctrl", "s"])?;
    wait::for_content(&file, "typed into gedit\n");
    session.shoot("gedit-typed")?;
    // Saved the way it always does: by a new file over the old one, and a second time as well.
    session.type_text("\nand more")?;
    session.chord(&["ctrl", "s"])?;
    wait::for_content(&file, "typed into gedit\nand more\n");
    Ok(())
}

#[test]
fn typing_into_one_app_leaves_the_other_alone() -> Result<()> {
    let session = Session::begin();
    let (left, right) = (session.fresh_dir("left"), session.fresh_dir("right"));
    let (_one, first) = terminal(&session, &left, "the left one", "cat > typed")?;
    let (_two, second) = terminal(&session, &right, "the right one", "cat > typed")?;
    session.move_to(&first, 10, 60)?;
    session.move_to(&second, 820, 60)?;
    session.give_focus(&first)?;
    session.click_window(&session.again(&first)?)?;
    let before = session.settled(&second)?;
    session.type_text("for the left\n")?;
    wait::for_content(&left.join("typed"), "for the left\n");
    let after = session.settled(&second)?;
    let rect = session.again(&second)?.content;
    ensure!(
        after.difference(&before, rect) == 0.0,
        "the right one's picture changed"
    );
    ensure!(std::fs::read_to_string(right.join("typed"))?.is_empty());
    session.click_window(&session.again(&second)?)?;
    session.type_text("for the right\n")?;
    wait::for_content(&right.join("typed"), "for the right\n");
    wait::for_content(&left.join("typed"), "for the left\n");
    Ok(())
}

#[test]
fn the_hosts_layout_is_the_apps_also_when_it_changes() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("layout");
    let (_run, window) = terminal(&session, &dir, "layouts", "cat > typed")?;
    session.click_window(&window)?;
    session.key("y", "press")?;
    session.layout("de")?;
    // The key that is y on a us keyboard is z on a German one, and the one right of l is ö.
    let pressed = session
        .key("21", "press")
        .and_then(|()| session.key("39", "press"));
    session.layout("us")?;
    pressed?;
    session.key("y", "press")?;
    session.key("enter", "press")?;
    wait::for_content(&dir.join("typed"), "yzöy\n");
    Ok(())
}

#[test]
fn a_held_key_repeats_and_stops() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("repeat");
    let (_run, window) = terminal(&session, &dir, "repeats", "cat > typed")?;
    session.click_window(&window)?;
    session.key("a", "down")?;
    wait::pause(Duration::from_millis(1500));
    session.key("a", "up")?;
    wait::pause(Duration::from_millis(300));
    session.type_text("b\n")?;
    let typed = wait::until("the line", || {
        std::fs::read_to_string(dir.join("typed"))
            .ok()
            .filter(|text| text.ends_with('\n'))
    });
    ensure!(
        typed.starts_with("aaa") && typed.ends_with("ab\n"),
        "{typed:?}"
    );
    Ok(())
}

#[test]
fn modifiers_and_function_keys_arrive() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("keys");
    let (_run, window) = terminal(
        &session,
        &dir,
        "keys",
        "stty -icanon -echo; head -c 10 | od -An -c | tr -d ' ' > typed",
    )?;
    session.click_window(&window)?;
    session.chord(&["alt", "x"])?;
    session.chord(&["ctrl", "a"])?;
    session.chord(&["shift", "b"])?;
    session.key("up", "press")?;
    session.key("left", "press")?;
    wait::for_content(&dir.join("typed"), "033x001B033[A033[D\n");
    Ok(())
}
