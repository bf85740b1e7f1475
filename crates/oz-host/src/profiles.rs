//! The profiles of this installation.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use oz_core::plan::SandboxId;
use oz_core::profile::{Catalogue, Layer, MAX_TEXT, Text};

use crate::{environment, small};

/// Where profiles are read; each holds `NAME.json` and `templates/NAME.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// What came with Oz.
    pub shipped: PathBuf,
    /// The administrator's.
    pub administrator: PathBuf,
    /// The user's.
    pub user: PathBuf,
}

impl Directories {
    /// Those of the installation that the running program belongs to.
    pub fn of_this_installation() -> Self {
        let program = std::env::current_exe().ok();
        Self {
            shipped: shipped(program.as_deref()),
            administrator: "/etc/oz/profiles".into(),
            user: environment::config().join("oz/profiles"),
        }
    }
}

/// `PREFIX/share/oz/profiles` for a program in `PREFIX/bin` or `PREFIX/libexec/oz`.
fn shipped(program: Option<&Path>) -> PathBuf {
    let directory = program.and_then(Path::parent);
    let prefix = directory.and_then(|directory| {
        if directory.ends_with("libexec/oz") {
            directory.parent()?.parent()
        } else if directory.ends_with("bin") {
            directory.parent()
        } else {
            None
        }
    });
    prefix
        .unwrap_or(Path::new("/usr"))
        .join("share/oz/profiles")
}

/// Why profiles cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A directory that exists cannot be listed.
    #[error("cannot list the profiles in {}: make the directory readable", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads all profiles. What is wrong with one of them is said when it is asked for.
pub fn load(directories: &Directories) -> Result<Catalogue, LoadError> {
    let mut texts = Vec::new();
    for (layer, directory, template) in places(directories) {
        read_directory(layer, &directory, template, &mut texts)?;
    }
    Ok(Catalogue::new(texts))
}

/// Every directory and file that is read.
pub(crate) fn paths(directories: &Directories) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for (_, directory, _) in places(directories) {
        // What cannot be listed is an error of `load`, which says so.
        all.extend(files(&directory).unwrap_or_default());
        all.push(directory);
    }
    all
}

fn places(directories: &Directories) -> Vec<(Layer, PathBuf, bool)> {
    let mut places = Vec::new();
    for (layer, directory) in [
        (Layer::Shipped, &directories.shipped),
        (Layer::Administrator, &directories.administrator),
        (Layer::User, &directories.user),
    ] {
        places.push((layer, directory.clone(), false));
        places.push((layer, directory.join("templates"), true));
    }
    places
}

/// What is in a directory, sorted; nothing if there is none.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

fn read_directory(
    layer: Layer,
    directory: &Path,
    template: bool,
    texts: &mut Vec<Text>,
) -> Result<(), LoadError> {
    let failed = |source| LoadError::Directory {
        path: directory.to_owned(),
        source,
    };
    for path in files(directory).map_err(failed)? {
        let Some(name) = name(&path) else { continue };
        match read(&path) {
            Ok(text) => texts.push(Text {
                name,
                layer,
                path,
                text,
                template,
            }),
            Err(error) => tracing::warn!(path = %path.display(), %error, "cannot read a profile"),
        }
    }
    Ok(())
}

/// The name of a profile's file; editors' backups and hidden files have none.
fn name(path: &Path) -> Option<String> {
    if path.extension() != Some(OsStr::new("json")) {
        return None;
    }
    let name = path.file_stem()?.to_str()?;
    match name.parse::<SandboxId>() {
        Ok(_) => Some(name.to_owned()),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "not a profile's name");
            None
        }
    }
}

/// The text, up to one byte more than a profile may have. Bytes that are not UTF-8 become U+FFFD, which no
/// profile may hold.
fn read(path: &Path) -> io::Result<String> {
    let bytes = small::read(path, MAX_TEXT as u64 + 1)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_profiles_lie_beside_the_program() {
        for (program, expected) in [
            ("/opt/oz/bin/oz", "/opt/oz/share/oz/profiles"),
            ("/opt/oz/libexec/oz/oz-daemon", "/opt/oz/share/oz/profiles"),
            ("/usr/bin/oz", "/usr/share/oz/profiles"),
            ("/work/target/debug/oz", "/usr/share/oz/profiles"),
        ] {
            assert_eq!(shipped(Some(Path::new(program))), Path::new(expected));
        }
        assert_eq!(shipped(None), Path::new("/usr/share/oz/profiles"));
    }

    #[test]
    fn a_broken_file_harms_no_other() {
        let temporary = tempfile::tempdir().expect("a directory");
        let user = temporary.path().join("user");
        std::fs::create_dir(&user).expect("a directory");
        let write = |name: &str, content: &[u8]| {
            std::fs::write(user.join(name), content).expect("writes");
        };
        write("good.json", b"{}");
        write("broken.json", b"{ nonsense");
        write("bytes.json", b"{ \"description\": \"\xff\" }");
        write("backup.json~", b"");
        write("UPPER.json", b"{}");
        rustix::fs::mkfifoat(rustix::fs::CWD, user.join("fifo.json"), 0o600.into())
            .expect("a FIFO");
        std::fs::create_dir(user.join("directory.json")).expect("a directory");
        let catalogue = load(&Directories {
            shipped: temporary.path().join("missing"),
            administrator: temporary.path().join("missing"),
            user,
        })
        .expect("loads");
        assert_eq!(catalogue.names(), ["broken", "bytes", "good"]);
        assert!(catalogue.resolve("good").is_ok());
        assert!(catalogue.resolve("broken").is_err());
        assert!(catalogue.resolve("bytes").is_err());
    }
}
