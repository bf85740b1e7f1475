//! `package`: what `install` installs, as a package of Debian.
//!
//! The tree is laid out beneath `target/package` and packed by `dpkg-deb`; what the programs are linked with is
//! found by `dpkg-shlibdeps`, so a package is for the release on which it was built and for newer ones.

mod control;
mod licences;
pub(crate) mod trial;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use self::control::Control;
use crate::install::{self, Layout, apparmor};
use crate::workspace::{self, Profile};
use crate::{setup, sh, stage};

/// Where Debian has programs and data.
const PREFIX: &str = "/usr";
/// What a package says of itself, and of whose work it is.
const DOCUMENTS: &str = "usr/share/doc/oz";
/// The profile that a system takes whose kernel keeps user namespaces from programs without one.
const APPARMOR: &str = "usr/share/oz/apparmor";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pack what a test wants: quicker to build, slower to run
    #[arg(long)]
    debug: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    setup::ensure_package()?;
    let package = build(Profile::from_flag(!args.debug))?;
    println!("{}", package.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the package; returns its path.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    let staged = stage::stage(profile, true)?;
    let place = workspace::target()
        .join("package")
        .join(profile.stage_dir());
    let root = place.join("root");
    clear(&root)?;
    let layout = Layout::new(PREFIX.into(), Some(root.clone()), false);
    install::fill(&staged, &layout)?;
    // Which system it will be installed on is not known here: its scripts look.
    write(
        &root.join(APPARMOR),
        apparmor::text(Path::new(PREFIX)).as_bytes(),
    )?;
    let programs = strip(&root)?;
    document(&root)?;
    let control = Control::new(&place, &root, &programs)?;
    control.write(&root.join("DEBIAN"))?;
    let package = place.join(control.file_name());
    let fast = (profile == Profile::Dev).then_some("-z1");
    let mut pack = Command::new("dpkg-deb");
    pack.arg("--root-owner-group").args(fast).arg("--build");
    sh::run_quietly(pack.arg(&root).arg(&package))?;
    Ok(package)
}

fn clear(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear {}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Takes from the programs what only a debugger reads; returns them.
fn strip(root: &Path) -> Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for file in install::files(root, root)? {
        let path = root.join(file);
        if fs::metadata(&path)?.permissions().mode() & 0o111 != 0 {
            let mut strip = Command::new("strip");
            strip.args(["--strip-unneeded", "--remove-section=.comment"]);
            sh::run_quietly(strip.arg(&path))?;
            programs.push(path);
        }
    }
    Ok(programs)
}

/// Licences, what has changed, and the manual, as Debian wants them.
fn document(root: &Path) -> Result<()> {
    let documents = root.join(DOCUMENTS);
    let source = workspace::root();
    write(
        &documents.join("copyright"),
        licences::copyright()?.as_bytes(),
    )?;
    write(
        &documents.join("licences"),
        licences::of_what_is_linked()?.as_bytes(),
    )?;
    write(
        &documents.join("changelog"),
        &fs::read(source.join("CHANGELOG.md"))?,
    )?;
    write(
        &documents.join("changelog.Debian"),
        control::changelog()?.as_bytes(),
    )?;
    write(
        &documents.join("guide.md"),
        &fs::read(source.join("docs/guide.md"))?,
    )?;
    let mut long: Vec<PathBuf> = ["licences", "changelog", "changelog.Debian", "guide.md"]
        .map(|name| documents.join(name))
        .into();
    let manual = root.join("usr/share/man/man1");
    long.extend(
        install::files(&manual, &manual)?
            .iter()
            .map(|page| manual.join(page)),
    );
    sh::run_quietly(Command::new("gzip").args(["-9n"]).args(&long))
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    stage::make_parent(file)?;
    stage::replace(file, 0o644, |temporary| Ok(fs::write(temporary, bytes)?))
}
