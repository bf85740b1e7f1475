//! The sandbox's control group, as the kernel has it.

use oz_core::report::{State, Wall};
use oz_host::control_group::{self, Group};

use super::{Look, Seen};
use crate::commands::check::view::View;

pub(super) const LOOKS: &[Look] = &[
    Look {
        wall: Wall::Memory,
        claim: "its control group has the plan's limit of memory",
        run: |view| limit(view, |group| group.memory(&view.plan.limits)),
    },
    Look {
        wall: Wall::Processor,
        claim: "its control group has the plan's weight for the processor",
        run: |view| limit(view, |group| group.processor(&view.plan.limits)),
    },
    Look {
        wall: Wall::Memory,
        claim: "every process in it is in its control group",
        run: |view| {
            let Some(own) = own(view) else {
                return none();
            };
            let group = |pid: i32| u32::try_from(pid).ok().and_then(|pid| Group::of(pid).ok());
            let all = view.processes();
            // One that has ended meanwhile is in none.
            let elsewhere = all
                .iter()
                .filter(|pid| group(**pid).is_some_and(|group| group != own));
            let found: Vec<String> = elsewhere.map(i32::to_string).collect();
            match found.as_slice() {
                [] => Seen::good(format!("{} processes", all.len())),
                some => Seen::nothing(some),
            }
        },
    },
    Look {
        wall: Wall::ProcessLimit,
        claim: "its control group, if it has one, has the plan's limit of processes",
        run: |view| match own(view) {
            Some(group) => seen(group.tasks(&view.plan.limits)),
            None => Seen::good("it has none"),
        },
    },
];

/// The group that was made for the sandbox.
fn own(view: &View) -> Option<Group> {
    let init = u32::try_from(view.init).ok()?;
    let group = Group::of(init).ok()?;
    let unit = group.unit();
    (unit.starts_with("app-oz-") && unit.ends_with(".scope")).then_some(group)
}

fn limit(view: &View, look: impl FnOnce(&Group) -> control_group::Seen) -> Seen {
    match own(view) {
        Some(group) => seen(look(&group)),
        None => none(),
    }
}

fn none() -> Seen {
    Seen::bad("it has no control group of its own")
}

fn seen((state, detail): (State, String)) -> Seen {
    Seen { state, detail }
}
