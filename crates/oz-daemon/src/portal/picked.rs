//! What was picked becomes grants.
//!
//! Everything that `oz add` refuses is refused here, and what is reached by a link that an app may have left; the person
//! is told. A new file is made when it is picked, so
//! that the app can save it in every way in which an existing one can be saved.

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oz_core::OsBytes;
use oz_core::denied::Denied;
use oz_core::plan::Access;
use oz_core::wire::dialog::{FileDialog, FileDialogAnswer, Kind, Response};
use oz_host::resolve::{self, Resolved};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::daemon::Daemon;
use crate::failure::{Failure, Kind as Why, Result};
use crate::grants::change::{self, Wanted};
use crate::grants::{Lifetime, Origin};
use crate::notice;
use crate::sandbox::Sandbox;

/// Grants what an answer says was picked; the answer for the app.
pub(super) async fn grant(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    dialog: &FileDialog,
    mut answer: FileDialogAnswer,
) -> FileDialogAnswer {
    let paths: Vec<PathBuf> = std::mem::take(&mut answer.paths)
        .into_iter()
        .map(|path| OsBytes::from(path).as_path().to_owned())
        .collect();
    if answer.response != Response::Accepted {
        return answer;
    }
    let granted = match dialog.kind {
        Kind::Open => open(daemon, sandbox, dialog.directory, paths, answer.writable).await,
        Kind::Save | Kind::SaveFiles => save(daemon, sandbox, paths).await,
    };
    match granted {
        Ok((paths, writable)) => FileDialogAnswer {
            paths: paths.iter().map(|path| path.as_bytes().to_vec()).collect(),
            writable,
            ..answer
        },
        Err(failure) => {
            tracing::info!(kind = ?failure.kind, "what was picked is not given");
            sandbox.denied(Denied::Picked, b"", 1);
            notice::not_given(daemon, sandbox, &failure);
            FileDialogAnswer::none(Response::Ended)
        }
    }
}

/// What is granted, and whether it may be changed.
type Granted = (Vec<OsBytes>, bool);

async fn open(
    daemon: &Daemon,
    sandbox: &Sandbox,
    directory: bool,
    paths: Vec<PathBuf>,
    writable: bool,
) -> Result<Granted> {
    let home = sandbox.plan.user.home.clone();
    let all = change::in_time(Some(&sandbox.id), move || {
        let all = paths.iter().map(|path| named(path, &home));
        all.collect::<Result<Vec<(Resolved, bool)>>>()
    });
    let all = all.await??;
    if let Some((wrong, _)) = all
        .iter()
        .find(|(one, _)| one.identity.directory != directory)
    {
        let what = if directory { "not a" } else { "a" };
        let what = format!("{} is {what} directory", wrong.path);
        return Err(Failure::new(Why::Refused, what, ""));
    }
    let wanted: Vec<Wanted> = all
        .into_iter()
        .map(|(resolved, changeable)| {
            let may = writable && changeable && sandbox.plan.arguments == Access::Write;
            // What is never writable can still be looked at.
            let may = may && change::hidden(daemon, sandbox, &resolved.path, Access::Write).is_ok();
            let access = if may { Access::Write } else { Access::Read };
            wanted(resolved, access)
        })
        .collect();
    let writable = wanted.iter().all(|one| one.access == Access::Write);
    Ok((change::add(daemon, sandbox, wanted).await?, writable))
}

async fn save(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    paths: Vec<PathBuf>,
) -> Result<Granted> {
    let (asked, of) = (Arc::clone(daemon), Arc::clone(sandbox));
    let all = change::in_time(Some(&sandbox.id), move || {
        let all = paths.iter().map(|path| made(&asked, &of, path));
        all.collect::<Result<Vec<Resolved>>>()
    });
    let wanted = all.await??;
    let wanted = wanted
        .into_iter()
        .map(|one| self::wanted(one, Access::Write));
    Ok((change::add(daemon, sandbox, wanted.collect()).await?, true))
}

fn wanted(resolved: Resolved, access: Access) -> Wanted {
    Wanted {
        resolved,
        access,
        origin: Origin::Dialog,
        lifetime: Lifetime::Sandbox,
        since: None,
    }
}

/// What exists, and whether the user can change it.
fn named(path: &Path, home: &Path) -> Result<(Resolved, bool)> {
    let resolved = resolve::pointed_at(path, home)
        .map_err(|error| change::sentence(Why::Refused, &error.to_string()))?;
    let writable = rustix::fs::accessat(
        rustix::fs::CWD,
        resolved.path.as_path(),
        rustix::fs::Access::WRITE_OK,
        AtFlags::EACCESS,
    );
    Ok((resolved, writable.is_ok()))
}

/// What exists, or a new file in its place, if it may be written to at all.
fn made(daemon: &Daemon, sandbox: &Sandbox, path: &Path) -> Result<Resolved> {
    let fail = |errno: Errno| Failure::host("make the file", path, &errno.into());
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(fail(Errno::INVAL));
    };
    let home = &sandbox.plan.user.home;
    let (directory, _) = named(parent, home)?;
    let place = directory.path.as_path().join(name);
    change::hidden(daemon, sandbox, &place.as_path().into(), Access::Write)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    match rustix::fs::openat(&directory.fd, name.as_bytes(), flags, mode) {
        Ok(new) => drop(File::from(new)),
        Err(Errno::EXIST) => {}
        Err(errno) => return Err(fail(errno)),
    }
    let (resolved, _) = named(&place, home)?;
    if resolved.identity.directory {
        return Err(fail(Errno::ISDIR));
    }
    Ok(resolved)
}
