//! What a plan is made of.

mod common;

use std::path::{Path, PathBuf};

use oz_core::plan::facts::PathFact;
use oz_core::plan::{
    Access, Bind, BuildError, Home, Mode, Op, Plan, Request, Service, Source, build,
};
use oz_core::profile::Layer;
use oz_core::wire::audio::{Microphone, Speaker};

fn plan(profile: &str) -> Result<Plan, BuildError> {
    build(
        &common::profile(profile),
        &common::request("app"),
        &common::facts(),
    )
}

fn rule(path: &str, access: &str) -> String {
    format!(r#"{{ "files": {{ "rules": {{ "{path}": "{access}" }} }} }}"#)
}

fn bind_at<'a>(plan: &'a Plan, path: &str) -> Option<&'a Bind> {
    plan.root.iter().find_map(|op| match op {
        Op::Bind(bind) if bind.path == Path::new(path) => Some(bind),
        _ => None,
    })
}

#[test]
fn nothing_of_the_users_is_inside_unless_a_profile_says_so() {
    let plan = plan("{}").expect("builds");
    let users: Vec<_> = plan
        .root
        .iter()
        .filter_map(|op| match op {
            Op::Bind(bind) if matches!(bind.source, Source::User(_)) => {
                Some((bind.path.clone(), bind.access))
            }
            _ => None,
        })
        .collect();
    let read = |path: &str| (PathBuf::from(path), Access::Read);
    assert_eq!(
        users,
        [
            read("/run/oz/live"),
            read("/home/user/.local/share/fonts"),
            read("/home/user/.config/user-dirs.dirs"),
        ]
    );
    assert_eq!(plan.home, Home::Ephemeral);
    assert!(plan.display.is_none());
    let services: Vec<_> = plan.listeners.iter().map(|l| l.service).collect();
    assert_eq!(services, [Service::Pulse, Service::Bus]);
    let gate = plan.audio.expect("there is one");
    assert_eq!(
        (gate.speaker, gate.microphone),
        (Speaker::Off, Microphone::Off)
    );
}

