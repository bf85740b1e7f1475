//! The user's well-known directories, from `user-dirs.dirs`.
//! <https://www.freedesktop.org/wiki/Software/xdg-user-dirs/>

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::environment;

/// What they are called where nothing is said.
const DEFAULTS: &[(&str, &str)] = &[
    ("DESKTOP", "Desktop"),
    ("DOCUMENTS", "Documents"),
    ("DOWNLOAD", "Downloads"),
    ("MUSIC", "Music"),
    ("PICTURES", "Pictures"),
    ("PUBLICSHARE", "Public"),
    ("TEMPLATES", "Templates"),
    ("VIDEOS", "Videos"),
];

/// Largest file that is read, in bytes.
const MAX: u64 = 64 << 10;

pub(super) fn read(home: &Path) -> BTreeMap<String, PathBuf> {
    use std::io::Read;
    let mut text = String::new();
    if let Ok(file) = std::fs::File::open(environment::config().join("user-dirs.dirs")) {
        // What cannot be read says nothing.
        let _ = file.take(MAX).read_to_string(&mut text);
    }
    parse(home, &text)
}

/// Lines `XDG_NAME_DIR="$HOME/…"` or `XDG_NAME_DIR="/…"`; the home itself stands for none.
fn parse(home: &Path, text: &str) -> BTreeMap<String, PathBuf> {
    let mut dirs: BTreeMap<String, PathBuf> = DEFAULTS
        .iter()
        .map(|(name, path)| ((*name).to_owned(), home.join(path)))
        .collect();
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once('=') else {
            continue;
        };
        let name = name
            .trim()
            .strip_prefix("XDG_")
            .and_then(|name| name.strip_suffix("_DIR"));
        let value = value
            .trim()
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        let (Some(name), Some(value)) = (name, value) else {
            continue;
        };
        if !DEFAULTS.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let value = value.replace("\\\"", "\"").replace("\\\\", "\\");
        let path = match value.strip_prefix("$HOME") {
            Some(below) => home.join(below.trim_start_matches('/')),
            None => PathBuf::from(value),
        };
        let is_plain =
            path.is_absolute() && !path.components().any(|part| part == Component::ParentDir);
        // Rebuilt from its components, without doubled and trailing slashes.
        let path: PathBuf = path.components().collect();
        if is_plain && path != home {
            dirs.insert(name.to_owned(), path);
        } else {
            dirs.remove(name);
        }
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_where_the_user_says() {
        let text = "# made by xdg-user-dirs\nXDG_DOWNLOAD_DIR=\"$HOME/Laden/\"\nXDG_MUSIC_DIR=\"/data/music\"\n\
                    XDG_DESKTOP_DIR=\"$HOME/\"\nXDG_VIDEOS_DIR=\"relative\"\nXDG_PICTURES_DIR=\"$HOME/../other\"\nnonsense\n";
        let dirs = parse(Path::new("/home/u"), text);
        let get = |name: &str| dirs.get(name).map(PathBuf::as_path);
        assert_eq!(get("DOWNLOAD"), Some(Path::new("/home/u/Laden")));
        assert_eq!(get("MUSIC"), Some(Path::new("/data/music")));
        assert_eq!(get("DOCUMENTS"), Some(Path::new("/home/u/Documents")));
        for none in ["DESKTOP", "VIDEOS", "PICTURES"] {
            assert_eq!(get(none), None, "{none}");
        }
    }
}
