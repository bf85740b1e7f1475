//! Apps that people have, and small ones with what is hard to get right: menus in menus, lists to choose from.

use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::{Run, Session, oz, wait};
use oz_testkit::desktop::Window;

/// Where on its window something lies that can be clicked, as the app says.
fn place(dir: &Path, name: &str) -> Option<(i32, i32)> {
    let all = std::fs::read_to_string(dir.join("places")).ok()?;
    let mut lines = all.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let is_it = words.next() == Some(name);
        let number = |word: Option<&str>| word?.parse().ok();
        let at = (number(words.next())?, number(words.next())?);
        is_it.then_some(at)
    });
    lines.next()
}

/// Clicks through a menu in a menu, and chooses from a list: each lies where the app has it, and stays open until then.
fn uses_menus(session: &Session, name: &str, start: impl FnOnce(&Path) -> Run) -> Result<()> {
    let dir = session.fresh_dir(&format!("x11-{name}"));
    let run = start(&dir).start();
    let title = format!("menus of {name}");
    let window = session.wait_for_window(wait::LONG, |window| window.title == title)?;
    session.give_focus(&window)?;
    wait::within(wait::LONG, "its places", || place(&dir, "box"));
    session.settled(&window)?;
    let window = session.again(&window)?;
    let clicks = |what: &str| -> Result<()> {
        // It may still be on its way to there.
        let at = wait::until(what, || {
            let at = place(&dir, what)?;
            session.settled(&window).ok()?;
            place(&dir, what).filter(|now| *now == at)
        });
        session.shoot(&format!("x11-{name}-{what}"))?;
        session.click((window.content.x + at.0, window.content.y + at.1))
    };
    for (clicked, last) in [
        (&["Outer", "Inner", "Chosen"][..], "Chosen"),
        (&["box", "third"], "third"),
    ] {
        for what in clicked {
            clicks(what)?;
        }
        wait::for_content(&dir.join("chosen"), last);
    }
    ensure!(session.windows()?.len() == 1, "{:?}", session.windows());
    session.close(&window)?;
    run.end_within(wait::PATIENCE);
    Ok(())
}

/// In a sandbox that has a file and may write to a directory.
fn boxed(dir: &Path, program: &str, (name, text): (&str, &str), words: &[&str]) -> Run {
    let file = dir.join(name);
    std::fs::write(&file, text).expect("written");
    oz(["run", "--ephemeral", "--write"])
        .arg(dir)
        .args(["--", "env", "QT_QPA_PLATFORM=xcb", program])
        .args(words)
        .arg(file)
        .arg(dir)
}

#[test]
fn menus_in_menus_and_lists_of_qt_can_be_used() -> Result<()> {
    let session = Session::begin();
    let program = ("menus_qt.py", include_str!("menus_qt.py"));
    uses_menus(&session, "Qt", |dir| boxed(dir, "python3", program, &[]))
}

#[test]
fn gvim_saves_what_is_typed() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-gvim");
    let file = dir.join("letter.txt");
    let run = oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["--", "env", "GDK_BACKEND=x11", "gvim", "-f", "-u", "NONE"])
        .arg(&file)
        .start();
    let is_it = |window: &Window| window.title.contains("letter.txt");
    let window = session.wait_for_window(wait::LONG, is_it)?;
    session.give_focus(&window)?;
    session.settled_but_for_the_cursor(&window)?;
    session.type_text("iDear reader,")?;
    session.key("escape", "press")?;
    session.type_text(":w\n")?;
    wait::for_content(&file, "Dear reader,\n");
    session.shoot("x11-gvim")?;
    session.type_text(":q\n")?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn xeyes_look_where_the_pointer_is() -> Result<()> {
    let session = Session::begin();
    let _run = oz(["run", "--ephemeral", "--", "xeyes", "-geometry", "300x200"]).start();
    let window = session.wait_for_window(wait::LONG, |window| window.title == "xeyes")?;
    let content = window.content;
    let looks = |at: (i32, i32), name: &str| {
        session.point(at)?;
        let picture = session.settled(&window)?;
        session.shoot(name)?;
        anyhow::Ok(picture)
    };
    let left = looks((content.x + 5, content.y + 100), "xeyes-left")?;
    let right = looks(
        (content.x + content.width - 5, content.y + 100),
        "xeyes-right",
    )?;
    let change = left.difference(&right, content.shrunk(20));
    ensure!(change > 0.005, "{change}");
    Ok(())
}

#[test]
fn small_programs_of_x_show_what_they_draw_and_can_be_closed() -> Result<()> {
    let session = Session::begin();
    for program in [
        "xclock",
        "xcalc",
        "xlogo",
        "xmessage hello",
        "xload",
        "xedit",
        "ico -faces",
    ] {
        let name = program.split(' ').next().unwrap_or_default();
        let run = oz(["run", "--ephemeral", "--"])
            .args(program.split(' '))
            .start();
        let window = session.wait_for_window(wait::LONG, |window| window.mark.is_some())?;
        wait::for_condition("a picture", || {
            session
                .look()
                .is_ok_and(|picture| picture.colours(window.content) > 1)
        });
        session.shoot(&format!("x11-{name}"))?;
        session.close(&session.again(&window)?)?;
        session.wait_for_no_window(wait::PATIENCE, |_| true)?;
        run.end_within(wait::PATIENCE);
    }
    Ok(())
}
