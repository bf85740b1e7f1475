//! Every message that a profile can produce has been read by somebody: it is in a snapshot. A kind of error that is
//! new, or a key, fails these tests until it has its messages here.

mod common;

use std::collections::BTreeSet;

use oz_core::plan::facts::{Matches, PathFact};
use oz_core::plan::{BuildError, Mode, build};
use oz_core::profile::files::Home;
use oz_core::profile::{Layer, MAX_TEXT, ProfileError, Text, parse};

use common::text;

/// Names the variants of an enum: all of them, or this does not compile.
macro_rules! variants {
    ($of:ty, $all:ident, $name:ident: $($pattern:pat => $word:literal),+ $(,)?) => {
        const $all: &[&str] = &[$($word),+];

        fn $name(error: &$of) -> &'static str {
            match error {
                $($pattern => $word),+
            }
        }
    };
}

variants!(ProfileError, PROFILE_ERRORS, profile_error:
    ProfileError::Unknown { .. } => "unknown",
    ProfileError::Bounds(_) => "bounds",
    ProfileError::Syntax(_) => "syntax",
    ProfileError::Key(_) => "key",
    ProfileError::Value(_) => "value",
    ProfileError::Extends(_) => "extends",
    ProfileError::Locked(_) => "locked",
);

variants!(BuildError, BUILD_ERRORS, build_error:
    BuildError::Missing { .. } => "missing",
    BuildError::Link { .. } => "link",
    BuildError::Kind { .. } => "kind",
    BuildError::CopyOfFile { .. } => "copy of a file",
    BuildError::Make { .. } => "make",
    BuildError::NoSuchDirectory { .. } => "no such directory",
    BuildError::Protected { .. } => "protected",
    BuildError::Locked { .. } => "locked",
    BuildError::NetworkLocked { .. } => "network locked",
    BuildError::HomeLocked { .. } => "home locked",
    BuildError::ForwardOnHost { .. } => "forward on host",
    BuildError::NotListed { .. } => "not listed",
    BuildError::Many { .. } => "many",
    BuildError::Name { .. } => "name",
    BuildError::Crowded { .. } => "crowded",
    BuildError::Violation(_) => "violation",
);

fn user(content: &str) -> Text {
    text("app", Layer::User, false, content)
}

fn administrator(content: &str) -> Text {
    text("app", Layer::Administrator, false, content)
}

