//! What a person reads when a profile is wrong.

mod common;

use oz_core::profile::{Catalogue, Layer, MAX_TEXT, Text, parse};

use common::text;

fn user(content: &str) -> Text {
    text("app", Layer::User, false, content)
}

fn render(content: &str) -> String {
    parse(&user(content)).expect_err("is wrong").render()
}

#[test]
fn each_mistake_has_its_caret() {
    let cases = [
        (
            "unknown key",
            "{\n  // comment\n  \"files\": {\n    \"hoem\": \"private\"\n  }\n}\n",
        ),
        ("unknown section", r#"{ "netwrok": { "mode": "none" } }"#),
        ("no suggestion", r#"{ "files": { "zzzzzz": 1 } }"#),
        ("twice", "{\n  \"files\": {},\n  \"files\": {}\n}\n"),
        ("wrong type", r#"{ "display": { "enabled": "yes" } }"#),
        ("wrong list", r#"{ "match": { "executables": "firefox" } }"#),
        ("wrong object", r#"{ "files": ["private"] }"#),
        (
            "wrong element",
            r#"{ "match": { "executables": ["a", 5] } }"#,
        ),
        ("wrong word", r#"{ "files": { "home": "privat" } }"#),
        (
            "missing key",
            r#"{ "files": { "rules": { "~/Music": { "optional": true } } } }"#,
        ),
        ("system", r#"{ "files": { "system": ["/home/user"] } }"#),
        (
            "loader",
            r#"{ "environment": { "set": { "LD_PRELOAD": "x.so" } } }"#,
        ),
        (
            "token",
            r#"{ "environment": { "set": { "GITHUB_TOKEN": "x" } } }"#,
        ),
        (
            "agent",
            r#"{ "environment": { "pass": ["SSH_AUTH_SOCK"] } }"#,
        ),
        ("not passable", r#"{ "environment": { "pass": ["FOO"] } }"#),
        (
            "dangerous call",
            r#"{ "syscalls": { "also_allow": ["mount"] } }"#,
        ),
        (
            "allowed call",
            r#"{ "syscalls": { "also_allow": ["read"] } }"#,
        ),
        (
            "no such call",
            r#"{ "syscalls": { "also_allow": ["frobnicate"] } }"#,
        ),
        (
            "misspelt call",
            r#"{ "syscalls": { "only": ["getpid", "opennat"] } }"#,
        ),
        (
            "call of some arguments",
            r#"{ "syscalls": { "deny": ["sockett"] } }"#,
        ),
        ("call of nobody's", r#"{ "syscalls": { "only": ["bpf"] } }"#),
        (
            "call of everybody's",
            r#"{ "syscalls": { "deny": ["getpid", "execve"] } }"#,
        ),
        ("one call", r#"{ "syscalls": { "only": "getpid" } }"#),
        ("number", r#"{ "limits": { "processes": 1 } }"#),
        ("negative", r#"{ "limits": { "processes": -5 } }"#),
        ("size", r#"{ "limits": { "tmp_size": "lots" } }"#),
        ("memory", r#"{ "limits": { "total_memory": "101 %" } }"#),
        ("weight", r#"{ "limits": { "cpu_weight": 0 } }"#),
        ("hostname", r#"{ "identity": { "hostname": "-x" } }"#),
        ("lock", r#"{ "lock": ["files"] }"#),
        (
            "syntax",
            "{\n  \"files\": {\n    \"home\" \"private\"\n  }\n}\n",
        ),
        ("missing comma", r#"{ "files": {} "bus": {} }"#),
        ("open", "{ \"files\": {"),
        ("single quotes", "{ 'files': {} }"),
        ("two values", "{} {}"),
        ("empty", "// nothing\n# at all\n"),
        ("not an object", "[]"),
        ("control character", "{ \"description\": \"a\u{1b}[31mb\" }"),
        ("escaped NUL", r#"{ "description": "a\u0000b" }"#),
        ("right to left", "{ \"description\": \"a\u{202e}b\" }"),
        ("deep", "[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]"),
    ];
    let all: Vec<String> = cases
        .iter()
        .map(|(name, content)| format!("== {name}\n{}\n", render(content)))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn each_malformed_rule_has_its_caret() {
    let paths = [
        "",
        "~",
        "~/",
        "/",
        "~other/Music",
        "Music",
        "./Music/x",
        "$HOME/Music",
        "file:///home/user/Music",
        "~/Music/",
        "xdg:MUSIC/",
        "~/a//b",
        "~/a/../.ssh",
        "~/./a",
        "xdg:DOWNLOADS",
        "xdg:Documents/Work",
        "xdg:",
        "xdg:NONSENSE",
        "~/Projects/**/target",
        "~/*/*/*/*/*",
        "/*/x",
        "/?",
        "/usr",
        "/etc/passwd",
    ];
    let long = [
        format!("~/{}", "x".repeat(256)),
        format!("~/{}", "x/".repeat(2000)),
    ];
    let paths = paths.iter().map(|path| (*path).to_owned()).chain(long);
    let of_paths =
        paths.map(|path| format!(r#"{{ "files": {{ "rules": {{ {path:?}: "read" }} }} }}"#));
    let values = [
        r#""raed""#,
        r#""hidden""#,
        r#""none""#,
        r#"{ "acces": "read" }"#,
        r#"{ "access": "raed" }"#,
        r#"{ "access": "read", "optional": "yes" }"#,
        r#"{ "access": "hide", "make": true }"#,
        r#"{ "optional": true }"#,
        "true",
        "null",
        "7",
        r#"["read"]"#,
    ];
    let of_values =
        values.map(|value| format!(r#"{{ "files": {{ "rules": {{ "~/Music": {value} }} }} }}"#));
    let whole = [
        r#"{ "files": { "rules": [ { "path": "~/Music" } ] } }"#,
        r#"{ "files": { "rules": { "~/Music": "read", "~/Music": "write" } } }"#,
        r#"{ "files": { "rules": { "~/a\u0000b": "read" } } }"#,
        r#"{ "files": { "share": [] } }"#,
    ];
    let whole = whole.map(str::to_owned);
    let all = of_paths
        .chain(of_values)
        .chain(whole)
        .map(|text| render(&text));
    insta::assert_snapshot!(all.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn the_sentence_has_the_place() {
    let error = parse(&user("{\n  \"flies\": {}\n}")).expect_err("is wrong");
    assert_eq!(
        error.to_string(),
        "/home/user/.config/oz/profiles/app.json:2:3: there is no key \"flies\" here"
    );
}

#[test]
fn comments_and_trailing_commas_are_fine() {
    let text = "# one\n{ // two\n /* three { \" # */ \"description\": \"# // /* no comment\", # four \" {\n \"files\": { \"home\": \"private\", },\n}\n";
    let document = parse(&user(text)).expect("is right");
    assert_eq!(document.description, "# // /* no comment");
}

#[test]
fn a_text_that_is_too_long_is_refused_before_it_is_read() {
    let long = format!("{{ \"description\": \"{}\" }}", "x".repeat(MAX_TEXT));
    let message = parse(&user(&long)).expect_err("is too long").to_string();
    assert!(message.contains("longer than 256 KiB"), "{message}");
}

#[test]
fn templates_cannot_be_missing_or_circular() {
    let circle = [
        text("a", Layer::User, true, r#"{ "extends": "b" }"#),
        text("b", Layer::User, true, r#"{ "extends": "a" }"#),
        text("app", Layer::User, false, r#"{ "extends": "a" }"#),
        text("self", Layer::User, true, r#"{ "extends": "self" }"#),
        text("lost", Layer::User, false, r#"{ "extends": "viewr" }"#),
        text("under", Layer::User, false, r#"{ "extends": "broken" }"#),
        text("broken", Layer::User, true, r#"{ "match": {} }"#),
    ];
    let catalogue = common::catalogue(circle);
    let render = |name: &str| catalogue.resolve(name).expect_err("is wrong").render();
    let all = ["app", "self", "lost", "under", "fierfox", "nonsense"].map(render);
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn one_broken_profile_harms_no_other() {
    let catalogue = common::catalogue([user("{ nonsense")]);
    assert!(catalogue.names().contains(&"app"));
    assert_eq!(catalogue.find("app").as_deref(), Some("app"));
    assert!(catalogue.resolve("app").is_err());
    assert!(catalogue.resolve("firefox").is_ok());
    assert!(Catalogue::new(Vec::new()).names().is_empty());
}
