//! Invariants of every plan, one function each.
//!
//! The daemon checks the plan that it made; init checks the plan that it got. Neither trusts that
//! the code which made it is without errors, nor that all of it arrived.

mod general;
mod grants;
mod mounts;
mod network;
mod paths;
mod process;
mod syscalls;
mod tree;

use super::Plan;

pub use general::is_host_label;
pub use grants::is_of_the_system;

/// What a plan must not say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {subject}")]
pub struct Violation {
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// What breaks it.
    pub subject: String,
}

impl Violation {
    fn new(rule: &'static str, subject: impl std::fmt::Display) -> Self {
        Self {
            rule,
            // What breaks a rule may be anything: shown as text that cannot steer a terminal.
            subject: crate::OsBytes::from(subject.to_string()).to_string(),
        }
    }
}

type Rule = fn(&Plan) -> Result<(), Violation>;

/// All rules. Those about the form of paths come first: the others rely on it.
const RULES: &[Rule] = &[
    general::version_is_ours,
    general::names_are_printable,
    general::hostname_is_a_label,
    general::limits_are_sane,
    general::life_is_bounded,
    paths::are_plain,
    paths::are_few,
    paths::home_is_a_place_of_its_own,
    mounts::home_is_what_the_plan_says,
    tree::tree_is_a_place_of_its_own,
    tree::there_is_one_system,
    grants::system_sources_are_of_the_system,
    grants::user_sources_are_not_of_the_system,
    grants::layers_are_kept_apart,
    grants::system_is_read_only,
    grants::devices_are_harmless,
    grants::nothing_protected_is_writable,
    grants::nothing_protected_shows_through,
    mounts::targets_are_inside,
    mounts::modes_give_no_privileges,
    mounts::memory_is_bounded,
    mounts::files_are_small,
    mounts::root_is_sealed,
    mounts::proc_is_masked,
    mounts::no_step_undoes_another,
    grants::nothing_can_be_renamed_away,
    grants::rules_are_what_is_mounted,
    process::environment_is_well_formed,
    process::environment_holds_no_secrets,
    process::listeners_are_in_the_runtime_directory,
    process::helpers_are_ours,
    process::display_and_socket_agree,
    process::x11_is_whole,
    process::portals_are_on_a_bus,
    process::sound_and_socket_agree,
    network::forwards_are_few_and_distinct,
    network::host_has_no_forwards,
    network::host_opens_no_required_wall,
    syscalls::dangerous_ones_are_never_allowed,
    syscalls::no_call_is_said_twice,
    syscalls::rules_can_match,
    syscalls::only_some_namespaces_can_be_made,
    syscalls::terminals_cannot_be_typed_into,
    syscalls::others_cannot_be_slowed_down,
    syscalls::doors_of_the_kernel_stay_closed,
];

/// Refuses a plan that breaks a rule.
pub fn check(plan: &Plan) -> Result<(), Violation> {
    RULES.iter().try_for_each(|rule| rule(plan))
}
