//! The machine's own disk: Debian 12 with its kernel, made once for each list of packages.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{sh, user, workspace};

/// The release whose kernel Oz is tried on.
const RELEASE: &str = "bookworm";

/// What is in it, each with its reason.
const PACKAGES: &[(&str, &str)] = &[
    ("systemd-sysv", "the service manager"),
    ("dbus-user-session", "the session bus, started by it"),
    ("libpam-systemd", "the user's own service manager"),
    ("linux-image-amd64", "the kernel"),
    ("sway", "the desktop"),
    ("foot", "a client of it"),
    ("xkb-data", "keymaps"),
    ("fonts-dejavu-core", "a font"),
    ("grim", "screenshots"),
    ("wl-clipboard", "the clipboard"),
    ("libglib2.0-bin", "gdbus"),
    ("libpulse0", "a library of the tests"),
    ("dbus-daemon", "private buses of sandboxes"),
    ("dbus-bin", "dbus-send as a probe"),
    ("passt", "the network of sandboxes"),
    ("nftables", "its rules"),
    ("procps", "ps as a probe"),
    ("iproute2", "ip as a probe"),
    ("psmisc", "fuser as a probe"),
    ("perl", "a language of tests"),
    ("python3-minimal", "likewise"),
    ("sudo", "that setuid programs gain nothing inside"),
    ("vim-tiny", "an editor"),
    ("openssl", "certificates"),
];

/// Files of ours in it, and where they go.
const FILES: &[(&str, &str, &str)] = &[
    ("fstab", "/etc", include_str!("guest/fstab")),
    (
        "oz-machine.service",
        "/etc/systemd/system",
        include_str!("guest/oz-machine.service"),
    ),
    (
        "oz-sway.service",
        "/etc/systemd/user",
        include_str!("guest/oz-sway.service"),
    ),
    (
        "oz-seat.service",
        "/etc/systemd/user",
        include_str!("guest/oz-seat.service"),
    ),
    (
        "oz.conf",
        "/etc/environment.d",
        include_str!("guest/environment.conf"),
    ),
];

/// What is done at last.
const CUSTOMIZE: &str = include_str!("guest/customize");

/// A disk to boot.
pub(super) struct Image {
    pub(super) disk: PathBuf,
    pub(super) kernel: PathBuf,
    pub(super) initrd: PathBuf,
}

/// Makes it if there is none of this kind yet.
pub(super) fn ready() -> Result<Image> {
    let base = workspace::target().join("machine");
    let dir = base.join(format!("{RELEASE}-{:016x}", key()));
    let image = Image {
        disk: dir.join("disk"),
        kernel: dir.join("kernel"),
        initrd: dir.join("initrd"),
    };
    if image.initrd.exists() {
        return Ok(image);
    }
    if !user::is_root() {
        bail!("making the disk of the machine takes root: run this once with sudo");
    }
    eprintln!("== machine: making a disk of Debian's packages");
    if base.exists() {
        // One of another kind is never used again.
        fs::remove_dir_all(&base).with_context(|| format!("cannot clear {}", base.display()))?;
    }
    make(&dir, &image)?;
    Ok(image)
}

fn key() -> u64 {
    let mut hasher = DefaultHasher::new();
    (RELEASE, PACKAGES, FILES, CUSTOMIZE).hash(&mut hasher);
    hasher.finish()
}

fn make(dir: &Path, image: &Image) -> Result<()> {
    let (root, guest) = (dir.join("root"), dir.join("guest"));
    fs::create_dir_all(&guest).with_context(|| format!("cannot make {}", guest.display()))?;
    let mut command = Command::new("mmdebstrap");
    command.args(["--quiet", "--mode=root", "--variant=minbase"]);
    let names: Vec<&str> = PACKAGES.iter().map(|(name, _)| *name).collect();
    command.arg(format!("--include={}", names.join(",")));
    for path in ["man", "doc", "locale"] {
        command.arg(format!("--dpkgopt=path-exclude=/usr/share/{path}/*"));
    }
    for (name, place, text) in FILES {
        let file = guest.join(name);
        fs::write(&file, text)?;
        command.arg(format!(
            "--customize-hook=mkdir -p \"$1{place}\" && install -m 644 '{}' \"$1{place}/\"",
            file.display()
        ));
    }
    let customize = guest.join("customize");
    fs::write(&customize, CUSTOMIZE)?;
    command.arg(format!(
        "--customize-hook=sh '{}' \"$1\"",
        customize.display()
    ));
    command.arg(RELEASE).arg(&root);
    sh::run_quietly(&mut command)?;
    sh::run_quietly(
        Command::new("mkfs.ext4")
            .args(["-q", "-F", "-d"])
            .arg(&root)
            .arg(&image.disk)
            .arg("4G"),
    )?;
    copy_one(&root.join("boot"), "vmlinuz-", &image.kernel)?;
    // Last: it says that all is there.
    let initrd = dir.join("initrd.new");
    copy_one(&root.join("boot"), "initrd.img-", &initrd)?;
    fs::remove_dir_all(&root).with_context(|| format!("cannot clear {}", root.display()))?;
    fs::rename(initrd, &image.initrd)?;
    Ok(())
}

/// Copies the one file whose name begins so.
fn copy_one(dir: &Path, start: &str, to: &Path) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let found = entries.flatten().map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(start) && !name.ends_with(".dpkg-bak")
    });
    let found = found.with_context(|| format!("no {start}* in {}", dir.display()))?;
    fs::copy(&found, to).with_context(|| format!("cannot copy {}", found.display()))?;
    Ok(())
}
