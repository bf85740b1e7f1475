//! What apps may ask of the desktop: the host's side of the portals.
//!
//! A bus proxy sends what an app asks for as one frame. Here it becomes a dialog of the host's, and what the person picks in it
//! becomes grants: what a proxy says can bring up a question and never names a file. A proxy hears how the
//! desktop looks, of what [`settings`] lists.
//!
//! A dialog goes through [`turns`] (how many, how often), [`words`] (what of an app's words a person sees), [`chooser`] (the
//! portal of the session) or [`own`] (a program of ours, where there is none), and [`picked`] (what becomes a grant). What is
//! to be opened is an address ([`uri`]) or something that the sandbox has already ([`mod@file`]).

mod chooser;
mod dialog;
mod file;
mod host;
mod own;
mod picked;
mod settings;
mod turns;
mod uri;
mod words;

use std::os::fd::OwnedFd;
use std::sync::Arc;

use oz_core::wire::portal::{Answer, Ask, Setting};
pub(crate) use turns::Turns;

use crate::aside::Careful;
use crate::daemon::Daemon;
use crate::sandbox::Sandbox;

/// What all sandboxes share of it.
#[derive(Default)]
pub(crate) struct Portals {
    settings: settings::Settings,
}

impl Portals {
    /// How the desktop looks, from now on.
    pub(crate) fn settings(&self, daemon: &Arc<Daemon>) -> Changes {
        Changes(self.settings.follow(daemon))
    }
}

/// How the desktop looks.
pub(crate) struct Changes(tokio::sync::watch::Receiver<Option<Vec<Setting>>>);

impl Changes {
    /// Waits until it looks another way; the first time until that is known at all. Dropping the future loses nothing.
    pub(crate) async fn changed(&mut self) -> Vec<Setting> {
        loop {
            if self.0.changed().await.is_err() {
                // The daemon ends.
                std::future::pending::<()>().await;
            }
            if let Some(settings) = self.0.borrow_and_update().clone() {
                return settings;
            }
        }
    }
}

/// Does what an app asks for, as far as the person wants it. Dropping the future takes it back.
pub(crate) async fn answer(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    ask: Ask,
    fds: Vec<Careful<OwnedFd>>,
) -> Answer {
    match ask {
        Ask::Files { parent, dialog } => {
            let answer = dialog::ask(daemon, sandbox, parent.as_deref(), &dialog).await;
            Answer::Files(Box::new(answer))
        }
        Ask::Uri(address) => Answer::Done(uri::open(daemon, sandbox, &address).await),
        Ask::File(asked) => Answer::Done(file::open(daemon, sandbox, asked, fds).await),
    }
}
