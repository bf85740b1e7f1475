//! Which program an app is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oz_core::profile::Profile;
use oz_host::facts;

use super::named::in_tree;
use crate::failure::{Failure, Kind, Result};

/// Where programs of the system are; the caller's PATH may lead into the home, which is not
/// inside.
const SYSTEM: &[&str] = &[
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
    "/usr/games",
    "/usr/sbin",
];

/// The executable of a profile for what the user typed.
pub(super) async fn of(root: Option<&Path>, profile: &Arc<Profile>, typed: &str) -> Result<String> {
    let (profile, typed) = (Arc::clone(profile), typed.to_owned());
    let find =
        move |root: Option<&Path>| of_installed(&profile, &typed, &|name| installed(root, name));
    look(root, find).await?
}

fn of_installed(
    profile: &Profile,
    typed: &str,
    installed: &dyn Fn(&str) -> bool,
) -> Result<String> {
    let names = || profile.matches.executables.iter().map(|name| name.as_str());
    let base = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    // What was typed, if it is one of them: `vim` and `gvim` may share a profile.
    let said = names().find(|name| *name == typed || base(name) == base(typed));
    if let Some(name) = said.into_iter().chain(names()).find(|name| installed(name)) {
        return Ok(name.to_owned());
    }
    for id in &profile.matches.desktop {
        let entry = oz_host::desktop::find(id.as_str());
        if let Some(first) = entry.and_then(|entry| entry.exec.into_iter().next())
            && installed(&first)
        {
            return Ok(first);
        }
    }
    let looked_for: Vec<&str> = names().collect();
    Err(Failure::new(
        Kind::NotFound,
        format!("the app of the profile {} is not installed", profile.name),
        if looked_for.is_empty() {
            format!(
                "The profile names no executable: run one with `oz run --profile {} -- COMMAND`",
                profile.name
            )
        } else {
            format!("Install what provides one of: {}", looked_for.join(", "))
        },
    ))
}

/// A command without a profile, found as a shell finds it but among the system's programs only.
pub(super) async fn command(root: Option<&Path>, typed: &str) -> Result<Option<String>> {
    let typed = typed.to_owned();
    let find = move |root: Option<&Path>| {
        let is_one = !typed.starts_with('-') && installed(root, &typed);
        is_one.then_some(typed)
    };
    look(root, find).await
}

/// Looks for a program, in the system or in the tree that is the system inside.
async fn look<T: Send + 'static>(
    root: Option<&Path>,
    find: impl FnOnce(Option<&Path>) -> T + Send + 'static,
) -> Result<T> {
    match root {
        Some(root) => in_tree(root, |root| find(Some(root))).await,
        None => Ok(find(None)),
    }
}

/// Whether it is a program of the system, or of the tree that is the system inside.
fn installed(root: Option<&Path>, name: &str) -> bool {
    let executable = |path: &Path| match root {
        Some(root) => facts::has_program(root, path),
        None => path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok(),
    };
    if name.contains('/') {
        return name.starts_with('/') && executable(Path::new(name));
    }
    !name.is_empty()
        && SYSTEM
            .iter()
            .any(|dir| executable(&PathBuf::from(dir).join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn only_programs_of_the_system_are_commands() {
        for yes in ["sh", "/bin/sh"] {
            let found = command(None, yes).await.expect("looked");
            assert_eq!(found.as_deref(), Some(yes));
        }
        for no in [
            "",
            "-c",
            "./x",
            "../bin/sh",
            "no-such-program",
            "/usr",
            "a/b",
        ] {
            assert_eq!(command(None, no).await.expect("looked"), None, "{no}");
        }
    }
}
