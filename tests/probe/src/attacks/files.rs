//! Files of the user: reading what was not given, changing it, planting what runs later.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

use crate::attack::{Attack, Class, ROOT, attack, unshown};
use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call};
use crate::target::Target;

const READ: &str = "files: reading";
const PLANT: &str = "files: planting what runs later";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack("read-secret", Class::Files, READ, |t| {
        t.read(&t.path("secret")?)
    }),
    attack("list-home", Class::Files, READ, list_home),
    attack("read-ssh-key", Class::Files, READ, |t| {
        t.read(&home(t, ".ssh/id_oz_probe")?)
    }),
    attack("read-gpg-key", Class::Files, READ, |t| {
        t.read(&home(t, ".gnupg/oz-probe")?)
    }),
    attack("read-browser-data", Class::Files, READ, |t| {
        t.read(&home(t, ".mozilla/oz-probe")?)
    }),
    attack("read-oz-state", Class::Files, "our own state", |t| {
        t.read(&home(t, ".local/state/oz/oz-probe")?)
    }),
    attack(
        "read-beside-grant",
        Class::Files,
        "only what was granted (Firejail #306)",
        |t| t.read(&t.path("dir")?.join("marker")),
    ),
    attack(
        "read-name-with-same-start",
        Class::Files,
        "prefix compared as text (Oz 2017)",
        |t| t.read(&t.path("sibling")?),
    ),
    attack(
        "dotdot-from-grant",
        Class::Files,
        "leaked directory (CVE-2024-21626)",
        dotdot,
    ),
    attack(
        "symlink-in-share",
        Class::Files,
        "planted symlink (CVE-2024-42472)",
        symlink_out,
    ),
    attack(
        "hard-link-into-share",
        Class::Files,
        "hard links",
        hard_link,
    ),
    attack("write-secret", Class::Files, "files: changing", |t| {
        append(t, &t.path("secret")?)
    }),
    attack("write-read-grant", Class::Files, "read-only grants", |t| {
        append(t, &granted(t)?)
    }),
    attack("chmod-read-grant", Class::Files, "read-only grants", |t| {
        let path = granted(t)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640))?;
        Ok("its mode is changed".into())
    }),
    attack(
        "reopen-for-writing",
        Class::Files,
        "/proc/self/fd makes read-only writable",
        |t| {
            let file = File::open(granted(t)?)?;
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
            OpenOptions::new().append(true).open(path)?;
            Ok("open for writing".into())
        },
    ),
    attack(
        "replace-read-grant",
        Class::Files,
        "read-only grants",
        |t| {
            let path = granted(t)?;
            let other = path.with_file_name("replaced");
            fs::rename(&path, &other)?;
            fs::rename(&other, &path)?;
            Ok("renamed".into())
        },
    ),
    attack("setattr-by-xattr", Class::Files, "read-only grants", |t| {
        let path = granted(t)?.display().to_string();
        let arguments = [
            Arg::T(&path),
            Arg::T("user.oz"),
            Arg::T("x"),
            Arg::N(1),
            Arg::N(0),
        ];
        call(libc::SYS_setxattr, arguments)?;
        Ok("an attribute is set".into())
    }),
    attack(
        "rename-ancestors",
        Class::Files,
        "masks lost by renaming what is above",
        ancestors,
    ),
    attack(
        "replace-protected-place",
        Class::Files,
        "masks lost by renaming what is above",
        replace_protected,
    ),
    attack("plant-autostart", Class::Files, PLANT, |t| {
        plant(t, ".config/autostart")
    }),
    attack("plant-launcher", Class::Files, PLANT, |t| {
        plant(t, ".local/share/applications")
    }),
    attack("plant-systemd-unit", Class::Files, PLANT, |t| {
        plant(t, ".config/systemd/user")
    }),
    attack("plant-bus-service", Class::Files, PLANT, |t| {
        plant(t, ".local/share/dbus-1/services")
    }),
    attack("plant-program", Class::Files, PLANT, |t| {
        plant(t, ".local/bin")
    }),
    attack("plant-ssh-configuration", Class::Files, PLANT, |t| {
        plant(t, ".ssh")
    }),
    attack(
        "plant-profile-of-oz",
        Class::Files,
        "our own configuration",
        |t| plant(t, ".config/oz/profiles"),
    ),
    attack("plant-state-of-oz", Class::Files, "our own state", |t| {
        plant(t, ".local/state/oz")
    }),
    attack("plant-session-variables", Class::Files, PLANT, |t| {
        plant(t, ".config/environment.d")
    }),
    attack("plant-shell-start", Class::Files, PLANT, |t| {
        append(t, &home(t, ".bashrc")?)
    }),
    attack(
        "plant-missing-directory",
        Class::Files,
        "made by the sandbox (Firejail #7154)",
        |t| {
            // Nobody made these; if what is above is the host's, the host will find them.
            let missing = [
                ".config/autostart-scripts",
                ".local/lib",
                ".local/share/kio",
            ];
            first(missing.iter().map(|place| make_missing(t, place)))
        },
    ),
    unshown(
        "write-usr",
        Class::Files,
        "the system is read-only",
        ROOT,
        |_| create("/usr"),
    ),
    unshown(
        "write-etc",
        Class::Files,
        "the system is read-only",
        ROOT,
        |_| create("/etc"),
    ),
    unshown(
        "write-run",
        Class::Files,
        "what Oz made for the sandbox",
        ROOT,
        |_| create("/run/oz"),
    ),
    unshown(
        "write-opt",
        Class::Files,
        "the system is read-only",
        ROOT,
        |_| create("/opt"),
    ),
    unshown("read-shadow", Class::Files, READ, ROOT, |_| {
        fs::read("/etc/shadow")?;
        Ok("the passwords' hashes".into())
    }),
    attack("read-package-list", Class::Files, READ, |_| {
        fs::read("/var/lib/dpkg/status")?;
        Ok("every package and its version".into())
    }),
    attack("read-accounts", Class::Files, READ, |t| {
        let text = fs::read_to_string("/etc/passwd")?;
        t.found("accounts", &text.replace(':', " "))
    }),
    attack(
        "name-to-handle",
        Class::Files,
        "handles go round paths",
        |_| {
            // A handle that need not be opened: every file system makes one.
            let [dir, empty] = [Arg::N(-100), Arg::N(0x200)];
            let mut handle = vec![128, 0, 0, 0];
            handle.resize(136, 0);
            let arguments = [dir, Arg::T("/usr"), Arg::Out(&mut handle), Arg::Z(8), empty];
            call(libc::SYS_name_to_handle_at, arguments)?;
            Ok("a handle".into())
        },
    ),
    unshown(
        "open-by-handle",
        Class::Files,
        "handles go round paths",
        ROOT,
        |_| {
            let root = File::open("/usr")?;
            let fd = i64::from(std::os::fd::AsRawFd::as_raw_fd(&root));
            // The inode of ext4's root, generation 0.
            let handle = [crate::sys::words(&[8, 1, 2, 0]), vec![0; 128]].concat();
            call(
                libc::SYS_open_by_handle_at,
                [Arg::N(fd), Arg::B(&handle), Arg::N(0)],
            )?;
            Ok("the file system's root".into())
        },
    ),
];

