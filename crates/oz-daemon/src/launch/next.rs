//! The next sandbox, begun before anybody wants one.
//!
//! A launch leaves behind what the next one begins with: an init in namespaces of its own, in which it has made the part
//! of the root that is the same for all, and what was learned of the host for it. One is kept, for one launch; it is
//! used only if nothing has happened since to the paths that it was made from, to any mount or to
//! the program itself, and if the plan begins with exactly its steps.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oz_core::plan::{self, Mode, Op, Plan, User};
use oz_core::wire::init::ToInit;
use oz_host::changes::Changes;
use oz_host::facts::{self, Paths};
use oz_host::stamp::Stamp;
use rustix::fs::{CWD, Mode as Bits, OFlags};
use tokio::io::Interest;

use super::nascent::{self, Nascent};
use crate::daemon::Daemon;
use crate::readiness;

/// How long after a launch the next one is begun: a program that starts has the machine for itself.
const QUIET: Duration = Duration::from_millis(50);
/// How long that may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// What is kept for it.
#[derive(Default)]
pub(crate) struct Next(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Making,
    Kept(Box<Kept>),
}

struct Kept {
    user: User,
    /// What the common paths are.
    paths: Paths,
    root: Vec<Op>,
    changes: Changes,
    /// What it was started from.
    program: Option<Stamp>,
    nascent: Option<Nascent>,
}

impl Kept {
    fn is_ready(&self) -> bool {
        !self.changes.happened() && self.nascent.as_ref().is_some_and(Nascent::lives)
    }
}

impl Next {
    /// What the common paths of the host are, if that is still known.
    pub(super) fn paths(&self) -> Option<Paths> {
        match &*self.lock() {
            State::Kept(kept) if !kept.changes.happened() => Some(kept.paths.clone()),
            _ => None,
        }
    }

    /// Whether one was begun. It need not be one for the plan that will be made.
    pub(super) fn is_begun(&self) -> bool {
        matches!(&*self.lock(), State::Kept(kept) if kept.nascent.is_some())
    }

    /// What was begun for such a plan, if it still holds, and how many of the plan's steps are made. It is given
    /// once.
    pub(super) fn take(&self, daemon: &Daemon, plan: &Plan) -> Option<(Nascent, usize)> {
        let mut state = self.lock();
        let State::Kept(kept) = &mut *state else {
            return None;
        };
        if kept.changes.happened() {
            *state = State::Nothing;
            return None;
        }
        let fits = plan.user == kept.user
            && plan.network.mode != Mode::Host
            && plan.root.starts_with(&kept.root);
        if !fits {
            return None;
        }
        let nascent = kept.nascent.take()?;
        let holds = nascent.lives() && kept.program == Stamp::of(&nascent::program(daemon));
        holds.then_some((nascent, kept.root.len()))
    }

    /// Begins the next one in a while, unless there is one.
    pub(super) fn prepare(daemon: &Arc<Daemon>) {
        let daemon = Arc::clone(daemon);
        tokio::spawn(async move {
            tokio::time::sleep(QUIET).await;
            if !daemon.next.begin() {
                return;
            }
            let made = tokio::time::timeout(DEADLINE, make(&daemon)).await;
            let made = made.unwrap_or_else(|_| anyhow::bail!("it takes too long"));
            let state = match made {
                Ok(kept) => State::Kept(Box::new(kept)),
                Err(error) => {
                    tracing::debug!(%error, "nothing is begun in advance");
                    State::Nothing
                }
            };
            *daemon.next.lock() = state;
        });
    }

    /// Whether the next one has to be begun, by the caller.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        match &*state {
            State::Making => return false,
            State::Kept(kept) if kept.is_ready() => return false,
            // What is known of the host stays known meanwhile.
            State::Kept(_) => {}
            State::Nothing => *state = State::Making,
        }
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn make(daemon: &Daemon) -> anyhow::Result<Kept> {
    let user = facts::user()?;
    let probes = plan::common_probes();
    // Before looking: what changes in between counts as changed later.
    let changes = Changes::watch(&probes)?;
    let program = Stamp::of(&nascent::program(daemon));
    let paths = facts::look(&user, &probes).into_shared();
    let facts = facts::gather(user.clone(), paths.clone(), &[], Default::default())?;
    let root = plan::common(&facts);
    let begin = ToInit::Begin {
        user: user.clone(),
        network: true,
        root: root.clone(),
        likely: plan::likely(&user),
    };
    let mut nascent = Nascent::start(daemon).map_err(|failure| anyhow::anyhow!(failure.line()))?;
    nascent.begin(&begin).await?;
    Ok(Kept {
        user,
        paths,
        root,
        changes,
        program,
        nascent: Some(nascent),
    })
}

/// Drops what was begun whenever the host's mounts change, as long as the daemon runs: a copy of a mount keeps the disk
/// behind it busy.
pub(crate) async fn follow_mounts(daemon: Arc<Daemon>) {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(mounts) = rustix::fs::openat(CWD, "/proc/self/mountinfo", flags, Bits::empty()) else {
        return;
    };
    let Ok(mounts) = readiness::watch(mounts, Interest::PRIORITY) else {
        return;
    };
    while let Ok(mut changed) = mounts.ready(Interest::PRIORITY).await {
        changed.clear_ready();
        let mut state = daemon.next.lock();
        if matches!(&*state, State::Kept(kept) if kept.changes.happened()) {
            *state = State::Nothing;
        }
    }
}
