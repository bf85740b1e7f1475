//! What the user typed, as a request: which arguments are files.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use oz_core::uri;

use super::Options;
use crate::error::{Error, Result};

/// Files that options name.
pub(crate) struct Wanted {
    pub(crate) read: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
}

/// An app by its name, with its arguments: files among them are given to it.
pub(crate) fn app(mut words: Vec<OsString>, options: &mut Options) -> Result<Vec<Vec<u8>>> {
    let name = words.remove(0);
    let name = name.into_string().map_err(|name| {
        let name = oz_core::OsBytes::from(name);
        Error::usage(
            format!("{name} is not the name of an app."),
            "`oz profile list` shows them.",
        )
    })?;
    let directory = current_directory()?;
    let mut files = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some(path) = path_of(word) else {
            continue;
        };
        if let Some(fd) = open_existing(&path, &directory)? {
            files.push((u32::try_from(index).unwrap_or(u32::MAX), fd.into()));
        }
    }
    options.name = Some(name);
    options.arguments = Some(files);
    Ok(bytes(words))
}

/// A command: its arguments are left alone.
pub(crate) fn command(words: Vec<OsString>) -> Vec<Vec<u8>> {
    bytes(words)
}

fn bytes(words: Vec<OsString>) -> Vec<Vec<u8>> {
    words.into_iter().map(OsString::into_vec).collect()
}

impl Wanted {
    /// Opens them: what is opened now is what is given, whatever becomes of the path.
    pub(crate) fn open(&self, options: &mut Options) -> Result<()> {
        let directory = current_directory()?;
        let open = |paths: &[PathBuf]| {
            let opened = paths.iter().map(|path| open(path, &directory));
            opened.collect::<Result<Vec<zbus::OwnedFd>>>()
        };
        options.read = Some(open(&self.read)?);
        options.write = Some(open(&self.write)?);
        Ok(())
    }
}

/// Opens a path that the user named.
pub(crate) fn open(path: &Path, directory: &Path) -> Result<zbus::OwnedFd> {
    let (named, from) = (path.to_owned(), directory.to_owned());
    match in_time(path, move || oz_host::resolve::resolve(&named, &from))? {
        Ok(resolved) => Ok(resolved.fd.into()),
        Err(error) => Err(Error::advised(&error)),
    }
}

/// How long a file system may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A look at a path, which is given up if its file system does not answer. The thread that waits goes with
/// this process.
pub(crate) fn in_time<T: Send + 'static>(
    path: &Path,
    look: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (tell, told) = mpsc::channel();
    // Who asked may have gone.
    std::thread::spawn(move || drop(tell.send(look())));
    told.recv_timeout(PATIENCE).map_err(|_| {
        let path = oz_core::OsBytes::from(path);
        Error::failed(
            format!(
                "the file system of {path} did not answer within {} seconds.",
                PATIENCE.as_secs()
            ),
            "Try again when it does, or name another file.",
        )
    })
}

/// Where relative paths begin.
pub(crate) fn current_directory() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| {
        Error::failed(
            format!("cannot find the current directory: {error}."),
            "Change to one that exists.",
        )
    })
}

/// Opens a path if a file or a directory is there; devices and the like are the app's own.
fn open_existing(path: &Path, directory: &Path) -> Result<Option<std::os::fd::OwnedFd>> {
    let place = directory.join(path);
    match in_time(path, move || std::fs::metadata(place))? {
        Ok(metadata) if metadata.is_file() || metadata.is_dir() => {
            open(path, directory).map(|fd| Some(fd.into()))
        }
        _ => Ok(None),
    }
}

/// The path that an argument may be: never an option, and of URIs the local files.
fn path_of(word: &OsStr) -> Option<PathBuf> {
    let bytes = word.as_bytes();
    if bytes.is_empty() || bytes.starts_with(b"-") {
        return None;
    }
    if bytes.starts_with(b"file://") {
        return uri::local_path(bytes).map(|path| path.as_path().to_owned());
    }
    Some(PathBuf::from(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(word: &str) -> Option<PathBuf> {
        path_of(OsStr::new(word))
    }

    #[test]
    fn options_and_foreign_uris_are_no_paths() {
        assert_eq!(path("-o"), None);
        assert_eq!(path(""), None);
        assert_eq!(path("file://host/etc/passwd"), None);
        assert_eq!(path("file:///a%00b"), None);
        assert_eq!(path("file:///a%zz"), None);
        assert_eq!(path("file://localhost/a%20b#x"), Some("/a b".into()));
        assert_eq!(
            path("file:///%e4"),
            Some(OsString::from_vec(b"/\xe4".to_vec()).into())
        );
        assert_eq!(path("x.txt"), Some("x.txt".into()));
    }

    #[test]
    fn a_name_is_text_and_devices_stay_arguments() {
        let mut options = Options::default();
        let words = ["x", "/dev/null", "--read=/"].map(OsString::from).to_vec();
        let argv = app(words, &mut options).expect("understood");
        assert_eq!(argv, [b"/dev/null".to_vec(), b"--read=/".to_vec()]);
        assert_eq!(options.arguments.map(|files| files.len()), Some(0));
        let bad = vec![OsString::from_vec(vec![0xff])];
        assert_eq!(
            app(bad, &mut Options::default())
                .expect_err("refused")
                .code(),
            2
        );
    }
}
