//! Apps that people have, and small ones with what is hard to get right: menus in menus, lists to choose from.

use anyhow::{Result, ensure};
use oz_e2e::{Session, menus, oz, wait};
use oz_testkit::desktop::Window;

#[test]
fn menus_in_menus_and_lists_of_qt_can_be_used() -> Result<()> {
    let session = Session::begin();
    let program = ("menus_qt.py", include_str!("menus_qt.py"));
    menus::uses(&session, "Qt", |dir| {
        menus::boxed(dir, "python3", program, &[])
    })
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
