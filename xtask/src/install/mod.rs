//! `install` and `uninstall`: the staged release prefix, put where a desktop finds it.
//!
//! What was installed is written into a manifest, and uninstalling removes exactly that.

mod apparmor;
mod manifest;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use self::manifest::Manifest;
use crate::workspace::Profile;
use crate::{sh, stage};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to install for everybody
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
    /// Install for yourself, in ~/.local
    #[arg(long, conflicts_with = "prefix")]
    user: bool,
    /// Put the files beneath this directory instead of / (for packagers; else $DESTDIR)
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
}

impl Args {
    /// The prefix as the programs will know it.
    fn prefix(&self) -> Result<PathBuf> {
        if !self.user {
            if !self.prefix.is_absolute() {
                bail!("--prefix {} is not absolute", self.prefix.display());
            }
            return Ok(self.prefix.clone());
        }
        let home = std::env::var_os("HOME").context("--user needs HOME")?;
        Ok(Path::new(&home).join(".local"))
    }

    /// The directory that stands for /, if another one does.
    fn root(&self) -> Option<PathBuf> {
        let named = std::env::var_os("DESTDIR").filter(|dir| !dir.is_empty());
        self.destdir.clone().or_else(|| named.map(PathBuf::from))
    }

    /// Where a path of the installed system is on this one.
    fn place(&self, path: &Path) -> PathBuf {
        match self.root() {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }
}

/// Where things go that the desktop looks for in fixed places, whatever the prefix is.
struct Layout {
    prefix: PathBuf,
    units: PathBuf,
}

impl Layout {
    fn new(args: &Args) -> Result<Self> {
        let prefix = args.prefix()?;
        // systemd reads user units from ~/.local/share, /usr/local/lib and /usr/lib.
        let units = if args.user {
            "share/systemd/user"
        } else {
            "lib/systemd/user"
        };
        Ok(Self {
            units: prefix.join(units),
            prefix,
        })
    }

    fn manifest(&self) -> PathBuf {
        self.prefix.join("share/oz/manifest")
    }

    /// Where a file of the staged prefix goes; none if it is not for users.
    fn target(&self, staged: &Path) -> Option<PathBuf> {
        if staged.starts_with(stage::TEST_DIR) {
            return None;
        }
        Some(match staged.strip_prefix("lib/systemd/user") {
            Ok(unit) => self.units.join(unit),
            Err(_) => self.prefix.join(staged),
        })
    }
}

/// Builds and installs.
pub(crate) fn install(args: &Args) -> Result<ExitCode> {
    let staged = stage::stage(Profile::Release, true)?;
    let layout = Layout::new(args)?;
    let mut manifest = Manifest::default();
    let old = Manifest::read(&args.place(&layout.manifest()))?;
    copy(&staged, args, &layout, &mut manifest)?;
    // The service file names the place of the daemon, so it is written for this one.
    stage::write_units(&args.place(&layout.prefix), &layout.prefix, true)?;
    if layout.units != layout.prefix.join("lib/systemd/user") {
        let stray = args.place(&layout.prefix.join(stage::UNIT_FILE));
        put(
            args,
            &mut manifest,
            &layout.units.join("oz.service"),
            &fs::read(&stray)?,
        )?;
        fs::remove_file(&stray)?;
        manifest::prune(&stray, &args.place(&layout.prefix));
    }
    completions(&staged, args, &layout, &mut manifest)?;
    if !args.user && apparmor::wanted() {
        put(
            args,
            &mut manifest,
            Path::new(apparmor::FILE),
            apparmor::text(&layout.prefix).as_bytes(),
        )?;
        if args.root().is_none() {
            apparmor::load(true);
        }
    }
    let gone = old.without(&manifest);
    gone.remove(&|path| args.place(path), &layout.prefix)?;
    manifest.write(&args.place(&layout.manifest()))?;
    println!(
        "installed {} files in {}",
        manifest.len(),
        layout.prefix.display()
    );
    tell_path(&layout);
    Ok(ExitCode::SUCCESS)
}

/// Removes what the manifest lists, and the manifest.
pub(crate) fn uninstall(args: &Args) -> Result<ExitCode> {
    let layout = Layout::new(args)?;
    let file = args.place(&layout.manifest());
    if !file.exists() {
        bail!(
            "Oz is not installed in {}: there is no {}",
            layout.prefix.display(),
            file.display()
        );
    }
    let manifest = Manifest::read(&file)?;
    if args.root().is_none() && manifest.contains(Path::new(apparmor::FILE)) {
        apparmor::load(false);
    }
    manifest.remove(&|path| args.place(path), &layout.prefix)?;
    fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    manifest::prune(&file, &args.place(&layout.prefix));
    println!(
        "removed {} files from {}",
        manifest.len(),
        layout.prefix.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn copy(staged: &Path, args: &Args, layout: &Layout, manifest: &mut Manifest) -> Result<()> {
    for file in files(staged, staged)? {
        let Some(target) = layout.target(&file) else {
            continue;
        };
        let bytes = fs::read(staged.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        put(args, manifest, &target, &bytes)?;
        let mode = if file.starts_with("bin") || file.starts_with("libexec") {
            0o755
        } else {
            0o644
        };
        fs::set_permissions(args.place(&target), fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Writes one file by rename, so that a daemon that runs keeps its program.
fn put(args: &Args, manifest: &mut Manifest, path: &Path, bytes: &[u8]) -> Result<()> {
    let place = args.place(path);
    stage::make_parent(&place)?;
    stage::replace(&place, 0o644, |temporary| {
        fs::write(temporary, bytes).with_context(|| format!("cannot write {}", temporary.display()))
    })?;
    manifest.add(path);
    Ok(())
}

/// The regular files of a tree, relative to it.
fn files(dir: &Path, root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, root)?);
        } else {
            found.push(path.strip_prefix(root)?.to_owned());
        }
    }
    found.sort();
    Ok(found)
}

fn completions(staged: &Path, args: &Args, layout: &Layout, manifest: &mut Manifest) -> Result<()> {
    for (shell, path) in [
        ("bash", "share/bash-completion/completions/oz"),
        ("zsh", "share/zsh/site-functions/_oz"),
        ("fish", "share/fish/vendor_completions.d/oz.fish"),
    ] {
        let text = sh::read(Command::new(staged.join("bin/oz")).args(["completions", shell]))?;
        put(
            args,
            manifest,
            &layout.prefix.join(path),
            format!("{text}\n").as_bytes(),
        )?;
    }
    Ok(())
}

fn tell_path(layout: &Layout) {
    let bin = layout.prefix.join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|dir| dir == bin) {
        println!(
            "{} is not in your PATH: add it, or call {}/oz",
            bin.display(),
            bin.display()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_go_where_systemd_looks_and_test_helpers_nowhere() {
        let everybody = Layout {
            prefix: "/usr/local".into(),
            units: "/usr/local/lib/systemd/user".into(),
        };
        let own = Layout {
            prefix: "/h/.local".into(),
            units: "/h/.local/share/systemd/user".into(),
        };
        let unit = Path::new(stage::UNIT_FILE);
        assert_eq!(
            everybody.target(unit),
            Some("/usr/local/lib/systemd/user/oz.service".into())
        );
        assert_eq!(
            own.target(unit),
            Some("/h/.local/share/systemd/user/oz.service".into())
        );
        assert_eq!(
            own.target(Path::new("bin/oz")),
            Some("/h/.local/bin/oz".into())
        );
        assert_eq!(own.target(Path::new("libexec/oz-test/oz-seat")), None);
    }
}
