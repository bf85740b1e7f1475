//! The caller's session: which display, which language, where.

use std::os::unix::ffi::OsStringExt;

use super::Options;

/// Adds the session to a request: the daemon, which the bus starts, knows none of it.
pub(crate) fn session(options: &mut Options) {
    options.context = Some(oz_host::environment::session().into_iter().collect());
    let directory = std::env::current_dir().ok();
    options.cwd = directory.map(|directory| directory.into_os_string().into_vec());
}
