//! Files to be read, changed and planted beside; and whether that was done.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Pairs;

/// Files of the home with keys and start files in them.
const FILES: &[&str] = &[
    ".ssh/id_oz_probe",
    ".gnupg/oz-probe",
    ".mozilla/oz-probe",
    ".local/state/oz/oz-probe",
    ".bashrc",
    "oz-probe-marker",
    ".config/oz-probe-marker",
    ".local/oz-probe-marker",
    ".local/share/oz-probe-marker",
];

/// Directories whose files run later.
const DIRS: &[&str] = &[
    ".config/autostart",
    ".config/environment.d",
    ".config/oz/profiles",
    ".config/systemd/user",
    ".local/bin",
    ".local/share/applications",
    ".local/share/dbus-1/services",
    ".local/state/oz",
    ".ssh",
];

/// What was laid out.
pub struct Bait {
    home: PathBuf,
    dir: PathBuf,
    /// A file that is granted to nobody, in a directory that is granted to nobody.
    pub secret: PathBuf,
    /// The stdin of the command.
    pub stdin: PathBuf,
    content: String,
    /// The names in each of [`DIRS`] at the start.
    names: Vec<(PathBuf, BTreeSet<OsString>)>,
    files: Vec<PathBuf>,
}

impl Bait {
    /// Makes everything.
    pub fn lay(dir: &Path, nonce: &str) -> std::io::Result<Self> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let home = home.ok_or_else(|| std::io::Error::other("no HOME"))?;
        let content = format!("# {nonce}\n");
        let mut files: Vec<PathBuf> = FILES.iter().map(|file| home.join(file)).collect();
        files.extend(
            DIRS.iter()
                .map(|dir| home.join(dir).join("oz-probe-marker")),
        );
        let (secret, stdin) = (dir.join("secret/secret"), dir.join("secret/stdin"));
        files.extend([
            secret.clone(),
            stdin.clone(),
            dir.join("marker"),
            sibling(dir),
        ]);
        for file in &files {
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, &content)?;
        }
        for name in ["read", "share"] {
            fs::create_dir_all(dir.join(name))?;
        }
        let mut names = Vec::new();
        for dir in DIRS.iter().map(|dir| home.join(dir)) {
            let _ = fs::remove_file(dir.join("oz-probe-planted"));
            names.push((dir.clone(), names_in(&dir)));
        }
        let dir = dir.to_owned();
        Ok(Self {
            home,
            dir,
            secret,
            stdin,
            content,
            names,
            files,
        })
    }

    /// Where it is.
    pub fn facts(&self) -> Pairs {
        let inode =
            fs::metadata(&self.stdin).map(|meta| std::os::unix::fs::MetadataExt::ino(&meta));
        let text = |path: &Path| path.display().to_string();
        vec![
            ("home".into(), text(&self.home)),
            ("dir".into(), text(&self.dir)),
            ("secret".into(), text(&self.secret)),
            ("sibling".into(), text(&sibling(&self.dir))),
            ("stdin".into(), inode.unwrap_or(0).to_string()),
        ]
    }

    /// What is not as it was; then nothing of it is left in the home.
    pub fn harm(&self) -> Vec<String> {
        let mut harm = Vec::new();
        for file in &self.files {
            if fs::read(file).ok().as_deref() != Some(self.content.as_bytes()) {
                harm.push(format!("{} was changed", file.display()));
            }
        }
        for (dir, before) in &self.names {
            for name in names_in(dir).difference(before) {
                // Oz itself keeps its sandboxes' homes and locks in its state.
                if dir.ends_with(".local/state/oz") && name != "oz-probe-planted" {
                    continue;
                }
                harm.push(format!("{} is new", dir.join(name).display()));
            }
        }
        for file in self
            .files
            .iter()
            .filter(|file| file.starts_with(&self.home))
        {
            let _ = fs::remove_file(file);
        }
        harm
    }
}

/// A name that only begins like the directory's.
fn sibling(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push("2");
    dir.with_file_name(name)
}

fn names_in(dir: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).collect()
}