fn home(target: &Target, below: &str) -> Result<std::path::PathBuf, crate::outcome::Stop> {
    Ok(target.path("home")?.join(below))
}

/// A file that was granted for reading: the one beside this program.
fn granted(target: &Target) -> Result<std::path::PathBuf, crate::outcome::Stop> {
    Ok(target.path("dir")?.join("read/target"))
}

fn list_home(target: &Target) -> Outcome {
    let marker = target.path("sibling")?;
    for entry in fs::read_dir(target.path("home")?)? {
        if entry?.path() == marker {
            return Ok("all names in it".into());
        }
    }
    refused("it is another home")
}

fn append(target: &Target, path: &Path) -> Outcome {
    // Only what is the host's counts: an app may write in a home of its own.
    target.read(path)?;
    let mut file = OpenOptions::new().append(true).open(path)?;
    std::io::Write::write_all(&mut file, b"\n# changed by an app\n")?;
    Ok(format!("{} is changed", path.display()))
}

fn plant(target: &Target, dir: &str) -> Outcome {
    let dir = home(target, dir)?;
    target.read(&dir.join("oz-probe-marker"))?;
    File::create(dir.join("oz-probe-planted"))?;
    Ok(format!("a file in {}", dir.display()))
}

fn create(dir: &str) -> Outcome {
    let path = Path::new(dir).join("oz-probe-planted");
    File::create(&path)?;
    Ok(format!("{} is made", path.display()))
}