#[test]
fn a_profile_without_anything_has_no_variable_of_the_host_but_its_language() {
    let plan = plan("{}").expect("builds");
    assert_eq!(plan.environment["LANG"], "de_DE.UTF-8");
    for absent in ["XDG_ACTIVATION_TOKEN", "EDITOR", "WAYLAND_DISPLAY"] {
        assert!(!plan.environment.contains_key(absent), "{absent}");
    }
    assert!(plan.environment["PATH"].starts_with("/usr/local/bin:"));
    let passed = build(
        &common::profile(r#"{ "environment": { "pass": ["EDITOR"] } }"#),
        &common::request("app"),
        &common::facts(),
    );
    assert_eq!(passed.expect("builds").environment["EDITOR"], "vim");
}

#[test]
fn sound_goes_to_a_socket_of_ours_or_nowhere() {
    let mut facts = common::facts();
    for name in ["PULSE_SERVER", "PULSE_COOKIE", "PULSE_RUNTIME_PATH"] {
        facts.session.insert(name.to_owned(), "/host".to_owned());
    }
    let profile = common::profile(r#"{ "extends": "generic" }"#);
    let of_sound = |plan: &Plan| {
        let variables = plan.environment.keys().filter(|n| n.starts_with("PULSE"));
        let files = plan.root.iter().map(Op::target);
        let files = files.filter(|path| path.ends_with("pulse") || path.ends_with("asound.conf"));
        let sockets = plan.listeners.iter().map(|listener| listener.path.clone());
        let sockets = sockets.filter(|path| path.ends_with("native"));
        let mut all: Vec<String> = variables.cloned().collect();
        all.extend(files.map(|path| path.display().to_string()));
        all.extend(sockets.map(|path| path.display().to_string()));
        all
    };
    let mut request = common::request("app");
    let plan = build(&profile, &request, &facts).expect("builds");
    assert_eq!(
        of_sound(&plan),
        [
            "PULSE_SERVER",
            "/etc/asound.conf",
            "/run/user/1000/pulse",
            "/run/user/1000/pulse/native",
        ]
    );
    assert_eq!(
        plan.environment["PULSE_SERVER"],
        "unix:/run/user/1000/pulse/native"
    );
    request.sound = false;
    let plan = build(&profile, &request, &facts).expect("builds");
    assert_eq!(of_sound(&plan), [""; 0]);
    assert!(plan.audio.is_none());
}

#[test]
fn an_ephemeral_launch_leaves_nothing() {
    let mut request = common::request("app");
    request.ephemeral = true;
    let profile = common::profile(r#"{ "files": { "home": "private" } }"#);
    let plan = build(&profile, &request, &common::facts()).expect("builds");
    assert_eq!(plan.home, Home::Ephemeral);
}

#[test]
fn a_home_of_which_nothing_is_there_is_a_directory_of_the_sealed_root() {
    let none = r#"{ "files": { "home": "none", "rules": { "xdg:DOWNLOAD": "read" } } }"#;
    let plan = plan(none).expect("builds");
    assert_eq!(plan.home, Home::None);
    let home = |op: &&Op| op.target().starts_with("/home/user");
    insta::assert_debug_snapshot!(plan.root.iter().filter(home).collect::<Vec<_>>());
    let seal = plan
        .root
        .iter()
        .position(|op| op.target() == Path::new("/"));
    let made = plan.root.iter().position(|op| home(&op));
    assert!(made < seal);
}

#[test]
fn a_request_can_ask_for_another_home_and_nothing_lasts_of_an_ephemeral_launch() {
    use oz_core::profile::files::Home as Said;
    let home = |said: &str, asked, ephemeral| {
        let mut request = common::request("app");
        (request.home, request.ephemeral) = (asked, ephemeral);
        let profile = common::profile(&format!(r#"{{ "files": {{ "home": "{said}" }} }}"#));
        let plan = build(&profile, &request, &common::facts()).expect("builds");
        plan.home.word()
    };
    assert_eq!(home("private", None, false), "private");
    assert_eq!(home("private", Some(Said::None), false), "none");
    assert_eq!(home("none", Some(Said::Private), false), "private");
    assert_eq!(home("none", Some(Said::Private), true), "ephemeral");
    assert_eq!(home("none", None, true), "none");
    for home in [Said::None, Said::Ephemeral, Said::Private] {
        assert_eq!(home.word().parse(), Ok(home));
    }
}

#[test]
fn what_is_protected_is_not_shared_for_writing() {
    let mut refusals = Vec::new();
    for path in [
        "~/.ssh",
        "~/.bashrc",
        "~/.config/autostart",
        "~/.local/share/applications/x",
        "~/.config/oz",
        "~/.local/state/oz/homes/firefox",
        "/home/user",
        "/home",
        "/run/user/1000/oz",
    ] {
        let mut facts = common::facts();
        let host = path.replace('~', "/home/user");
        facts.paths.insert(host.into(), PathFact::Directory);
        let error = build(
            &common::profile(&rule(path, "write")),
            &common::request("app"),
            &facts,
        )
        .expect_err(path);
        refusals.push(format!("{path}: {error}"));
    }
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn a_readable_ancestor_has_its_protected_places_masked() {
    let plan = plan(&rule("~/.config", "read")).expect("builds");
    for masked in [
        "/home/user/.config/autostart",
        "/home/user/.config/oz",
        "/home/user/.config/google-chrome",
    ] {
        assert!(
            plan.root.contains(&Op::Mask {
                path: masked.into()
            }),
            "{masked}"
        );
    }
    // The home as a whole is never shared, even for reading.
    let mut facts = common::facts();
    facts.paths.insert("/home".into(), PathFact::Directory);
    let profile = common::profile(&rule("/home", "read"));
    assert!(build(&profile, &common::request("app"), &facts).is_err());
}

#[test]
fn names_that_begin_like_the_home_are_other_places() {
    let mut facts = common::facts();
    facts
        .paths
        .insert("/home/user2/.ssh2".into(), PathFact::Directory);
    let profile = common::profile(&rule("/home/user2/.ssh2", "write"));
    let plan = build(&profile, &common::request("app"), &facts).expect("is another user's affair");
    assert_eq!(
        bind_at(&plan, "/home/user2/.ssh2").map(|bind| bind.access),
        Some(Access::Write)
    );
}

#[test]
fn only_links_directly_in_the_home_are_followed() {
    let documents = plan(&rule("~/Documents", "write")).expect("builds");
    let bind = bind_at(&documents, "/home/user/Documents").expect("is there");
    assert_eq!(bind.source, Source::User("/data/documents".into()));

    let mut facts = common::facts();
    facts
        .paths
        .insert("/home/user/.ssh".into(), PathFact::Directory);
    let planted = common::profile(&rule("~/Music/link", "read"));
    let error = build(&planted, &common::request("app"), &facts).expect_err("is an app's link");
    assert!(matches!(error, BuildError::Link { .. }), "{error}");

    // A link in the home that leads to the keys is no way to write them.
    facts.paths.insert(
        "/home/user/keys".into(),
        PathFact::Symlink("/home/user/.ssh".into()),
    );
    let keys = common::profile(&rule("~/keys", "write"));
    let error = build(&keys, &common::request("app"), &facts).expect_err("is protected");
    assert!(matches!(error, BuildError::Protected { .. }), "{error}");
}

#[test]
fn shares_that_are_not_there_say_so() {
    let missing = plan(&rule("~/Nowhere", "read")).expect_err("is missing");
    let fifo = plan(&rule("~/pipe", "read")).expect_err("is a FIFO");
    let unset = plan(&rule("xdg:MUSIC", "read")).expect_err("is not set");
    insta::assert_snapshot!(format!("{missing}\n{fifo}\n{unset}"));
    let optional = r#"{ "files": { "rules": {
        "~/Nowhere": { "access": "read", "optional": true },
        "xdg:MUSIC": { "access": "write", "optional": true }
    } } }"#;
    assert!(plan(optional).is_ok());
}

#[test]
fn shares_outside_the_home_get_their_mount_points_before_the_seal() {
    let plan = plan(&rule("/srv/common", "write")).expect("builds");
    let at = |wanted: &Op| plan.root.iter().position(|op| op == wanted);
    let point = at(&Op::Directory {
        path: "/srv/common".into(),
        mode: 0o755,
    });
    assert!(point.is_some() && point < at(&Op::ReadOnly { path: "/".into() }));
}

#[test]
fn a_system_that_is_not_merged_is_bound_as_it_is() {
    let mut facts = common::facts();
    facts.paths.insert("/bin".into(), PathFact::Directory);
    let plan = build(&common::profile("{}"), &common::request("app"), &facts).expect("builds");
    let bind = bind_at(&plan, "/bin").expect("is there");
    assert_eq!(
        (&bind.source, bind.access),
        (&Source::System("/bin".into()), Access::Read)
    );
}

#[test]
fn parts_of_the_system_that_identify_it_are_refused() {
    for path in [
        "/etc/machine-id",
        "/etc/ssh",
        "/etc/shadow",
        "/var/lib/dbus",
        "/etc/ssl/private",
        "/etc/oz",
    ] {
        let mut facts = common::facts();
        facts.paths.insert(path.into(), PathFact::Directory);
        let profile = common::profile(&format!(r#"{{ "files": {{ "system": ["{path}"] }} }}"#));
        match build(&profile, &common::request("app"), &facts) {
            // Its place is taken by what Oz makes itself.
            Ok(plan) => assert!(bind_at(&plan, path).is_none(), "{path}"),
            Err(error) => assert!(matches!(error, BuildError::Violation(_)), "{error}"),
        }
    }
}

#[test]
fn machine_ids_differ_by_profile_and_are_stable() {
    let id = |name: &str| {
        let catalogue = common::catalogue([]);
        let profile = catalogue.resolve(name).expect("resolves");
        let plan = build(&profile, &common::request("app"), &common::facts()).expect("builds");
        plan.root
            .iter()
            .find_map(|op| match op {
                Op::File { path, content, .. } if path == Path::new("/etc/machine-id") => {
                    Some(content.clone())
                }
                _ => None,
            })
            .expect("is there")
    };
    assert_eq!(id("firefox"), id("firefox"));
    assert_ne!(id("firefox"), id("evince"));
    assert_eq!(id("firefox").trim_end().len(), 32);
}

#[test]
fn odd_users_get_sound_files() {
    let mut facts = common::facts();
    facts.user.name = "a:b".to_owned();
    let plan = build(&common::profile("{}"), &common::request("app"), &facts).expect("builds");
    assert_eq!(plan.environment["USER"], "user");
    facts.user.home = "/var/home/user".into();
    assert!(
        build(&common::profile("{}"), &common::request("app"), &facts).is_ok(),
        "as on Silverblue"
    );
    facts.user.home = "/tmp/home".into();
    assert!(
        build(&common::profile("{}"), &common::request("app"), &facts).is_ok(),
        "as in tests"
    );
}

#[test]
fn the_network_of_the_host_is_asked_for_by_the_profile_or_the_launch() {
    let mode = |profile: &str, network| {
        let request = Request {
            network,
            ..common::request("app")
        };
        let plan = build(&common::profile(profile), &request, &common::facts());
        plan.map(|plan| plan.network.mode)
    };
    let host = r#"{ "network": { "mode": "host" } }"#;
    assert_eq!(mode(host, None), Ok(Mode::Host));
    assert_eq!(mode(host, Some(Mode::None)), Ok(Mode::None));
    assert_eq!(mode("{}", Some(Mode::Host)), Ok(Mode::Host));
    let forward = r#"{ "network": { "forwards": ["in:tcp:9050"] } }"#;
    let error = mode(forward, Some(Mode::Host)).expect_err("refused");
    assert!(matches!(error, BuildError::ForwardOnHost { .. }), "{error}");
    let required = r#"{ "walls": { "require": ["network"] } }"#;
    let error = mode(required, Some(Mode::Host)).expect_err("refused");
    assert!(matches!(error, BuildError::Violation(_)), "{error}");
}

#[test]
fn what_the_administrator_locks_no_launch_asks_for() {
    let locked = |content: &str| {
        let administrator = common::text("app", Layer::Administrator, false, content);
        let profile = common::catalogue([administrator]).resolve("app");
        let request = Request {
            network: Some(Mode::Host),
            ..common::request("app")
        };
        build(&profile.expect("resolves"), &request, &common::facts())
    };
    for lock in ["network", "network.mode"] {
        let content = format!(r#"{{ "network": {{ "mode": "internet" }}, "lock": ["{lock}"] }}"#);
        let error = locked(&content).expect_err("refused");
        assert!(matches!(error, BuildError::NetworkLocked { .. }), "{error}");
    }
    let same = r#"{ "network": { "mode": "host" }, "lock": ["network.mode"] }"#;
    assert_eq!(locked(same).map(|plan| plan.network.mode), Ok(Mode::Host));
    let another = r#"{ "network": { "mode": "none" }, "lock": ["network.forwards"] }"#;
    assert_eq!(
        locked(another).map(|plan| plan.network.mode),
        Ok(Mode::Host)
    );
}

#[test]
fn a_profile_has_a_list_of_its_own_within_the_list() {
    let calls = |said: &str| plan(&format!("{{ \"syscalls\": {said} }}")).map(|plan| plan.syscalls);
    let whole = calls("{}").expect("builds");
    let narrowed = calls(r#"{ "only": ["getpid", "socket"], "deny": ["socket"] }"#);
    let narrowed = narrowed.expect("builds");
    let has = |name: &str| oz_core::plan::syscalls::has(&narrowed, name);
    assert!(has("getpid") && has("execve") && has("prlimit64") && !has("kill"));
    assert!(!has("socket") && narrowed.refuse.contains(&"socket".to_owned()));
    assert!(narrowed.allow.iter().all(|name| whole.allow.contains(name)));
    // What goes beyond the list is asked for by its own key, and can then be named.
    let error = calls(r#"{ "only": ["ptrace"] }"#).expect_err("is refused");
    assert!(
        error.to_string().contains("syscalls.only names ptrace"),
        "{error}"
    );
    calls(r#"{ "only": ["ptrace"], "also_allow": ["ptrace"] }"#).expect("builds");
    calls(r#"{ "only": ["unshare"], "list": "browser" }"#).expect("builds");
    calls(r#"{ "only": ["unshare"] }"#).expect_err("is refused");
}

#[test]
fn of_a_tree_all_is_shown_but_what_a_sandbox_has_of_its_own() {
    for copied in [false, true] {
        let profile = common::profile(r#"{ "files": { "rules": { "/srv/common": "read" } } }"#);
        let facts = common::with_tree(copied);
        let plan = build(&profile, &common::request("app"), &facts).expect("builds");
        let shown = plan.root.iter().filter_map(|op| match op {
            Op::Bind(bind) if matches!(bind.source, Source::Tree { .. }) => {
                Some(format!("read {}", bind.path.display()))
            }
            Op::Bind(bind) if bind.path.starts_with("/srv") => Some("rule".to_owned()),
            Op::Overlay(copy) => Some(format!(
                "copy {} of {} in {}",
                copy.path.display(),
                copy.source.display(),
                copy.layers.display()
            )),
            Op::Symlink { path, .. } if path.parent() == Some(Path::new("/")) => {
                Some(format!("link {}", path.display()))
            }
            _ => None,
        });
        let shown: Vec<String> = shown.collect();
        let expected: &[&str] = match copied {
            false => &[
                "link /bin",
                "read /etc/fonts",
                "read /etc/ld.so.cache",
                "read /opt",
                "read /usr",
                "read /var/lib",
                "rule",
            ],
            true => &[
                "link /bin",
                "read /etc/fonts",
                "read /etc/ld.so.cache",
                "copy /opt of /srv/tree/opt in /home/user/.local/state/oz/copies/app/tree%2fopt",
                "copy /usr of /srv/tree/usr in /home/user/.local/state/oz/copies/app/tree%2fusr",
                "copy /var/lib of /srv/tree/var/lib in /home/user/.local/state/oz/copies/app/tree%2fvar%2flib",
                "rule",
            ],
        };
        assert_eq!(shown, expected);
        let services: Vec<_> = plan.listeners.iter().map(|l| l.service).collect();
        assert_eq!(services, [Service::Pulse]);
    }
}
