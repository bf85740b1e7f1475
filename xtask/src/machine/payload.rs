//! The second disk: what the machine has at /usr/local, which is Oz as it is installed, and the tests.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Job;
use crate::session::SWAY_CONFIG;
use crate::{sh, stage, workspace};

/// Where the programs are, as they know it themselves.
const PREFIX: &str = "/usr/local";

/// What the machine runs.
const TESTS: &str = include_str!("guest/tests");

/// Writes it anew; returns where it is.
pub(super) fn write(prefix: &Path, jobs: &[Job]) -> Result<PathBuf> {
    let dir = workspace::target().join("machine/payload");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot clear {}", dir.display()))?;
    }
    copy(prefix, &dir)?;
    // As the installed ones: the bus asks the service manager to start the daemon.
    stage::write_units(&dir, Path::new(PREFIX), true)?;
    let machine = dir.join("libexec/oz-machine");
    fs::create_dir_all(&machine)?;
    fs::write(machine.join("tests"), TESTS)?;
    fs::write(machine.join("sway.conf"), SWAY_CONFIG)?;
    let line = |job: &Job| format!("{} {}\n", job.name, job.filters.join(" "));
    fs::write(
        machine.join("list"),
        jobs.iter().map(line).collect::<String>(),
    )?;
    for job in jobs {
        stage::place(
            &job.path,
            &dir.join(stage::TEST_DIR).join("tests").join(&job.name),
            0o755,
        )?;
    }
    let disk = workspace::target().join("machine/payload.img");
    let _ = fs::remove_file(&disk);
    sh::run_quietly(
        Command::new("mkfs.ext4")
            .args(["-q", "-F", "-E", "root_owner=0:0", "-d"])
            .arg(&dir)
            .arg(&disk)
            .arg("2G"),
    )?;
    Ok(disk)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
