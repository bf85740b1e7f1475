//! `oz shell`: a shell, or a command, inside a running sandbox.

use std::ffi::OsString;

use crate::arguments::Shell;
use crate::error::Result;
use crate::launch::{self, Options};

/// If the user's own is not of the system, and so not inside.
const FALLBACK: &str = "/bin/sh";

pub(crate) async fn run(what: Shell) -> Result<u8> {
    let mut options = Options {
        join: Some(what.id),
        ..Options::default()
    };
    launch::session(&mut options);
    let words = if what.command.is_empty() {
        vec![shell(std::env::var_os("SHELL"))]
    } else {
        what.command
    };
    let argv = launch::command(words);
    let code = launch::attached(argv, options, None).await;
    // Only a launch makes a sandbox; that there is none is a failure like any other.
    code.map_err(|error| {
        if error.is("NotFound") {
            error
        } else {
            error.of_a_launch()
        }
    })
}

fn shell(of_the_user: Option<OsString>) -> OsString {
    let system = |shell: &OsString| {
        let path = std::path::Path::new(shell);
        ["/bin", "/usr/bin"]
            .iter()
            .any(|dir| path.parent() == Some(dir.as_ref()))
            && path.exists()
    };
    let bash = || Some(OsString::from("/bin/bash"));
    of_the_user
        .filter(system)
        .or_else(|| bash().filter(system))
        .unwrap_or_else(|| FALLBACK.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_shell_if_it_is_inside() {
        assert_eq!(shell(Some("/bin/sh".into())), "/bin/sh");
        assert_ne!(shell(Some("/home/u/bin/sh".into())), "/home/u/bin/sh");
        assert_ne!(
            shell(Some("/bin/no-such-shell".into())),
            "/bin/no-such-shell"
        );
    }
}
