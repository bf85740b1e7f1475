//! `oz profile new`, and the template of a command for which nobody named a profile.

use oz_e2e::fixtures::write;
use oz_e2e::session::make_executable;
use oz_e2e::{Session, cli, oz};
use serde_json::Value;

/// The plan of a command.
fn plan(words: &[&str]) -> Value {
    let ran = oz(["plan", "--json", "--"]).args(words).run().ok();
    serde_json::from_slice(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

#[test]
fn what_is_installed_gets_the_template_that_fits_and_a_profile_that_is_right() {
    let session = Session::begin();
    let dir = session.fresh_dir("made");
    for (app, template, said) in [
        ("gedit", "editor", "Its desktop entry says TextEditor."),
        ("evince", "viewer", "Its desktop entry says Viewer."),
        ("mpv", "media", "Its desktop entry says Player."),
        (
            "foot",
            "terminal",
            "Its desktop entry says TerminalEmulator.",
        ),
        (
            "firefox-esr",
            "browser",
            "Its desktop entry says WebBrowser.",
        ),
        ("chromium", "browser", "Its desktop entry says WebBrowser."),
        ("libreoffice", "editor", "Its desktop entry says Office."),
        ("vim", "editor", "Its desktop entry says TextEditor."),
        ("mousepad", "editor", "Its desktop entry says TextEditor."),
        ("git", "generic", "No desktop entry starts it."),
    ] {
        let ran = oz(["profile", "new", app, "--print"]).run().ok();
        let text = ran.text();
        assert!(
            text.contains(&format!("\"extends\": \"{template}\"")),
            "{ran}"
        );
        assert!(text.contains(said), "{ran}");
        let file = write(&dir.join("p.json"), text.as_bytes());
        oz(["profile", "check"]).arg(&file).run().ok();
    }
}

#[test]
fn a_profile_is_saved_once_and_followed() {
    let session = Session::begin();
    let path = session.home().join(".config/oz/profiles/git.json");
    let _ = std::fs::remove_file(&path);
    // Nobody can be asked here.
    oz(["profile", "new", "git"])
        .run()
        .ok()
        .complains("--yes saves it");
    assert!(!path.exists());
    oz(["profile", "new", "git", "--yes"]).run().ok();
    let ran = oz(["run", "git", "--version"]).run().ok();
    assert!(ran.text().starts_with("git version"), "{ran}");
    let shown = cli::json(["profile", "show", "git"]);
    let said = |key: &str, value: Value| {
        let rows = shown.as_array().expect("a list");
        rows.iter()
            .any(|row| row["key"] == key && row["value"] == value)
    };
    assert!(
        said("display.enabled", false.into()) && said("audio.speaker", "off".into()),
        "{shown}"
    );
    oz(["profile", "new", "git", "--yes"])
        .run()
        .fails()
        .complains("git has the profile git already");
    std::fs::remove_file(&path).expect("removed");
    oz(["profile", "new", "no-such-program", "--yes"])
        .run()
        .fails()
        .complains("there is no program");
}

#[test]
fn a_command_without_a_profile_runs_under_the_template_that_fits_and_leaves_nothing() {
    let session = Session::begin();
    for (command, template) in [
        ("gedit", "editor"),
        ("evince", "viewer"),
        ("firefox-esr", "browser"),
        ("sh", "generic"),
        ("git", "generic"),
    ] {
        // The second time it is known.
        for _ in 0..2 {
            let plan = plan(&[command]);
            assert_eq!(plan["profile"], template, "{command}: {plan}");
            assert_eq!(plan["home"], "ephemeral", "{command}: {plan}");
        }
    }
    let kept = session.home().join(".local/state/oz/homes");
    for template in ["editor", "media"] {
        assert!(!kept.join(template).exists());
    }
    let known = std::fs::read_dir(session.home().join(".cache/oz/measured"));
    assert!(known.expect("is there").count() >= 5);
}

#[test]
fn a_program_of_the_home_that_calls_itself_a_browser_gets_no_network() {
    let session = Session::begin();
    assert_eq!(
        plan(&["firefox-esr"])["profile"],
        "browser",
        "what the system's entry says"
    );
    let dir = session.fresh_dir("evil");
    let program = write(
        &dir.join("browser"),
        b"#!/bin/sh\nexec firefox-esr \"$@\"\n",
    );
    make_executable(&program);
    let shown = program.display();
    let entry = session
        .home()
        .join(".local/share/applications/evil.desktop");
    let text = format!(
        "[Desktop Entry]\nType=Application\nName=Evil\nExec={shown}\nCategories=Network;WebBrowser;\n"
    );
    write(&entry, text.as_bytes());
    let plan = plan(&[&shown.to_string()]);
    assert_eq!(plan["profile"], "generic", "{plan}");
    // Whoever reads the proposal may think otherwise.
    let ran = oz(["profile", "new", &shown.to_string(), "--print"])
        .run()
        .ok();
    assert!(ran.text().contains("\"extends\": \"browser\""), "{ran}");
    std::fs::remove_file(&entry).expect("removed");
}
