//! Files that are dropped on an app's window become its own, at their own paths.

use std::os::unix::fs::symlink;

use anyhow::{Result, ensure};
use oz_e2e::drags::{LIST, Tool, bait, drag, drag_over, held, list, offer};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, processes, session, wait};

#[test]
fn a_file_that_is_dropped_can_be_read_when_the_app_hears_of_it() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let dir = session.fresh_dir("dropped");
    let (file, beside) = (
        write(&dir.join("a.txt"), b"content"),
        write(&dir.join("b"), b"b"),
    );
    let guest = tool.inside("guest", 700, &[], &["--take", LIST, "--open"])?;
    let host = tool.outside(&["--offer", &offer(&[&file])])?;
    let cat = format!("cat {}", file.display());
    guest.inside.sh(&cat).refused_inside();
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&file]));
    ensure!(guest.says(&format!("opened {}: ", file.display())) == "content");
    guest.says("took");
    host.says("finished");
    session.shoot("dropped-file")?;
    let held = held(&guest.inside, &file);
    ensure!(
        held == Some(("read".to_owned(), "drop".to_owned())),
        "{held:?}"
    );
    guest.inside.sh(&cat).ok();
    guest
        .inside
        .sh(&format!("echo >> {}", file.display()))
        .refused_inside();
    guest
        .inside
        .sh(&format!("cat {}", beside.display()))
        .refused_inside();
    Ok(())
}

#[test]
fn directories_links_and_many_files_arrive_as_what_they_are() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let dir = session.fresh_dir("dropped");
    let real = dir.join("real");
    let file = write(&real.join("a b"), b"content");
    symlink("real", dir.join("link"))?;
    let many: Vec<_> = (0..60)
        .map(|number| write(&dir.join(format!("many/{number:03}")), b"x"))
        .collect();
    let guest = tool.inside("guest", 700, &[], &["--take", LIST, "--open"])?;
    let mut lines = format!("file://{}/link\\n", dir.display());
    for path in &many {
        lines += &format!("file://{}\\n", path.display());
    }
    let host = tool.outside(&["--offer", &format!("{LIST}={lines}")])?;
    drag(&session, &host.window, &guest.window)?;
    let got = guest.says("got text/uri-list: ");
    ensure!(got.split_whitespace().count() == 61, "{got}");
    // A link does not exist inside; what it leads to does.
    ensure!(got.starts_with(&list(&[&real])), "{got}");
    guest.says("took");
    let cat = format!("cat '{}'", file.display());
    ensure!(guest.inside.sh(&cat).ok().text() == "content");
    ensure!(
        !guest.run.text_so_far().contains("entity not found"),
        "{}",
        guest.run.text_so_far()
    );
    guest.says(&format!("opened {}: ", many[59].display()));
    Ok(())
}

#[test]
fn what_cannot_be_given_is_left_out_and_the_rest_arrives() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let dir = session.fresh_dir("dropped");
    let file = write(&dir.join("a.txt"), b"content");
    let state = session::home().join(".local/state/oz");
    std::fs::create_dir_all(&state)?;
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.join("fifo"), rustix::fs::Mode::RWXU)?;
    let refused = [
        session::home(),
        session::runtime_dir().join("bus"),
        state,
        dir.join("fifo"),
        dir.join("missing"),
        write(&session.home().join(".ssh/id_ed25519"), b"secret"),
        write(&session.home().join(".mozilla/key4.db"), b"secret"),
        "/proc/1/environ".into(),
        "/dev/null".into(),
        "/".into(),
    ];
    let mut paths: Vec<_> = refused.iter().map(std::path::PathBuf::as_path).collect();
    paths.insert(3, &file);
    let guest = tool.inside("guest", 700, &[], &["--take", LIST, "--open"])?;
    let host = tool.outside(&["--offer", &offer(&paths)])?;
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&file]));
    guest.says("took");
    for path in &refused {
        ensure!(held(&guest.inside, path).is_none(), "{}", path.display());
    }
    Ok(())
}

#[test]
fn what_passes_above_a_window_is_neither_given_nor_read() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let file = write(&session.fresh_dir("dropped").join("a.txt"), b"content");
    let takes = ["--take", LIST, "--take", "text/plain", "--early", "--open"];
    let guest = tool.inside("guest", 700, &[], &takes)?;
    let host = tool.outside(&["--offer", &offer(&[&file]), "--offer", "text/plain=secret"])?;
    drag_over(&session, &host.window, &guest.window)?;
    guest.says("over ");
    // Back to where it came from, which takes nothing.
    session.point(host.window.content.centre())?;
    guest.says("left");
    session.button("left", "up")?;
    guest.says("looked");
    ensure!(guest.says("early text/uri-list: ").trim().is_empty());
    ensure!(guest.says("early text/plain: ").trim().is_empty());
    ensure!(held(&guest.inside, &file).is_none());
    guest
        .inside
        .sh(&format!("cat {}", file.display()))
        .refused_inside();
    // The same drag, dropped, shows that it was there to be read.
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says("got text/plain: ").trim() == "secret");
    ensure!(held(&guest.inside, &file).is_some());
    Ok(())
}

#[test]
fn a_drop_takes_nothing_away_that_the_app_may_write() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let dir = session.fresh_dir("dropped");
    let file = write(&dir.join("a.txt"), b"content");
    let write = ["--write", dir.to_str().unwrap_or_default()];
    let guest = tool.inside("guest", 700, &write, &["--take", LIST, "--open"])?;
    let host = tool.outside(&["--offer", &offer(&[&file])])?;
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&file]));
    ensure!(
        held(&guest.inside, &file).is_none(),
        "the directory is enough"
    );
    guest
        .inside
        .sh(&format!("echo more >> {}", file.display()))
        .ok();
    Ok(())
}

#[test]
fn what_an_app_drags_out_is_what_it_has() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let dir = session.fresh_dir("own");
    let (own, other) = (
        write(&dir.join("own"), b"1"),
        write(&dir.join("other"), b"2"),
    );
    let key = bait();
    let read = ["--read", own.to_str().unwrap_or_default()];
    let dragged = offer(&[&own, &other, &key]);
    let guest = tool.inside(
        "guest",
        700,
        &read,
        &["--offer", &dragged, "--offer", "text/plain=words"],
    )?;
    let host = tool.outside(&["--take", LIST, "--take", "text/plain"])?;
    drag(&session, &guest.window, &host.window)?;
    ensure!(host.says("got text/uri-list: ").trim_end() == list(&[&own]));
    ensure!(host.says("got text/plain: ").trim() == "words");
    guest.says("finished");
    Ok(())
}

#[test]
fn a_drop_that_no_daemon_sees_is_given_by_the_next_one() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let file = write(&session.fresh_dir("dropped").join("a.txt"), b"content");
    let guest = tool.inside("guest", 700, &[], &["--take", LIST, "--open"])?;
    let host = tool.outside(&["--offer", &offer(&[&file])])?;
    processes::kill_daemon();
    drag(&session, &host.window, &guest.window)?;
    host.says("asked for text/uri-list");
    // What it says went through the daemon that is gone; the next one is started by the question.
    wait::for_condition("the file", || held(&guest.inside, &file).is_some());
    host.says("finished");
    guest.inside.sh(&format!("cat {}", file.display())).ok();
    Ok(())
}
