//! Clients of X that drag, and are dropped on, against every rule: nobody else's drags suffer.

use anyhow::{Result, ensure};
use oz_e2e::drags::{Tool, drag};
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::Window;

use super::x11::{TEXT, neighbour};

/// The program, and the protocol by hand that it is made with.
const PARTS: [(&str, &str); 2] = [
    ("hostile.py", include_str!("hostile.py")),
    ("client.py", include_str!("../old_apps/client.py")),
];

/// Runs it in a sandbox of its own, until its window is there and it has begun.
fn hostile(session: &Session, how: &str, title: &str) -> Result<(Started, Window)> {
    let dir = session.fresh_dir("x11-hostile-drags");
    for (name, text) in PARTS {
        write(&dir.join(name), text.as_bytes());
    }
    let program = dir.join(PARTS[0].0);
    let run = oz(["run", "--ephemeral", "--read"]).arg(&dir);
    let run = run.args(["--", "python3"]).arg(&program).arg(how).start();
    let window = session.wait_for_window(wait::LONG, |it| it.title.contains(title))?;
    session.move_to(&window, 700, 60)?;
    session.settled(&window)?;
    wait::for_condition("it to begin", || run.text_so_far().contains("ready"));
    Ok((run, session.again(&window)?))
}

/// What the host's drags must still be able to do, whatever has happened before.
fn others_still_drag(session: &Session) -> Result<()> {
    let tool = Tool::install(session);
    let guest = tool.inside("honest", 700, &[], &["--take", TEXT])?;
    let host = neighbour(session).outside(&["--offer", "text/plain=words"])?;
    drag(session, &host.window, &guest.window)?;
    ensure!(guest.says("got text/plain: ").trim() == "words");
    guest.says("took");
    host.says("finished");
    oz(["stop", guest.inside.id()]).run().ok();
    Ok(())
}

#[test]
fn a_drag_of_x_that_no_button_began_is_none_whatever_is_said_of_it() -> Result<()> {
    let session = Session::begin();
    let host = neighbour(&session).outside(&["--take", TEXT])?;
    let (_run, _window) = hostile(&session, "unasked", "unasked")?;
    session.point(host.window.content.centre())?;
    session.settled(&host.window)?;
    ensure!(!host.app.output().contains("over"), "{}", host.app.output());
    drop(host);
    others_still_drag(&session)
}

#[test]
fn a_source_of_x_that_vanishes_or_drops_by_itself_ends_its_own_drag_alone() -> Result<()> {
    let session = Session::begin();
    for ends in ["vanishes", "drops"] {
        let host = neighbour(&session).outside(&["--take", TEXT])?;
        let (run, window) = hostile(&session, &format!("source:{ends}"), "hostile source")?;
        drag(&session, &window, &host.window)?;
        wait::for_condition("the press", || run.text_so_far().contains("pressed"));
        // It was over the host's window, which has got nothing.
        host.says("over");
        let said = host.app.output();
        let got = said
            .lines()
            .filter_map(|line| line.strip_prefix("got text/plain:"));
        ensure!(got.into_iter().all(|got| got.trim().is_empty()), "{said}");
        let _ = oz(["stop", "--all"]).run();
        drop(host);
        session.wait_for_no_window(wait::LONG, |it| it.title.contains("hostile"))?;
        others_still_drag(&session)?;
    }
    Ok(())
}

#[test]
fn a_window_of_x_that_never_finishes_or_vanishes_or_names_another_holds_nobody_up() -> Result<()> {
    let session = Session::begin();
    for ends in ["never", "vanishes", "proxy"] {
        let host = neighbour(&session).outside(&["--offer", "text/plain=words"])?;
        let (run, window) = hostile(&session, &format!("target:{ends}"), "hostile target")?;
        drag(&session, &host.window, &window)?;
        if ends == "never" {
            wait::for_condition("the drop", || run.text_so_far().contains("is silent"));
        }
        let _ = oz(["stop", "--all"]).run();
        session.wait_for_no_window(wait::LONG, |it| it.title.contains("hostile"))?;
        // Its end is the end of what it was dropped, too; but an X server tells nobody whose window has gone meanwhile.
        if !session.is_x11() {
            wait::for_condition("the end of the drag", || {
                let said = host.app.output();
                said.contains("cancelled") || said.contains("finished")
            });
        }
        drop(host);
        others_still_drag(&session)?;
    }
    Ok(())
}
