//! From a profile to a plan.

use std::path::PathBuf;

use super::{HostFacts, Plan, SandboxId, User, check};
use crate::profile::Profile;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The sandbox's name.
    pub id: SandboxId,
    /// Nothing lasts, whatever the profile says.
    pub ephemeral: bool,
    /// What the host's desktop takes the windows for, from the app's desktop entry.
    pub app_id: Option<String>,
}

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BuildError {
    /// A rule of every plan is broken; what the profile asks for cannot be.
    #[error(transparent)]
    Violation(#[from] check::Violation),
}

/// Paths of the host that [`build`] must know about.
pub fn probes(_profile: &Profile, _user: &User) -> Vec<PathBuf> {
    Vec::new()
}

/// The plan of a sandbox.
pub fn build(
    _profile: &Profile,
    _request: &Request,
    _facts: &HostFacts,
) -> Result<Plan, BuildError> {
    Err(check::Violation {
        rule: "not written yet",
        subject: String::new(),
    }
    .into())
}
