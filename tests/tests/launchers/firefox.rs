//! The browser that people have, in its sandbox: their bookmarks, their downloads, and what they open of these.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};
use oz_testkit::desktop::Window;

use crate::{Enabled, outside};

/// What is set so that the bookmark can be seen, and that the browser asks nothing of a new user.
const SETTINGS: &str = r#"
user_pref("browser.toolbars.bookmarks.visibility", "always");
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("browser.shell.checkDefaultBrowser", false);
"#;

/// A page that saves a document as soon as it is shown, as a link with `download` does.
const SAVES: &str = r#"<!doctype html><title>It saves</title><body style="background: rgb(10, 200, 90)">
<script>
const link = document.createElement("a");
link.href = URL.createObjectURL(new Blob([atob("DOCUMENT")], { type: "application/octet-stream" }));
link.download = "report.pdf";
document.body.append(link);
link.click();
</script>"#;

/// A profile as the browser itself makes it, without a sandbox, with a bookmark in its bar.
fn with_bookmark(session: &Session) -> Result<PathBuf> {
    let own = session.home().join(".config/mozilla/firefox");
    let run = |arguments: &[&str]| Run::new("firefox-esr", arguments).within(wait::LONG);
    run(&["--headless", "--createprofile", "mine"]).run().ok();
    let profile = fs::read_dir(&own)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(".mine"))
        .expect("it was made");
    fs::write(profile.join("user.js"), SETTINGS)?;
    fs::write(
        own.join("profiles.ini"),
        format!(
            "[Profile0]\nName=mine\nIsRelative=1\nPath={}\nDefault=1\n[General]\nStartWithLastProfile=1\nVersion=2\n",
            profile.file_name().expect("has one").to_string_lossy()
        ),
    )?;
    let places = profile.join("places.sqlite");
    let first = Run::new("firefox-esr", ["--profile"]).arg(&profile).start();
    session.wait_for_window(wait::LONG, |w| w.app_id == "firefox-esr")?;
    wait::for_condition("it to keep bookmarks", || {
        // It lets nobody else look into them while it runs.
        places.exists() && profile.join("favicons.sqlite").exists()
    });
    session.close_all(|_| true)?;
    first.end_within(wait::LONG);
    ask(
        &places,
        "INSERT INTO moz_places (url, title, rev_host, guid, url_hash) VALUES \
         ('https://kept.example/', 'Kept', 'elpmaxe.tpek.', 'aaaaaaaaaaaa', 1); \
         INSERT INTO moz_bookmarks (type, fk, parent, position, title, dateAdded, lastModified, guid) \
         SELECT 1, (SELECT id FROM moz_places WHERE guid = 'aaaaaaaaaaaa'), id, 0, 'Kept bookmark', 1, 1, 'bbbbbbbbbbbb' \
         FROM moz_bookmarks WHERE guid = 'toolbar_____';",
    );
    Ok(places)
}

fn ask(database: &Path, question: &str) -> String {
    let run = Run::new("sqlite3", ["-cmd", ".timeout 5000"]);
    run.arg(database).arg(question).run().ok().text()
}

/// Closes the browser, which asks in a window of its own while it has not yet noticed that a download is whole:
/// then the question is closed, which means no, and the browser again.
fn close(session: &Session) {
    wait::for_condition("the browser to go", || {
        let windows = session.windows().expect("the host answers");
        let asks = |w: &&Window| w.title == "Cancel All Downloads?";
        if let Some(next) = windows.iter().find(asks).or(windows.first()) {
            // It may have gone by itself in the meantime.
            let _ = session.close(next);
            wait::pause(Duration::from_millis(500));
        }
        windows.is_empty()
    });
}

#[test]
fn the_browser_that_one_has_goes_on_in_its_sandbox() -> Result<()> {
    let session = Session::begin();
    session.forget("firefox");
    let places = with_bookmark(&session)?;
    let _enabled = Enabled::new(&["firefox", "--data", "present"]);
    let _viewer = Enabled::new(&["evince"]);
    Run::new(
        "gio",
        ["mime", "application/pdf", "org.gnome.Evince.desktop"],
    )
    .run()
    .ok();

    // It is started as people do, and is the browser that was outside: its bar has the bookmark.
    let dir = session.fresh_dir("present");
    let document = oz_e2e::fixtures::pdf(&dir.join("made.pdf"), "report.pdf", [120, 40, 180]);
    let coded = Run::new("base64", ["-w0"]).arg(&document).run().ok();
    let page = SAVES.replace("DOCUMENT", coded.text().trim());
    let page = write(&dir.join("page.html"), page.as_bytes());
    let launched = Run::new("gtk-launch", ["firefox-esr"]).arg(&page).start();
    // What it has saved it shows as well, so which page is in front is not known.
    session.window_within(wait::LONG, "firefox-esr", "")?;
    ensure!(outside("firefox-esr").is_empty(), "it runs outside");
    let saved = session.home().join("Downloads/report.pdf");
    wait::for_condition("the document to be saved", || {
        fs::read(&saved).is_ok_and(|bytes| bytes.ends_with(b"%%EOF\n") || bytes.len() > 500)
    });
    session.shoot("firefox-present")?;
    let inside = Inside::of(&cli::running()[0]);
    let shown = places.display();
    inside.sh(&format!("test -s {shown}")).ok();
    close(&session);
    launched.end_within(wait::LONG);
    oz(["stop", "--all"]).run().ok();
    let bookmarks = ask(
        &places,
        "SELECT title FROM moz_bookmarks WHERE guid = 'bbbbbbbbbbbb'",
    );
    ensure!(bookmarks.trim() == "Kept bookmark", "{bookmarks}");
    // What it has seen in the sandbox it knows outside.
    let seen = ask(
        &places,
        "SELECT count(*) FROM moz_places WHERE url LIKE '%page.html'",
    );
    ensure!(seen.trim() != "0", "the page is not in its history");

    // What it has saved is opened by the viewer, in a sandbox with just that.
    let opened = Run::new("gio", ["open"]).arg(&saved).start();
    session.wait_for_window(wait::LONG, |w| w.title.contains("report.pdf"))?;
    ensure!(outside("evince").is_empty(), "it runs outside");
    let viewer = Inside::of(&cli::running()[0]);
    viewer
        .sh(&format!("test -s {} && test ! -e {shown}", saved.display()))
        .ok();
    opened.end_within(wait::LONG);
    oz(["stop", "--all"]).run().ok();
    fs::remove_file(saved)?;
    fs::remove_dir_all(session.home().join(".config/mozilla"))?;
    fs::remove_file(session.home().join(".config/mimeapps.list"))?;
    Ok(())
}
