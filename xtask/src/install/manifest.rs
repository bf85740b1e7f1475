//! The list of installed files: one absolute path a line.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Files that were installed, by the paths that they have on the installed system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest(BTreeSet<PathBuf>);

impl Manifest {
    /// Reads a manifest; empty if there is none.
    pub(super) fn read(file: &Path) -> Result<Self> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Self(text.lines().map(PathBuf::from).collect())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// Writes it.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let lines: String = self
            .0
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect();
        crate::stage::make_parent(file)?;
        crate::stage::replace(file, 0o644, |temporary| Ok(fs::write(temporary, &lines)?))
    }

    pub(super) fn add(&mut self, path: &Path) {
        self.0.insert(path.to_owned());
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.0.contains(path)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is in this and not in the other: files that a newer version no longer has.
    pub(super) fn without(&self, newer: &Self) -> Self {
        Self(self.0.difference(&newer.0).cloned().collect())
    }

    /// Removes the files, and the directories beneath the prefix that are empty then.
    pub(super) fn remove(&self, place: &dyn Fn(&Path) -> PathBuf, prefix: &Path) -> Result<()> {
        for path in &self.0 {
            let file = place(path);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", file.display()));
                }
                _ => prune(&file, &place(prefix)),
            }
        }
        Ok(())
    }
}

/// Removes the empty directories above a path, up to the prefix, which stays.
pub(super) fn prune(file: &Path, prefix: &Path) {
    for dir in file.ancestors().skip(1) {
        // A directory with anything else in it stays: that is what the error means.
        if dir == prefix || !dir.starts_with(prefix) || fs::remove_dir(dir).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_files_go_and_empty_directories_with_them() {
        let root = std::env::temp_dir().join(format!("oz-xtask-manifest-{}", std::process::id()));
        for file in ["bin/oz", "bin/other", "share/oz/profiles/a.json"] {
            let path = root.join("usr/local").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut manifest = Manifest::default();
        manifest.add(Path::new("/usr/local/bin/oz"));
        manifest.add(Path::new("/usr/local/share/oz/profiles/a.json"));
        manifest.add(Path::new("/usr/local/share/oz/already-gone"));
        let place = |path: &Path| root.join(path.strip_prefix("/").unwrap());
        manifest.remove(&place, Path::new("/usr/local")).unwrap();
        assert!(root.join("usr/local/bin/other").exists());
        assert!(!root.join("usr/local/bin/oz").exists());
        assert!(!root.join("usr/local/share").exists());
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_manifest_survives_being_written() {
        let file =
            std::env::temp_dir().join(format!("oz-xtask-manifest-file-{}", std::process::id()));
        let mut manifest = Manifest::default();
        manifest.add(Path::new("/usr/local/bin/oz"));
        manifest.write(&file).unwrap();
        assert_eq!(Manifest::read(&file).unwrap(), manifest);
        fs::remove_file(&file).unwrap();
        assert_eq!(Manifest::read(&file).unwrap(), Manifest::default());
        assert_eq!(manifest.without(&manifest).len(), 0);
    }
}
