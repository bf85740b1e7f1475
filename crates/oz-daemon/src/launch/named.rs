//! Directories that a request names beside its files: those to copy on writing, and the tree that is to be the system.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::facts::{PathFact, TreeFacts};
use oz_core::plan::{Access, Tree, check};
use oz_core::protected;
use oz_host::facts;
use oz_host::resolve::Resolved;
use rustix::process::getuid;

use super::options::Options;
use super::prepare::Request;
use crate::aside;
use crate::copies;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::grants::{change, rules};

/// How long the file system of a tree may take to answer.
const LOOK_DEADLINE: Duration = Duration::from_secs(5);

/// Those of one request.
pub(crate) struct Named {
    copy: Vec<OwnedFd>,
    root: Option<OwnedFd>,
    copied: bool,
}

impl Named {
    pub(crate) fn take(options: &mut Options) -> Self {
        let copy = options.copy.take().unwrap_or_default();
        Self {
            copy: copy.into_iter().map(OwnedFd::from).collect(),
            root: options.root.take().map(OwnedFd::from),
            copied: options.root_copy == Some(true),
        }
    }

    /// Finds out what they are.
    pub(crate) async fn resolve(self, daemon: &Daemon, request: &mut Request) -> Result<()> {
        let copy = change::resolve(self.copy).await?;
        let copy = copy.into_iter().map(|one| {
            let other = "is no directory, and only directories are copied on writing";
            directory(one, other, "Name the directory that it is in")
        });
        request.copy = copy.collect::<Result<_>>()?;
        if self.root.is_some() && (request.join.is_some() || request.sandbox.is_some()) {
            return Err(Failure::new(
                Kind::InvalidArgument,
                "what runs already, or goes on, has its system",
                "",
            ));
        }
        let kept = request.sandbox.as_ref();
        let kept = kept.and_then(|id| copies::kept(&daemon.directories, id).ok());
        let tree = match change::resolve(self.root.into_iter().collect())
            .await?
            .pop()
        {
            Some(root) => Some(named(daemon, root, self.copied)?),
            // It goes on with the system that it had.
            None => kept.and_then(|kept| kept.tree),
        };
        if let Some(tree) = tree {
            request.tree = Some(look(tree).await?);
        }
        Ok(())
    }
}

/// Where it is.
fn directory(resolved: Resolved, other: &str, remedy: &str) -> Result<PathBuf> {
    let path = resolved.path.as_path().to_owned();
    match resolved.identity.directory {
        true => Ok(path),
        false => Err(Failure::new(
            Kind::Refused,
            format!("{} {other}", resolved.path),
            remedy,
        )),
    }
}

/// A tree that may be the system of a sandbox.
fn named(daemon: &Daemon, root: Resolved, copied: bool) -> Result<Tree> {
    let owner = rustix::fs::fstat(&root.fd).map(|stat| stat.st_uid);
    let other = "is no directory, and only a directory can be the system of a sandbox";
    let path = directory(root, other, "Unpack it, and name where")?;
    if check::is_of_the_system(&path) {
        return Err(Failure::new(
            Kind::Refused,
            format!(
                "{} is a part of this system, and cannot be another",
                OsBytes::from(path.as_path())
            ),
            "Leave --root out; or name an unpacked distribution",
        ));
    }
    let user = facts::user().map_err(|error| Failure::host("look at", &path, &error))?;
    let hidden = rules::check(&daemon.directories, &user, &path, Access::Read)?;
    let place = protected::is_protected(&user.home, &path).map(|place| user.home.join(place.path));
    let place = hidden
        .first()
        .map(|place| place.as_path().to_owned())
        .or(place);
    if let Some(place) = place {
        return Err(Failure::new(
            Kind::Refused,
            format!(
                "{} cannot be the system of a sandbox, because of the protected place {}",
                OsBytes::from(path.as_path()),
                OsBytes::from(place.as_path())
            ),
            "Name a directory with nothing in it but an unpacked distribution",
        ));
    }
    if copied && owner != Ok(getuid().as_raw()) {
        return Err(Failure::new(
            Kind::Refused,
            format!(
                "{} belongs to another user, and what belongs to others cannot be changed in a copy of an ordinary user's either",
                OsBytes::from(path.as_path())
            ),
            "Unpack it as yourself; or leave --root-cow out, and only look at it",
        ));
    }
    Ok(Tree { path, copied })
}

async fn look(tree: Tree) -> Result<TreeFacts> {
    let path = tree.path.clone();
    let looked = aside::within(None, LOOK_DEADLINE, move || facts::look_at_tree(tree)).await;
    let facts = match looked {
        Some(facts) => facts.map_err(|error| Failure::host("look at the tree", &path, &error))?,
        None => {
            return Err(Failure::new(
                Kind::Timeout,
                format!(
                    "the file system of {} did not answer within {} seconds",
                    OsBytes::from(path.as_path()),
                    LOOK_DEADLINE.as_secs()
                ),
                "Try again when it does, or name another tree",
            ));
        }
    };
    let has = |name: &str| {
        let fact = facts.entries.get(Path::new(name));
        matches!(fact, Some(PathFact::Directory | PathFact::Symlink(_)))
    };
    if has("/usr") || has("/bin") {
        return Ok(facts);
    }
    Err(Failure::new(
        Kind::Refused,
        format!(
            "{} is no system: there is neither a usr nor a bin directory in it",
            OsBytes::from(path.as_path())
        ),
        "Unpack a distribution there: `debootstrap`, or an image of a container",
    ))
}
