//! Windows in their borders, as in `shown`, of what is large: every demonstration of GTK 4, and LibreOffice.

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::marked::shown_and_marked;
use oz_e2e::{Run, Session, cli, oz, wait};

/// One demonstration alone in a sandbox. It is there until it is stopped.
fn demo(session: &Session, name: &str) -> Result<()> {
    let run = oz(["run", "--ephemeral", "gtk4-demo"])
        .arg(format!("--run={name}"))
        .start();
    let window = session.wait_for_window(wait::PATIENCE, |w| w.mark.is_some())?;
    let shown = shown_and_marked(session, &window, "gtk4-demo", &format!("demo-{name}"));
    let runs = cli::running();
    oz(["stop", "--all"]).run().ok();
    session.wait_for_no_window(wait::PATIENCE, |_| true)?;
    shown?;
    ensure!(runs.len() == 1, "{}", run.complaint_so_far());
    Ok(())
}

#[test]
fn each_demonstration_of_gtk_4_shows_its_window() -> Result<()> {
    let session = Session::begin();
    let list = Run::new("gtk4-demo", ["--list"]).run().ok().text();
    let names: Vec<&str> = list.lines().collect();
    ensure!(names.len() > 80, "{list}");
    let mut failed = Vec::new();
    for name in names {
        if let Err(problem) = demo(&session, name) {
            failed.push(format!("{name}: {problem:#}"));
            oz(["stop", "--all"]).run().ok();
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

#[test]
fn libreoffice_shows_its_windows() -> Result<()> {
    let session = Session::begin();
    session.forget("libreoffice");
    let text = write(
        &session.fresh_dir("office").join("letter.txt"),
        b"A letter.\n",
    );
    let run = oz(["run", "libreoffice", "--norestore", "--nologo", "--writer"])
        .arg(&text)
        .start();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("letter.txt"))?;
    session.give_focus(&window)?;
    session.settled_but_for_the_cursor(&window)?;
    shown_and_marked(&session, &window, "libreoffice", "libreoffice-writer")?;
    // A menu of it, over it.
    session.chord(&["alt", "f"])?;
    wait::pause(std::time::Duration::from_secs(2));
    session.shoot("libreoffice-menu")?;
    session.chord(&["escape"])?;
    session.fullscreen(&window, true)?;
    wait::until("the whole screen", || {
        session.again(&window).ok().filter(|now| now.fullscreen)
    });
    shown_and_marked(&session, &window, "libreoffice", "libreoffice-fullscreen")?;
    session.fullscreen(&window, false)?;
    session.close(&window)?;
    run.end_within(wait::LONG);
    Ok(())
}
