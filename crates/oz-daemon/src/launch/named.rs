//! Directories that a request names beside its files: those to copy on writing, and the tree that is to be the system.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::facts::{PathFact, TreeFacts};
use oz_core::plan::{self, Access, Tree, check};
use oz_core::protected;
use oz_host::facts::{self, Paths};
use oz_host::resolve::Resolved;
use rustix::process::getuid;

use super::options::Options;
use super::prepare::Request;
use crate::aside;
use crate::copies;
use crate::daemon::Daemon;
use crate::directories::Directories;
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
        let root = change::resolve(self.root.into_iter().collect())
            .await?
            .pop();
        request.system = match (root, kept.and_then(|kept| kept.tree)) {
            (Some(root), _) => {
                let path = root.path.as_path().to_owned();
                let directories = daemon.directories.clone();
                let look = move |_: &Path| System::look(named(&directories, root, self.copied)?);
                Some(in_tree(&path, look).await??)
            }
            // It goes on with the system that it had.
            (None, Some(tree)) => {
                let path = tree.path.clone();
                Some(in_tree(&path, |_| System::look(tree)).await??)
            }
            (None, None) => None,
        };
        Ok(())
    }
}

/// A tree that is to be the system inside, as it was looked at.
pub(super) struct System {
    pub(super) facts: TreeFacts,
    /// What every plan asks of a system.
    pub(super) paths: Paths,
}

impl System {
    fn look(tree: Tree) -> Result<Self> {
        let path = tree.path.clone();
        let failed = |error| Failure::host("look at the tree", &path, &error);
        let facts = facts::look_at_tree(tree).map_err(failed)?;
        let has = |name: &str| {
            let fact = facts.entries.get(Path::new(name));
            matches!(fact, Some(PathFact::Directory | PathFact::Symlink(_)))
        };
        if !has("/usr") && !has("/bin") {
            return Err(Failure::new(
                Kind::Refused,
                format!(
                    "{} is no system: there is neither a usr nor a bin directory in it",
                    OsBytes::from(path.as_path())
                ),
                "Unpack a distribution there: `debootstrap`, or an image of a container",
            ));
        }
        let paths = facts::look_in_tree(&path, &plan::common_probes()).map_err(failed)?;
        Ok(Self { facts, paths })
    }
}

/// Looks at something in a tree aside: its file system may never answer, and the daemon has others to serve.
pub(super) async fn in_tree<T: Send + 'static>(
    tree: &Path,
    look: impl FnOnce(&Path) -> T + Send + 'static,
) -> Result<T> {
    let path = tree.to_owned();
    let looked = aside::within(None, LOOK_DEADLINE, move || look(&path)).await;
    looked.ok_or_else(|| {
        Failure::new(
            Kind::Timeout,
            format!(
                "the file system of {} did not answer within {} seconds",
                OsBytes::from(tree),
                LOOK_DEADLINE.as_secs()
            ),
            "Try again when it does, or name another tree",
        )
    })
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
fn named(directories: &Directories, root: Resolved, copied: bool) -> Result<Tree> {
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
    let hidden = rules::check(directories, &user, &path, Access::Read)?;
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
