//! The profiles that come with Oz: what each of them means, as a plan and as an explanation.

mod common;

use oz_core::plan::{build, check, probes};

/// A plan without what is the same in all of them, so that a change shows where it belongs.
#[test]
fn each_shipped_profile_has_its_plan() {
    let catalogue = common::catalogue([]);
    for name in catalogue.names() {
        let profile = catalogue
            .resolve(name)
            .unwrap_or_else(|e| panic!("{}", e.render()));
        let mut request = common::request(name);
        request.app_id = Some(name.to_owned());
        let mut plan = build(&profile, &request, &common::facts()).expect("builds");
        check::check(&plan).expect("is sound");
        if name != "foot" {
            // foot's stands for all.
            plan.syscalls.allow.clear();
            plan.syscalls.conditional.clear();
            plan.syscalls.refuse.clear();
            let seal = plan
                .root
                .iter()
                .position(|op| op.target() == std::path::Path::new("/"));
            plan.root.drain(..seal.expect("has a seal"));
            plan.root.retain(|op| !op.target().starts_with("/proc"));
        }
        insta::assert_json_snapshot!(format!("plan-{name}"), plan);
    }
}

#[test]
fn each_template_can_be_run_by_itself() {
    let catalogue = common::catalogue([]);
    for name in [
        "generic", "viewer", "editor", "terminal", "browser", "media",
    ] {
        let profile = catalogue
            .resolve(name)
            .unwrap_or_else(|e| panic!("{}", e.render()));
        assert!(
            !profile.description.is_empty(),
            "{name} says what it is for"
        );
        build(&profile, &common::request("app"), &common::facts()).expect("builds");
        assert!(!catalogue.names().contains(&name), "{name} is no app");
    }
}

#[test]
fn explanations_name_the_line_that_decides() {
    let catalogue = common::catalogue([]);
    let profile = catalogue.resolve("firefox").expect("resolves");
    let lines: Vec<String> = profile
        .explain()
        .into_iter()
        .map(|(key, value, origin)| format!("{key} = {value}  ({origin})"))
        .collect();
    insta::assert_snapshot!("explain-firefox", lines.join("\n"));
}

#[test]
fn the_schema_names_all_sections() {
    insta::assert_json_snapshot!("schema", oz_core::profile::schema());
}

#[test]
fn probes_are_what_plans_look_at() {
    let profile = common::profile(
        r#"{ "files": { "rules": { "~/Music": "read", "/srv/common": "write", "~/*": "hide" } } }"#,
    );
    let probes = probes(&profile, &common::user());
    for path in [
        "/usr",
        "/bin",
        "/etc/fonts",
        "/home/user/Music",
        "/srv/common",
        "/usr/bin/dbus-daemon",
    ] {
        assert!(probes.contains(&path.into()), "{path}");
    }
}

#[test]
fn apps_are_found_by_every_name_they_have() {
    let catalogue = common::catalogue([]);
    for (what, expected) in [
        ("firefox", Some("firefox")),
        ("firefox-esr", Some("firefox")),
        ("firefox-esr.desktop", Some("firefox")),
        ("/usr/bin/firefox-esr", Some("firefox")),
        ("/usr/lib/firefox-esr/firefox-esr", Some("firefox")),
        ("org.gnome.Evince.desktop", Some("evince")),
        // What calls itself Firefox elsewhere does not get Firefox's home.
        ("/tmp/firefox", None),
        ("/home/user/bin/firefox", None),
        ("/usr/bin/../../tmp/firefox", None),
        ("/usr2/bin/firefox", None),
        ("generic", None),
        ("", None),
        ("nonsense", None),
    ] {
        assert_eq!(catalogue.find(what).as_deref(), expected, "{what}");
    }
}
