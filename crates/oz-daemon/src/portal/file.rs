//! Files that an app has, opened with other apps.
//!
//! The app sends a descriptor, and what it leads to is found out like everything that is given: by the name that the
//! kernel has for it, opened again on the host, and compared. Only what the sandbox has of the user's files goes on, as a
//! grant of that one file to the other app's own sandbox, which may change it only if this one may. A folder is
//! shown by the host's file manager, which is outside of every sandbox, so the person is asked each time.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oz_core::OsBytes;
use oz_core::denied::Denied;
use oz_core::plan::{Access, Mode};
use oz_core::said::Said;
use oz_core::uri;
use oz_core::wire::dialog::Response;
use oz_core::wire::portal::OpenFile;
use oz_host::desktop::Entry;
use oz_host::handlers;
use oz_host::resolve::{self, Resolved};

use super::{own, uri as address};
use crate::aside::Careful;
use crate::consent::{Answer, Opening, Question, Reason};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::grants::Shown;
use crate::grants::change::in_time;
use crate::grants::has::Has;
use crate::launch;
use crate::launch::options::Options;
use crate::notice;
use crate::owner;
use crate::sandbox::{Sandbox, acted};

/// What shows folders on the host. <https://www.freedesktop.org/wiki/Specifications/file-manager-interface/>
const MANAGER: &str = "org.freedesktop.FileManager1";
const MANAGER_PATH: &str = "/org/freedesktop/FileManager1";
/// How much of the name of an app is shown.
const APP_NAME: usize = 60;

/// Opens what the app sent, if it may be opened.
pub(super) async fn open(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    asked: OpenFile,
    fds: Vec<Careful<OwnedFd>>,
) -> Response {
    let Ok([fd]) = <[_; 1]>::try_from(fds) else {
        tracing::warn!("the bus proxy passes on what it should not");
        return Response::Ended;
    };
    let Some(_turn) = sandbox.links.take().await else {
        tracing::info!("the sandbox opens too many files");
        sandbox.denied(Denied::Open, b"", 1);
        return Response::Ended;
    };
    match try_open(daemon, sandbox, asked, fd).await {
        Ok(response) => response,
        Err(failure) => {
            tracing::info!(kind = ?failure.kind, "a file is not opened with another app");
            sandbox.denied(Denied::Open, b"", 1);
            notice::not_opened(daemon, sandbox, &failure);
            Response::Ended
        }
    }
}

async fn try_open(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    asked: OpenFile,
    fd: Careful<OwnedFd>,
) -> Result<Response> {
    let file = find(sandbox, fd).await?;
    let its = Has::of(daemon, sandbox).access(file.path.as_path());
    let its = its.ok_or_else(not_its)?;
    if asked.folder || file.identity.directory {
        let question = Question::opening(Opening::folder(&file.path), Reason::Outside);
        return Ok(match daemon.consent.ask(sandbox, question).await {
            Answer::Yes => show(daemon, sandbox, &file).await,
            Answer::No(_) => Response::Cancelled,
        });
    }
    let app = handler(sandbox, file.path.as_path()).await?;
    let access = match asked.writable {
        true => its,
        false => Access::Read,
    };
    if let Some(reason) = reason(daemon, sandbox, asked) {
        let name = app.name.as_deref().unwrap_or(&app.id);
        let name = Said::new(name.as_bytes(), APP_NAME);
        let question = Question::opening(Opening::file(&file.path, name, access), reason);
        if daemon.consent.ask(sandbox, question).await != Answer::Yes {
            return Ok(Response::Cancelled);
        }
    }
    start(daemon, sandbox, &app, file, access).await?;
    Ok(Response::Accepted)
}

