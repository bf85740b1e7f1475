//! The network.

use std::collections::BTreeSet;

use super::Violation;
use crate::plan::{Mode, Plan, forward};

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

/// They lead through a wall, which the host's network has none of.
pub(super) fn host_has_no_forwards(plan: &Plan) -> Result<(), Violation> {
    match plan.network.forwards.first() {
        Some(forward) if plan.network.mode == Mode::Host => Err(Violation::new(
            "with the network \"host\" there is no wall that a forward could lead through",
            forward,
        )),
        _ => Ok(()),
    }
}

/// Nobody has a wall that is required and gives its place away at once.
pub(super) fn host_opens_no_required_wall(plan: &Plan) -> Result<(), Violation> {
    let opened = |wall: &&crate::report::Wall| crate::report::opened(plan, **wall).is_some();
    match plan.required.iter().find(opened) {
        Some(wall) => Err(Violation::new(
            "the network \"host\" opens a wall that is required",
            wall,
        )),
        None => Ok(()),
    }
}
