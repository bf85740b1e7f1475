//! Apps that know only X11 drag like all others, and are dropped on like all others.

use anyhow::{Result, ensure};
use oz_e2e::drags::{self, LIST, Tool, Toolkit, bait, drag, drag_over, held, list, offer};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, wait};
use oz_testkit::desktop::Window;

pub const TEXT: &str = "text/plain";

/// What is dragged from and to on the host.
pub fn neighbour(session: &Session) -> Tool<'_> {
    if session.is_x11() {
        Tool::of_x(session, Toolkit::Gtk)
    } else {
        Tool::install(session)
    }
}

#[test]
fn text_that_is_dragged_from_an_x11_app_is_dropped_on_the_host() -> Result<()> {
    let session = Session::begin();
    let host = neighbour(&session).outside(&["--take", TEXT])?;
    for toolkit in [Toolkit::Gtk, Toolkit::Qt] {
        let tool = Tool::of_x(&session, toolkit);
        let title = format!("{toolkit:?} drags");
        let guest = tool.inside(&title, 700, &[], &["--offer", &format!("{TEXT}={title}")])?;
        drag_over(&session, &guest.window, &host.window)?;
        guest.says("drags");
        session.settled(&host.window)?;
        session.shoot(&format!("carried-out-of-{toolkit:?}"))?;
        session.button("left", "up")?;
        ensure!(host.says(&format!("got {TEXT}: {title}")).trim().is_empty());
        guest.says("finished");
        session.shoot(&format!("dragged-out-of-{toolkit:?}"))?;
        oz_e2e::oz(["stop", guest.inside.id()]).run().ok();
    }
    Ok(())
}

#[test]
fn text_of_the_host_is_dropped_on_an_x11_app() -> Result<()> {
    let session = Session::begin();
    let host = neighbour(&session).outside(&["--offer", "text/plain=words"])?;
    for toolkit in [Toolkit::Gtk, Toolkit::Qt] {
        let tool = Tool::of_x(&session, toolkit);
        let guest = tool.inside(&format!("{toolkit:?} takes"), 700, &[], &["--take", TEXT])?;
        drag(&session, &host.window, &guest.window)?;
        ensure!(guest.says(&format!("got {TEXT}: ")) == "words");
        guest.says("took");
        session.shoot(&format!("dropped-on-{toolkit:?}"))?;
        oz_e2e::oz(["stop", guest.inside.id()]).run().ok();
    }
    host.says("finished");
    Ok(())
}

#[test]
fn text_passes_between_the_host_and_an_app_of_wayland_whatever_the_host_speaks() -> Result<()> {
    let session = Session::begin();
    let host = neighbour(&session).outside(&["--offer", "text/plain=words", "--take", TEXT])?;
    let options = ["--offer", "text/plain=back", "--take", TEXT];
    let guest = Tool::install(&session).inside("guest", 700, &[], &options)?;
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says(&format!("got {TEXT}: ")).trim() == "words");
    guest.says("took");
    host.says("finished");
    drag(&session, &guest.window, &host.window)?;
    ensure!(host.says(&format!("got {TEXT}: ")).trim() == "back");
    guest.says("finished");
    // Onto nothing: it comes to nothing.
    drags::carry(&session, guest.window.content.centre(), (600, 900))?;
    session.button("left", "up")?;
    guest.says("cancelled");
    session.click_window(&guest.window)
}

#[test]
fn a_file_of_the_host_that_is_dropped_on_an_x11_app_is_given_to_it() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("dropped").join("a.txt"), b"content");
    let tool = Tool::of_x(&session, Toolkit::Gtk);
    let guest = tool.inside("guest", 700, &[], &["--take", LIST])?;
    let host = neighbour(&session).outside(&["--offer", &offer(&[&file])])?;
    let cat = format!("cat {}", file.display());
    guest.inside.sh(&cat).refused_inside();
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&file]));
    guest.says("took");
    host.says("finished");
    let held = held(&guest.inside, &file);
    ensure!(
        held == Some(("read".to_owned(), "drop".to_owned())),
        "{held:?}"
    );
    ensure!(guest.inside.sh(&cat).ok().text() == "content");
    Ok(())
}

#[test]
fn what_an_x11_app_drags_out_is_what_it_has() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("own");
    let (own, other) = (
        write(&dir.join("own"), b"1"),
        write(&dir.join("other"), b"2"),
    );
    let key = bait();
    let read = ["--read", own.to_str().unwrap_or_default()];
    let dragged = offer(&[&own, &other, &key]);
    let options = ["--offer", &dragged, "--offer", "text/plain=words"];
    let guest = Tool::of_x(&session, Toolkit::Gtk).inside("guest", 700, &read, &options)?;
    let host = neighbour(&session).outside(&["--take", LIST, "--take", TEXT])?;
    drag(&session, &guest.window, &host.window)?;
    ensure!(host.says("got text/uri-list: ").trim_end() == list(&[&own]));
    ensure!(host.says("got text/plain: ").trim() == "words");
    guest.says("finished");
    Ok(())
}

/// A second window of what runs inside: another program in the same sandbox, or one more of the same.
fn second(session: &Session, title: &str) -> Result<Window> {
    let window = session.wait_for_window(wait::PATIENCE, |window| window.title.contains(title))?;
    session.move_to(&window, 200, 500)?;
    session.settled(&window)?;
    session.again(&window)
}

