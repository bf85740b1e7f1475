//! What a profile says of drops.

use anyhow::{Result, ensure};
use oz_e2e::drags::{LIST, Tool, drag, held, list, offer};
use oz_e2e::fixtures::write;
use oz_e2e::session::Profile;
use oz_e2e::{Session, oz, wait};

const DROPPER: [&str; 2] = ["--profile", "dropper"];

fn profile(session: &Session, sections: &str) -> Profile {
    session.profile(
        "dropper",
        &format!(
            r#"{{ "description": "t", "extends": "generic", "match": {{ "executables": ["oz-drag"] }}, {sections} }}"#
        ),
    )
}

#[test]
fn what_may_be_changed_can_be_replaced_too() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let _profile = profile(&session, r#""files": { "drops": "write" }"#);
    let file = write(&session.fresh_dir("dropped").join("a.txt"), b"content");
    let guest = tool.inside("guest", 700, &DROPPER, &["--take", LIST, "--open"])?;
    let host = tool.outside(&["--offer", &offer(&[&file])])?;
    drag(&session, &host.window, &guest.window)?;
    ensure!(guest.says(&format!("opened {}: ", file.display())) == "content");
    let save = format!("echo new > {0}.tmp && mv {0}.tmp {0}", file.display());
    guest.inside.sh(&save).ok();
    ensure!(std::fs::read_to_string(&file)? == "new\n");
    // What is protected is not for writing, whoever drops it.
    let start = write(&session.home().join(".bashrc"), b"# mine");
    let host = tool.outside(&["--title", "other host", "--offer", &offer(&[&start, &file])])?;
    drag(&session, &host.window, &guest.window)?;
    wait::for_condition("the second drop", || {
        guest.run.text_so_far().matches("got text/uri-list").count() == 2
    });
    ensure!(held(&guest.inside, &start).is_none());
    Ok(())
}

#[test]
fn where_drops_are_off_nothing_is_given() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let file = write(&session.fresh_dir("dropped").join("a.txt"), b"content");
    let list_and_text = ["--offer", &offer(&[&file]), "--offer", "text/plain=words"];
    let takes = ["--take", LIST, "--take", "text/plain", "--open"];
    {
        let _profile = profile(&session, r#""files": { "drops": "off" }"#);
        let guest = tool.inside("guest", 700, &DROPPER, &takes)?;
        let host = tool.outside(&list_and_text)?;
        drag(&session, &host.window, &guest.window)?;
        // Words still pass, as they do by the clipboard.
        ensure!(guest.says("got text/plain: ").trim() == "words");
        guest.says("took");
        ensure!(guest.says("got text/uri-list: ").trim().is_empty());
        ensure!(held(&guest.inside, &file).is_none());
    }
    let _profile = profile(
        &session,
        r#""files": { "drops": "off" }, "display": { "clipboard": "off" }"#,
    );
    let guest = tool.inside("closed", 700, &DROPPER, &takes)?;
    let host = tool.outside(&list_and_text)?;
    drag(&session, &host.window, &guest.window)?;
    host.says("cancelled");
    ensure!(!guest.has_said("over "), "it does not even hear of it");
    Ok(())
}

#[test]
fn an_editor_gets_what_is_dropped_to_change_it_and_a_viewer_to_read() {
    let _session = Session::begin();
    for (app, words) in [
        ("gedit", "dropped on a window are shown, and may be changed"),
        ("evince", "dropped on a window are shown\n"),
    ] {
        let plan = oz(["plan", app]).run().ok();
        let text = String::from_utf8_lossy(&plan.out).into_owned();
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn where_nobody_can_be_asked_the_answer_is_no() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let _profile = profile(&session, r#""files": { "drops": "ask" }"#);
    let dir = session.fresh_dir("dropped");
    let (own, other) = (
        write(&dir.join("own"), b"1"),
        write(&dir.join("other"), b"2"),
    );
    let run = [&DROPPER[..], &["--read", own.to_str().unwrap_or_default()]].concat();
    let guest = tool.inside("guest", 700, &run, &["--take", LIST])?;
    let host = tool.outside(&["--offer", &offer(&[&own, &other])])?;
    drag(&session, &host.window, &guest.window)?;
    // What it has it may hear of in any case.
    ensure!(guest.says("got text/uri-list: ").trim_end() == list(&[&own]));
    ensure!(held(&guest.inside, &other).is_none());
    Ok(())
}
