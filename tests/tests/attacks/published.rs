//! What an app can still learn is what SECURITY.md says that it can, no more and no less.

use std::collections::BTreeSet;

use oz_e2e::Session;
use oz_e2e::attacks::Suite;

use super::LEAK;

const SECURITY: &str = include_str!("../../../SECURITY.md");

/// The names in the first column of the table below the heading.
fn published() -> BTreeSet<String> {
    let section = SECURITY
        .split("\n## ")
        .find(|section| section.starts_with("What an app can still learn"))
        .expect("SECURITY.md says what leaks");
    let first_column = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    first_column.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn what_every_app_learns_is_published() {
    let session = Session::begin();
    let list = Suite::list();
    let known: BTreeSet<String> = list
        .iter()
        .filter(|(_, attack)| attack.class == LEAK)
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(published(), known);
    // Each is really learnt: what is closed one day is to be taken off the list.
    let results = Suite::new(&session).inside("generic");
    let learnt: BTreeSet<String> = results
        .got()
        .map(|(name, _)| name.to_owned())
        .filter(|name| known.contains(name))
        .collect();
    assert_eq!(learnt, known, "{}", results.ran);
}