#[test]
fn every_kind_of_refusal_of_a_profile_has_its_message() {
    let template = |name, content| text(name, Layer::User, true, content);
    let cases: Vec<(&str, Vec<Text>)> = vec![
        ("nothing of that name", vec![]),
        ("too long", vec![user(&" ".repeat(MAX_TEXT + 1))]),
        ("too deep", vec![user(&"[".repeat(20))]),
        (
            "hidden characters",
            vec![user("{ \"description\": \"a\u{202e}b\" }")],
        ),
        (
            "spelled characters",
            vec![user(r#"{ "description": "a\u001bb" }"#)],
        ),
        ("no JSON", vec![user("{ files }")]),
        ("empty", vec![user("# nothing\n")]),
        ("an unknown key", vec![user(r#"{ "flies": {} }"#)]),
        ("a key twice", vec![user(r#"{ "files": {}, "files": {} }"#)]),
        ("a lock of a user's", vec![user(r#"{ "lock": ["files"] }"#)]),
        (
            "apps of a template",
            vec![
                user(r#"{ "extends": "t" }"#),
                template("t", r#"{ "match": {} }"#),
            ],
        ),
        (
            "a wrong value",
            vec![user(r#"{ "files": { "home": "privat" } }"#)],
        ),
        (
            "a lock that names nothing",
            vec![administrator(r#"{ "lock": ["files.hoem"] }"#)],
        ),
        (
            "a lock of no rule",
            vec![administrator(r#"{ "lock": ["files.rules.Music"] }"#)],
        ),
        (
            "a lock of no variable",
            vec![administrator(r#"{ "lock": ["environment.set."] }"#)],
        ),
        (
            "an unknown template",
            vec![user(r#"{ "extends": "viewr" }"#)],
        ),
        (
            "no template like it",
            vec![user(r#"{ "extends": "nonsense" }"#)],
        ),
        (
            "a template that only the user has",
            vec![
                administrator(r#"{ "extends": "mine" }"#),
                template("mine", "{}"),
            ],
        ),
        (
            "a circle",
            vec![
                user(r#"{ "extends": "t" }"#),
                template("t", r#"{ "extends": "t" }"#),
            ],
        ),
        (
            "a locked key",
            vec![
                administrator(r#"{ "lock": ["files.home"] }"#),
                user("{\n  \"files\": { \"home\": \"private\" }\n}"),
            ],
        ),
        (
            "a locked section",
            vec![
                administrator(r#"{ "lock": ["network"] }"#),
                user(r#"{ "network": { "mode": "internet" } }"#),
            ],
        ),
        (
            "a locked rule",
            vec![
                administrator(
                    r#"{ "lock": ["files.rules.~/Music"], "files": { "rules": { "~/Music": "read" } } }"#,
                ),
                user(r#"{ "files": { "rules": { "~/Music": "write" } } }"#),
            ],
        ),
        (
            "a locked variable",
            vec![
                administrator(r#"{ "lock": ["environment.set.A"] }"#),
                user(r#"{ "environment": { "set": { "A": "b" } } }"#),
            ],
        ),
        (
            "a lock left by another template",
            vec![
                administrator(r#"{ "extends": "browser", "lock": ["files.home"] }"#),
                user(r#"{ "extends": "viewer" }"#),
            ],
        ),
    ];
    let mut seen = BTreeSet::new();
    let all = cases.into_iter().map(|(name, texts)| {
        let error = common::catalogue(texts).resolve("app").expect_err(name);
        seen.insert(profile_error(&error));
        format!("== {name}\n{}\n{error}\n", error.render())
    });
    insta::assert_snapshot!(all.collect::<Vec<_>>().join("\n"));
    let all: BTreeSet<_> = PROFILE_ERRORS.iter().copied().collect();
    assert_eq!(seen, all, "each kind has a message here");
}

/// A host on which every rule of the cases below fails, each for its own reason.
fn host() -> oz_core::plan::HostFacts {
    use std::os::unix::ffi::OsStrExt;
    let mut facts = common::facts();
    let odd = std::path::Path::new("/home/user/Music").join(std::ffi::OsStr::from_bytes(b"a\xff"));
    facts.paths.insert(odd.clone(), PathFact::File);
    let matches = |paths, complete| Matches { paths, complete };
    facts
        .matches
        .insert("~/Music/a*".into(), matches(vec![odd], true));
    facts
        .matches
        .insert("~/many/*".into(), matches(Vec::new(), false));
    let names: Vec<String> = (0..600).map(|number| format!("d{number}")).collect();
    for name in &names {
        facts.paths.insert(
            format!("/home/user/.config/{name}").into(),
            PathFact::Directory,
        );
    }
    facts.listings.insert("/home/user/.config".into(), names);
    facts.paths.insert(
        "/home/user/Documents/x".into(),
        PathFact::Symlink("/data/documents/x".into()),
    );
    facts
        .paths
        .insert("/data/documents/x".into(), PathFact::Directory);
    facts
}

#[test]
fn every_kind_of_refusal_of_a_launch_has_its_message() {
    let locked = administrator(
        r#"{ "lock": ["files.rules.~/Documents"], "files": { "rules": { "~/Documents": "read" } } }"#,
    );
    let cases: &[(&str, &[Text], &str)] = &[
        ("what is not there", &[], r#""~/Nowhere": "read""#),
        ("a link", &[], r#""~/Music/link": "read""#),
        (
            "a pattern that is to be made",
            &[],
            r#""~/Music/a*": { "access": "write", "make": true }"#,
        ),
        ("a FIFO", &[], r#""~/pipe": "write""#),
        ("a copy of a file", &[], r#""~/notes.txt": "copy-on-write""#),
        (
            "a copy of what is Oz's own",
            &[],
            r#""~/.config/oz": "copy-on-write""#,
        ),
        (
            "no such directory of the user",
            &[],
            r#""xdg:MUSIC": "read""#,
        ),
        (
            "a protected place",
            &[],
            r#""~/.ssh/x": { "access": "write", "optional": true }, "~/.config/oz": "write""#,
        ),
        (
            "below a locked rule",
            std::slice::from_ref(&locked),
            r#""~/Documents/x": "write""#,
        ),
        (
            "below a locked rule, by another path",
            std::slice::from_ref(&locked),
            r#""/data/documents/x": "write""#,
        ),
        (
            "a pattern that means too much",
            &[],
            r#""~/many/*": "read""#,
        ),
        (
            "a name that is no text",
            &[],
            r#""~/Music/a*": "hide", "~/Music": "read""#,
        ),
        (
            "too much beside protected places",
            &[],
            r#""~/.config": "write""#,
        ),
        ("the home", &[], r#""/home/user": "read""#),
    ];
    let mut seen = BTreeSet::new();
    let mut facts = host();
    facts
        .paths
        .insert("/home/user/.config/oz".into(), PathFact::Directory);
    facts.paths.insert("/home/user".into(), PathFact::Directory);
    let all = cases.iter().map(|(name, texts, rules)| {
        let of_user = user(&format!(r#"{{ "files": {{ "rules": {{ {rules} }} }} }}"#));
        let catalogue = common::catalogue(texts.iter().cloned().chain([of_user]));
        let profile = catalogue
            .resolve("app")
            .unwrap_or_else(|error| panic!("{}", error.render()));
        let error = build(&profile, &common::request("app"), &facts).expect_err(name);
        seen.insert(build_error(&error));
        format!("{name}: {error}")
    });
    let mut all: Vec<String> = all.collect();
    // What a launch asks for beside the profile.
    let asked = [
        (
            administrator(r#"{ "lock": ["network"] }"#),
            Some(Mode::Host),
            None,
        ),
        (
            administrator(r#"{ "lock": ["files.home"] }"#),
            None,
            Some(Home::Private),
        ),
        (
            user(r#"{ "network": { "forwards": ["in:tcp:80"] } }"#),
            Some(Mode::Host),
            None,
        ),
    ];
    let listed = r#"{ "syscalls": { "only": ["ptrace"] } }"#;
    let asked = asked.into_iter().chain([(user(listed), None, None)]);
    for (text, network, home) in asked {
        let profile = common::catalogue([text]).resolve("app").expect("resolves");
        let mut request = common::request("app");
        (request.network, request.home) = (network, home);
        let error = build(&profile, &request, &facts).expect_err("is refused");
        seen.insert(build_error(&error));
        all.push(error.to_string());
    }
    insta::assert_snapshot!(all.join("\n"));
    let all: BTreeSet<_> = BUILD_ERRORS.iter().copied().collect();
    assert_eq!(seen, all, "each kind has a message here");
}

/// What no key takes, or not every one.
const WRONG: &[&str] = &[
    "null",
    "true",
    "7",
    "-1",
    "1.5",
    "1e99",
    r#""""#,
    r#""nonsense""#,
    r#""/""#,
    r#""a b/..""#,
    "[]",
    "[7]",
    r#"["nonsense"]"#,
    r#"["-x/.."]"#,
    r#"[{}]"#,
    "{}",
    r#"{ "nonsense": 7 }"#,
    r#"{ "LD_X": "y" }"#,
];

/// All messages of a diagnostic in one line: the sentence, the words at the caret, what to do.
fn in_one_line(error: &ProfileError) -> String {
    let rendered = error.render();
    let lines = rendered.lines().map(str::trim);
    let said = lines.filter_map(|line| {
        let caret = || {
            line.strip_prefix("| ")
                .filter(|line| line.trim_start().starts_with('^'))
        };
        let words = |line: &str| line.trim_start_matches([' ', '^', '.']).to_owned();
        let sentence = line
            .strip_prefix("error: ")
            .or_else(|| line.strip_prefix("= help: "));
        sentence.map(str::to_owned).or_else(|| caret().map(words))
    });
    let said: Vec<String> = said.filter(|line| !line.is_empty()).collect();
    said.join(" | ")
}

#[test]
fn every_key_says_what_is_wrong_with_its_value() {
    let mut lines = Vec::new();
    for key in common::keys() {
        for value in WRONG {
            let Err(error) = parse(&user(&common::saying(&key, value))) else {
                continue;
            };
            lines.push(format!("{key} = {value}: {}", in_one_line(&error)));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
