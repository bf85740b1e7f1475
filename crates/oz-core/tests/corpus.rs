//! The corpus of the fuzz targets, replayed: what was once found stays found.

#[path = "../../../fuzz/entry.rs"]
mod entry;

mod common;

use std::path::{Path, PathBuf};

use oz_core::plan::{Access, build};
use oz_core::report::{Held, State, Wall};
use oz_core::wire::{encode, init, mount};
use proptest::prelude::*;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

#[test]
fn nothing_in_the_corpus_harms() {
    for (name, target) in entry::TARGETS {
        let directory = corpus().join(name);
        let mut seen = 0;
        for entry in std::fs::read_dir(&directory).expect("each target has a corpus") {
            let path = entry.expect("can be listed").path();
            target(&std::fs::read(&path).expect("can be read"));
            seen += 1;
        }
        assert!(seen > 0, "{} is empty", directory.display());
    }
}

/// Every prefix of a message, and every message with one byte changed.
#[test]
fn damaged_messages_harm_nobody() {
    for (name, target) in entry::TARGETS {
        for (seed, bytes) in seeds().into_iter().filter(|(seed, _)| seed == name) {
            assert!(bytes.len() > 1, "{seed}");
            for at in 0..bytes.len().min(200) {
                target(&bytes[..at]);
                let mut damaged = bytes.clone();
                for value in [0, 0x7f, 0xff] {
                    damaged[at] = value;
                    target(&damaged);
                }
            }
        }
    }
}

