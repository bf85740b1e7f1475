//! A root with the next Debian's GNOME Shell: the extension has to run in versions that this machine has not.
//!
//! Only the shell is from there. The session, Oz and the apps are this machine's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{setup, sh, user, workspace};

/// The release whose shell it is.
const RELEASE: &str = "trixie";
/// What is in the root, beside what every Debian has.
const PACKAGES: &str = "gnome-shell,dbus-bin,fonts-dejavu-core,adwaita-icon-theme";

/// Makes it if it is not there yet.
pub(super) fn ready() -> Result<PathBuf> {
    let root = workspace::target().join("gnome-newer").join(RELEASE);
    if root.exists() {
        return Ok(root);
    }
    if !user::is_root() {
        bail!("making a root for another GNOME Shell takes root: run this once with sudo");
    }
    setup::ensure_machine()?;
    eprintln!("== session: making a root of {RELEASE}'s packages");
    let making = root.with_extension("new");
    if making.exists() {
        fs::remove_dir_all(&making)
            .with_context(|| format!("cannot clear {}", making.display()))?;
    }
    fs::create_dir_all(&making).with_context(|| format!("cannot make {}", making.display()))?;
    let mut make = Command::new("mmdebstrap");
    make.args(["--quiet", "--mode=root", "--variant=minbase"])
        .arg(format!("--include={PACKAGES}"));
    for path in ["man", "doc", "locale"] {
        make.arg(format!("--dpkgopt=path-exclude=/usr/share/{path}/*"));
    }
    sh::run_quietly(make.arg(RELEASE).arg(&making))?;
    fs::rename(&making, &root).with_context(|| format!("cannot make {}", root.display()))?;
    Ok(root)
}

/// Puts the machine's devices, processes, homes and users into the root, and there becomes the user. What is mounted
/// goes with the mount namespace.
const ENTER: &str = r#"set -e
root=$1 uid=$2 gid=$3
shift 3
for place in proc sys dev home; do
    mount --rbind "/$place" "$root/$place"
done
for file in passwd group machine-id; do
    touch "$root/etc/$file"
    mount --bind "/etc/$file" "$root/etc/$file"
done
exec /usr/sbin/chroot "$root" /usr/bin/setpriv --pdeathsig KILL "--reuid=$uid" "--regid=$gid" --clear-groups --inh-caps=-all -- "$@"
"#;

/// A command that runs a program of the root as a user.
pub(super) fn command(root: &Path, user: &user::User, program: &str) -> Result<Command> {
    if !user.drop {
        bail!("a GNOME Shell of another release takes root: run this with sudo");
    }
    let mut command = Command::new("/usr/bin/setpriv");
    command
        .args(["--pdeathsig", "KILL", "--", "unshare", "--mount"])
        .args(["--propagation", "private", "--", "sh", "-c", ENTER, "sh"])
        .arg(root)
        .arg(user.uid.to_string())
        .arg(user.gid.to_string())
        .arg(program);
    Ok(command)
}
