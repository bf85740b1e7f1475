//! Training an app from its page: the command runs it and watches, here it is said how that goes and what comes of it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use gtk::{gio, glib};
use oz_core::OsBytes;
use oz_core::profile::measure::name_of;
use oz_host::profile_edit;
use oz_host::profiles::Directories;
use oz_host::training::Training;

use super::application::Panel;
use super::learned::{self, Answer, Watching};
use super::profiles::away;
use super::terminal::oz;
use crate::bus;
use crate::model::{App, LearnedLine as Line, Proposal};
use crate::words::{tr, tr_count, tr_with};

/// How often it is said how much was seen.
const PAUSE: Duration = Duration::from_secs(1);
/// How much of what the command says is kept: its last words say what is wrong.
const TAIL: usize = 4 << 10;
/// `SIGTERM`: the app can still save.
const TERMINATE: i32 = 15;
/// What the command ends with if there was no sandbox, or the command line was wrong.
const NO_SANDBOX: [i32; 2] = [125, 2];

impl Panel {
    /// Has an app run and watched, and shows what follows. One at a time: it runs as long as the person likes.
    pub(super) async fn learn(self: &Rc<Self>, app: &App) -> bus::Result<()> {
        if self.learning.replace(true) {
            return Ok(());
        }
        let watched = self.watch(app).await;
        self.learning.set(false);
        watched?;
        self.review(app).await
    }

    async fn watch(&self, app: &App) -> bus::Result<()> {
        let words = words(app)?;
        let training = Training::of(&name(app, &words));
        let end = gio::Cancellable::new();
        let watching = Watching::show(&self.window, &app.name, &end);
        let run = learn(words, gio::SubprocessFlags::STDOUT_SILENCE)?;
        let ending = run.clone();
        end.connect_cancelled_local(move |_| ending.send_signal(TERMINATE));
        let seen = glib::spawn_future_local(async move {
            loop {
                let count = training.seen();
                watching.say(&tr_count("{n} thing seen", "{n} things seen", count));
                glib::timeout_future(PAUSE).await;
            }
        });
        let said = last_words(&run).await;
        let ended = run.wait_future().await;
        // With it goes the window.
        seen.abort();
        ended.map_err(|error| error.to_string())?;
        if run.has_exited() && NO_SANDBOX.contains(&run.exit_status()) {
            return Err(said);
        }
        Ok(())
    }

    /// Shows what its trainings come to.
    pub(super) async fn review(self: &Rc<Self>, app: &App) -> bus::Result<()> {
        let name = name(app, &words(app)?);
        let show = ["--json".into(), "--show".into(), name.into()];
        let run = learn(show, gio::SubprocessFlags::STDOUT_PIPE)?;
        let said = run.communicate_future(None).await;
        let (out, complaint) = said.map_err(|error| error.to_string())?;
        let proposal = out.filter(|_| run.is_successful());
        let Some(proposal) = proposal.and_then(|out| Proposal::of(&out)) else {
            return Err(last_line(
                &complaint.unwrap_or_else(|| glib::Bytes::from(b"")),
            ));
        };
        let (panel, of) = (Rc::downgrade(self), app.clone());
        let shown = proposal.clone();
        learned::show(&self.window, &app.name, &proposal, move |answer| {
            let Some(panel) = panel.upgrade() else { return };
            let (app, proposal) = (of.clone(), shown.clone());
            glib::spawn_future_local(async move {
                let done = match answer {
                    Answer::Save(lines) => panel.save(&app, &proposal, lines).await,
                    Answer::Again => panel.learn(&app).await,
                    Answer::Forget => panel.forget(&app, &proposal.name).await,
                };
                if let Err(words) = done {
                    panel.window.say(&words);
                }
            });
        });
        Ok(())
    }

    /// Saves lines as they were shown.
    async fn save(&self, app: &App, proposal: &Proposal, lines: Vec<Line>) -> bus::Result<()> {
        let (name, new) = (proposal.name.clone(), proposal.new.clone());
        away(move || {
            let directories = Directories::of_this_installation();
            let changes: Vec<_> = lines.iter().map(Line::change).collect();
            let saved = profile_edit::save(&directories, &name, new.as_deref(), &changes);
            saved.map(drop).map_err(|error| error.to_string())
        })
        .await?;
        self.window.say(&tr_with(
            "Your profile of {app} says so now",
            &[("app", &app.name)],
        ));
        self.list_apps().await;
        Ok(())
    }

    async fn forget(&self, app: &App, name: &str) -> bus::Result<()> {
        let name = name.to_owned();
        let forget = move || Training::of(&name).forget();
        away(move || forget().map(drop).map_err(|error| error.to_string())).await?;
        self.window.say(&tr_with(
            "What was seen of {app} is forgotten",
            &[("app", &app.name)],
        ));
        self.list_apps().await;
        Ok(())
    }
}

/// Whether something was seen of an app that can be looked at.
pub(super) fn was_trained(app: &App) -> bool {
    let profile = app.profile.as_ref();
    profile.is_some_and(|profile| Training::of(profile).base().is_some())
}

/// Starts the command; what it complains of can be read.
fn learn(
    words: impl IntoIterator<Item = OsString>,
    output: gio::SubprocessFlags,
) -> bus::Result<gio::Subprocess> {
    let mut command = vec![oz().into_os_string(), "learn".into()];
    command.extend(words);
    let command: Vec<&OsStr> = command.iter().map(OsString::as_os_str).collect();
    gio::Subprocess::newv(&command, output | gio::SubprocessFlags::STDERR_PIPE)
        .map_err(|error| error.to_string())
}

/// How the command is told of an app: by its profile, or the program of its launcher.
fn words(app: &App) -> bus::Result<Vec<OsString>> {
    if let Some(profile) = &app.profile {
        return Ok(vec![profile.into()]);
    }
    let launcher = format!("{}.desktop", app.id);
    let all = gio::AppInfo::all();
    let of_it = all
        .iter()
        .find(|one| one.id().as_deref() == Some(&launcher));
    let program = of_it.map(|one| one.executable().into_os_string());
    let program = program.filter(|program| !program.is_empty());
    let program = program.ok_or_else(|| tr("Its launcher names no program."))?;
    Ok(vec!["--".into(), program])
}

/// The name under which its trainings are kept.
fn name(app: &App, words: &[OsString]) -> String {
    let program = words.last().map(Path::new).and_then(Path::file_name);
    let program = program.unwrap_or_default().to_string_lossy();
    app.profile.clone().unwrap_or_else(|| name_of(&program))
}

/// The last line that a command says, when it says nothing more; the app's words are among them.
async fn last_words(run: &gio::Subprocess) -> String {
    let mut tail = Vec::new();
    if let Some(said) = run.stderr_pipe() {
        while let Ok(bytes) = said.read_bytes_future(TAIL, glib::Priority::DEFAULT).await {
            if bytes.is_empty() {
                break;
            }
            tail.extend_from_slice(&bytes);
            tail.drain(..tail.len().saturating_sub(TAIL));
        }
    }
    last_line(&tail)
}

fn last_line(said: &[u8]) -> String {
    let mut lines = said.split(|byte| *byte == b'\n').rev();
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    OsBytes::from(line.to_vec()).to_string()
}
