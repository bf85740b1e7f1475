//! Every attack of `oz-probe`: it succeeds without a sandbox, and in none of the templates.
//!
//! What an attack is to be allowed, and what every app learns, is written down here and in
//! SECURITY.md, with the reason; anything else that succeeds is an escape.

mod published;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use oz_e2e::Session;
use oz_e2e::attacks::{Suite, Word};

/// The class of what every app learns.
const LEAK: &str = "leak";

#[test]
fn there_are_many_attacks_and_each_stands_for_something() {
    let _session = Session::begin();
    let list = Suite::list();
    let attacks = list.values().filter(|attack| attack.class != LEAK);
    assert!(attacks.count() >= 80, "{list:?}");
    let mut classes = BTreeMap::new();
    for attack in list.values() {
        *classes.entry(&*attack.class).or_insert(0) += 1;
    }
    for class in [
        "files",
        "inherited",
        "terminal",
        "syscalls",
        "namespaces",
        "mounts",
        "processes",
        "settings",
        "devices",
        "network",
        "sockets",
        "services",
        "display",
        "identifiers",
    ] {
        assert!(
            classes.get(class).is_some_and(|count| *count > 2),
            "{class}: {classes:?}"
        );
    }
    // Of most it can be shown that they are attacks at all.
    let unshown = list.values().filter(|attack| !attack.unshown.is_empty());
    assert!(unshown.count() * 2 < list.len());
}

#[test]
fn every_attack_succeeds_without_a_sandbox_or_says_why_it_cannot() {
    let session = Session::begin();
    let list = Suite::list();
    let outside = Suite::new(&session).outside();
    let names: BTreeSet<&String> = outside.of.keys().collect();
    assert_eq!(
        names,
        list.keys().collect(),
        "not all were tried: {}",
        outside.ran
    );
    let mut failures = Vec::new();
    for (name, (word, detail)) in &outside.of {
        if *word != Word::Got && list[name].unshown.is_empty() {
            failures.push(format!("{name}: {detail}"));
        }
    }
    assert!(
        failures.is_empty(),
        "shown to be no attacks here:\n{}",
        failures.join("\n")
    );
    // The judge sees what they did, so that its silence inside means something.
    for what in [
        ".bashrc was changed",
        "autostart/oz-probe-planted is new",
        "profiles/oz-probe-planted is new",
        "kill order 1000",
    ] {
        assert!(
            outside.harm.iter().any(|harm| harm.contains(what)),
            "{what}: {:?}",
            outside.harm
        );
    }
}
