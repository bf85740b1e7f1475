//! The desktop that every other end-to-end test stands on is what it claims to be.

use std::process::Command;
use std::time::Duration;

use oz_testkit::desktop::{PATIENCE, Session, finish, wait_for};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn it_belongs_to_an_ordinary_user_with_a_fresh_home() -> Outcome {
    let session = Session::enter();
    assert_ne!(rustix::process::geteuid().as_raw(), 0);
    assert_eq!(
        std::env::var_os("HOME").as_deref(),
        Some(session.home().as_os_str())
    );
    assert!(session.home().starts_with("/home") || session.home().components().count() > 3);
    assert!(
        std::env::var_os("DISPLAY").is_none(),
        "there is no X server on this desktop"
    );
    let probe = session.home().join("probe");
    std::fs::write(&probe, "mine")?;
    std::fs::remove_file(&probe)?;
    Ok(())
}

#[test]
fn typed_text_reaches_the_window_that_was_clicked() -> Outcome {
    let session = Session::enter();
    let mut terminal = Command::new("foot");
    terminal.args([
        "--app-id=typing",
        "sh",
        "-c",
        "read -r line; echo \"$line\" > \"$HOME/typed\"; sleep 60",
    ]);
    let _terminal = session.start(&mut terminal)?;
    let window = session.wait_for_window(LONG, |window| window.app_id == "typing")?;
    session.click_window(&window)?;
    wait_for("focus", LONG, || {
        session.again(&window).ok().filter(|window| window.focused)
    })?;
    let text = r#"Hello, World! ~`@#$%^&*()_+-=[]{}|;:'"<>?/ 0123456789"#;
    session.type_text(&format!("{text}\n"))?;
    let typed = session.home().join("typed");
    let got = wait_for("the typed line", LONG, || {
        std::fs::read_to_string(&typed)
            .ok()
            .filter(|line| line.ends_with('\n'))
    })?;
    assert_eq!(got.trim_end(), text);
    Ok(())
}

#[test]
fn windows_move_grow_fill_the_screen_and_close() -> Outcome {
    let session = Session::enter();
    let mut terminal = Command::new("foot");
    terminal.args([
        "--app-id=moving",
        "--title=Moving",
        "--override=colors.background=ff0000",
    ]);
    let mut terminal = session.start(terminal.args(["sleep", "60"]))?;
    let window = session.wait_for_window(LONG, |window| window.app_id == "moving")?;
    assert_eq!(window.title, "Moving");
    session.resize(&window, 400, 300)?;
    session.move_to(&window, 100, 200)?;
    let window = wait_for("the new place", LONG, || {
        session
            .again(&window)
            .ok()
            .filter(|now| now.rect.x == 100 && (380..=400).contains(&now.content.width))
    })?;
    wait_for("red pixels where the window is", LONG, || {
        let picture = session.look().ok()?;
        let inside = window.content.shrunk(20);
        let red = picture.count(inside, [255, 0, 0], 2);
        (red > picture.pixels(inside).count() / 2).then_some(())
    })?;
    session.fullscreen(&window, true)?;
    wait_for("full screen", LONG, || {
        session
            .again(&window)
            .ok()
            .filter(|now| now.rect.width == 1600)
    })?;
    session.close(&window)?;
    session.wait_for_no_window(LONG, |window| window.app_id == "moving")?;
    terminal.wait(LONG)?;
    Ok(())
}

#[test]
fn the_clipboard_carries_text() -> Outcome {
    let session = Session::enter();
    session.copy("carried across")?;
    assert_eq!(session.paste()?.as_deref(), Some("carried across"));
    Ok(())
}

#[test]
fn there_are_a_speaker_and_a_microphone() -> Outcome {
    let session = Session::enter();
    assert!(
        session
            .sound_names("sinks")?
            .contains(&"speaker".to_owned())
    );
    assert!(session.sound_names("sources")?.contains(&"mic".to_owned()));
    Ok(())
}

#[test]
fn the_bus_is_of_this_session() -> Outcome {
    let session = Session::enter();
    let address = std::env::var("DBUS_SESSION_BUS_ADDRESS")?;
    assert!(address.contains(&*session.dir().to_string_lossy()));
    let mut call = Command::new("gdbus");
    call.args([
        "call",
        "--session",
        "--dest=org.freedesktop.DBus",
        "--object-path=/",
    ]);
    call.arg("--method=org.freedesktop.DBus.ListActivatableNames");
    let done = finish(&mut call, b"", PATIENCE)?;
    assert!(done.status.success(), "{}", done.errors());
    assert!(
        done.text().contains("org.oz.Oz1"),
        "Oz can be activated: {}",
        done.text()
    );
    Ok(())
}
