//! `oz profile apparmor`.

use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, oz};

#[test]
fn what_is_printed_for_apparmor_is_a_profile_of_apparmors_for_each_app() {
    let session = Session::begin();
    let dir = session.fresh_dir("apparmor");
    let parse = |name: &str, text: &[u8]| {
        let file = write(&dir.join(name), text);
        Run::new("/usr/sbin/apparmor_parser", ["-Q", "-K"])
            .arg(file)
            .run()
    };
    parse("broken", b"profile x /usr/bin/x { /a r }").fails();
    for (app, program) in [
        ("gedit", "/usr/bin/gedit"),
        ("evince", "/usr/bin/evince"),
        ("mpv", "/usr/bin/mpv"),
        ("foot", "/usr/bin/foot"),
        ("firefox", "/usr/lib/firefox-esr/firefox-esr"),
    ] {
        let ran = oz(["profile", "apparmor", app]).run().ok();
        parse(app, &ran.out).ok();
        let text = ran.text();
        assert!(
            text.contains(&format!("profile oz-{app} ")) && text.contains(program),
            "{text}"
        );
        let has_network = text.contains("network inet stream,");
        assert_eq!(has_network, app == "firefox", "{text}");
        assert!(!text.contains("capability"), "{text}");
    }
}

#[test]
fn what_a_rule_shows_is_in_it_and_a_name_that_would_be_a_rule_is_not() {
    let session = Session::begin();
    let dir = session.fresh_dir("shown");
    let (good, odd) = (dir.join("a b"), dir.join("x\" rw,\n  \"/home"));
    for directory in [&good, &odd] {
        std::fs::create_dir_all(directory).expect("made");
    }
    let rules = serde_json::json!({
        "extends": "generic",
        "match": { "executables": ["cat"] },
        "files": { "rules": { good.display().to_string(): "write", dir.join("x*").display().to_string(): "write" } },
    });
    let _profile = session.profile("shown", &rules.to_string());
    let ran = oz(["profile", "apparmor", "shown"]).run().ok();
    let line = format!("owner \"{}/**\" rwkl,", good.display());
    let plan = oz(["plan", "shown"]).run().ok();
    assert!(ran.text().contains(&line), "{plan}\n{ran}");
    assert!(!ran.text().contains("/shown/x"), "{ran}");
}
