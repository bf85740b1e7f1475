//! What an app would gain by dragging: nothing that it has not.

use anyhow::{Result, ensure};
use oz_e2e::drags::{LIST, Tool, bait, drag, held, list, offer};
use oz_e2e::fixtures::write;
use oz_e2e::{Session, wait};

#[test]
fn a_file_that_an_app_drags_onto_itself_is_not_given() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let key = bait();
    let options = ["--offer", &offer(&[&key]), "--take", LIST, "--open"];
    // Outside it gets it so.
    let host = tool.outside(&options)?;
    drag(&session, &host.window, &host.window)?;
    ensure!(host.says(&format!("opened {}: ", key.display())) == "the user's key");
    let guest = tool.inside("guest", 700, &[], &options)?;
    drag(&session, &guest.window, &guest.window)?;
    // It hears its own words, which mean nothing.
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&key]));
    guest.says(&format!("no {}: ", key.display()));
    ensure!(held(&guest.inside, &key).is_none());
    Ok(())
}

#[test]
fn a_file_that_one_sandbox_drags_onto_another_is_given_if_the_first_has_it() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let dir = session.fresh_dir("own");
    let (own, other) = (
        write(&dir.join("own"), b"1"),
        write(&dir.join("other"), b"2"),
    );
    let key = bait();
    // Its profile lets it write what is dropped; what comes from one that may read is for reading.
    let _profile = session.profile(
        "writer",
        r#"{ "description": "t", "extends": "generic", "match": { "executables": ["oz-drag"] },
             "files": { "drops": "write" } }"#,
    );
    let read = ["--read", own.to_str().unwrap_or_default()];
    let dragged = offer(&[&other, &own, &key]);
    let one = tool.inside("first", 100, &read, &["--offer", &dragged])?;
    let profile = ["--profile", "writer"];
    let two = tool.inside("second", 700, &profile, &["--take", LIST, "--open"])?;
    drag(&session, &one.window, &two.window)?;
    ensure!(two.says("got text/uri-list: ").trim_end() == list(&[&own]));
    ensure!(two.says(&format!("opened {}: ", own.display())) == "1");
    two.says("took");
    for path in [&other, &key] {
        ensure!(held(&two.inside, path).is_none(), "{}", path.display());
        two.inside
            .sh(&format!("cat {}", path.display()))
            .refused_inside();
    }
    let held = held(&two.inside, &own);
    ensure!(
        held == Some(("read".to_owned(), "drop".to_owned())),
        "{held:?}"
    );
    // From the host the same files are all given, and for writing.
    let host = tool.outside(&["--offer", &offer(&[&other])])?;
    drag(&session, &host.window, &two.window)?;
    wait::for_condition("the file of the host", || {
        oz_e2e::drags::held(&two.inside, &other).is_some_and(|(access, _)| access == "write")
    });
    Ok(())
}

#[test]
fn sources_that_never_answer_or_never_stop_hold_nobody_up() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let file = write(&session.fresh_dir("dropped").join("a.txt"), b"content");
    let guest = tool.inside("guest", 700, &[], &["--take", LIST, "--open"])?;
    for hostile in [["--never", LIST], ["--endless", LIST]] {
        let host = tool.outside(&hostile)?;
        drag(&session, &host.window, &guest.window)?;
        host.says("asked for");
        drop(host);
        session.wait_for_no_window(wait::PATIENCE, |window| window.title == "host")?;
    }
    // Among types that mean nothing the one that does is found; sway itself ends clients with many more.
    let host = tool.outside(&["--types", "2000", "--offer", &offer(&[&file])])?;
    drag(&session, &host.window, &guest.window)?;
    guest.says(&format!("opened {}: content", file.display()));
    ensure!(held(&guest.inside, &file).is_some());
    Ok(())
}

#[test]
fn an_app_that_never_answers_holds_no_one_up_outside() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let host = tool.outside(&["--take", LIST])?;
    for (number, hostile) in ["--never", "--endless"].into_iter().enumerate() {
        let title = format!("guest {number}");
        let guest = tool.inside(&title, 700, &[], &[hostile, LIST])?;
        drag(&session, &guest.window, &host.window)?;
        ensure!(host.says("got text/uri-list: ").trim().is_empty());
        host.says("took");
        oz_e2e::oz(["stop", guest.inside.id()]).run().ok();
        session.wait_for_no_window(wait::PATIENCE, |window| window.title.contains(&title))?;
    }
    Ok(())
}
