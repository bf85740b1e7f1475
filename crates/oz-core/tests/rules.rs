//! What rules about the user's files come to.

mod common;

use std::path::{Path, PathBuf};

use oz_core::plan::facts::{MAX_MATCHES, MAX_NAMES, Matches, PathFact};
use oz_core::plan::{
    Access, Bind, BuildError, HostFacts, Op, Overlay, Plan, Source, build, check::check, ways,
};
use oz_core::profile::Profile;
use oz_core::profile::files::{DataPath, Home};

/// Rules of a profile with a home in memory.
fn profile(rules: &[(&str, &str)]) -> Profile {
    let rules: serde_json::Map<String, serde_json::Value> = rules
        .iter()
        .map(|(path, effect)| ((*path).to_owned(), (*effect).into()))
        .collect();
    common::profile(&serde_json::json!({ "files": { "rules": rules } }).to_string())
}

/// A host with these directories, and files where a name has a dot in it but not first.
fn host(paths: &[&str]) -> HostFacts {
    let mut facts = common::facts();
    let home = facts.user.home.clone();
    for path in paths {
        let path = home.join(path);
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("has a name");
        let fact = match name.trim_start_matches('.').contains('.') {
            true => PathFact::File,
            false => PathFact::Directory,
        };
        facts.paths.insert(path, fact);
    }
    facts
}

/// Lists what the host has in the directories on the way to protected places.
fn list(profile: &Profile, facts: &mut HostFacts) {
    for way in ways(profile, facts) {
        let below = facts
            .paths
            .all()
            .filter_map(|path| path.strip_prefix(&way).ok());
        let mut names: Vec<String> = below
            .filter_map(|path| path.iter().next()?.to_str().map(str::to_owned))
            .collect();
        names.dedup();
        facts.listings.insert(way, names);
    }
}

fn matched(facts: &mut HostFacts, pattern: &str, paths: &[&str]) {
    let home = facts.user.home.clone();
    let paths = paths.iter().map(|path| home.join(path)).collect();
    let found = Matches {
        paths,
        complete: true,
    };
    facts.matches.insert(pattern.to_owned(), found);
}

fn planned(rules: &[(&str, &str)], facts: &mut HostFacts) -> Result<Plan, BuildError> {
    let profile = profile(rules);
    list(&profile, facts);
    build(&profile, &common::request("app"), facts)
}

