//! A scope of the user's service manager for each sandbox: its control group is what limits the sandbox as
//! a whole in memory and divides the processor.
//!
//! Only systemd can be asked, over the session bus. Where it is not, that is known from the bus and costs
//! a launch nothing. It is asked when init is born, while init builds the root, and no program runs
//! before the answer or its deadline. The answer is not believed: what holds is what the kernel says of
//! init's control group, which [`oz_host::control_group`] reads.
//!
//! The scope is not ours: it goes with its last process, and stays when the daemon goes.

mod manager;
mod unit;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oz_core::plan::Plan;
use oz_core::report::{Held, State, Wall};
use oz_host::control_group::Group;
use tokio::time::Instant;
use zbus::Connection;

use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::Result;
use manager::Manager;

/// How long the service manager may take for one scope.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one that did not answer is not asked again, so that it holds up one launch and not each.
const REST: Duration = Duration::from_secs(60);

/// Walls that a scope is.
const WALLS: [Wall; 2] = [Wall::Memory, Wall::Processor];

/// The service manager, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Mutex<Known>);

/// What is known of it.
#[derive(Debug, Default)]
struct Known {
    manager: Option<Manager>,
    /// It is not asked before.
    rests: Option<Instant>,
}

impl Scopes {
    /// Finds the service manager on the bus, and follows from then on whether it is there.
    pub(crate) async fn open(daemon: &Arc<Daemon>, bus: &Connection) {
        let Some(mut watch) = manager::Watch::begin(bus).await else {
            tracing::warn!("whether there is a service manager cannot be found out");
            return;
        };
        daemon.scopes.found(watch.manager().await);
        let daemon = Arc::clone(daemon);
        tokio::spawn(async move {
            while let Some(manager) = watch.next().await {
                daemon.scopes.found(manager);
            }
        });
    }

    fn found(&self, manager: Option<Manager>) {
        tracing::debug!(there = manager.is_some(), "the service manager");
        *self.known() = Known {
            manager,
            rests: None,
        };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who can be asked now.
    fn manager(&self) -> Option<Manager> {
        let known = self.known();
        let rests = known.rests.is_some_and(|until| Instant::now() < until);
        known.manager.clone().filter(|_| !rests)
    }

    /// A name for the scope of a new sandbox, if one can be asked for.
    pub(crate) fn name(&self, plan: &Plan) -> Result<Option<String>> {
        self.manager().map(|_| unit::name(plan)).transpose()
    }

    /// Why there is none.
    pub(crate) fn absent(&self) -> Vec<Held> {
        none(match self.known().manager {
            None => "the session has no service manager of systemd",
            Some(_) => "the service manager did not answer before",
        })
    }

    /// Moves init, and with it all that it will start, into a scope; says what holds then.
    pub(crate) async fn enter(&self, plan: &Plan, name: &str, init: u32) -> Vec<Held> {
        let Some(manager) = self.manager() else {
            return self.absent();
        };
        let entered = async {
            let started = manager.start(plan, name, init).await;
            started.and_then(|()| entered(name, init))
        };
        let why = match tokio::time::timeout(PATIENCE, entered).await {
            Ok(Ok(group)) => return held(plan, &group),
            Ok(Err(why)) => why,
            Err(_) => {
                self.known().rests = Some(Instant::now() + REST);
                "the service manager does not answer".to_owned()
            }
        };
        tracing::warn!(unit = name, why, "the sandbox is not limited as a whole");
        none(&why)
    }
}

/// What holds of a sandbox by the scope that it was put into, if any.
pub(crate) fn look(plan: &Plan, name: Option<&str>, init: &Child) -> Vec<Held> {
    let Some(name) = name else {
        return none("the session had no service manager when it was started");
    };
    let pid = || init.pid().and_then(|pid| u32::try_from(pid).ok());
    let group = pid().and_then(|pid| entered(name, pid).ok());
    // Afterwards it must still be there: else the number may have meant another process.
    match group.filter(|_| pid().is_some()) {
        Some(group) => held(plan, &group),
        None => none("it is in its scope no more"),
    }
}

/// Init's control group, if that is the scope's.
fn entered(name: &str, init: u32) -> Result<Group, String> {
    let group = Group::of(init).map_err(|error| error.to_string())?;
    if group.unit() == name {
        Ok(group)
    } else {
        Err("the service manager says that it has done it, and has not".to_owned())
    }
}

fn held(plan: &Plan, group: &Group) -> Vec<Held> {
    let (memory, processor) = (group.memory(&plan.limits), group.processor(&plan.limits));
    vec![
        Held::new(Wall::Memory, memory.0, memory.1),
        Held::new(Wall::Processor, processor.0, processor.1),
    ]
}

fn none(why: &str) -> Vec<Held> {
    let not = |wall| Held::new(wall, State::Not, why);
    WALLS.map(not).to_vec()
}
