//! Every key can be locked, and its lock holds against what the user says, in whatever way.

mod common;

use std::collections::BTreeSet;

use oz_core::profile::{Layer, ProfileError, Text};

use common::{saying, text};

/// For each key two values that differ, as the administrator and the user would say them. An entry of a table stands
/// for all of them.
const VALUES: &[(&str, &str, &str)] = &[
    ("description", r#""a""#, r#""b""#),
    ("match.desktop", r#"["a"]"#, r#"["b"]"#),
    ("match.executables", r#"["a"]"#, r#"["b"]"#),
    ("files.home", r#""none""#, r#""private""#),
    ("files.rules", "{}", r#"{ "~/Music": "read" }"#),
    ("files.rules.~/.config/app.d", r#""read""#, r#""write""#),
    ("files.arguments", r#""read""#, r#""write""#),
    ("files.drops", r#""off""#, r#""write""#),
    ("files.siblings", "false", "true"),
    ("files.data", r#"["~/.a"]"#, r#"["~/.b"]"#),
    ("files.system", "[]", r#"["/etc/a"]"#),
    ("environment.set", "{}", r#"{ "A": "b" }"#),
    ("environment.set.A", r#""a""#, r#""b""#),
    ("environment.pass", "[]", r#"["EDITOR"]"#),
    ("display.enabled", "false", "true"),
    ("display.clipboard", r#""off""#, r#""both""#),
    ("display.clipboard_types_in", r#"["text"]"#, r#"["images"]"#),
    (
        "display.clipboard_types_out",
        r#"["text"]"#,
        r#"["images"]"#,
    ),
    ("display.clipboard_size_in", r#""1 MiB""#, r#""2 MiB""#),
    ("display.clipboard_size_out", r#""1 MiB""#, r#""2 MiB""#),
    ("display.buffers", r#""copied""#, r#""shared""#),
    ("display.shortcuts", "false", "true"),
    ("display.gpu", "false", "true"),
    ("display.mark", r#""border""#, r#""none""#),
    ("display.x11", "false", "true"),
    ("audio.speaker", r#""off""#, r#""on""#),
    ("audio.microphone", r#""off""#, r#""on""#),
    ("audio.speaker_volume", "1", "2"),
    ("audio.microphone_volume", "1", "2"),
    ("network.mode", r#""none""#, r#""internet""#),
    ("network.forwards", "[]", r#"["in:tcp:9050"]"#),
    ("bus.private", "false", "true"),
    ("bus.portals", "false", "true"),
    ("syscalls.list", r#""default""#, r#""browser""#),
    ("syscalls.also_allow", "[]", r#"["kcmp"]"#),
    ("syscalls.only", r#"["read", "write"]"#, r#"["read"]"#),
    ("syscalls.deny", "[]", r#"["socket"]"#),
    ("limits.processes", "100", "200"),
    ("limits.open_files", "100", "200"),
    ("limits.tmp_size", r#""1 MiB""#, r#""2 MiB""#),
    ("limits.memory", r#""1 GiB""#, r#""2 GiB""#),
    ("limits.total_memory", r#""10 %""#, r#""20 %""#),
    ("limits.cpu_weight", "10", "20"),
    ("identity.hostname", r#""a""#, r#""b""#),
    ("life.keep", "false", "true"),
    ("life.watchdog", "[]", r#"["a"]"#),
    ("life.multi", "false", "true"),
    ("life.grace_ms", "1", "2"),
    ("walls.require", "[]", r#"["landlock"]"#),
];

/// A text that says one key, and locks another.
fn locking(lock: &str, key: &str, value: &str) -> String {
    let said = saying(key, value);
    said.replacen('{', &format!("{{ \"lock\": [{lock:?}], "), 1)
}

fn resolve(texts: Vec<Text>) -> Result<oz_core::profile::Profile, ProfileError> {
    oz_core::profile::Catalogue::new(texts).resolve("app")
}

fn of(layer: Layer, content: &str) -> Text {
    text("app", layer, false, content)
}

#[test]
fn every_key_of_a_profile_is_tried() {
    let tried: BTreeSet<String> = VALUES.iter().map(|(key, ..)| (*key).to_owned()).collect();
    let mut all: BTreeSet<String> = common::keys().into_iter().collect();
    // Of tables an entry is tried as well.
    all.extend(["files.rules.~/.config/app.d", "environment.set.A"].map(str::to_owned));
    assert_eq!(tried, all, "each key has two values here");
}

#[test]
fn a_lock_of_a_key_or_of_what_holds_it_refuses_what_the_user_says() {
    for (key, one, other) in VALUES {
        let free = resolve(vec![
            of(Layer::Administrator, &saying(key, one)),
            of(Layer::User, &saying(key, other)),
        ]);
        let free = free.unwrap_or_else(|error| panic!("{key}: {}", error.render()));
        let alone = resolve(vec![of(Layer::User, &saying(key, other))]).expect(key);
        assert_eq!(
            common::value(&free, key),
            common::value(&alone, key),
            "{key} is free"
        );

        let mut above: Vec<&str> = vec![key];
        above.extend(key.split_once('.').map(|(section, _)| section));
        above.extend(
            ["files.rules", "environment.set"]
                .into_iter()
                .filter(|map| key.starts_with(map)),
        );
        for lock in above {
            let administrator = of(Layer::Administrator, &locking(lock, key, one));
            for said in [one, other] {
                // Not even the same may be said: what the administrator says may change.
                let user = of(Layer::User, &saying(key, said));
                let empty = saying(key, said).contains("{}");
                match resolve(vec![administrator.clone(), user]) {
                    Err(ProfileError::Locked(_)) => {}
                    Err(error) => panic!("{key} locked by {lock}: {}", error.render()),
                    Ok(_) => assert!(empty, "{key} locked by {lock} is changed to {said}"),
                }
            }
            let profile = resolve(vec![administrator]).expect(key);
            let said = resolve(vec![of(Layer::Administrator, &saying(key, one))]).expect(key);
            assert_eq!(
                common::value(&profile, key),
                common::value(&said, key),
                "{key}"
            );
        }
    }
}

#[test]
fn a_lock_of_another_key_refuses_nothing() {
    for (key, _, other) in VALUES {
        for (lock, one, _) in VALUES {
            let related = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}."));
            if related(key, lock) || related(lock, key) {
                continue;
            }
            let texts = vec![
                of(Layer::Administrator, &locking(lock, lock, one)),
                of(Layer::User, &saying(key, other)),
            ];
            let profile =
                resolve(texts).unwrap_or_else(|error| panic!("{key}, {lock}: {}", error.render()));
            let alone = resolve(vec![of(Layer::User, &saying(key, other))]).expect(key);
            assert_eq!(
                common::value(&profile, key),
                common::value(&alone, key),
                "{key}, {lock}"
            );
        }
    }
}

#[test]
fn a_lock_holds_against_another_template_and_against_a_template_of_the_users() {
    for (key, one, other) in VALUES
        .iter()
        .filter(|(key, ..)| *key != "description" && !key.starts_with("match"))
    {
        let template = |name, layer, content: &str| text(name, layer, true, content);
        let administrator = of(
            Layer::Administrator,
            &locking(key, key, one).replacen('{', "{ \"extends\": \"given\", ", 1),
        );
        let texts = |of_user: Text| {
            vec![
                administrator.clone(),
                template("given", Layer::Shipped, "{}"),
                template("mine", Layer::User, &saying(key, other)),
                of_user,
            ]
        };
        let mut chosen = texts(of(Layer::User, r#"{ "extends": "mine" }"#));
        let refused = resolve(chosen.clone()).expect_err(key);
        assert!(
            matches!(refused, ProfileError::Locked(_)),
            "{key}: {}",
            refused.render()
        );
        // Likewise in the user's own layer of the template that the administrator has chosen.
        chosen.pop();
        chosen.push(template("given", Layer::User, &saying(key, other)));
        let refused = resolve(chosen).expect_err(key);
        assert!(
            matches!(refused, ProfileError::Locked(_)),
            "{key}: {}",
            refused.render()
        );
    }
}

#[test]
fn a_rule_whose_name_only_begins_like_that_of_a_locked_one_is_free() {
    let administrator = of(
        Layer::Administrator,
        r#"{ "lock": ["files.rules.~/app"], "files": { "rules": { "~/app": "hide" } } }"#,
    );
    let user = of(
        Layer::User,
        r#"{ "files": { "rules": { "~/app.d": "read", "~/apps": "read" } } }"#,
    );
    assert_eq!(
        resolve(vec![administrator, user])
            .expect("is free")
            .files
            .rules
            .len(),
        3
    );
}
