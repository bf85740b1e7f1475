//! A terminal of the host with a shell inside a sandbox in it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::words::tr;

/// Terminals, the one that the person has chosen first, each with what stands before a command.
const TERMINALS: [(&str, &[&str]); 8] = [
    ("xdg-terminal-exec", &[]),
    ("x-terminal-emulator", &["-e"]),
    ("gnome-terminal", &["--"]),
    ("kgx", &["-e"]),
    ("konsole", &["-e"]),
    ("xfce4-terminal", &["-x"]),
    ("foot", &[]),
    ("xterm", &["-e"]),
];

/// Those of them, or behind the first two names, that know nothing but X.
const OF_X: [&str; 5] = ["xterm", "lxterm", "uxterm", "koi8rxterm", "urxvt"];

/// Whether a terminal can show itself.
fn is_usable(program: &Path, has_x: bool) -> bool {
    let Ok(real) = program.canonicalize() else {
        return false;
    };
    let name = real.file_name().and_then(|name| name.to_str());
    real.is_file() && (has_x || !name.is_some_and(|name| OF_X.contains(&name)))
}

/// Opens it.
pub(super) fn open(id: &str, path: &std::ffi::OsStr) -> Result<(), String> {
    let has_x = std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty());
    let there = |name: &str| {
        let mut directories = std::env::split_paths(path);
        directories
            .any(|directory| directory.is_absolute() && is_usable(&directory.join(name), has_x))
    };
    let Some((program, before)) = TERMINALS.iter().find(|(name, _)| there(name)) else {
        return Err(tr("There is no terminal on this computer."));
    };
    let mut command = Command::new(program);
    command.args(*before).arg(oz()).args(["shell", id]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = command.spawn();
    let mut child = started.map_err(|error| format!("{program}: {error}"))?;
    // It is nobody's business how it ends, but somebody has to hear of it.
    std::thread::spawn(move || drop(child.wait()));
    Ok(())
}

/// The command of the same Oz: `PREFIX/libexec/oz/oz-panel` has it in `PREFIX/bin`.
pub(super) fn oz() -> std::path::PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let prefix = program.ancestors().nth(3).unwrap_or(Path::new("/usr"));
    prefix.join("bin/oz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_knows_only_x_is_none_where_there_is_no_x() {
        let dir = tempfile::tempdir().expect("a directory");
        let xterm = dir.path().join("lxterm");
        std::fs::write(&xterm, "").expect("written");
        let chosen = dir.path().join("x-terminal-emulator");
        std::os::unix::fs::symlink(&xterm, &chosen).expect("linked");
        assert!(is_usable(&chosen, true) && !is_usable(&chosen, false));
        let other = dir.path().join("foot");
        std::fs::write(&other, "").expect("written");
        assert!(is_usable(&other, false) && !is_usable(&dir.path().join("none"), true));
    }
}
