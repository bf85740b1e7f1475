//! What is copied by X11 apps and for them: by the rules of the clipboard, whatever protocol an app speaks.

use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::{Inside, Session, oz, wait};

use super::attacks::Outside;
use super::shell::Shell;

/// More than goes in one message of X.
pub fn long_text() -> String {
    (0..200_000).map(|n| format!("{n:07}\n")).collect()
}

#[test]
fn what_is_copied_in_an_x11_app_is_pasted_on_the_host() -> Result<()> {
    let session = Session::begin();
    let shell = Shell::begin(&session, "x11-copies")?;
    shell.types("printf 'of X: \\303\\244' | xclip -selection clipboard")?;
    wait::for_condition("the clipboard", || {
        session
            .paste()
            .is_ok_and(|it| it.as_deref() == Some("of X: ä"))
    });
    shell.types("printf primary | xclip -selection primary")?;
    wait::for_condition("the primary selection", || {
        let now = session.paste_primary();
        now.is_ok_and(|it| it.as_deref() == Some("primary"))
    });
    // One that is old and knows no UTF-8.
    shell.types("printf 'caf\\351' | xclip -selection clipboard -t STRING")?;
    wait::for_condition("old text", || {
        session
            .paste()
            .is_ok_and(|it| it.as_deref() == Some("café"))
    });
    Ok(())
}

#[test]
fn what_is_copied_on_the_host_is_pasted_in_an_x11_app() -> Result<()> {
    let session = Session::begin();
    session.copy("of the host: ä€")?;
    let shell = Shell::begin(&session, "x11-pastes")?;
    let read = "xclip -o -selection clipboard";
    shell.pastes("of the host: ä€");
    session.copy("and later")?;
    shell.pastes("and later");
    // Latin-1 has no sign for the euro, and says so.
    session.copy("ä€")?;
    wait::for_condition("the euro", || {
        let said = shell.says(&format!("{read} -t STRING | od -An -tx1"));
        said.is_ok_and(|it| it.trim() == "e4 3f")
    });
    let types = shell.says(&format!("{read} -t TARGETS"))?;
    ensure!(types.contains("UTF8_STRING"), "{types}");
    Ok(())
}

#[test]
fn a_long_text_passes_both_ways_in_parts() -> Result<()> {
    let session = Session::begin();
    let text = long_text();
    session.copy(&text)?;
    let shell = Shell::begin(&session, "x11-long")?;
    shell.pastes(&text);
    session.copy("gone")?;
    std::fs::write(shell.dir.join("given"), &text)?;
    shell.types("xclip -selection clipboard given")?;
    wait::for_condition("the text on the host", || {
        session.paste().is_ok_and(|it| it.as_deref() == Some(&text))
    });
    Ok(())
}

#[test]
fn what_is_copied_in_an_x11_app_stays_in_a_sandbox_without_a_clipboard() -> Result<()> {
    let session = Session::begin();
    session.copy("of the host")?;
    let shell = Shell::begin(&session, "x11-closed")?;
    oz(["clipboard", "xterm", "off"]).run().ok();
    shell.types("printf 'of X' | xclip -selection clipboard")?;
    // Between its own programs it passes, to those of Wayland too.
    let inside = Inside::of("xterm");
    let reads = "foot --title reader sh -c 'cat > got'";
    let _reader = inside
        .script(&format!("cd {} && exec {reads}", shell.dir.display()))
        .start();
    let reader = session.wait_for_window(wait::LONG, |window| window.title == "reader")?;
    session.give_focus(&reader)?;
    // Until it is copied, nothing is pasted.
    wait::for_condition("what was copied", || {
        let pasted = session.chord(&["ctrl", "shift", "v"]);
        let ended = session.key("enter", "press");
        let got = std::fs::read_to_string(shell.dir.join("got"));
        pasted.is_ok() && ended.is_ok() && got.is_ok_and(|it| it.contains("of X"))
    });
    ensure!(session.paste()?.as_deref() == Some("of the host"));
    Ok(())
}

#[test]
fn cannot_read_or_take_the_clipboard_in_the_background() -> Result<()> {
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let read = "timeout 5 xclip -o -selection clipboard";
    let take = |text: &str| format!("printf {text} | xclip -quiet -selection clipboard");
    let reads = |text: &str| {
        wait::for_condition(text, || outside.on(read).run().text() == text);
    };
    let _secret = outside.on(&take("secret")).start();
    reads("secret");
    let _taken = outside.on(&take("taken")).start();
    reads("taken");

    session.copy("secret")?;
    let shell = Shell::begin(&session, "x11-thief")?;
    shell.pastes("secret");
    let inside = Inside::of("xterm");
    // The last key was long ago.
    wait::pause(Duration::from_millis(2500));
    let ran = inside.sh(read);
    ensure!(!ran.text().contains("secret"), "{ran}");
    // Nor while the user does something elsewhere.
    let ran = oz(["run", "--ephemeral", "--", "sh", "-c", read]).run();
    ensure!(!ran.text().contains("secret"), "{ran}");
    wait::pause(Duration::from_millis(8000));
    let _taken = inside.script(&take("taken")).start();
    inside.wait_for(&format!("test \"$({read})\" = taken"));
    ensure!(session.paste()?.as_deref() == Some("secret"));
    Ok(())
}
