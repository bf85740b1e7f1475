//! Programs of the libraries that games and tools are made with. Each changes its colour when it is clicked on.

use anyhow::{Context, Result, ensure};
use oz_e2e::marked::shown_and_marked;
use oz_e2e::{Session, cli, oz, wait};
use oz_testkit::desktop::{Rgb, Window};

struct Program {
    script: &'static str,
    title: &'static str,
    /// What it says at its start: that it speaks Wayland.
    says: &'static str,
    /// How far below its centre it is to be clicked on.
    below: i32,
    /// What most of it is in once it has been clicked on.
    clicked: Rgb,
}

impl Program {
    fn at(&self, window: &Window) -> (i32, i32) {
        let (x, y) = window.content.centre();
        (x, y + self.below)
    }
}

fn show(name: &str, program: &Program) -> Result<()> {
    let session = Session::begin();
    let run = oz([
        "run",
        "--ephemeral",
        "--",
        "/usr/bin/python3",
        "-X",
        "faulthandler",
        "-c",
    ])
    .arg(program.script)
    .start();
    let window = try_out(&session, name, program);
    let window = window.with_context(|| run.complaint_so_far())?;
    ensure!(
        run.text_so_far().contains(program.says),
        "{}",
        run.text_so_far()
    );
    ensure!(cli::running().len() == 1, "{}", run.complaint_so_far());
    session.close(&window)?;
    run.end_within(wait::PATIENCE);
    Ok(())
}

fn try_out(session: &Session, name: &str, program: &Program) -> Result<Window> {
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains(program.title))?;
    let window = shown_and_marked(session, &window, "generic", name)?;
    session.give_focus(&window)?;
    session.click(program.at(&window))?;
    session.wait_for_colour(&window, program.clicked, 0.3)?;
    // It follows its size, within its border.
    let resize = "resize set 600 px 500 px";
    session.sway(&format!("[con_id={}] {resize}", window.con_id))?;
    let window = wait::until("the new size", || {
        session
            .again(&window)
            .ok()
            .filter(|now| now.rect.width > 560)
    });
    session.wait_for_colour(&window, program.clicked, 0.5)?;
    shown_and_marked(session, &window, "generic", &format!("{name}-clicked"))
}

#[test]
fn a_program_of_sdl_is_shown_and_clicked_on() -> Result<()> {
    show(
        "sdl",
        &Program {
            script: include_str!("sdl.py"),
            title: "a window of SDL",
            says: "wayland",
            below: 0,
            clicked: [20, 60, 200],
        },
    )
}

#[test]
fn a_program_of_glfw_that_draws_by_opengl_is_shown_and_clicked_on() -> Result<()> {
    show(
        "glfw",
        &Program {
            script: include_str!("glfw.py"),
            title: "a window of GLFW",
            says: "Wayland",
            below: 0,
            clicked: [77, 178, 51],
        },
    )
}

#[test]
fn a_program_of_qt_6_is_shown_and_clicked_on() -> Result<()> {
    show(
        "qt6",
        &Program {
            script: include_str!("qt6.py"),
            title: "a window of Qt 6",
            says: "wayland",
            below: 63,
            clicked: [20, 60, 200],
        },
    )
}
