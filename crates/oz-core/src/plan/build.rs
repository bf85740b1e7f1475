//! From a profile to a plan.
use super::{HostFacts, Plan};

/// What the user asked for.
pub struct Request;
/// Paths to probe.
pub fn probes() {}
/// Builds.
pub fn build(_: &Request, _: &HostFacts) -> Option<Plan> {
    None
}
