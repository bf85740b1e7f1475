//! `build`: builds the programs and lays them out as an install prefix, `target/stage/<profile>`.
//!
//! The same layout is what `install` copies and what every `session` gets a copy of.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, Profile};
use crate::{extension, sh};

/// A program of ours: its binary, the package that builds it, and its place in a prefix.
struct Program {
    binary: &'static str,
    package: &'static str,
    dir: &'static str,
    /// Linked statically: it starts where there may be no libraries, inside a sandbox whose root is not built yet
    /// or in whatever somebody else's sandbox shows it; or each of its starts is waited for, and to find and load
    /// libraries is a third of that.
    fixed: bool,
}

const fn program(
    binary: &'static str,
    package: &'static str,
    dir: &'static str,
    fixed: bool,
) -> Program {
    Program {
        binary,
        package,
        dir,
        fixed,
    }
}

const PROGRAMS: &[Program] = &[
    program("oz", "oz-cli", "bin", true),
    program("oz-daemon", "oz-daemon", "libexec/oz", false),
    program("display-proxy", "display-proxy", "libexec/oz", false),
    program("audio-proxy", "audio-proxy", "libexec/oz", false),
    program("bus-proxy", "bus-proxy", "libexec/oz", false),
    program("files-proxy", "files-proxy", "libexec/oz", false),
    program("net-proxy", "net-proxy", "libexec/oz", false),
    program("oz-explain", "oz-explain", "libexec/oz", false),
    program("cow-worker", "cow-worker", "libexec/oz", false),
    program("oz-dialog", "shell-ui", "libexec/oz", false),
    program("oz-panel", "shell-ui", "libexec/oz", false),
    program("oz-init", "oz-init", "libexec/oz", true),
    program("oz-mount", "oz-init", "libexec/oz", true),
    program("oz-net", "oz-init", "libexec/oz", true),
    program("oz-check", "oz-check", "libexec/oz", true),
];

/// What tests and benchmarks use on headless desktops; it is staged, never installed.
const HELPERS: &[Program] = &[
    program("oz-seat", "oz-testkit", TEST_DIR, false),
    program("oz-drag", "oz-testkit", TEST_DIR, false),
    program("oz-fuse", "oz-testkit", TEST_DIR, false),
    program("oz-internet", "oz-testkit", TEST_DIR, false),
    program("oz-fake-systemd", "oz-testkit", TEST_DIR, false),
    program("oz-bench", "oz-bench", TEST_DIR, false),
    program("oz-bench-client", "oz-bench", TEST_DIR, false),
    program("oz-bench-files", "oz-bench", TEST_DIR, false),
    program("oz-bench-relay", "oz-bench", TEST_DIR, false),
    program("oz-bench-panel", "shell-ui", TEST_DIR, false),
    program("oz-probe", "oz-probe", TEST_DIR, true),
];

/// Where the helpers are in a staged prefix.
pub(crate) const TEST_DIR: &str = "libexec/oz-test";

