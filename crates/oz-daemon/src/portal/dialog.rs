//! A dialog from the asking to the grants.

use std::sync::Arc;
use std::time::Duration;

use oz_core::denied::Denied;
use oz_core::wire::dialog::{FileDialog, FileDialogAnswer, Response};
use tokio::time::Instant;

use super::words::{About, Held, Words};
use super::{chooser, own, picked};
use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, acted};

/// How long after a key or button in a window of the app the person uses it: downloads take a while to come to a name.
const USED: Duration = Duration::from_secs(60);
/// What is picked sooner after it was asked for nobody has picked: a key that is held down has.
const DELAY: Duration = Duration::from_millis(500);
/// How often a dialog is shown again for that.
const TIMES: usize = 3;

/// Lets the person pick files, which the sandbox holds then.
pub(super) async fn ask(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    parent: Option<&str>,
    asked: &FileDialog,
) -> FileDialogAnswer {
    let ended = || FileDialogAnswer::none(Response::Ended);
    if let Err(refused) = asked.check() {
        tracing::warn!(%refused, "the bus proxy passes on what it should not");
        return ended();
    }
    let Some(turn) = sandbox.dialogs.take().await else {
        tracing::info!("the sandbox brings up too many dialogs");
        sandbox.denied(Denied::Dialogs, b"", 1);
        return FileDialogAnswer::none(Response::Cancelled);
    };
    let held = Held::new(&sandbox.files(), &sandbox.plan);
    let parent = match parent {
        Some(name) => sandbox.parents.of_host(name).await,
        None => None,
    };
    let parent = parent.as_deref();
    let about = About {
        has_parent: parent.is_some(),
        acted: acted::within(&daemon.directories, &sandbox.id, USED),
    };
    let Some(words) = Words::new(asked, &held, about) else {
        return ended();
    };
    let answer = words.understand(show(daemon, sandbox, parent, &words.shown).await);
    match answer.response {
        Response::Accepted => turn.used(),
        // Portals say that a window was closed in either way.
        Response::Cancelled | Response::Ended => turn.cancelled(),
    }
    picked::grant(daemon, sandbox, asked, answer).await
}

/// Shows it until a person can have seen what was picked.
async fn show(
    daemon: &Daemon,
    sandbox: &Sandbox,
    parent: Option<&str>,
    dialog: &FileDialog,
) -> FileDialogAnswer {
    for _ in 0..TIMES {
        let begun = Instant::now();
        let answer = match chooser::show(daemon, sandbox, parent, dialog).await {
            Some(answer) => answer,
            None => own::show(daemon, sandbox, parent, dialog).await,
        };
        if answer.response != Response::Accepted || begun.elapsed() >= DELAY {
            return answer;
        }
        tracing::info!("a dialog was accepted before anybody could read it");
    }
    FileDialogAnswer::none(Response::Ended)
}