/// Why the person is asked; nothing if they need not be: as for links.
fn reason(daemon: &Daemon, sandbox: &Sandbox, asked: OpenFile) -> Option<Reason> {
    if sandbox.plan.network.mode == Mode::None {
        return Some(Reason::Carries);
    }
    if !acted::within(&daemon.directories, &sandbox.id, address::ACTION_LASTS) {
        return Some(Reason::Unasked);
    }
    asked.ask.then_some(Reason::Wanted)
}

/// What the descriptor leads to on the host.
async fn find(sandbox: &Sandbox, fd: Careful<OwnedFd>) -> Result<Resolved> {
    let files = sandbox.files();
    let viewed = files.iter().filter(|grant| grant.shown == Shown::View);
    let viewed: Vec<OsBytes> = viewed.map(|grant| grant.path.clone()).collect();
    let fd = fd.take().ok_or_else(not_its)?;
    let look = move || {
        // A file of a view is on a file system of ours. That it has the name of one that the sandbox may change is
        // enough: no other is opened for it.
        let name = resolve::name_on_fuse(fd.as_fd()).map(OsBytes::from);
        if let Some(path) = name.filter(|name| viewed.contains(name)) {
            return resolve::resolve(path.as_path(), Path::new("/"))
                .ok()
                .filter(|found| found.path == path);
        }
        resolve::from_fd(fd).ok()
    };
    in_time(Some(&sandbox.id), look).await?.ok_or_else(not_its)
}

fn not_its() -> Failure {
    Failure::new(
        Kind::Refused,
        "it is none of the files of yours that the app has been given",
        "Save it where the app has been given a folder, and open it there",
    )
}

async fn handler(sandbox: &Sandbox, path: &Path) -> Result<Entry> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.into_owned();
    let found = in_time(Some(&sandbox.id), move || handlers::of(&name)).await?;
    found.ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("no app is known for {}", OsBytes::from(path)),
            "Choose one for files of its kind in the settings of your desktop",
        )
    })
}

/// Starts the app in its own sandbox, or joins that.
async fn start(
    daemon: &Arc<Daemon>,
    sandbox: &Sandbox,
    app: &Entry,
    file: Resolved,
    access: Access,
) -> Result<()> {
    let path = file.path.clone();
    let is_known = daemon.profiles()?.catalogue.find(&app.id).is_some();
    let (name, arguments) = match is_known {
        true => (app.id.clone(), vec![path.clone()]),
        false => {
            let words = handlers::command(app, path.as_path()).into_iter();
            let mut words = words.map(|word| OsBytes::from(PathBuf::from(word)));
            let program = words.next().map(|word| word.to_string());
            (program.unwrap_or_default(), words.collect())
        }
    };
    let Some(at) = arguments.iter().position(|word| *word == path) else {
        return Err(Failure::new(
            Kind::NotFound,
            format!("{} takes no files", app.id),
            "Choose another app for files of its kind in the settings of your desktop",
        ));
    };
    let variables = own::variables(sandbox).into_iter();
    let context: HashMap<String, String> = variables
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let options = Options {
        name: Some(name),
        context: Some(context),
        detach: Some(true),
        ..Options::default()
    };
    launch::launch_opened(daemon, arguments, options, (at, file), access).await?;
    Ok(())
}

/// Shows where it lies.
async fn show(daemon: &Daemon, sandbox: &Sandbox, file: &Resolved) -> Response {
    let method = match file.identity.directory {
        true => "ShowFolders",
        false => "ShowItems",
    };
    if let Some(bus) = daemon.bus.get() {
        let arguments = (vec![uri::of_path(&file.path)], "");
        let shown = owner::call_within(
            owner::STARTING,
            bus,
            MANAGER,
            MANAGER_PATH,
            MANAGER,
            method,
            &arguments,
        )
        .await;
        if shown.is_some() {
            return Response::Accepted;
        }
    }
    let path = file.path.as_path();
    let folder = match file.identity.directory {
        true => path,
        false => path.parent().unwrap_or(path),
    };
    address::by_program(sandbox, &uri::of_path(&folder.into()))
}
