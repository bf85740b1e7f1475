//! The package in a fresh Debian 12: it is installed by apt with all that it wants, tried by an ordinary user, and
//! removed.
//!
//! The system is a directory, entered by `bwrap`; its packages are fetched once.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail, ensure};

use crate::workspace::Profile;
use crate::{setup, sh, user, workspace};

/// The oldest release that a package is for.
const RELEASE: &str = "bookworm";
/// An ordinary user in it.
const USER: &str = "1000";

/// A claim, and how it is tried.
type Claim = (&'static str, fn(&System) -> Result<()>);

/// Each, in the order in which it is tried: later ones stand on earlier ones.
const CLAIMS: &[Claim] = &[
    ("debians_checker_finds_no_error", System::has_no_error),
    ("apt_installs_it_with_what_it_wants", System::installs),
    ("an_ordinary_user_can_use_it", System::is_usable),
    ("a_program_runs_in_a_sandbox", System::runs_sandboxes),
    ("nothing_is_left_of_it", System::leaves_nothing),
];

/// Tries them, and tells of each as libtest would.
pub(crate) fn run(tell: &mut dyn FnMut(&str)) -> Result<()> {
    setup::ensure_package()?;
    if !user::is_root() {
        bail!("a system of its own takes root: run this with sudo");
    }
    let system = System::new(super::build(Profile::Dev)?)?;
    let (mut passed, mut failed) = (0, 0);
    for (name, claim) in CLAIMS {
        match claim(&system) {
            Ok(()) => {
                passed += 1;
                tell(&format!("test {name} ... ok"));
            }
            Err(error) => {
                failed += 1;
                tell(&format!("{error:#}"));
                tell(&format!("test {name} ... FAILED"));
            }
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    tell(&format!(
        "test result: {word}. {passed} passed; {failed} failed; 0 ignored;"
    ));
    Ok(())
}

struct System {
    root: PathBuf,
    package: PathBuf,
    /// Names of files with ours in them that it had before.
    before: BTreeSet<PathBuf>,
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl System {
    fn new(package: PathBuf) -> Result<Self> {
        let place = workspace::target().join("package");
        let archive = place.join(format!("{RELEASE}.tar"));
        if !archive.exists() {
            eprintln!("== package: fetching a Debian of its own");
            let unfinished = place.join(format!("{RELEASE}-{}.tar", std::process::id()));
            let mut make = Command::new("mmdebstrap");
            make.args(["--quiet", "--mode=root", "--variant=minbase", RELEASE]);
            sh::run_quietly(make.arg(&unfinished))?;
            fs::rename(&unfinished, &archive)?;
        }
        let root = place.join(format!("root-{}", std::process::id()));
        let mut system = Self {
            root,
            package,
            before: BTreeSet::new(),
        };
        fs::create_dir_all(&system.root)?;
        fs::create_dir_all(place.join("archives/partial"))?;
        let mut unpack = Command::new("tar");
        unpack.arg("--extract").arg("--file").arg(&archive);
        sh::run_quietly(unpack.arg("--directory").arg(&system.root))?;
        fs::copy(&system.package, system.root.join("oz.deb"))?;
        system.before = system.named()?;
        Ok(system)
    }

    /// What somebody in it does.
    fn command(&self, user: Option<&str>, script: &str) -> Command {
        let archives = workspace::target().join("package/archives");
        // With a view of processes that nothing covers: sandboxes mount such ones of their own.
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--",
            "sh",
            "-ec",
        ]);
        command.arg("mount -t proc proc \"$0/proc\"; exec \"$@\"");
        command
            .arg(&self.root)
            .args(["bwrap", "--die-with-parent", "--bind"]);
        command.arg(&self.root).arg("/");
        command.args(["--dev", "/dev", "--tmpfs", "/run"]);
        for device in ["/dev/fuse", "/dev/net/tun"] {
            command.args(["--dev-bind-try", device, device]);
        }
        command.args(["--ro-bind", "/sys", "/sys"]);
        command.args([
            "--ro-bind",
            "/etc/resolv.conf",
            "/etc/resolv.conf",
            "--bind",
        ]);
        command.arg(archives).arg("/var/cache/apt/archives");
        command.args(["--clearenv", "--setenv", "LC_ALL", "C.UTF-8"]);
        command.args(["--setenv", "DEBIAN_FRONTEND", "noninteractive"]);
        command.args(["--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin"]);
        command.args(["--cap-add", "ALL", "--"]);
        if let Some(user) = user {
            let ids = [format!("--reuid={user}"), format!("--regid={user}")];
            command
                .arg("setpriv")
                .args(ids)
                .args(["--clear-groups", "--inh-caps=-all"]);
            command.args([
                "env",
                "HOME=/home/someone",
                "XDG_RUNTIME_DIR=/home/someone/run",
            ]);
        }
        command.args(["sh", "-ec", script]).stdin(Stdio::null());
        command
    }

    fn root(&self, script: &str) -> Result<String> {
        sh::read_quietly(&mut self.command(None, script))
    }

    fn user(&self, script: &str) -> Result<String> {
        sh::read_quietly(&mut self.command(Some(USER), script))
    }

    fn has_no_error(&self) -> Result<()> {
        // What it finds is what it prints, and what is in the error is what is printed there.
        let mut check = Command::new("sh");
        check.args(["-c", "exec lintian \"$@\" >&2", "lintian"]);
        check.args(["--allow-root", "--fail-on", "error", "--suppress-tags"]);
        // A package of our own has no bug in Debian to close, and no address of Debian's.
        check.arg("initial-upload-closes-no-bugs,bogus-mail-host,malformed-contact");
        sh::run_quietly(check.arg(&self.package))
    }

    fn installs(&self) -> Result<()> {
        // Packages stay in the directory that the next time is given too.
        self.root(
            "rm -f /etc/apt/apt.conf.d/docker-clean
             useradd --create-home --uid 1000 --shell /bin/sh someone
             apt-get update --quiet
             apt-get install --yes --quiet -o APT::Keep-Downloaded-Packages=true /oz.deb",
        )?;
        let audit = self.root("dpkg --audit")?;
        ensure!(audit.trim().is_empty(), "{audit}");
        Ok(())
    }

    fn is_usable(&self) -> Result<()> {
        let said = self.user(
            "oz --version && oz profile list && oz status && dbus-run-session -- oz doctor",
        )?;
        let version = format!("oz {}", env!("CARGO_PKG_VERSION"));
        ensure!(said.contains(&version), "{said}");
        ensure!(
            said.contains("firefox") && said.contains("evince"),
            "{said}"
        );
        // All that the programs are linked with is there.
        let missing =
            self.user("ldd /usr/bin/oz /usr/libexec/oz/* 2>&1 | grep 'not found' || true")?;
        ensure!(missing.trim().is_empty(), "{missing}");
        let pages = "zcat /usr/share/man/man1/oz.1.gz | grep -q '^.TH oz 1' && \
            test -s /usr/share/bash-completion/completions/oz && \
            test -s /usr/share/applications/org.oz.Panel.desktop && \
            test -s /usr/share/icons/hicolor/scalable/apps/org.oz.Panel.svg && \
            test -s /usr/lib/systemd/user/oz.service";
        self.user(pages).map(drop)
    }

    fn runs_sandboxes(&self) -> Result<()> {
        let said = self.user(
            "mkdir -m 700 ~/run
             echo secret > ~/secret
             dbus-run-session -- oz run -- sh -c 'id -u; ls ~; test ! -e ~/secret && echo hidden'",
        )?;
        ensure!(said.contains(USER) && said.contains("hidden"), "{said}");
        Ok(())
    }

    fn leaves_nothing(&self) -> Result<()> {
        let files = self.root("dpkg-query --listfiles oz")?;
        self.root("apt-get purge --yes --quiet oz")?;
        let owned = self.root("cat /var/lib/dpkg/info/*.list")?;
        let owned: BTreeSet<&str> = owned.lines().collect();
        let left = files.lines().filter(|path| {
            let there = self.root.join(path.trim_start_matches('/'));
            !owned.contains(path) && *path != "/." && there.symlink_metadata().is_ok()
        });
        let left: Vec<&str> = left.collect();
        ensure!(left.is_empty(), "{left:?}");
        let named = self.named()?;
        let more: Vec<_> = named.difference(&self.before).collect();
        ensure!(more.is_empty(), "{more:?}");
        self.root("! dpkg --status oz").map(drop)
    }

    /// Files of the system that are called by our name. What users have is theirs.
    fn named(&self) -> Result<BTreeSet<PathBuf>> {
        let mut find = Command::new("find");
        find.arg(&self.root).args(["-xdev", "-path"]);
        find.arg(self.root.join("home"))
            .args(["-prune", "-o", "-regextype", "egrep", "-regex"]);
        find.args([r".*/(oz|_oz|oz[-_.][^/]*|org\.oz\.[^/]*)", "-print"]);
        Ok(sh::read(&mut find)?.lines().map(PathBuf::from).collect())
    }
}
