//! What the names on the command line choose.

/// What to run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The packages whose own tests run: none of them, some, or (empty) all.
    pub(super) packages: Option<Vec<String>>,
    /// The end-to-end executables.
    pub(super) targets: Vec<String>,
    /// Parts of test names.
    pub(super) filters: Vec<String>,
}

/// Sorts names into packages, executables and filters.
///
/// Only filters: they apply to everything. Without any name: everything, but the executables
/// that start with `all_` only if asked for.
pub(super) fn select(
    names: &[String],
    targets: &[String],
    packages: &[String],
    all: bool,
) -> Choice {
    let known = |list: &[String]| {
        names
            .iter()
            .filter(|name| list.contains(name))
            .cloned()
            .collect::<Vec<_>>()
    };
    let (named_targets, named_packages) = (known(targets), known(packages));
    let filters: Vec<String> = names
        .iter()
        .filter(|name| !targets.contains(name) && !packages.contains(name))
        .cloned()
        .collect();
    if named_targets.is_empty() && named_packages.is_empty() {
        let short = |name: &&String| all || !name.starts_with("all_");
        return Choice {
            packages: Some(Vec::new()),
            targets: targets.iter().filter(short).cloned().collect(),
            filters,
        };
    }
    Choice {
        packages: (!named_packages.is_empty()).then_some(named_packages),
        targets: named_targets,
        filters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    fn choose(names: &[&str], all: bool) -> Choice {
        select(
            &strings(names),
            &strings(&["all_apps", "claims", "session"]),
            &strings(&["oz-core", "xtask"]),
            all,
        )
    }

    #[test]
    fn long_tests_run_only_when_asked_for() {
        assert_eq!(choose(&[], false).targets, ["claims", "session"]);
        assert_eq!(choose(&[], true).targets, ["all_apps", "claims", "session"]);
        assert_eq!(choose(&["all_apps"], false).targets, ["all_apps"]);
    }

    #[test]
    fn a_target_runs_alone_with_what_else_is_named_as_filter() {
        let choice = choose(&["claims", "cannot_read"], false);
        assert_eq!(choice.packages, None);
        assert_eq!(choice.targets, ["claims"]);
        assert_eq!(choice.filters, ["cannot_read"]);
    }

    #[test]
    fn a_package_runs_alone_and_a_filter_applies_to_all() {
        let choice = choose(&["oz-core"], false);
        assert_eq!(
            (choice.packages, choice.targets.len()),
            (Some(strings(&["oz-core"])), 0)
        );
        let choice = choose(&["merge"], false);
        assert_eq!(
            (choice.packages, choice.targets.len()),
            (Some(Vec::new()), 2)
        );
    }
}
