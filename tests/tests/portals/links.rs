//! Links that the desktop opens.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::session::{home, make_executable};
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

use crate::host;

/// The desktop's browser of this test: it notes what it is told to open.
struct Browser(PathBuf);

impl Browser {
    fn install(session: &Session) -> Self {
        let dir = session.fresh_dir("browser");
        let (note, program) = (dir.join("opened"), dir.join("browser"));
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> {}\n", note.display());
        write(&program, script.as_bytes());
        make_executable(&program);
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Test\nExec={} %u\nMimeType=x-scheme-handler/https;x-scheme-handler/http;\n",
            program.display()
        );
        let applications = home().join(".local/share/applications");
        write(&applications.join("test-browser.desktop"), entry.as_bytes());
        let default = "[Default Applications]\nx-scheme-handler/https=test-browser.desktop\nx-scheme-handler/http=test-browser.desktop\n";
        write(&home().join(".config/mimeapps.list"), default.as_bytes());
        Run::new("update-desktop-database", [&applications])
            .run()
            .ok();
        Self(note)
    }

    fn opened(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_default()
    }
}

/// The one prompt, once it is there.
pub fn prompt() -> serde_json::Value {
    wait::until("a prompt", || {
        let list = cli::json(["answer"]);
        list.as_array().expect("a list").first().cloned()
    })
}

pub fn answer(prompt: &serde_json::Value, word: &str) {
    let id = prompt["prompt"].as_str().expect("an id");
    wait::for_condition("an answer that is taken", || {
        oz(["answer", id, word]).run().code == 0
    });
}

const LINK: &str = "https://example.org/read?data=secret#x";

#[test]
fn a_sandbox_without_network_opens_a_link_only_if_the_person_has_read_it() {
    let session = Session::begin();
    host::begin();
    let _service = crate::service::start();
    let browser = Browser::install(&session);
    let inside = Inside::start(&["--", "sleep", "1000"]);
    for opener in ["gio open", "xdg-open"] {
        let link = format!("{LINK}-{}", opener.replace(' ', "-"));
        let opening = inside
            .script(&format!("{opener} '{link}'"))
            .within(wait::LONG)
            .start();
        let asked = prompt();
        assert!(asked.to_string().contains(&link), "{asked}");
        assert_eq!(
            browser
                .opened()
                .lines()
                .filter(|line| *line == link)
                .count(),
            0
        );
        answer(&asked, "yes");
        wait::for_condition("the browser opens it", || {
            browser.opened().contains(&format!("{link}\n"))
        });
        drop(opening);
    }
    let opening = inside
        .script(&format!("gio open '{LINK}-no'"))
        .within(wait::LONG)
        .start();
    answer(&prompt(), "no");
    wait::for_condition("nothing is asked", || {
        cli::json(["answer"]).as_array().is_some_and(Vec::is_empty)
    });
    assert!(!browser.opened().contains("-no"));
    drop(opening);
}

#[test]
fn an_app_with_the_internet_opens_a_link_right_after_a_key_and_else_asks() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let _service = crate::service::start();
    let browser = Browser::install(&session);
    session.forget("foot");
    let inside = Inside::of(
        &oz(["run", "--detach", "--net", "internet", "foot"])
            .run()
            .ok()
            .text(),
    );
    let window = session.window_within(wait::LONG, "foot", "")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    session.type_text(&format!("gio open {LINK}\n"))?;
    wait::for_condition("the browser opens it", || {
        browser.opened() == format!("{LINK}\n")
    });
    let opening = inside
        .script(&format!("sleep 6; gio open {LINK}-later"))
        .within(wait::LONG)
        .start();
    let asked = prompt();
    assert!(asked.to_string().contains("-later"), "{asked}");
    answer(&asked, "no");
    assert_eq!(browser.opened(), format!("{LINK}\n"));
    drop(opening);
    Ok(())
}

#[test]
fn what_is_no_link_is_neither_opened_nor_asked_about() {
    let session = Session::begin();
    host::begin();
    let _service = crate::service::start();
    let browser = Browser::install(&session);
    let inside = Inside::start(&["--net", "internet", "--", "sleep", "1000"]);
    let open = host::call("OpenURI.OpenURI");
    for other in [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://a/\n-h",
        "https:///x",
        "-h",
    ] {
        let ran = inside.sh(&format!("{open} '' '{other}' '{{}}'; sleep 0.5"));
        assert_eq!(ran.code, 0, "{ran}");
    }
    assert_eq!(browser.opened(), "");
    assert_eq!(cli::json(["answer"]).as_array().map(Vec::len), Some(0));
}
