//! Adding and removing while a real editor and a shell run in the same sandbox.

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Session, oz, wait};

#[test]
fn files_come_and_go_while_gedit_and_a_shell_run() -> Result<()> {
    let session = Session::begin();
    let first = write(
        &session.fresh_dir("gedit").join("first.txt"),
        b"first text\n",
    );
    let later = session.fresh_dir("later");
    write(&later.join("second.txt"), b"second text\n");
    let ran = oz(["run", "--detach", "gedit"]).arg(&first).run().ok();
    let inside = Inside::of(&ran.text());
    session.wait_for_window(wait::LONG, |w| w.title.contains("first.txt"))?;
    let mut shell = oz(["shell", inside.id()]).stdin("").start();
    let look = format!("cat {}/second.txt", later.display());

    inside.sh(&look).refused_inside();
    oz(["add", inside.id()]).arg(&later).run().ok();
    assert_eq!(inside.sh(&look).ok().text(), "second text");
    inside
        .sh(&format!("echo x >> {}/second.txt", later.display()))
        .refused_inside();

    // The running editor opens it: the second launch joins and shows another tab.
    oz(["run", "gedit"])
        .arg(later.join("second.txt"))
        .run()
        .ok();
    session.wait_for_window(wait::LONG, |w| w.title.contains("second.txt"))?;

    oz(["add", inside.id(), "--write"]).arg(&later).run().ok();
    inside
        .sh(&format!("echo changed >> {}/second.txt", later.display()))
        .ok();
    assert!(std::fs::read_to_string(later.join("second.txt"))?.ends_with("changed\n"));

    // The file that was named when joining has become a part of the directory's grant.
    oz(["remove", inside.id()]).arg(&later).run().ok();
    inside.sh(&look).refused_inside();
    assert!(inside.is_running());
    assert!(
        session
            .windows()?
            .iter()
            .any(|w| w.title.contains("second.txt")),
        "gedit goes on"
    );
    drop(shell.child.stdin.take());
    Ok(())
}
