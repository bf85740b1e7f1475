//! Whatever a profile says and whatever the host has: a plan that is built is sound, and nothing
//! panics.

mod common;

use std::path::PathBuf;

use oz_core::plan::facts::{Matches, PathFact};
use oz_core::plan::{HostFacts, User, build, check, probes, ways};
use oz_core::profile::{Catalogue, Layer, Profile};
use proptest::prelude::*;
use serde_json::{Value, json};

fn path() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "~",
        "home",
        "user",
        "user2",
        ".config",
        ".ssh",
        "Music",
        "Documents",
        "data",
        "tmp",
        "etc",
        "usr",
        "run",
        "1000",
        "oz",
        "var",
        "lib",
        "proc",
        "dev",
        "opt",
        "autostart",
        "x",
    ]);
    let joined = prop::collection::vec(names, 1..4).prop_map(|names| names.join("/"));
    (prop::sample::select(vec!["", "/", "~/", "xdg:"]), joined)
        .prop_map(|(start, path)| format!("{start}{path}"))
}

fn rule() -> impl Strategy<Value = (String, Value)> {
    let place = prop_oneof![
        path(),
        prop::sample::select(vec![
            "xdg:DOWNLOAD".to_owned(),
            "xdg:DOCUMENTS/x".to_owned(),
            "~/.config".to_owned(),
            "~/.local".to_owned(),
            "~/Music/*".to_owned(),
            "~/.*".to_owned(),
            "~/*/x".to_owned(),
        ]),
    ];
    let effect = prop::sample::select(vec!["read", "write", "hide"]);
    (place, effect, any::<bool>()).prop_map(|(path, access, optional)| {
        (path, json!({ "access": access, "optional": optional }))
    })
}

/// Some of each kind.
fn calls() -> impl Strategy<Value = Vec<&'static str>> {
    let names = vec![
        "getpid",
        "socket",
        "ioctl",
        "setrlimit",
        "prlimit64",
        "execve",
        "clone",
        "ptrace",
        "open",
    ];
    prop::sample::subsequence(names, 0..9)
}

/// Not all of them parse.
fn profile() -> impl Strategy<Value = Value> {
    (
        prop::sample::select(vec!["ephemeral", "private", "none"]),
        prop::collection::btree_map(
            rule().prop_map(|rule| rule.0),
            rule().prop_map(|rule| rule.1),
            0..6,
        ),
        prop::collection::vec(path(), 0..3),
        prop::collection::btree_map("[A-Z_]{1,8}", ".{0,8}", 0..3),
        any::<[bool; 3]>(),
        16u32..70_000,
        (
            prop::sample::subsequence(vec!["ptrace", "kcmp", "mbind", "mount"], 0..3),
            prop::option::of(calls()),
            calls(),
        ),
    )
        .prop_map(
            |(home, rules, system, set, [display, bus, multi], processes, (calls, only, deny))| {
                let system: Vec<_> = system
                    .into_iter()
                    .map(|path| format!("/etc{path}"))
                    .collect();
                json!({
                    "files": { "home": home, "rules": rules, "system": system },
                    "environment": { "set": set },
                    "display": { "enabled": display },
                    "bus": { "private": bus },
                    "life": { "multi": multi },
                    "limits": { "processes": processes },
                    "syscalls": { "also_allow": calls, "only": only, "deny": deny },
                })
            },
        )
}

fn fact() -> impl Strategy<Value = PathFact> {
    prop_oneof![
        4 => Just(PathFact::Directory),
        2 => Just(PathFact::File),
        1 => path().prop_map(|path| PathFact::Symlink(path.into())),
        1 => Just(PathFact::Other),
    ]
}

/// The host has what is probed, what matches and what lies on the way to protected places, or not, as whatever
/// it likes.
fn host(profile: &Profile, user: &User, present: &[Option<PathFact>]) -> HostFacts {
    let mut facts = common::facts();
    facts.user = user.clone();
    let mut present = present.iter().cycle();
    let mut set = |facts: &mut HostFacts, path: PathBuf| match present.next().cloned().flatten() {
        Some(fact) => facts.paths.insert(path, fact),
        None => facts.paths.remove(&path),
    };
    for path in probes(profile, user) {
        set(&mut facts, path);
    }
    for path in profile.files.rules.keys().filter(|path| path.is_pattern()) {
        let names = ["Music", "Music/x", ".ssh", ".config", "Documents/x"];
        let found = names.map(|name| user.home.join(name));
        for path in &found {
            set(&mut facts, path.clone());
        }
        let found = Matches {
            paths: found.into(),
            complete: true,
        };
        facts.matches.insert(path.to_string(), found);
    }
    for way in ways(profile, &facts) {
        let names = ["share", "applications", "autostart", "x", "oz"].map(str::to_owned);
        for name in &names {
            set(&mut facts, way.join(name));
        }
        facts.listings.insert(way, names.into());
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_plan_that_is_built_is_sound(
        said in profile(),
        present in prop::collection::vec(prop::option::weighted(0.8, fact()), 1..12),
        home in prop::sample::select(vec!["/home/user", "/root", "/var/home/user", "/tmp/t/home", "/usr", "/", "/home"]),
        ephemeral in any::<bool>(),
    ) {
        let text = common::text("app", Layer::User, false, &said.to_string());
        let catalogue = Catalogue::new(vec![text]);
        let Ok(profile) = catalogue.resolve("app") else { return Ok(()) };
        let mut user = common::user();
        user.home = home.into();
        let facts = host(&profile, &user, &present);
        let mut request = common::request("app");
        request.ephemeral = ephemeral;
        if let Ok(plan) = build(&profile, &request, &facts) {
            prop_assert_eq!(check::check(&plan), Ok(()));
            // What is sent to init is what was checked, and fits into a message.
            let sent = postcard::to_stdvec(&plan).expect("encodes");
            prop_assert!(sent.len() < oz_core::wire::frame::MAX_PLAN);
            prop_assert_eq!(postcard::from_bytes::<oz_core::plan::Plan>(&sent).expect("decodes"), plan);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let catalogue = common::catalogue([common::text("app", Layer::User, false, &text)]);
        if let Err(error) = catalogue.resolve("app") {
            prop_assert!(!error.render().is_empty());
        }
    }

    #[test]
    fn no_shuffled_profile_panics(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"files\"", "\"home\"", "\"private\"", "#x\n", "//", "/*", "*/", "\\", "\"", "1e9", "-", "null", "\n", "é", "\u{202e}"]),
            0..40,
        ),
    ) {
        let text = common::text("app", Layer::User, false, &pieces.concat());
        if let Err(error) = oz_core::profile::parse(&text) {
            prop_assert!(!error.render().is_empty());
        }
    }
}