/// The steps in the home, without the looks; masks of missing places are left out.
fn steps(plan: &Plan, facts: &HostFacts) -> String {
    let home = &plan.user.home;
    let looks = |op: &&Op| !matches!(op, Op::Bind(bind) if bind.noexec);
    let missing = |op: &&Op| matches!(op, Op::Mask { path } if !facts.paths.contains_key(path));
    let in_home = plan.root.iter().filter(|op| op.target().starts_with(home));
    let lines = in_home.filter(looks).filter(|op| !missing(op)).map(|op| {
        let word = match op {
            Op::Bind(bind) if bind.access == Access::Write => "write",
            Op::Bind(_) => "read",
            Op::Overlay(_) => "copy",
            Op::Mask { .. } => "hidden",
            Op::Pin { .. } => "pinned",
            Op::Tmpfs { .. } => "memory",
            Op::ReadOnly { .. } => "sealed",
            Op::Directory { .. } => "directory",
            Op::File { .. } => "file",
            _ => "?",
        };
        let from = match op {
            Op::Bind(bind) if bind.source.path() != bind.path => {
                format!("  from {}", bind.source.path().display())
            }
            _ => String::new(),
        };
        format!("{word:<9} {}{from}", op.target().display())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(rules: &[(&str, &str)], paths: &[&str]) -> String {
    let mut facts = host(paths);
    let plan = planned(rules, &mut facts).unwrap_or_else(|error| panic!("{error}"));
    let said: Vec<String> = rules
        .iter()
        .map(|(path, effect)| format!("{effect} {path}"))
        .collect();
    format!("== {}\n{}\n", said.join(", "), steps(&plan, &facts))
}

#[test]
fn the_most_specific_rule_decides() {
    let tree = ["P", "P/a", "P/a/b", "P/a/b/c", "P/a/x.txt", "P/z"];
    let cases: &[&[(&str, &str)]] = &[
        &[("~/P", "read"), ("~/P/a", "write")],
        &[("~/P", "write"), ("~/P/a", "read")],
        &[("~/P", "read"), ("~/P/a/b", "hide")],
        &[
            ("~/P", "write"),
            ("~/P/a/b", "hide"),
            ("~/P/a/x.txt", "hide"),
        ],
        &[("~/P", "write"), ("~/P/a", "read"), ("~/P/a/b/c", "write")],
        // What is hidden may hold something that is shown.
        &[
            ("~/P", "read"),
            ("~/P/a", "hide"),
            ("~/P/a/b/c", "write"),
            ("~/P/a/x.txt", "read"),
        ],
        &[("~/P", "write"), ("~/P/a", "hide"), ("~/P/a/b", "read")],
        // Where nothing is shown there is nothing to hide.
        &[("~/P", "hide"), ("~/P/a", "read")],
        // The same place twice: less is given.
        &[("/home/user/P", "write"), ("~/P", "read")],
        &[("~/P", "hide"), ("/home/user/P", "read")],
        // A link directly in the home; what is taken away behind it is taken away before it.
        &[("~/Documents", "write"), ("xdg:DOCUMENTS/deep/er", "read")],
    ];
    let mut all: Vec<String> = cases
        .iter()
        .map(|rules| {
            let mut facts = host(&tree);
            for below in ["deep", "deep/er"] {
                let (link, real) = (
                    Path::new("/home/user/Documents"),
                    Path::new("/data/documents"),
                );
                facts.paths.insert(real.join(below), PathFact::Directory);
                facts
                    .paths
                    .insert(link.join(below), PathFact::Symlink(real.join(below)));
            }
            let plan =
                planned(rules, &mut facts).unwrap_or_else(|error| panic!("{rules:?}: {error}"));
            let said: Vec<String> = rules
                .iter()
                .map(|(path, effect)| format!("{effect} {path}"))
                .collect();
            format!("== {}\n{}\n", said.join(", "), steps(&plan, &facts))
        })
        .collect();
    let mut facts = host(&tree);
    let rules = [("~/Documents", "read"), ("/data/documents", "hide")];
    all.push(match planned(&rules, &mut facts) {
        Ok(plan) => format!(
            "== hidden where it is, shown by its link\n{}\n",
            steps(&plan, &facts)
        ),
        Err(error) => error.to_string(),
    });
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_directory_for_writing_that_holds_protected_places_is_closed_on_the_way_to_them() {
    let tree = [
        ".config",
        ".config/autostart",
        ".config/app",
        ".config/app/deep",
        ".config/loose.conf",
        ".local",
        ".local/bin",
        ".local/share",
        ".local/share/app",
        ".local/share/applications",
        ".local/other",
        "go",
        "go/src",
        ".config/chromium",
        ".config/chromium/Default",
        ".config/link",
        ".config/fifo",
    ];
    let mut all = vec![
        shown(&[("~/.config", "write")], &tree),
        shown(&[("~/.local", "write")], &tree),
        shown(&[("~/.local/share", "write")], &tree),
        // The protected place is not there, and cannot be made.
        shown(&[("~/go", "write")], &tree),
        shown(&[("~/.local", "write"), ("~/.local/share", "hide")], &tree),
        shown(
            &[("~/.config", "write"), ("~/.config/app/deep", "read")],
            &tree,
        ),
        // Who names a protected place means it, but not for writing.
        shown(
            &[
                ("~/.config", "write"),
                ("~/.config/chromium/Default", "read"),
            ],
            &tree,
        ),
        shown(
            &[
                ("~/.config", "read"),
                ("~/.config/autostart", "read"),
                ("~/.config/app", "write"),
            ],
            &tree,
        ),
    ];
    let mut facts = host(&tree);
    facts.paths.insert(
        "/home/user/.config/link".into(),
        PathFact::Symlink("/home/user/.ssh".into()),
    );
    facts
        .paths
        .insert("/home/user/.config/fifo".into(), PathFact::Other);
    let plan = planned(&[("~/.config", "write")], &mut facts).expect("builds");
    all.push(format!(
        "== links and FIFOs stay as they are\n{}\n",
        steps(&plan, &facts)
    ));
    // What protected names are links to is as protected, wherever it is.
    let mut facts = host(&[
        "dotfiles",
        "dotfiles/shell",
        "dotfiles/shell/bashrc.sh",
        "dotfiles/other",
    ]);
    facts.protected = vec!["/home/user/dotfiles/shell/bashrc.sh".into()];
    let plan = planned(&[("~/dotfiles", "write")], &mut facts).expect("builds");
    all.push(format!("== behind a link\n{}\n", steps(&plan, &facts)));
    // A directory that could not be listed gives nothing away.
    let mut facts = host(&tree);
    let closed = profile(&[("~/.config", "write")]);
    facts.listings.clear();
    let plan = build(&closed, &common::request("app"), &facts).expect("builds");
    all.push(format!("== not listed\n{}\n", steps(&plan, &facts)));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn patterns_mean_what_they_match_at_the_launch() {
    let mut facts = host(&[
        "P",
        "P/a",
        "P/b",
        "P/a/target",
        "P/b/target",
        ".ssh",
        ".config",
    ]);
    facts.paths.insert(
        "/home/user/P/planted".into(),
        PathFact::Symlink("/home/user/P/planted".into()),
    );
    facts
        .paths
        .insert("/home/user/P/fifo".into(), PathFact::Other);
    matched(&mut facts, "~/P/*/target", &["P/a/target", "P/b/target"]);
    matched(
        &mut facts,
        "~/P/*",
        &["P/a", "P/b", "P/fifo", "P/planted", "P/gone"],
    );
    matched(&mut facts, "~/.*", &[".ssh", ".config"]);
    matched(&mut facts, "~/none/*", &[]);
    let mut text = |rules: &[(&str, &str)]| {
        let plan = planned(rules, &mut facts).unwrap_or_else(|error| panic!("{error}"));
        let ruled = plan
            .rules
            .iter()
            .map(|ruled| format!("{} {}: {:?}", ruled.effect.word(), ruled.rule, ruled.places));
        format!(
            "{}\n{}\n",
            ruled.collect::<Vec<_>>().join("\n"),
            steps(&plan, &facts)
        )
    };
    insta::assert_snapshot!(
        [
            text(&[("~/P", "write"), ("~/P/*/target", "hide")]),
            // Links, FIFOs and what is gone are not shown, and are hidden if they can be.
            text(&[("~/P/*", "read")]),
            text(&[("~/P", "read"), ("~/P/*", "hide")]),
            // Who names a thing means it.
            text(&[("~/P", "write"), ("~/P/*", "hide"), ("~/P/a", "read")]),
            // A pattern names no protected place.
            text(&[("~/.*", "read")]),
            text(&[("~/none/*", "write")]),
        ]
        .join("\n")
    );
}

#[test]
fn rules_that_cannot_be_kept_say_so() {
    let mut facts = host(&["P", "P/a", ".ssh", ".config"]);
    facts.paths.insert(
        "/home/user/P/link".into(),
        PathFact::Symlink("/home/user/P/link".into()),
    );
    matched(&mut facts, "~/many/*", &[]);
    facts
        .matches
        .get_mut("~/many/*")
        .expect("is there")
        .complete = false;
    let odd: PathBuf = {
        use std::os::unix::ffi::OsStrExt;
        Path::new("/home/user/P").join(std::ffi::OsStr::from_bytes(b"odd\xff"))
    };
    let found = Matches {
        paths: vec![odd.clone()],
        complete: true,
    };
    facts.paths.insert(odd, PathFact::File);
    facts.matches.insert("~/P/o*".to_owned(), found);
    let crowd: Vec<String> = (0..=MAX_NAMES).map(|number| format!("d{number}")).collect();
    for name in &crowd {
        facts.paths.insert(
            Path::new("/home/user/.config").join(name),
            PathFact::Directory,
        );
    }
    let mut refused = |rules: &[(&str, &str)]| planned(rules, &mut facts).expect_err("is refused");
    let all = [
        refused(&[("~/Nowhere", "read")]),
        refused(&[("~/P", "write"), ("~/P/gone", "read")]),
        refused(&[("xdg:MUSIC/x", "write")]),
        refused(&[("~/P/link", "read")]),
        refused(&[("~/P", "write"), ("~/P/link", "hide")]),
        refused(&[("~/pipe", "write")]),
        refused(&[("~/.ssh", "write")]),
        refused(&[("~/many/*", "read")]),
        refused(&[("~/P", "read"), ("~/P/o*", "hide")]),
        refused(&[("~/.config", "write")]),
    ];
    insta::assert_snapshot!(all.map(|error| error.to_string()).join("\n"));
    // What need not be there is said and no error; what cannot be named is not shown.
    planned(&[("~/P", "read"), ("~/P/gone", "hide")], &mut facts).expect("builds");
    let plan = planned(&[("~/P/o*", "read")], &mut facts).expect("builds");
    assert!(plan.rules[0].places.is_empty());
    assert_eq!(MAX_MATCHES, 256, "the guide says so");
}

#[test]
fn what_shows_how_the_desktop_looks_can_be_hidden_too() {
    for hidden in [
        "~/.local/share/fonts",
        "~/.local/share",
        "~/.local/share/fonts/mine",
    ] {
        let mut facts = host(&[
            ".local/share",
            ".local/share/fonts",
            ".local/share/fonts/mine",
        ]);
        let plan = planned(&[(hidden, "hide")], &mut facts).expect("builds");
        let shown = plan.root.iter().any(|op| matches!(op, Op::Bind(bind) if bind.path.ends_with("fonts") && bind.noexec && bind.path.starts_with("/home")));
        assert!(!shown, "{hidden}");
    }
}

/// A profile that says where its data is, with places of it that the user lets it have.
fn with_own(data: &[&str], own: &[&str], rules: serde_json::Value) -> Profile {
    let text = serde_json::json!({ "files": { "home": "private", "data": data, "rules": rules } });
    let mut profile = common::profile(&text.to_string());
    let own: Vec<DataPath> = own
        .iter()
        .map(|path| DataPath::try_from((*path).to_owned()).expect("a path"))
        .collect();
    profile.give_own(&own);
    profile
}

fn plan_of(profile: &Profile, facts: &HostFacts) -> Result<Plan, BuildError> {
    build(profile, &common::request("app"), facts)
}

#[test]
fn data_that_the_user_lets_an_app_have_is_where_it_is_although_no_profile_could_say_so() {
    let facts = host(&[".mozilla", ".ssh"]);
    let rules = serde_json::json!({});
    let profile = with_own(&["~/.mozilla"], &["~/.mozilla"], rules.clone());
    let plan = plan_of(&profile, &facts).expect("planned");
    let place = facts.user.home.join(".mozilla");
    assert_eq!(plan.own, std::slice::from_ref(&place));
    let written = plan.shares().any(|share| {
        share.path == place && share.source.path() == place && share.access == Access::Write
    });
    assert!(written);
    // The profile alone gives nothing, and cannot.
    let without = with_own(&["~/.mozilla"], &[], rules);
    let plan = plan_of(&without, &facts).expect("planned");
    assert!(plan.own.is_empty() && plan.shares().all(|share| share.path != place));
    let asked = with_own(&[], &[], serde_json::json!({ "~/.mozilla": "write" }));
    assert!(matches!(
        plan_of(&asked, &facts),
        Err(BuildError::Protected { .. })
    ));
    // Nor is another app's data anybody's own.
    let other = with_own(&["~/.config/other"], &["~/.mozilla"], serde_json::json!({}));
    assert!(plan_of(&other, &facts).expect("planned").own.is_empty());
}

#[test]
fn keys_start_files_and_what_links_lead_to_are_nobodys_own() {
    let mut facts = host(&[".ssh", ".config/mpv", ".config", ".thunderbird"]);
    let refused = |path: &str, facts: &HostFacts| {
        let profile = with_own(&[path], &[path], serde_json::json!({}));
        let refused = plan_of(&profile, facts);
        assert!(
            matches!(refused, Err(BuildError::Protected { .. })),
            "{path}: {refused:?}"
        );
    };
    refused("~/.ssh", &facts);
    refused("~/.config/mpv", &facts);
    let home = facts.user.home.clone();
    let link = PathFact::Symlink(home.join(".thunderbird"));
    facts.paths.insert(home.join(".mozilla"), link);
    refused("~/.mozilla", &facts);
}

#[test]
fn a_rule_about_an_apps_own_data_holds_all_the_same() {
    let facts = host(&[".mozilla"]);
    let rules = serde_json::json!({ "~/.mozilla": "hide" });
    let plan = plan_of(&with_own(&["~/.mozilla"], &["~/.mozilla"], rules), &facts);
    let plan = plan.expect("planned");
    assert!(plan.own.is_empty());
    let place = facts.user.home.join(".mozilla");
    assert!(plan.shares().all(|share| share.path != place));
}

#[test]
fn a_plan_that_calls_keys_its_own_breaks_a_rule() {
    let facts = host(&[".mozilla", ".ssh"]);
    let profile = with_own(&["~/.mozilla"], &["~/.mozilla"], serde_json::json!({}));
    let good = plan_of(&profile, &facts).expect("planned");
    assert!(check(&good).is_ok());
    let home = &facts.user.home;
    let (data, keys) = (home.join(".mozilla"), home.join(".ssh"));
    let forged = |own: Vec<PathBuf>, change: &dyn Fn(&mut Bind)| {
        let mut plan = Plan {
            own,
            ..good.clone()
        };
        plan.rules.clear();
        for op in &mut plan.root {
            if let Op::Bind(bind) = op
                && bind.path == data
            {
                change(bind);
            }
        }
        check(&plan)
    };
    assert!(forged(vec![data.clone()], &|_| {}).is_ok());
    assert!(forged(Vec::new(), &|_| {}).is_err());
    let keys_there = |bind: &mut Bind| bind.source = Source::User(keys.clone());
    assert!(forged(vec![data.clone(), keys.clone()], &keys_there).is_err());
    assert!(forged(vec!["relative".into(), data.clone()], &|_| {}).is_err());
}

/// What of a home that is copied on writing is there, by rules about it.
fn copied(rules: &[(&str, &str)], facts: &mut HostFacts) -> Result<Plan, BuildError> {
    let profile = profile(rules);
    list(&profile, facts);
    let mut request = common::request("app");
    request.home = Some(Home::CopyOnWrite);
    build(&profile, &request, facts)
}

fn home_of(plan: &Plan) -> &Overlay {
    let mut overlays = plan.overlays();
    let home = overlays.find(|overlay| overlay.path == plan.user.home);
    home.expect("the home is a copy")
}

#[test]
fn a_home_that_is_copied_shows_nothing_protected_but_what_a_rule_names() {
    let mut facts = host(&[".ssh", ".config/chromium"]);
    facts.protected.push("/home/user/dotfiles/bashrc".into());
    let plan = copied(&[], &mut facts).expect("planned");
    let home = home_of(&plan);
    assert_eq!(home.source, plan.user.home);
    for place in oz_core::protected::PLACES {
        let seen = place.reason == oz_core::protected::DIRECTORIES;
        assert_eq!(
            home.hides(&plan.user.home.join(place.path)),
            !seen,
            "{}",
            place.path
        );
    }
    for hidden in [
        "dotfiles/bashrc",
        ".local/state/oz",
        ".local/state/oz/copies/app",
    ] {
        assert!(home.hides(&plan.user.home.join(hidden)), "{hidden}");
    }
    assert!(!home.hides(Path::new("/home/user/Music")));
    let plan = copied(&[("~/.ssh", "copy-on-write")], &mut facts).expect("planned");
    assert!(!home_of(&plan).hides(Path::new("/home/user/.ssh/id")));
    assert!(home_of(&plan).hides(Path::new("/home/user/.gnupg")));
    assert_eq!(plan.overlays().count(), 1, "it lies in the home's");
}

#[test]
fn rules_of_all_kinds_hold_in_a_home_that_is_copied() {
    let tree = [
        "P",
        "P/read",
        "P/write",
        "P/hide",
        "P/read/copy",
        ".ssh",
        ".ssh/keys",
    ];
    let mut facts = host(&tree);
    let rules = [
        ("~/P/read", "read"),
        ("~/P/write", "write"),
        ("~/P/hide", "hide"),
        ("~/P/later", "hide"),
        ("~/P/read/copy", "copy-on-write"),
        ("~/.ssh/keys", "copy-on-write"),
        // Where the user's link leads.
        ("~/Documents", "write"),
        ("/srv/common", "copy-on-write"),
    ];
    let plan = copied(&rules, &mut facts).expect("planned");
    let mut all = steps(&plan, &facts);
    for overlay in plan.overlays() {
        use std::fmt::Write;
        let name = overlay.layers.file_name().expect("a name").display();
        let _ = write!(
            all,
            "\n{} in {name}, {} hidden",
            overlay.path.display(),
            overlay.hidden.len()
        );
    }
    insta::assert_snapshot!(all);
    assert!(home_of(&plan).hides(Path::new("/home/user/P/later")));
    assert!(
        !home_of(&plan).hides(Path::new("/home/user/P/hide")),
        "that is a mask"
    );
}
