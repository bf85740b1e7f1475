//! What was copied and is wanted by somebody the user has to be asked about. The display proxy parses a hostile protocol:
//! it has one question of each direction at a time.

use std::sync::Arc;

use oz_core::denied::Denied;
use oz_core::wire::display::{Direction, Tell};
use tokio::task::JoinSet;

use crate::consent::{Answer, Question};
use crate::daemon::Daemon;
use crate::sandbox::Sandbox;

/// Questions of one proxy that wait for the user, one of each direction, and answers on their way.
const AT_ONCE: usize = 8;

/// The questions of one proxy; what is under way ends with it.
pub(super) struct Copies {
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    answers: JoinSet<()>,
}

impl Copies {
    pub(super) fn new(daemon: &Arc<Daemon>, sandbox: &Arc<Sandbox>) -> Self {
        Self {
            daemon: Arc::clone(daemon),
            sandbox: Arc::clone(sandbox),
            answers: JoinSet::new(),
        }
    }

    /// Asks the user, and tells the proxy.
    pub(super) fn ask(&mut self, question: u64, direction: Direction) {
        while self.answers.try_join_next().is_some() {}
        if self.answers.len() >= AT_ONCE {
            tracing::warn!("the display proxy asks too much about what was copied");
            return;
        }
        let (daemon, sandbox) = (Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
        let answered = async move {
            let answer = daemon
                .consent
                .ask(&sandbox, Question::Copy(direction))
                .await;
            let yes = answer == Answer::Yes;
            if !yes {
                let denied = match direction {
                    Direction::In => Denied::PasteIn,
                    Direction::Out => Denied::CopyOut,
                };
                sandbox.denied(denied, b"", 1);
            }
            sandbox.display.tell(&[Tell::Copy { question, yes }]).await;
        };
        self.answers
            .spawn(tracing::Instrument::in_current_span(answered));
    }
}
