//! `install` and `uninstall`: the staged release prefix, put where a desktop finds it.
//!
//! What was installed is written into a manifest, and uninstalling removes exactly that.

pub(crate) mod apparmor;
mod layout;
mod manifest;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

pub(crate) use self::layout::Layout;
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

    fn layout(&self) -> Result<Layout> {
        Ok(Layout::new(self.prefix()?, self.root(), self.user))
    }
}

/// Builds and installs.
pub(crate) fn install(args: &Args) -> Result<ExitCode> {
    let staged = stage::stage(Profile::Release, true)?;
    let layout = args.layout()?;
    let old = Manifest::read(&layout.place(&layout.manifest()))?;
    let mut manifest = fill(&staged, &layout)?;
    if !args.user && apparmor::wanted() {
        put(
            &layout,
            &mut manifest,
            Path::new(apparmor::FILE),
            apparmor::text(&layout.prefix).as_bytes(),
        )?;
        if layout.root.is_none() {
            apparmor::load(true);
        }
    }
    let gone = old.without(&manifest);
    gone.remove(&|path| layout.place(path), &layout.prefix)?;
    manifest.write(&layout.place(&layout.manifest()))?;
    println!(
        "installed {} files in {}",
        manifest.len(),
        layout.prefix.display()
    );
    tell_path(&layout);
    Ok(ExitCode::SUCCESS)
}

/// Puts everything of a staged prefix where the layout has it; what is there then.
pub(crate) fn fill(staged: &Path, layout: &Layout) -> Result<Manifest> {
    let mut manifest = Manifest::default();
    copy(staged, layout, &mut manifest)?;
    // The service file names the place of the daemon, so it is written for this one.
    stage::write_units(&layout.place(&layout.prefix), &layout.prefix, true)?;
    if layout.units != layout.prefix.join("lib/systemd/user") {
        let stray = layout.place(&layout.prefix.join(stage::UNIT_FILE));
        put(
            layout,
            &mut manifest,
            &layout.units.join("oz.service"),
            &fs::read(&stray)?,
        )?;
        fs::remove_file(&stray)?;
        manifest::prune(&stray, &layout.place(&layout.prefix));
    }
    completions(staged, layout, &mut manifest)?;
    manual(staged, layout, &mut manifest)?;
    Ok(manifest)
}

/// Removes what the manifest lists, and the manifest.
pub(crate) fn uninstall(args: &Args) -> Result<ExitCode> {
    let layout = args.layout()?;
    let file = layout.place(&layout.manifest());
    if !file.exists() {
        bail!(
            "Oz is not installed in {}: there is no {}",
            layout.prefix.display(),
            file.display()
        );
    }
    let manifest = Manifest::read(&file)?;
    if layout.root.is_none() && manifest.contains(Path::new(apparmor::FILE)) {
        apparmor::load(false);
    }
    manifest.remove(&|path| layout.place(path), &layout.prefix)?;
    fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    manifest::prune(&file, &layout.place(&layout.prefix));
    println!(
        "removed {} files from {}",
        manifest.len(),
        layout.prefix.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn copy(staged: &Path, layout: &Layout, manifest: &mut Manifest) -> Result<()> {
    for file in files(staged, staged)? {
        let Some(target) = layout.target(&file) else {
            continue;
        };
        let bytes = fs::read(staged.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        put(layout, manifest, &target, &bytes)?;
        let mode = if file.starts_with("bin") || file.starts_with("libexec") {
            0o755
        } else {
            0o644
        };
        fs::set_permissions(layout.place(&target), fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Writes one file by rename, so that a daemon that runs keeps its program.
fn put(layout: &Layout, manifest: &mut Manifest, path: &Path, bytes: &[u8]) -> Result<()> {
    let place = layout.place(path);
    stage::make_parent(&place)?;
    stage::replace(&place, 0o644, |temporary| {
        fs::write(temporary, bytes).with_context(|| format!("cannot write {}", temporary.display()))
    })?;
    manifest.add(path);
    Ok(())
}

/// The regular files of a tree, relative to it.
pub(crate) fn files(dir: &Path, root: &Path) -> Result<Vec<PathBuf>> {
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

fn completions(staged: &Path, layout: &Layout, manifest: &mut Manifest) -> Result<()> {
    for (shell, path) in [
        ("bash", "share/bash-completion/completions/oz"),
        ("zsh", layout.zsh()),
        ("fish", "share/fish/vendor_completions.d/oz.fish"),
    ] {
        let text = sh::read(Command::new(staged.join("bin/oz")).args(["completions", shell]))?;
        put(
            layout,
            manifest,
            &layout.prefix.join(path),
            format!("{text}\n").as_bytes(),
        )?;
    }
    Ok(())
}

fn manual(staged: &Path, layout: &Layout, manifest: &mut Manifest) -> Result<()> {
    let made = staged.join("manual");
    sh::run(Command::new(staged.join("bin/oz")).arg("manual").arg(&made))?;
    for page in files(&made, &made)? {
        let bytes = fs::read(made.join(&page))?;
        let target = layout.prefix.join("share/man/man1").join(page);
        put(layout, manifest, &target, &bytes)?;
    }
    fs::remove_dir_all(&made).with_context(|| format!("cannot clear {}", made.display()))
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
