//! What all sandboxes have in common, made before one is wanted.
//!
//! A launch leaves behind what the next one begins with: a user namespace, a network namespace, the part
//! of the root that is the same for all, and what was learned of the host for it. No process waits
//! with them. One set is kept, for one launch; it is used only if nothing has happened since to the
//! paths that it was made from, nor to any mount, and if the plan begins with exactly its steps.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oz_core::plan::{self, Op, Plan, User};
use oz_core::wire::spare::{Answer, Request};
use oz_host::changes::Changes;
use oz_host::facts::{self, Paths};
use rustix::fs::{CWD, Mode, OFlags};
use tokio::io::Interest;

use super::stage::Stages;
use crate::child;
use crate::daemon::Daemon;
use crate::readiness;
use crate::sandbox::connection::Connection;
use crate::sandbox::spawn;

/// How long after a launch the next set is made: a program that starts has the machine for itself.
const QUIET: Duration = Duration::from_millis(50);
/// How long its making may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// The set that is kept.
#[derive(Default)]
pub(crate) struct Spares(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Making,
    Kept(Box<Spare>),
}

struct Spare {
    user: User,
    /// What the common paths are.
    paths: Paths,
    root: Vec<Op>,
    changes: Changes,
    made: Option<[OwnedFd; 3]>,
}

/// What a launch begins with.
pub(super) struct Made {
    /// How many of the plan's steps.
    pub(super) steps: u32,
    /// In the order in which they were made.
    pub(super) fds: [OwnedFd; 3],
}

impl Spares {
    /// What the common paths of the host are, if that is still known.
    pub(super) fn paths(&self) -> Option<Paths> {
        match &*self.lock() {
            State::Kept(spare) if !spare.changes.happened() => Some(spare.paths.clone()),
            _ => None,
        }
    }

    /// What was made for such a plan, if it still holds. It is given once.
    pub(super) fn take(&self, plan: &Plan) -> Option<Made> {
        let mut state = self.lock();
        let State::Kept(spare) = &mut *state else {
            return None;
        };
        if spare.changes.happened() {
            *state = State::Nothing;
            return None;
        }
        if plan.user != spare.user || !plan.root.starts_with(&spare.root) {
            return None;
        }
        Some(Made {
            steps: u32::try_from(spare.root.len()).ok()?,
            fds: spare.made.take()?,
        })
    }

    /// Makes the next set in a while, unless there is one.
    pub(super) fn prepare(daemon: &Arc<Daemon>) {
        let daemon = Arc::clone(daemon);
        tokio::spawn(async move {
            tokio::time::sleep(QUIET).await;
            Stages::prepare(&daemon);
            if !daemon.spares.begin() {
                return;
            }
            let made = tokio::time::timeout(DEADLINE, make(&daemon)).await;
            let made = made.unwrap_or_else(|_| anyhow::bail!("it takes too long"));
            let state = match made {
                Ok(spare) => State::Kept(Box::new(spare)),
                Err(error) => {
                    tracing::debug!(%error, "nothing is made in advance");
                    State::Nothing
                }
            };
            *daemon.spares.lock() = state;
            forget_when_mounts_change(&daemon).await;
        });
    }

    /// Whether the next set has to be made, by the caller.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        match &*state {
            State::Making => return false,
            State::Kept(spare) if spare.made.is_some() && !spare.changes.happened() => {
                return false;
            }
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

async fn make(daemon: &Daemon) -> anyhow::Result<Spare> {
    let user = facts::user()?;
    let probes = plan::common_probes();
    // Before looking: what changes in between counts as changed later.
    let changes = Changes::watch(&probes)?;
    let paths = facts::look(&user, &probes);
    let facts = facts::gather(user.clone(), paths.clone(), &[], Default::default())?;
    let request = Request {
        root: plan::common(&facts),
        user,
    };
    let init = daemon.directories.program("oz-init");
    let arguments = ["--spare", "3"].map(String::from);
    let (helper, socket) =
        spawn::with_socket(&init, &arguments).map_err(|failure| anyhow::anyhow!(failure.line()))?;
    let talk = async {
        let mut connection = Connection::new(socket)?;
        connection.send(&request, &[]).await?;
        Ok::<_, anyhow::Error>(connection.receive::<Answer>().await?)
    };
    let answer = talk.await;
    // It has answered or never will.
    helper.kill();
    child::reap(helper);
    match answer? {
        (Answer::Made, fds) => Ok(Spare {
            user: request.user,
            paths,
            root: request.root,
            changes,
            made: Some(
                fds.try_into()
                    .map_err(|_| anyhow::anyhow!("it sends the wrong descriptors"))?,
            ),
        }),
        (Answer::Failed { subject, errno }, _) => {
            let error = std::io::Error::from_raw_os_error(errno);
            anyhow::bail!("{subject}: {error}")
        }
    }
}

/// A copy of a mount keeps the disk behind it busy: it goes when the host unmounts anything.
async fn forget_when_mounts_change(daemon: &Daemon) {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(mounts) = rustix::fs::openat(CWD, "/proc/self/mountinfo", flags, Mode::empty()) else {
        return;
    };
    let Ok(mounts) = readiness::watch(mounts, Interest::PRIORITY) else {
        return;
    };
    let _ = mounts.ready(Interest::PRIORITY).await;
    let mut state = daemon.spares.lock();
    if matches!(&*state, State::Kept(spare) if spare.changes.happened()) {
        *state = State::Nothing;
    }
}
