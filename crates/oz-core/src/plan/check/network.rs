//! The network.

use std::collections::BTreeSet;

use super::Violation;
use crate::plan::{Plan, forward};

/// Each has a process of its own outside, and two cannot listen at one place.
pub(super) fn forwards_are_few_and_distinct(plan: &Plan) -> Result<(), Violation> {
    let forwards = &plan.network.forwards;
    if forwards.len() > forward::MOST {
        return Err(Violation::new(
            "a sandbox has up to 16 forwards",
            forwards.len(),
        ));
    }
    let mut places = BTreeSet::new();
    match forwards
        .iter()
        .find(|forward| !places.insert((forward.direction, &forward.listen)))
    {
        Some(forward) => Err(Violation::new(
            "two forwards cannot listen at one place",
            forward,
        )),
        None => Ok(()),
    }
}
