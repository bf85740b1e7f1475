//! `oz panel`: the window of Oz. It is a program of its own, with the toolkit that this one does without.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::arguments::Panel;
use crate::error::{Error, Result};

/// Becomes the panel, which brings up the one that is there already if there is one.
pub(crate) fn run(_: &Panel) -> Result<u8> {
    let own = std::env::current_exe().unwrap_or_default();
    // `PREFIX/bin/oz` has it in `PREFIX/libexec/oz`.
    let prefix = own.ancestors().nth(2).unwrap_or(Path::new("/usr"));
    let program = prefix.join("libexec/oz/oz-panel");
    let error = Command::new(&program).exec();
    Err(Error::failed(
        format!("cannot start {}: {error}.", program.display()),
        "Install Oz anew; `oz ps` and its like say the same in a terminal.",
    ))
}