/// The packages that build what is installed.
pub(crate) fn packages() -> Vec<&'static str> {
    PROGRAMS.iter().map(|program| program.package).collect()
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build what a user would install, not what a test wants
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let prefix = stage(Profile::from_flag(args.release), true)?;
    println!("staged in {}", prefix.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds and lays out; returns the prefix. Without `product` it is another one, in which only
/// the helpers are.
pub(crate) fn stage(profile: Profile, product: bool) -> Result<PathBuf> {
    let programs: Vec<&Program> = if product {
        PROGRAMS.iter().chain(HELPERS).collect()
    } else {
        HELPERS.iter().collect()
    };
    let triple = host_triple()?;
    build(&programs, profile, &triple)?;
    let name = if product {
        profile.stage_dir()
    } else {
        "no-oz"
    };
    let prefix = workspace::target().join("stage").join(name);
    for program in &programs {
        let built = built_at(program, profile, &triple);
        if !built.exists() {
            bail!(
                "package {} built no program {}: add `src/main.rs` or a [[bin]] of that name to it",
                program.package,
                program.binary
            );
        }
        place(
            &built,
            &prefix.join(program.dir).join(program.binary),
            0o755,
        )?;
    }
    if product {
        build_module(&prefix)?;
        place_data(&prefix)?;
        extension::place(&prefix, extension::Form::of_this_machine())?;
        write_units(&prefix, &prefix, false)?;
    }
    Ok(prefix)
}

fn build(programs: &[&Program], profile: Profile, triple: &str) -> Result<()> {
    for fixed in [false, true] {
        let mut packages: Vec<_> = programs
            .iter()
            .filter(|p| p.fixed == fixed)
            .map(|p| p.package)
            .collect();
        packages.dedup();
        if packages.is_empty() {
            continue;
        }
        let mut cargo = sh::cargo();
        cargo
            .args(["build", "--quiet", "--bins"])
            .args(profile.cargo_args());
        for package in packages {
            cargo.args(["--package", package]);
        }
        if fixed {
            let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
            cargo.args(["--target", triple]);
            cargo.env(
                "RUSTFLAGS",
                format!("{flags} -C target-feature=+crt-static"),
            );
        }
        sh::run(&mut cargo)?;
    }
    Ok(())
}

/// Where the module for apps of GTK 3 is in a prefix.
const MODULE: &str = "libexec/oz/gtk3-dialogs.so";

/// Compiles the module for apps of GTK 3, which is in C, as GTK's own modules are.
fn build_module(prefix: &Path) -> Result<()> {
    let source = workspace::root().join("gtk3-module/dialogs.c");
    let flags = sh::read(Command::new("pkg-config").args(["--cflags", "--libs", "gtk+-3.0"]))
        .context("cannot find GTK 3: install libgtk-3-dev (`cargo xtask setup`)")?;
    let made = prefix.join(MODULE);
    make_parent(&made)?;
    replace(&made, 0o755, |temporary| {
        let mut compile = Command::new("cc");
        compile.args([
            "-std=gnu11",
            "-O2",
            "-fPIC",
            "-shared",
            "-fstack-protector-strong",
        ]);
        // GTK's own signatures of callbacks are casts of each other.
        compile.args(["-Wall", "-Wextra", "-Werror", "-Wno-cast-function-type"]);
        compile
            .args(["-Wl,-z,relro,-z,now", "-Wl,--as-needed", "-o"])
            .arg(temporary);
        sh::run(compile.arg(&source).args(flags.split_whitespace()))
    })
}

fn built_at(program: &Program, profile: Profile, triple: &str) -> PathBuf {
    let mut path = workspace::target();
    if program.fixed {
        path.push(triple);
    }
    path.join(profile.cargo_dir()).join(program.binary)
}

pub(crate) fn host_triple() -> Result<String> {
    let about = sh::read(Command::new("rustc").arg("-vV"))?;
    about
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .context("`rustc -vV` names no host")
}

/// Profiles and whatever else is plain files.
fn place_data(prefix: &Path) -> Result<()> {
    let profiles = prefix.join("share/oz/profiles");
    if profiles.exists() {
        // A profile that was removed from the tree must not live on in the prefix.
        fs::remove_dir_all(&profiles)
            .with_context(|| format!("cannot clear {}", profiles.display()))?;
    }
    let from = workspace::root().join("profiles");
    if from.exists() {
        copy_tree(&from, &profiles)?;
    }
    place(
        &workspace::root().join("crates/shell-ui/icons/org.oz.Panel.svg"),
        &prefix.join("share/icons/hicolor/scalable/apps/org.oz.Panel.svg"),
        0o644,
    )?;
    let menus = workspace::root().join("file-manager");
    for (file, directory) in FILE_MANAGERS {
        place(&menus.join(file), &prefix.join(directory).join(file), 0o644)?;
    }
    let sentences = workspace::root().join("crates/shell-ui/po");
    place_translations(&sentences, &prefix.join("share/locale"))
}

/// Menus of file managers, and where each looks for its own.
const FILE_MANAGERS: &[(&str, &str)] = &[
    ("oz_files.py", "share/oz/file-manager"),
    ("oz_menus.py", "share/oz/file-manager"),
    ("oz-nautilus.py", "share/nautilus-python/extensions"),
    ("oz-nemo.py", "share/nemo-python/extensions"),
    ("oz-caja.py", "share/caja-python/extensions"),
];

/// What is said in other languages, as the C library reads it.
pub(crate) fn place_translations(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let text = entry?.path();
        let language = text.file_stem().unwrap_or_default();
        let made = to.join(language).join("LC_MESSAGES/oz.mo");
        make_parent(&made)?;
        replace(&made, 0o644, |temporary| {
            let mut format = Command::new("msgfmt");
            format
                .arg("--check-format")
                .arg("-o")
                .arg(temporary)
                .arg(&text);
            sh::run(&mut format)
        })?;
    }
    Ok(())
}

/// Writes the service file and the unit into `dest` for programs that will live in `prefix`.
///
/// Only an installed service file names the unit: the bus of a test has no systemd to ask.
pub(crate) fn write_units(dest: &Path, prefix: &Path, installed: bool) -> Result<()> {
    let exec = prefix.join("libexec/oz/oz-daemon");
    let panel = prefix.join("libexec/oz/oz-panel");
    for (path, text) in [
        (SERVICE_FILE, service_file(&exec, installed)),
        (UNIT_FILE, unit_file(&exec)),
        (PANEL_SERVICE_FILE, panel_service_file(&panel)),
        (PANEL_ENTRY_FILE, panel_entry_file(&panel)),
    ] {
        let path = dest.join(path);
        make_parent(&path)?;
        replace(&path, 0o644, |temporary| Ok(fs::write(temporary, &text)?))?;
    }
    Ok(())
}

