//! The one place that reads environment variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oz_core::plan::facts;

/// The variables of this process's session that a plan may use; those that are not UTF-8 are left
/// out.
pub fn session() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| facts::is_session_variable(name))
        .collect()
}

/// A variable that holds an absolute path; relative ones are to be ignored.
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
fn directory(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os(name)?);
    path.is_absolute().then_some(path)
}

/// `$HOME`.
pub(crate) fn home() -> Option<PathBuf> {
    directory("HOME")
}

/// `$XDG_RUNTIME_DIR`, or what it usually is.
pub(crate) fn runtime() -> PathBuf {
    directory("XDG_RUNTIME_DIR")
        .unwrap_or_else(|| format!("/run/user/{}", rustix::process::getuid().as_raw()).into())
}

/// `$XDG_STATE_HOME`, or what it is without one.
pub(crate) fn state() -> PathBuf {
    below_home("XDG_STATE_HOME", ".local/state")
}

/// `$XDG_CACHE_HOME`, or what it is without one.
pub(crate) fn cache() -> PathBuf {
    below_home("XDG_CACHE_HOME", ".cache")
}

/// `$XDG_CONFIG_HOME`, or what it is without one.
pub(crate) fn config() -> PathBuf {
    below_home("XDG_CONFIG_HOME", ".config")
}

/// `$XDG_CONFIG_HOME` and `$XDG_CONFIG_DIRS`, the user's own first.
pub(crate) fn configs() -> Vec<PathBuf> {
    with_system(config(), "XDG_CONFIG_DIRS", "/etc/xdg")
}

/// What the desktop calls itself, the most exact name first, in small letters.
pub(crate) fn desktops() -> Vec<String> {
    let names = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    let names = names.split(':').map(str::to_lowercase);
    names
        .filter(|name| !name.is_empty() && !name.contains('/'))
        .collect()
}

fn below_home(name: &str, default: &str) -> PathBuf {
    directory(name).unwrap_or_else(|| home().unwrap_or_else(|| "/".into()).join(default))
}

/// `$XDG_DATA_HOME` and `$XDG_DATA_DIRS`, the user's own first.
pub(crate) fn data() -> Vec<PathBuf> {
    let own = below_home("XDG_DATA_HOME", ".local/share");
    with_system(own, "XDG_DATA_DIRS", "/usr/local/share:/usr/share")
}

/// The user's own directory and those of a variable, or what they are without it.
fn with_system(own: PathBuf, name: &str, default: &str) -> Vec<PathBuf> {
    let system = std::env::var_os(name)
        .filter(|dirs| !dirs.is_empty())
        .unwrap_or_else(|| default.into());
    let mut all = vec![own];
    all.extend(std::env::split_paths(&system).filter(|path| path.is_absolute()));
    all
}