#[test]
fn a_file_that_an_x11_app_drags_onto_itself_is_not_given() -> Result<()> {
    let session = Session::begin();
    let key = bait();
    let options = ["--offer", &offer(&[&key]), "--take", LIST, "--open"];
    let guest = Tool::of_x(&session, Toolkit::Gtk).inside("guest", 700, &[], &options)?;
    let (x, y) = guest.window.content.centre();
    drags::carry(&session, (x, y), (x + 60, y + 40))?;
    session.button("left", "up")?;
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&key]));
    guest.says(&format!("no {}: ", key.display()));
    ensure!(held(&guest.inside, &key).is_none());
    guest.says("finished");
    Ok(())
}

/// Drags from one window of an app of X to its other, again and again; what it has said then.
fn between_windows(session: &Session, options: &[&str]) -> Result<String> {
    const TURNS: usize = 3;
    let tool = Tool::of_x(session, Toolkit::Gtk);
    let options = [&["--window", "second"], options].concat();
    let guest = tool.inside("guest", 700, &[], &options)?;
    let other = second(session, "second")?;
    for turn in 1..=TURNS {
        drag(session, &guest.window, &other)?;
        wait::for_condition("what was dragged", || {
            let text = guest.run.text_so_far();
            text.matches("took").count() == turn && text.matches("finished").count() == turn
        });
    }
    session.shoot("between-windows-of-x")?;
    oz_e2e::oz(["stop", guest.inside.id()]).run().ok();
    Ok(guest.run.text_so_far())
}

#[test]
fn two_windows_of_an_x11_app_pass_between_them_whatever_they_call_it() -> Result<()> {
    let session = Session::begin();
    // As the rows of tables of GTK are called, which are moved within one window like this.
    let own = "GTK_TREE_MODEL_ROW";
    let takes = ["--take", own, "--take", TEXT, "--move"];
    let row = format!("{own}=a row");
    let said = between_windows(&session, &[&takes[..], &["--offer", &row]].concat())?;
    ensure!(said.contains(&format!("got {own}: a row")), "{said}");
    ensure!(said.contains("delete"), "it was to be moved: {said}");
    // More types than fit into a message.
    let mut options = takes.to_vec();
    let offers = [&row, "a/a=1", "a/b=2", "a/c=3", "text/plain=words"];
    offers
        .iter()
        .for_each(|one| options.extend(["--offer", one]));
    let said = between_windows(&session, &options)?;
    for got in [&format!("got {own}: a row"), "got text/plain: words"] {
        ensure!(said.contains(got), "{said}");
    }
    Ok(())
}

#[test]
fn what_is_dragged_within_a_sandbox_passes_between_x11_and_wayland() -> Result<()> {
    let session = Session::begin();
    let (x, wayland) = (Tool::of_x(&session, Toolkit::Gtk), Tool::install(&session));
    let options = [
        "--offer",
        "text/plain=of X",
        "--take",
        TEXT,
        "--take",
        "private/type",
    ];
    let guest = x.inside("guest", 700, &wayland.shares(), &options)?;
    let beside = wayland.beside(
        &guest.inside,
        &[
            "--title",
            "beside",
            "--offer",
            "private/type=of Wayland",
            "--take",
            TEXT,
        ],
    );
    let window = second(&session, "beside")?;
    drag(&session, &guest.window, &window)?;
    ensure!(beside.says("got text/plain: ").trim() == "of X");
    guest.says("finished");
    drag(&session, &window, &guest.window)?;
    ensure!(guest.says("got private/type: ") == "of Wayland");
    beside.says("finished");
    Ok(())
}

#[test]
fn a_file_that_one_sandbox_drags_onto_an_x11_app_is_given_if_the_first_has_it() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("own");
    let (own, other) = (
        write(&dir.join("own"), b"1"),
        write(&dir.join("other"), b"2"),
    );
    let read = ["--read", own.to_str().unwrap_or_default()];
    let dragged = offer(&[&other, &own, &bait()]);
    let tool = Tool::of_x(&session, Toolkit::Gtk);
    let one = tool.inside("first", 100, &read, &["--offer", &dragged])?;
    let two = tool.inside("second", 700, &[], &["--take", LIST, "--open"])?;
    drag(&session, &one.window, &two.window)?;
    ensure!(two.says("got text/uri-list: ").trim_end() == list(&[&own]));
    ensure!(two.says(&format!("opened {}: ", own.display())) == "1");
    one.says("finished");
    let held = |path| held(&two.inside, path);
    ensure!(held(&own) == Some(("read".to_owned(), "drop".to_owned())));
    ensure!(held(&other).is_none());
    Ok(())
}

#[test]
fn a_drag_of_an_x11_app_that_nobody_takes_comes_to_nothing_and_the_next_one_passes() -> Result<()> {
    let session = Session::begin();
    let host = neighbour(&session).outside(&["--take", TEXT])?;
    for toolkit in [Toolkit::Gtk, Toolkit::Qt] {
        let tool = Tool::of_x(&session, toolkit);
        let text = format!("{TEXT}={toolkit:?}");
        let guest = tool.inside(&format!("{toolkit:?} drags"), 700, &[], &["--offer", &text])?;
        drags::carry(&session, guest.window.content.centre(), (600, 900))?;
        session.button("left", "up")?;
        guest.says("cancelled");
        drag(&session, &guest.window, &host.window)?;
        host.says(&format!("got {TEXT}: {toolkit:?}"));
        guest.says("finished");
        // It has the pointer again.
        session.click_window(&guest.window)?;
        oz_e2e::oz(["stop", guest.inside.id()]).run().ok();
    }
    Ok(())
}