/// The D-Bus service file in a prefix.
pub(crate) const SERVICE_FILE: &str = "share/dbus-1/services/org.oz.Oz1.service";
/// The systemd user unit in a prefix.
pub(crate) const UNIT_FILE: &str = "lib/systemd/user/oz.service";

fn service_file(exec: &Path, installed: bool) -> String {
    let systemd = if installed {
        "SystemdService=oz.service\n"
    } else {
        ""
    };
    format!(
        "[D-BUS Service]\nName=org.oz.Oz1\nExec={}\n{systemd}",
        exec.display()
    )
}

/// The panel's D-Bus service file in a prefix: a launcher asks the bus for it.
const PANEL_SERVICE_FILE: &str = "share/dbus-1/services/org.oz.Panel.service";
/// Its desktop entry.
const PANEL_ENTRY_FILE: &str = "share/applications/org.oz.Panel.desktop";

fn panel_service_file(exec: &Path) -> String {
    format!(
        "[D-BUS Service]\nName=org.oz.Panel\nExec={} --gapplication-service\n",
        exec.display()
    )
}

fn panel_entry_file(exec: &Path) -> String {
    format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Name=Oz\n\
         GenericName=Sandboxes\n\
         GenericName[de]=Sandkästen\n\
         Comment=See and change what sandboxed apps may do\n\
         Comment[de]=Sehen und ändern, was Apps im Sandkasten dürfen\n\
         Exec={}\n\
         Icon=org.oz.Panel\n\
         Categories=System;Security;GTK;\n\
         Keywords=sandbox;permissions;microphone;files;\n\
         DBusActivatable=true\n\
         StartupNotify=true\n",
        exec.display()
    )
}

fn unit_file(exec: &Path) -> String {
    format!(
        "[Unit]\n\
         Description=Oz, sandboxes for desktop apps\n\
         \n\
         [Service]\n\
         Type=dbus\n\
         BusName=org.oz.Oz1\n\
         ExecStart={}\n\
         # Sandboxes outlive the daemon: a new one takes them over.\n\
         KillMode=process\n\
         Restart=on-failure\n",
        exec.display()
    )
}

/// Copies a directory tree of plain files, readable by everybody.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            place(&entry.path(), &target, 0o644)?;
        }
    }
    Ok(())
}

/// Copies one file unless the copy is newer and as long.
pub(crate) fn place(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let source = fs::metadata(from).with_context(|| format!("cannot read {}", from.display()))?;
    if let Ok(present) = fs::metadata(to)
        && present.len() == source.len()
        && present.modified()? > source.modified()?
    {
        return Ok(());
    }
    make_parent(to)?;
    replace(to, mode, |temporary| {
        fs::copy(from, temporary)
            .map(drop)
            .with_context(|| format!("cannot copy {}", from.display()))
    })
}

/// Puts a new file in place by rename: sessions that run keep the inode that they linked.
pub(crate) fn replace(to: &Path, mode: u32, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = to.with_file_name(name);
    fill(&temporary)?;
    fs::set_permissions(&temporary, fs::Permissions::from_mode(mode))?;
    fs::rename(&temporary, to).with_context(|| format!("cannot write {}", to.display()))
}

/// Makes the directories above a file, open to everybody whatever our umask is.
pub(crate) fn make_parent(file: &Path) -> Result<()> {
    let mut absent = Vec::new();
    let mut dir = file.parent();
    while let Some(path) = dir
        && !path.exists()
    {
        absent.push(path.to_owned());
        dir = path.parent();
    }
    for path in absent.iter().rev() {
        match fs::create_dir(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("cannot make {}", path.display()));
            }
            _ => fs::set_permissions(path, fs::Permissions::from_mode(0o755))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_installed_service_asks_systemd() {
        let exec = Path::new("/p/libexec/oz/oz-daemon");
        assert!(!service_file(exec, false).contains("Systemd"));
        let installed = service_file(exec, true);
        assert!(installed.contains("SystemdService=oz.service"));
        assert!(installed.contains("Exec=/p/libexec/oz/oz-daemon\n"));
        assert!(unit_file(exec).contains("\nKillMode=process\n"));
    }

    #[test]
    fn what_starts_inside_or_is_waited_for_is_static_and_oz_alone_is_called_by_people() {
        for program in PROGRAMS {
            let fixed = ["oz", "oz-init", "oz-mount", "oz-net", "oz-check"];
            let fixed = fixed.contains(&program.binary);
            assert_eq!(program.fixed, fixed, "{}", program.binary);
            assert_eq!(program.dir == "bin", program.binary == "oz");
        }
    }
}
