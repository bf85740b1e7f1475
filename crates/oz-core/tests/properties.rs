//! Whatever a profile says and whatever the host has: a plan that is built is sound, and nothing
//! panics.

mod common;

use oz_core::plan::facts::PathFact;
use oz_core::plan::{HostFacts, build, check, probes};
use oz_core::profile::{Catalogue, Layer};
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

fn share() -> impl Strategy<Value = Value> {
    let place = prop_oneof![
        path(),
        prop::sample::select(vec![
            "xdg:DOWNLOAD".to_owned(),
            "xdg:DOCUMENTS".to_owned(),
            "~/.config".to_owned()
        ]),
    ];
    (place, prop::sample::select(vec!["read", "write"]), any::<bool>())
        .prop_map(|(path, access, optional)| json!({ "path": path, "access": access, "optional": optional }))
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
        prop::collection::vec(share(), 0..4),
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
            |(home, share, system, set, [display, bus, multi], processes, (calls, only, deny))| {
                let system: Vec<_> = system
                    .into_iter()
                    .map(|path| format!("/etc{path}"))
                    .collect();
                json!({
                    "files": { "home": home, "share": share, "system": system },
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

/// The host has what is probed, or not, as whatever it likes.
fn host(probed: &[std::path::PathBuf], present: &[Option<PathFact>], home: &str) -> HostFacts {
    let mut facts = common::facts();
    facts.user.home = home.into();
    let known = probed.iter().zip(present.iter().cycle());
    for (path, fact) in known {
        match fact {
            Some(fact) => drop(facts.paths.insert(path.clone(), fact.clone())),
            None => drop(facts.paths.remove(path)),
        }
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
        let facts = host(&probes(&profile, &user), &present, home);
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