fn dotdot(target: &Target) -> Outcome {
    let path = target.path("dir")?.join("read");
    let dir = openat(
        rustix::fs::CWD,
        &path,
        OFlags::PATH | OFlags::DIRECTORY,
        Mode::empty(),
    )?;
    // The secret lies beside the granted directory.
    let file = openat(&dir, "../secret/secret", OFlags::RDONLY, Mode::empty())?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut File::from(file), &mut bytes)?;
    target.recognised("what lies beside the grant", &bytes)
}

fn symlink_out(target: &Target) -> Outcome {
    let link = target.path("dir")?.join("share/link");
    let _ = fs::remove_file(&link);
    symlink(target.path("secret")?, &link)?;
    let result = target.read(&link);
    let _ = fs::remove_file(&link);
    result
}

fn hard_link(target: &Target) -> Outcome {
    let link = target.path("dir")?.join("share/hard");
    let _ = fs::remove_file(&link);
    fs::hard_link(target.path("secret")?, &link)?;
    let result = target.read(&link);
    fs::remove_file(&link)?;
    result
}

/// The first that succeeds, else the refusal that was met last.
fn first(attempts: impl Iterator<Item = Outcome>) -> Outcome {
    let mut last = refused("there is nothing to try");
    for attempt in attempts {
        if attempt.is_ok() {
            return attempt;
        }
        last = attempt;
    }
    last
}

/// Makes a protected place that is not there.
fn make_missing(target: &Target, place: &str) -> Outcome {
    let place = home(target, place)?;
    let above = place.parent().unwrap_or(&place);
    // An app may do as it likes with a home of its own.
    target.read(&above.join("oz-probe-marker"))?;
    let mut done = fs::create_dir(&place);
    if done.is_ok() {
        fs::remove_dir(&place)?;
    } else {
        // The directory that is to hold it may be replaced, or the name come from elsewhere.
        let beside = above.join("oz-probe-made");
        done = fs::create_dir(&beside).and_then(|()| fs::rename(&beside, &place));
        let _ = fs::remove_dir(if done.is_ok() { &place } else { &beside });
    }
    done?;
    Ok(format!("{} can be made", place.display()))
}

/// Directories whose files run later, of which some are two names deep.
const REPLACED: &[&str] = &[
    ".config/autostart",
    ".config/systemd/user",
    ".local/bin",
    ".local/share/applications",
    ".local/share/dbus-1/services",
];

/// Renames each directory above a protected place, or the place, and puts another in its place.
fn replace_protected(target: &Target) -> Outcome {
    let pairs = REPLACED.iter().flat_map(|place| {
        let above = Path::new(place).ancestors();
        let above = above.filter(|above| !above.as_os_str().is_empty());
        above.map(move |above| (*place, above))
    });
    first(pairs.map(|(place, above)| replace(target, place, above)))
}

fn replace(target: &Target, place: &str, above: &Path) -> Outcome {
    let home = target.path("home")?;
    let (dir, place) = (home.join(above), home.join(place));
    target.read(&dir.join("oz-probe-marker"))?;
    let mut moved = dir.clone().into_os_string();
    moved.push(".oz-probe-moved");
    fs::rename(&dir, &moved)?;
    let planted = fs::create_dir_all(&place)
        .and_then(|()| fs::write(place.join("oz-probe-planted"), "planted"));
    // As it was, for those that come after.
    let _ = fs::remove_dir_all(&dir);
    fs::rename(&moved, &dir)?;
    planted?;
    Ok(format!("{} is another now", dir.display()))
}

fn ancestors(target: &Target) -> Outcome {
    let dir = target.path("dir")?;
    let marker = target.path("sibling")?;
    let mut last = refused("there is nothing above");
    // Outside, what is above is the whole desktop's; the directory itself shows it as well.
    let depth = if target.is_outside() { 1 } else { usize::MAX };
    let above = dir.ancestors().take_while(|above| above.parent().is_some());
    for above in above.take(depth) {
        let Ok(before) = fs::metadata(above) else {
            continue;
        };
        let moved = above.with_extension("oz-probe-moved");
        if let Err(error) = fs::rename(above, &moved) {
            last = Err(error.into());
            continue;
        }
        let is_host = fs::read(moved.join("marker")).is_ok() || marker.exists();
        fs::rename(&moved, above)?;
        if is_host && fs::metadata(above)?.ino() == before.ino() {
            return Ok(format!("{} is the host's and was renamed", above.display()));
        }
        last = refused("only a directory of the sandbox's own was renamed");
    }
    last
}
