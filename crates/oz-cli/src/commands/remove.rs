//! `oz remove`: take files back.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use oz_core::OsBytes;

use crate::arguments::Remove;
use crate::bus::{Bus, Sandbox, StillOpen};
use crate::error::{Error, Result};
use crate::{launch, out};

pub(crate) async fn run(what: Remove) -> Result<u8> {
    let directory = launch::current_directory()?;
    let bus = Bus::connect().await?;
    let mut words = what.words.into_iter();
    if let Some(profile) = &what.profile {
        let paths: Vec<PathBuf> = words.map(PathBuf::from).collect();
        return forget(&bus, profile, &paths, &directory).await;
    }
    let id = words.next().unwrap_or_default();
    let id = id.to_string_lossy();
    let paths: Vec<PathBuf> = words.map(PathBuf::from).collect();
    if paths.is_empty() {
        return Err(Error::usage(
            "there is nothing to take back.",
            "Name the sandbox and its files: `oz remove ID PATH...`.",
        ));
    }
    let sandbox = bus.get(&id).await?;
    let paths: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| held(&sandbox, path, &directory))
        .collect();
    let taken: Vec<Vec<u8>> = bus.sandbox(&id, "RemoveFiles", &(paths,)).await?;
    // It may have ended with what it lost.
    let open = bus.get(&id).await.map_or(Vec::new(), |now| now.still_open);
    for open in open.iter().filter(|open| taken.contains(&open.path)) {
        out::note(&format!(
            "{} is still open in {}, which can go on with it until it closes it",
            OsBytes::from(open.path.clone()),
            names(open),
        ));
    }
    Ok(0)
}

/// Takes files from a profile that was given them for good.
async fn forget(bus: &Bus, profile: &str, paths: &[PathBuf], directory: &Path) -> Result<u8> {
    let typed = paths.iter().map(|path| plain(&directory.join(path)));
    let paths: Vec<Vec<u8>> = typed.map(|path| OsString::from(path).into_vec()).collect();
    let () = bus.manager("ForgetFiles", &(profile, paths)).await?;
    Ok(0)
}

/// The path under which the sandbox holds what the user means: as typed, made absolute, or where
/// it leads now. The file itself may be gone.
fn held(sandbox: &Sandbox, path: &Path, directory: &Path) -> Vec<u8> {
    let absolute = plain(&directory.join(path));
    let canonical = || {
        let (named, from) = (path.to_owned(), directory.to_owned());
        let look = move || oz_host::resolve::resolve(&named, &from);
        let resolved = launch::in_time(path, look).ok()?.ok()?;
        Some(resolved.path.as_path().to_owned())
    };
    let holds = |path: &PathBuf| {
        sandbox
            .files
            .iter()
            .any(|file| file.path == path.as_os_str().as_bytes())
    };
    let found = if holds(&absolute) {
        absolute
    } else {
        canonical().unwrap_or(absolute)
    };
    OsString::from(found).into_vec()
}

/// `gedit (812), cat (900)`.
pub(super) fn names(open: &StillOpen) -> String {
    let name = |(pid, name): &(u32, Vec<u8>)| format!("{} ({pid})", OsBytes::from(name.clone()));
    let names: Vec<String> = open.processes.iter().map(name).collect();
    names.join(", ")
}

/// Without `.`, `..` and doubled slashes, by the text alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_plain_by_its_text() {
        assert_eq!(plain(Path::new("/a/./b//../c/")), Path::new("/a/c"));
        assert_eq!(plain(Path::new("/../a")), Path::new("/a"));
    }
}
