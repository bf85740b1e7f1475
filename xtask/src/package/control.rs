//! What the package says of itself, and what is done when it comes and goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{install, sh, stage, workspace};

const NAME: &str = "oz";
const MAINTAINER: &str = "The developers of Oz <oz@packages.invalid>";

/// Programs that are run and not linked with. Without these nothing works that a profile of ours says.
const DEPENDS: &[(&str, &str)] = &[
    ("dbus-daemon", "the private bus of a sandbox"),
    ("xwayland", "X11 apps"),
    ("passt", "the network of apps that have the Internet"),
    ("nftables", "closes this machine and its neighbours to them"),
    ("xkb-data", "keymaps"),
];

/// What nearly every desktop has; without it something lacks.
const RECOMMENDS: &[(&str, &str)] = &[
    (
        "default-dbus-session-bus | dbus-session-bus",
        "how `oz` and the desktop reach the daemon",
    ),
    ("xdg-desktop-portal", "file dialogs and settings"),
    (
        "libasound2-plugins",
        "the way of ALSA programs to the sound server",
    ),
    ("adwaita-icon-theme", "icons of the panel"),
    ("python3-nautilus", "the menu in the file manager"),
];

/// What only some desktops have.
const SUGGESTS: &[(&str, &str)] = &[
    ("nemo-python", "the menu in the file manager of Cinnamon"),
    ("python3-caja", "the same in that of MATE"),
];

/// Takes the profile where there is an AppArmor that understands it, and forgets it where it went.
const POSTINST: &str = include_str!("scripts/postinst");
const PRERM: &str = include_str!("scripts/prerm");
const POSTRM: &str = include_str!("scripts/postrm");

/// The control part of a package.
pub(super) struct Control {
    version: String,
    architecture: String,
    /// What the programs are linked with, as a list of packages.
    linked: String,
    /// In KiB.
    size: u64,
    sums: String,
}

impl Control {
    /// Looks at the tree that is packed; `place` is for what the look needs itself.
    pub(super) fn new(place: &Path, root: &Path, programs: &[PathBuf]) -> Result<Self> {
        let files = install::files(root, root)?;
        let mut size = 0;
        for file in &files {
            size += fs::metadata(root.join(file))?.len().div_ceil(1024);
        }
        let sums = sh::read(
            Command::new("md5sum")
                .arg("--")
                .args(&files)
                .current_dir(root),
        )?;
        let architecture = sh::read(Command::new("dpkg").arg("--print-architecture"))?;
        Ok(Self {
            version: version()?,
            architecture,
            linked: linked(place, programs)?,
            size,
            sums: format!("{sums}\n"),
        })
    }

    pub(super) fn file_name(&self) -> String {
        format!("{NAME}_{}_{}.deb", self.version, self.architecture)
    }

    /// Writes the `DEBIAN` directory.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        for (name, text, mode) in [
            ("control", self.text().as_str(), 0o644),
            ("md5sums", &self.sums, 0o644),
            ("postinst", POSTINST, 0o755),
            ("prerm", PRERM, 0o755),
            ("postrm", POSTRM, 0o755),
        ] {
            let file = directory.join(name);
            stage::make_parent(&file)?;
            stage::replace(&file, mode, |temporary| Ok(fs::write(temporary, text)?))?;
        }
        Ok(())
    }

    fn text(&self) -> String {
        let names = |list: &[(&str, &str)]| {
            let names: Vec<&str> = list.iter().map(|(name, _)| *name).collect();
            names.join(", ")
        };
        format!(
            "Package: {NAME}\n\
             Version: {}\n\
             Architecture: {}\n\
             Maintainer: {MAINTAINER}\n\
             Installed-Size: {}\n\
             Depends: {}, {}\n\
             Recommends: {}\n\
             Suggests: {}\n\
             Section: admin\n\
             Priority: optional\n\
             Description: desktop applications, each in a sandbox of its own\n \
             Oz starts everyday applications in sandboxes and shows their windows, one by\n \
             one, on the desktop of the user. An application has the files that it is\n \
             given and nothing else: no home directory, no other windows, no network and\n \
             no microphone unless its profile or the user says so.\n \
             .\n \
             Nothing in it runs as root and nothing is setuid. `oz enable` has the\n \
             launchers of a desktop start an application so, `oz panel` shows what runs.\n",
            self.version,
            self.architecture,
            self.size,
            self.linked,
            names(DEPENDS),
            names(RECOMMENDS),
            names(SUGGESTS),
        )
    }
}

/// The version of the workspace, and the first package of it.
fn version() -> Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version}-1"))
}

/// Packages of the libraries that programs are linked with, with their oldest versions.
fn linked(place: &Path, programs: &[PathBuf]) -> Result<String> {
    // It reads the description of a source package, and writes beside it.
    let source = place.join("source");
    let control = source.join("debian/control");
    stage::make_parent(&control)?;
    fs::write(
        &control,
        format!("Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n"),
    )?;
    let mut look = Command::new("dpkg-shlibdeps");
    look.arg("-O").args(programs);
    // It warns of those that are linked with nothing, and of each directory that is no package of its own making.
    let found = sh::read_quietly(look.current_dir(&source))?;
    found
        .lines()
        .find_map(|line| line.strip_prefix("shlibs:Depends="))
        .map(str::to_owned)
        .context("dpkg-shlibdeps names no libraries")
}

/// What has changed, in the form that Debian's tools read: the last commit made this version.
pub(super) fn changelog() -> Result<String> {
    let mut date = Command::new("git");
    date.args(["log", "-1", "--format=%aD"]);
    let date = sh::read(date.current_dir(workspace::root()))?;
    Ok(format!(
        "{NAME} ({}) unstable; urgency=medium\n\n  \
         * As in /usr/share/doc/{NAME}/changelog.gz.\n\n \
         -- {MAINTAINER}  {date}\n",
        version()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_one_line_or_folded() {
        let control = Control {
            version: "1.2.3-1".into(),
            architecture: "amd64".into(),
            linked: "libc6 (>= 2.36)".into(),
            size: 7,
            sums: String::new(),
        };
        let text = control.text();
        assert!(text.contains("\nDepends: libc6 (>= 2.36), dbus-daemon, "));
        assert!(
            text.lines()
                .all(|line| line.starts_with(' ') || line.contains(": "))
        );
        assert_eq!(control.file_name(), "oz_1.2.3-1_amd64.deb");
    }

    #[test]
    fn scripts_are_of_the_plain_shell_and_stop_at_the_first_error() {
        for script in [POSTINST, PRERM, POSTRM] {
            assert!(script.starts_with("#!/bin/sh\nset -e\n"));
        }
    }
}
