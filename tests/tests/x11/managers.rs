//! Window managers come and go under the windows of apps.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use oz_e2e::second_x::SecondX;
use oz_e2e::{Session, wait};
use oz_testkit::desktop::Window;

/// Types a line, and waits until the terminal has it.
fn types(desktop: &Session, window: &Window, file: &std::path::Path, line: &str) -> Result<()> {
    // Who has only just begun to manage may not hear of the first click.
    wait::for_condition("the focus", || {
        desktop
            .again(window)
            .is_ok_and(|now| now.focused || desktop.click(now.content.centre()).is_err())
    });
    // It takes the focus from all windows while it takes them over, and gives it back: keys go nowhere meanwhile.
    for _ in 0..10 {
        desktop.type_text(&format!("{line}\n"))?;
        for _ in 0..30 {
            if std::fs::read_to_string(file).is_ok_and(|it| it.ends_with(&format!("{line}\n"))) {
                return Ok(());
            }
            wait::pause(Duration::from_millis(100));
        }
        desktop.click(desktop.again(window)?.content.centre())?;
    }
    bail!("{line:?} does not arrive")
}

#[test]
fn windows_go_on_when_their_window_manager_is_killed_and_another_comes() -> Result<()> {
    let session = Session::begin();
    let mut second = SecondX::begin(&session);
    let dir = session.fresh_dir("managers");
    let script = format!("cd {}; echo > ready; cat > typed", dir.display());
    let _run = second
        .oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["foot", "-T", "a letter", "sh", "-c", &script])
        .start();
    let file = dir.join("typed");
    let is_it = |window: &Window| window.title == "a letter";
    let window = second.desktop.wait_for_window(wait::LONG, is_it)?;
    wait::for_condition("the script", || dir.join("ready").exists());
    ensure!(!second.desktop.is_managed()?);
    types(&second.desktop, &window, &file, "nobody manages")?;
    second.desktop.shoot("managers-none")?;
    let managers: [&[&str]; 3] = [&["openbox"], &["metacity"], &["mutter", "--x11"]];
    for words in managers {
        let name = words[0];
        match words {
            [one] => second.manage([*one]),
            [one, more] => second.manage([*one, *more]),
            _ => {}
        }
        let framed = wait::until("a frame", || {
            let now = second.desktop.again(&window).ok()?;
            (now.rect.y < now.content.y - 20).then_some(now)
        });
        ensure!(framed.mark.as_deref() == Some("foot"), "{framed:?}");
        types(&second.desktop, &window, &file, name)?;
        second.desktop.shoot(&format!("managers-{name}"))?;
        second.unmanage();
        wait::for_condition("nobody", || {
            second.desktop.is_managed().is_ok_and(|managed| !managed)
        });
        types(&second.desktop, &window, &file, &format!("after {name}"))?;
        second.desktop.shoot(&format!("managers-after-{name}"))?;
    }
    Ok(())
}
