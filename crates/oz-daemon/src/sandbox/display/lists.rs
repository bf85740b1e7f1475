//! Lists of files that the display proxy asks about. It parses a hostile protocol, so there are only
//! so many, of so many files, so often.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_core::wire::display::{FILES_MAX, Name, answer};
use tokio::task::JoinSet;

use crate::daemon::Daemon;
use crate::grants::drops;
use crate::sandbox::Sandbox;

/// Lists that are said, or answered, at a time.
const AT_ONCE: usize = 8;
/// Lists in a minute: more than a hand can drag.
const PER_MINUTE: usize = 120;

/// What is wanted of a list.
pub(super) enum Want {
    /// Its files, which were dropped, with the token of the sandbox that dragged them.
    Dropped(Option<String>),
    /// To know which the sandbox has.
    Leaving,
}

/// The lists of one proxy; what is under way ends with it.
pub(super) struct Lists {
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    coming: BTreeMap<u64, Vec<OsBytes>>,
    recent: VecDeque<Instant>,
    answers: JoinSet<()>,
}

impl Lists {
    pub(super) fn new(daemon: &Arc<Daemon>, sandbox: &Arc<Sandbox>) -> Self {
        Self {
            daemon: Arc::clone(daemon),
            sandbox: Arc::clone(sandbox),
            coming: BTreeMap::new(),
            recent: VecDeque::new(),
            answers: JoinSet::new(),
        }
    }

    /// More of a list. One that cannot be understood is still counted: the answer is by number.
    pub(super) fn more(&mut self, list: u64, names: &[Name]) {
        if !self.coming.contains_key(&list) && self.coming.len() >= AT_ONCE {
            return;
        }
        let paths = self.coming.entry(list).or_default();
        let room = FILES_MAX.saturating_sub(paths.len());
        let names = names.iter().take(room);
        paths.extend(names.map(|name| name.path().unwrap_or_else(|| "/".into())));
    }

    /// A list is whole.
    pub(super) fn whole(&mut self, list: u64, want: Want) {
        let paths = self.coming.remove(&list).unwrap_or_default();
        while self.answers.try_join_next().is_some() {}
        let paths = if self.may(Instant::now()) && self.answers.len() < AT_ONCE {
            paths
        } else {
            tracing::warn!("the display proxy asks about too many lists of files");
            Vec::new()
        };
        if self.answers.len() >= 2 * AT_ONCE {
            return;
        }
        let (daemon, sandbox) = (Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
        let answered = async move {
            let files = match want {
                _ if paths.is_empty() => Ok(Vec::new()),
                Want::Dropped(source) => {
                    drops::dropped(&daemon, &sandbox, source.as_deref(), paths).await
                }
                Want::Leaving => drops::leaving(&daemon, &sandbox, paths).await,
            };
            let files = files.unwrap_or_else(|failure| {
                tracing::warn!(why = failure.line(), "nothing becomes of dragged files");
                Vec::new()
            });
            sandbox.display.tell(&answer(list, &files)).await;
        };
        let answered = tracing::Instrument::in_current_span(answered);
        self.answers.spawn(answered);
    }

    fn may(&mut self, now: Instant) -> bool {
        let minute = Duration::from_secs(60);
        self.recent
            .retain(|then| now.duration_since(*then) < minute);
        self.recent.push_back(now);
        self.recent.truncate(PER_MINUTE + 1);
        self.recent.len() <= PER_MINUTE
    }
}
