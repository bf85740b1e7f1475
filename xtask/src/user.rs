//! The ordinary user who runs the desktop when we are root, and dropping to it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::sh;

/// The user for tests on machines where everything is root.
pub(crate) const TEST_USER: &str = "oz-test";

/// Whose desktop it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: PathBuf,
    /// True if we are root and must become this user.
    pub(crate) drop: bool,
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl User {
    /// Ourselves, or the test user (made if need be) when we are root.
    pub(crate) fn ordinary() -> Result<Self> {
        if is_root() {
            ensure_test_user()?;
            return Ok(Self {
                drop: true,
                ..lookup(TEST_USER)?
            });
        }
        lookup(&rustix::process::geteuid().as_raw().to_string())
    }

    /// A command that runs `program` as this user and dies with the thread that starts it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if self.drop {
            command.arg(format!("--reuid={}", self.uid));
            command.arg(format!("--regid={}", self.gid));
            command.args(["--init-groups", "--inh-caps=-all"]);
        }
        command.arg("--").arg(program);
        command
    }
}

fn lookup(key: &str) -> Result<User> {
    let line = sh::read(Command::new("getent").args(["passwd", key]))
        .with_context(|| format!("no user {key} on this machine"))?;
    parse_passwd(&line).with_context(|| format!("cannot read the passwd entry of {key}"))
}

fn parse_passwd(line: &str) -> Option<User> {
    let fields: Vec<_> = line.split(':').collect();
    Some(User {
        name: (*fields.first()?).to_owned(),
        uid: fields.get(2)?.parse().ok()?,
        gid: fields.get(3)?.parse().ok()?,
        home: PathBuf::from(fields.get(5)?),
        drop: false,
    })
}

/// Creates the test user if there is none; root only.
pub(crate) fn ensure_test_user() -> Result<()> {
    if sh::succeeds(Command::new("getent").args(["passwd", TEST_USER])) {
        return Ok(());
    }
    println!("setup: creating the user {TEST_USER}");
    sh::run(Command::new("/usr/sbin/useradd").args([
        "--create-home",
        "--shell",
        "/bin/bash",
        "--comment",
        "Oz tests",
        TEST_USER,
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passwd_line_is_read() {
        let user = parse_passwd("oz-test:x:1001:1002:Oz tests:/home/oz-test:/bin/bash").unwrap();
        assert_eq!((user.uid, user.gid), (1001, 1002));
        assert_eq!(user.home, PathBuf::from("/home/oz-test"));
        assert!(parse_passwd("broken").is_none());
    }
}
