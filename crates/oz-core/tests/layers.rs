//! Which text wins.

mod common;

use oz_core::plan::{Access, Clipboard};
use oz_core::profile::{Layer, files};

use common::text;

#[test]
fn later_layers_win_key_by_key() {
    let catalogue = common::catalogue([
        text(
            "firefox",
            Layer::User,
            false,
            r#"{ "display": { "clipboard": "off" } }"#,
        ),
        text(
            "firefox",
            Layer::Administrator,
            false,
            r#"{ "display": { "clipboard": "in" }, "limits": { "processes": 100 } }"#,
        ),
        text(
            "browser",
            Layer::User,
            true,
            r#"{ "limits": { "processes": 200, "open_files": 300 } }"#,
        ),
    ]);
    let profile = catalogue.resolve("firefox").expect("resolves");
    assert_eq!(profile.display.clipboard, Clipboard::Off);
    // What is said of the app wins over what is said of its template, whoever says it.
    assert_eq!(profile.limits.processes.get(), 100);
    assert_eq!(profile.limits.open_files.get(), 300);
    // And what nobody changed stays.
    assert_eq!(profile.files.home, files::Home::Private);
    let origin = |key: &str| profile.origins[key].to_string();
    assert_eq!(
        origin("display.clipboard"),
        "user: /home/user/.config/oz/profiles/firefox.json:1"
    );
    assert_eq!(
        origin("limits.open_files"),
        "user: /home/user/.config/oz/profiles/templates/browser.json:1"
    );
}

#[test]
fn variables_are_merged_by_name_and_lists_as_a_whole() {
    let catalogue = common::catalogue([
        text(
            "t",
            Layer::User,
            true,
            r#"{ "environment": { "set": { "A": "1", "B": "1" }, "pass": ["EDITOR"] } }"#,
        ),
        text(
            "app",
            Layer::User,
            false,
            r#"{ "extends": "t", "environment": { "set": { "B": "2" }, "pass": ["PAGER"] } }"#,
        ),
    ]);
    let profile = catalogue.resolve("app").expect("resolves");
    let set: Vec<_> = profile
        .environment
        .set
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(set, [("A", "1"), ("B", "2")]);
    assert_eq!(profile.environment.pass.len(), 1);
    assert_eq!(profile.environment.pass[0].as_str(), "PAGER");
}

#[test]
fn a_description_is_not_inherited() {
    let catalogue = common::catalogue([text(
        "app",
        Layer::User,
        false,
        r#"{ "extends": "viewer" }"#,
    )]);
    assert_eq!(catalogue.resolve("app").expect("resolves").description, "");
}

#[test]
fn locked_keys_are_the_administrators() {
    let catalogue = common::catalogue([
        text(
            "browser",
            Layer::Administrator,
            true,
            r#"{ "lock": ["files.rules", "display"], "files": { "rules": {} } }"#,
        ),
        text(
            "firefox",
            Layer::User,
            false,
            "{\n  \"display\": { \"clipboard\": \"off\" }\n}",
        ),
        text(
            "other",
            Layer::User,
            false,
            "{\n  \"extends\": \"browser\",\n  \"files\": { \"rules\": { \"~/Music\": \"read\" } }\n}",
        ),
        text(
            "free",
            Layer::User,
            false,
            r#"{ "files": { "rules": { "~/Music": "read" } } }"#,
        ),
    ]);
    let render = |name: &str| catalogue.resolve(name).expect_err("is locked").render();
    insta::assert_snapshot!([render("firefox"), render("other")].join("\n\n"));
    assert_eq!(
        catalogue
            .resolve("free")
            .expect("resolves")
            .files
            .rules
            .len(),
        1
    );
}

#[test]
fn a_shipped_profile_does_not_open_what_the_administrator_locked_in_its_template() {
    let catalogue = common::catalogue([text(
        "generic",
        Layer::Administrator,
        true,
        r#"{ "lock": ["files.rules"], "files": { "rules": {} } }"#,
    )]);
    // The shipped template browser shares Downloads.
    assert!(
        catalogue
            .resolve("firefox")
            .expect("resolves")
            .files
            .rules
            .is_empty()
    );
}

#[test]
fn locks_cannot_be_left_by_extending_something_else() {
    let catalogue = common::catalogue([
        text(
            "browser",
            Layer::Administrator,
            true,
            r#"{ "lock": ["files"], "files": { "arguments": "read" } }"#,
        ),
        text(
            "firefox",
            Layer::User,
            false,
            "{\n  \"extends\": \"editor\"\n}",
        ),
    ]);
    insta::assert_snapshot!(
        catalogue
            .resolve("firefox")
            .expect_err("is locked")
            .render()
    );
}

#[test]
fn a_lock_that_names_nothing_is_an_error() {
    let catalogue = common::catalogue([text(
        "firefox",
        Layer::Administrator,
        false,
        r#"{ "lock": ["files.hoem"] }"#,
    )]);
    insta::assert_snapshot!(catalogue.resolve("firefox").expect_err("is wrong").render());
}

#[test]
fn arguments_are_read_only_unless_a_profile_says_otherwise() {
    assert_eq!(common::profile("{}").files.arguments, Access::Read);
}

#[test]
fn a_list_of_system_calls_is_merged_and_locked_like_any_key() {
    let layers = |lock: &str| {
        let administrators = format!(
            r#"{{ {lock} "syscalls": {{ "deny": ["memfd_create"], "only": ["getpid", "kill"] }} }}"#
        );
        common::catalogue([
            text("firefox", Layer::Administrator, false, &administrators),
            text(
                "firefox",
                Layer::User,
                false,
                r#"{ "syscalls": { "only": ["getpid"] } }"#,
            ),
        ])
        .resolve("firefox")
    };
    let profile = layers("").expect("resolves");
    let only = profile.syscalls.only.as_deref().unwrap_or_default();
    assert_eq!((only.len(), profile.syscalls.deny.len()), (1, 1));
    let error = layers(r#""lock": ["syscalls"],"#).expect_err("is locked");
    assert!(error.to_string().contains("syscalls.only"), "{error}");
}