/// A message of each kind, from which fuzzing starts. `OZ_WRITE_CORPUS=1` writes them.
#[test]
fn seeds_are_in_the_corpus() {
    for (number, (target, bytes)) in seeds().into_iter().enumerate() {
        let path = corpus().join(target).join(format!("seed-{number}"));
        if std::env::var_os("OZ_WRITE_CORPUS").is_some() {
            std::fs::write(&path, &bytes).expect("can be written");
        }
        entry::TARGETS
            .iter()
            .find(|(name, _)| *name == target)
            .expect("is a target")
            .1(&bytes);
        assert!(
            path.exists(),
            "{} is missing: run with OZ_WRITE_CORPUS=1",
            path.display()
        );
    }
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let body = |bytes: Vec<u8>| bytes[oz_core::wire::frame::HEADER..].to_vec();
    let identity = mount::Identity {
        device: 1,
        inode: 2,
        directory: true,
    };
    let grant = mount::Grant {
        path: "/home/user/x".into(),
        identity,
        access: Access::Write,
        hide: vec!["/home/user/x/.ssh".into()],
    };
    let granted = mount::Granted {
        path: "/home/user/x".into(),
        mount: 7,
        made: vec!["/home/user".into()],
    };
    let profile = common::catalogue([]).resolve("viewer").expect("resolves");
    let plan = build(&profile, &common::request("app"), &common::facts()).expect("builds");
    let program = init::Program {
        argv: vec!["true".into()],
        environment: vec![("A".into(), "b".into())],
        directory: Some("/".into()),
    };
    let to_init = [
        init::ToInit::Begin {
            user: plan.user.clone(),
            network: true,
            root: plan.root[..9].to_vec(),
            likely: oz_core::plan::likely(&plan.user),
        },
        init::ToInit::Start {
            plan: Box::new(plan),
            filter: vec![6, 0x7fff_0000],
            own_filter: vec![6, 0x7fff_0000],
            x_server_filter: vec![6, 0x7fff_0000],
            nonce: [7; 32],
        },
        init::ToInit::Resume { nonce: [1; 32] },
        init::ToInit::Run {
            process: 1,
            program,
            stdio: init::Stdio::Terminal {
                rows: 24,
                columns: 80,
            },
            executable: false,
            explained: false,
            watched: Vec::new(),
        },
        init::ToInit::Signal {
            process: 1,
            signal: 15,
        },
        init::ToInit::Stop { grace_ms: 5000 },
    ];
    let from_init = [
        init::FromInit::Born,
        init::FromInit::Ready {
            listeners: vec![oz_core::plan::Service::Wayland],
            held: vec![Held::new(Wall::ProcessLimit, State::Partly, "why")],
        },
        init::FromInit::Failed {
            process: Some(1),
            stage: init::Stage::Root,
            subject: "/x".into(),
            errno: 2,
        },
        init::FromInit::Exited {
            process: 1,
            status: init::ExitStatus::Signal(9),
        },
    ];
    let mut seeds = Vec::new();
    for message in &to_init {
        seeds.push(("to_init", body(encode(message, 0).expect("encodes"))));
    }
    for message in &from_init {
        let bytes = encode(message, 1).expect("encodes");
        seeds.push(("frame", [vec![3], bytes.clone(), bytes.clone()].concat()));
        if body(bytes.clone()).len() > 1 {
            seeds.push(("from_init", body(bytes)));
        }
    }
    for message in [
        mount::Request::Add(vec![grant]),
        mount::Request::Remove(vec![granted.clone()]),
    ] {
        seeds.push(("mount_request", body(encode(&message, 2).expect("encodes"))));
    }
    let answer = mount::Answer {
        results: vec![
            Ok(granted),
            Err(mount::Refusal::Os {
                call: "openat2".to_owned(),
                errno: 40,
            }),
        ],
    };
    seeds.push(("mount_answer", body(encode(&answer, 0).expect("encodes"))));
    for text in [
        "{ \"files\": { \"share\": [ { \"path\": \"xdg:DOWNLOAD\" } ] } }",
        "# a\n// b\n/* c */ { \"lock\": [\"files.home\"], \"environment\": { \"set\": { \"A\": \"\\u0041\" } }, }",
        "{ \"limits\": { \"tmp_size\": \"1 GiB\", \"processes\": 1e9 } }",
    ] {
        seeds.push(("profile", text.as_bytes().to_vec()));
    }
    for name in ["firefox", "foot", "evince"] {
        let profile = common::catalogue([]).resolve(name).expect("resolves");
        let plan = build(&profile, &common::request("app"), &common::facts()).expect("builds");
        seeds.push(("plan", body(encode(&plan, 0).expect("encodes"))));
    }
    seeds.push((
        "protected",
        b"/home/user\n/home/user/.ssh/x\n/home/user\n/home\n/home/user2/.ssh\n/home/user/.config"
            .to_vec(),
    ));
    for text in [
        "{\"event\":\"ready\"}\n{\"event\":\"microphone-in-use\",\"on\":true}",
        "{\"microphone\":\"ask\",\"speaker\":\"on\",\"speaker_volume\":7}",
    ] {
        seeds.push(("audio_lines", text.as_bytes().to_vec()));
    }
    seeds
}

/// Lines as the target for rules takes them, of few names, so that they meet.
fn rules_and_host() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "a",
        "b",
        "*",
        "?",
        ".config",
        ".local",
        "share",
        "applications",
        "autostart",
        ".ssh",
        "chromium",
        "oz",
        ".*",
    ]);
    let path = prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"));
    let start = prop::sample::select(vec![
        "read ~/",
        "write ~/",
        "hide ~/",
        "write /home/u/",
        "read xdg:MUSIC/",
    ]);
    let rule = (start, path.clone()).prop_map(|(start, path)| format!("{start}{path}"));
    let kind = prop::sample::select(vec!["dir", "dir", "dir", "file", "link", "other"]);
    let thing = (kind, path).prop_map(|(kind, path)| format!("{kind} {path}"));
    let lines = (
        prop::collection::vec(rule, 1..5),
        prop::collection::vec(thing, 1..10),
    );
    lines.prop_map(|(rules, things)| [rules, things].concat().join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_shown_is_what_the_deepest_rule_says(lines in rules_and_host()) {
        entry::rules(lines.as_bytes());
    }
}
