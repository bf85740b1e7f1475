//! Language and time zone.

use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::{Session, oz};

#[test]
fn a_german_locale_is_right_inside() {
    let _session = Session::begin();
    let script = "locale; date -d 2026-01-05 '+%A %B'; printf '%.2f\\n' 3,5";
    let german = |run: oz_e2e::Run| run.env("LANG", "de_DE.UTF-8").run().ok().text();
    let outside = german(oz_e2e::Run::new("bash", ["-c", script]));
    assert!(
        outside.contains("Montag Januar") && outside.ends_with("3,50"),
        "{outside}"
    );
    assert_eq!(
        german(oz(["run", "--ephemeral", "--", "bash", "-c", script])),
        outside
    );
}

#[test]
fn single_categories_are_passed_on() {
    let _session = Session::begin();
    let ran = sandboxed_sh("locale; date -d 2026-01-05 +%A")
        .env("LANG", "C.UTF-8")
        .env("LC_TIME", "de_DE.UTF-8")
        .env("LANGUAGE", "de:en")
        .run()
        .ok();
    assert!(
        ran.text().contains("LC_TIME=de_DE.UTF-8") && ran.text().ends_with("Montag"),
        "{ran}"
    );
    assert!(ran.text().contains("LANGUAGE=de:en"), "{ran}");
}

#[test]
fn a_program_speaks_german_in_its_window() -> anyhow::Result<()> {
    let session = Session::begin();
    let _run = oz(["run", "mousepad"])
        .env("LANG", "de_DE.UTF-8")
        .env("LANGUAGE", "de")
        .start();
    let direct = session.start(
        std::process::Command::new("mousepad")
            .env("LANG", "de_DE.UTF-8")
            .env("LANGUAGE", "de"),
    );
    let _direct = direct?;
    let both = oz_e2e::wait::within(oz_e2e::wait::LONG, "two windows", || {
        session
            .windows()
            .ok()
            .filter(|all| all.len() == 2 && all.iter().all(|w| w.title.contains("Mousepad")))
    });
    assert_eq!(both[0].title, both[1].title);
    session.shoot("mousepad-german")?;
    session.close_all(|_| true)
}

#[test]
fn the_time_zone_is_the_hosts() {
    let _session = Session::begin();
    let script = "date -d @1767268800 '+%F %T %Z'";
    assert_eq!(
        sandboxed_sh(script).run().ok().text(),
        works_outside(script).text()
    );
}

#[test]
fn the_caller_s_own_time_zone_is_passed_on() {
    let _session = Session::begin();
    let tokyo = sandboxed_sh("date -d @1767268800 '+%F %H:%M %Z'")
        .env("TZ", "Asia/Tokyo")
        .run()
        .ok();
    assert_eq!(tokyo.text(), "2026-01-01 21:00 JST");
}

#[test]
fn a_time_zone_can_be_named_inside() {
    let _session = Session::begin();
    let script =
        "TZ=America/New_York date -d @1767268800 +%Z; TZ=Europe/Berlin date -d @1767268800 +%Z";
    assert_eq!(sandboxed_sh(script).run().ok().text(), "EST\nCET");
}
