//! `setup`: installs what is missing, says each step in one line, and is silent when all is there.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::packages::{self, PACKAGES, Package};
use crate::{sh, user};

/// The locale in which one test runs.
const LOCALE: &str = "de_DE.UTF-8";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Also install what `cargo xtask check` needs (cargo-deny; takes minutes)
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    ensure(args.dry_run)?;
    if args.check {
        ensure_cargo_deny(args.dry_run)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that building, running and testing needs.
pub(crate) fn ensure(dry_run: bool) -> Result<()> {
    install_packages(PACKAGES, dry_run)?;
    // A developer's own machine gets no user, locale or authority that nobody asked for.
    let ours = user::is_root() || std::env::var_os("CI").is_some_and(|value| value == "true");
    if ours {
        add_test_user(dry_run)?;
        add_locale(dry_run)?;
        add_authority(dry_run)?;
        open_devices(dry_run)?;
    }
    Ok(())
}

/// What `cargo xtask machine` needs beside.
pub(crate) fn ensure_machine() -> Result<()> {
    install_packages(packages::MACHINE, false)
}

/// What `cargo xtask package` needs beside, and trying what it makes.
pub(crate) fn ensure_package() -> Result<()> {
    install_packages(packages::PACKAGE, false)
}

/// Devices that every user may open where udev's rules hold, each with its kernel module. A container
/// has no udev.
const DEVICES: [(&str, &str); 2] = [
    // Interfaces in network namespaces of users.
    ("/dev/net/tun", "tun"),
    // File systems that programs of users serve.
    ("/dev/fuse", "fuse"),
];

fn open_devices(dry_run: bool) -> Result<()> {
    for (path, module) in DEVICES {
        let Ok(metadata) = std::fs::metadata(path) else {
            bail!("there is no {path}: give it to the container, or `modprobe {module}`");
        };
        let mut permissions = metadata.permissions();
        if permissions.mode() & 0o666 == 0o666 || !user::is_root() {
            continue;
        }
        println!("setup: letting users open {path}");
        if !dry_run {
            permissions.set_mode(0o666);
            std::fs::set_permissions(path, permissions)?;
        }
    }
    Ok(())
}

/// Installs cargo-deny if it is not there.
pub(crate) fn ensure_cargo_deny(dry_run: bool) -> Result<()> {
    if has_cargo_deny() {
        return Ok(());
    }
    println!("setup: cargo install cargo-deny --locked");
    if dry_run {
        return Ok(());
    }
    sh::run(sh::cargo().args(["install", "cargo-deny", "--locked", "--quiet"]))
}

/// Whether `cargo deny` can run.
pub(crate) fn has_cargo_deny() -> bool {
    sh::succeeds(sh::cargo().args(["deny", "--version"]))
}

const INSTALL: [&str; 4] = ["apt-get", "install", "--yes", "--no-install-recommends"];

/// Whether apt knows a version of a package that it could install.
fn in_archive(name: &str) -> bool {
    sh::read(Command::new("apt-cache").args(["madison", name])).is_ok_and(|list| !list.is_empty())
}

fn install_packages(wanted: &[Package], dry_run: bool) -> Result<()> {
    let installed = installed_packages()?;
    let missing = packages::missing(wanted, &|name| installed.contains(name));
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    let install = [&INSTALL[..], &names].concat();
    if dry_run {
        for package in &missing {
            println!("setup: would install {} ({})", package.name, package.why);
        }
        return Ok(());
    }
    println!("setup: apt-get update");
    as_root(&["apt-get", "update", "-qq"], &install)?;
    let (known, unknown): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| in_archive(name));
    if !unknown.is_empty() {
        // Ubuntu has no firefox-esr, for one; the tests that want it say so when they fail.
        println!("setup: this archive has no {}", unknown.join(", no "));
    }
    if known.is_empty() {
        return Ok(());
    }
    println!("setup: installing {}", known.join(" "));
    let install = [&INSTALL[..], &known].concat();
    as_root(&install, &install)
}

/// The names of all packages that dpkg has fully installed.
fn installed_packages() -> Result<HashSet<String>> {
    let list = sh::read(Command::new("dpkg-query").args([
        "--show",
        "--showformat",
        "${db:Status-Abbrev} ${Package}\n",
    ]))?;
    Ok(parse_installed(&list))
}

fn parse_installed(list: &str) -> HashSet<String> {
    list.lines()
        .filter_map(|line| line.strip_prefix("ii").map(|rest| rest.trim().to_owned()))
        .collect()
}

/// Runs a command as root; `what` is what to tell the user to do where we cannot become root.
fn as_root(words: &[&str], what: &[&str]) -> Result<()> {
    let mut command = if user::is_root() {
        Command::new("env")
    } else if sh::succeeds(Command::new("sudo").args(["--non-interactive", "true"])) {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "env"]);
        sudo
    } else {
        bail!(
            "this needs root: run `sudo {}`, then again `cargo xtask setup`",
            what.join(" ")
        );
    };
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"])
        .args(words);
    // What these programs say on the way tells nobody more than the one line above.
    sh::run_quietly(&mut command)
}

fn add_test_user(dry_run: bool) -> Result<()> {
    if sh::succeeds(Command::new("getent").args(["passwd", user::TEST_USER])) {
        return Ok(());
    }
    if dry_run {
        println!("setup: would create the user {}", user::TEST_USER);
        return Ok(());
    }
    if user::is_root() {
        return user::ensure_test_user();
    }
    let words = [
        "useradd",
        "--create-home",
        "--shell",
        "/bin/bash",
        user::TEST_USER,
    ];
    println!("setup: creating the user {}", user::TEST_USER);
    as_root(&words, &words)
}

/// Where an administrator puts authorities of their own.
const AUTHORITIES: &str = "/usr/local/share/ca-certificates";

/// A private authority for the test that sandboxes trust those of their host. Its key is thrown away
/// while it is made, so nobody can sign with it.
fn add_authority(dry_run: bool) -> Result<()> {
    let any = std::fs::read_dir(AUTHORITIES)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.path().extension().is_some_and(|end| end == "crt"));
    if any {
        return Ok(());
    }
    let file = format!("{AUTHORITIES}/oz-test.crt");
    if dry_run {
        println!("setup: would make the authority {file}, whose key nobody has");
        return Ok(());
    }
    println!("setup: making the authority {file}, whose key nobody has");
    let directory = ["mkdir", "-p", AUTHORITIES];
    as_root(&directory, &directory)?;
    let make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-out",
        &file,
        "-days",
        "3650",
        "-subj",
        "/CN=Oz test authority",
    ];
    as_root(&make, &make)?;
    as_root(&["update-ca-certificates"], &["update-ca-certificates"])
}

fn add_locale(dry_run: bool) -> Result<()> {
    let known = sh::read(Command::new("locale").arg("-a")).unwrap_or_default();
    if known
        .lines()
        .any(|line| line.eq_ignore_ascii_case("de_DE.utf8"))
    {
        return Ok(());
    }
    if dry_run {
        println!("setup: would generate the locale {LOCALE}");
        return Ok(());
    }
    println!("setup: generating the locale {LOCALE}");
    let words = ["localedef", "-i", "de_DE", "-f", "UTF-8", LOCALE];
    as_root(&words, &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_removed_packages_do_not_count_as_installed() {
        let set = parse_installed("ii  foot\nrc  gedit\niU  mpv\nii  sway\n");
        assert!(set.contains("foot") && set.contains("sway"));
        assert!(!set.contains("gedit") && !set.contains("mpv"));
    }
}
