//! Where each file of the staged prefix goes.

use std::path::{Path, PathBuf};

use crate::stage;

/// Where things go that the desktop looks for in fixed places, whatever the prefix is.
pub(crate) struct Layout {
    /// As the programs will know it.
    pub(super) prefix: PathBuf,
    /// The directory that stands for /, if another one does.
    pub(super) root: Option<PathBuf>,
    pub(super) units: PathBuf,
}

impl Layout {
    /// For everybody, or for one user.
    pub(crate) fn new(prefix: PathBuf, root: Option<PathBuf>, user: bool) -> Self {
        // systemd reads user units from ~/.local/share, /usr/local/lib and /usr/lib.
        let units = if user {
            "share/systemd/user"
        } else {
            "lib/systemd/user"
        };
        Self {
            units: prefix.join(units),
            prefix,
            root,
        }
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.prefix.join("share/oz/manifest")
    }

    /// Where a path of the installed system is on this one.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }

    /// Where the Z shell finds completions: in the system's own prefix Debian's looks elsewhere.
    pub(super) fn zsh(&self) -> &'static str {
        if self.prefix == Path::new("/usr") {
            "share/zsh/vendor-completions/_oz"
        } else {
            "share/zsh/site-functions/_oz"
        }
    }

    /// Where a file of the staged prefix goes; none if it is not for users.
    pub(super) fn target(&self, staged: &Path) -> Option<PathBuf> {
        if staged.starts_with(stage::TEST_DIR) {
            return None;
        }
        Some(match staged.strip_prefix("lib/systemd/user") {
            Ok(unit) => self.units.join(unit),
            Err(_) => self.prefix.join(staged),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_go_where_systemd_looks_and_test_helpers_nowhere() {
        let everybody = Layout::new("/usr/local".into(), None, false);
        let own = Layout::new("/h/.local".into(), None, true);
        let unit = Path::new(stage::UNIT_FILE);
        assert_eq!(
            everybody.target(unit),
            Some("/usr/local/lib/systemd/user/oz.service".into())
        );
        assert_eq!(
            own.target(unit),
            Some("/h/.local/share/systemd/user/oz.service".into())
        );
        assert_eq!(
            own.target(Path::new("bin/oz")),
            Some("/h/.local/bin/oz".into())
        );
        assert_eq!(own.target(Path::new("libexec/oz-test/oz-seat")), None);
    }

    #[test]
    fn another_root_is_where_files_are_put_and_nothing_that_they_say() {
        let packed = Layout::new("/usr".into(), Some("/t".into()), false);
        assert_eq!(
            packed.place(&packed.manifest()),
            Path::new("/t/usr/share/oz/manifest")
        );
        assert_eq!(packed.manifest(), Path::new("/usr/share/oz/manifest"));
    }
}
