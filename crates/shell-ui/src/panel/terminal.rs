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

/// Opens it.
pub(super) fn open(id: &str, path: &std::ffi::OsStr) -> Result<(), String> {
    let there = |name: &str| {
        let mut directories = std::env::split_paths(path);
        directories.any(|directory| directory.is_absolute() && directory.join(name).is_file())
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
