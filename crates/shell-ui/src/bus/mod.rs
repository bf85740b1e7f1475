//! The daemon, as far as the panel asks it things. The toolkit's own D-Bus runs in its event loop, so there is no
//! second one here.

mod copies;
mod decode;
mod prompter;
mod watch;

pub use copies::Left;
pub use prompter::{Answered, Asked, Prompter, start as start_prompter};
pub use watch::{Watch, watch};

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use gtk::glib::variant::{Handle, ToVariant};
use gtk::prelude::*;
use gtk::{gio, glib};
use oz_core::plan::Plan;

use crate::words::{tr, tr_with};

const NAME: &str = "org.oz.Oz1";
const ROOT: &str = "/org/oz/Oz1";
const MANAGER: &str = "org.oz.Manager1";
const SANDBOX: &str = "org.oz.Sandbox1";
const STRANGER: &str = "org.oz.Stranger1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// How long an answer may take: stopping waits for programs that end in order.
const PATIENCE_MS: i32 = 60_000;
/// The bus takes no more descriptors in one message.
const AT_ONCE: usize = 16;

/// A connection to the session bus.
#[derive(Clone, Debug)]
pub struct Bus(gio::DBusConnection);

/// Undoes something when it is dropped.
struct Until(Option<Box<dyn FnOnce()>>);

impl Until {
    fn undo(undo: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(undo)))
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(undo) = self.0.take() {
            undo();
        }
    }
}

type Replied = std::result::Result<(glib::Variant, Option<gio::UnixFDList>), glib::Error>;

/// What went wrong, in words for a person.
pub type Result<T> = std::result::Result<T, String>;

impl Bus {
    /// By a connection that is there.
    pub fn new(connection: gio::DBusConnection) -> Self {
        Self(connection)
    }

    /// The connection.
    pub fn connection(&self) -> &gio::DBusConnection {
        &self.0
    }

    async fn call(
        &self,
        method: (&str, &str, &str),
        arguments: glib::Variant,
        files: Option<gio::UnixFDList>,
    ) -> Replied {
        self.call_within(PATIENCE_MS, method, arguments, files)
            .await
    }

    async fn call_within(
        &self,
        patience_ms: i32,
        (path, interface, method): (&str, &str, &str),
        arguments: glib::Variant,
        files: Option<gio::UnixFDList>,
    ) -> Replied {
        let flags = gio::DBusCallFlags::NONE;
        self.0
            .call_with_unix_fd_list_future(
                Some(NAME),
                path,
                interface,
                method,
                Some(&arguments),
                None,
                flags,
                patience_ms,
                files.as_ref(),
            )
            .await
    }

    /// Shows files to a sandbox.
    pub async fn add_files(&self, path: &str, files: Vec<PathBuf>, write: bool) -> Result<()> {
        for files in files.chunks(AT_ONCE) {
            let files = files.to_vec();
            // A file system that does not answer keeps no window waiting.
            let opened = gio::spawn_blocking(move || open(&files)).await;
            let opened = opened.map_err(|_| tr("The files cannot be opened."))??;
            let list = gio::UnixFDList::new();
            for file in opened {
                let added = list.append(&file);
                added.map_err(|error| error.message().to_owned())?;
            }
            let handles: Vec<Handle> = (0..list.length()).map(Handle).collect();
            let options = glib::VariantDict::new(None);
            options.insert("write", write);
            options.insert("origin", "panel");
            let arguments = (handles, options).to_variant();
            let add = (path, SANDBOX, "AddFiles");
            self.call(add, arguments, Some(list)).await.map_err(words)?;
        }
        Ok(())
    }

    /// Takes a file back.
    pub async fn remove_file(&self, path: &str, file: &[u8]) -> Result<()> {
        let arguments = (vec![file.to_vec()],).to_variant();
        let remove = (path, SANDBOX, "RemoveFiles");
        self.call(remove, arguments, None).await.map_err(words)?;
        Ok(())
    }

    /// Changes a property of a sandbox.
    pub async fn set(&self, path: &str, property: &str, value: &str) -> Result<()> {
        let arguments = (SANDBOX, property, value.to_variant()).to_variant();
        let set = (path, PROPERTIES, "Set");
        self.call(set, arguments, None).await.map_err(words)?;
        Ok(())
    }

    /// Ends a sandbox, whatever version of Oz has started it.
    pub async fn stop(&self, path: &str, stranger: bool) -> Result<()> {
        let interface = if stranger { STRANGER } else { SANDBOX };
        let arguments = (glib::VariantDict::new(None),).to_variant();
        let stop = (path, interface, "Stop");
        self.call(stop, arguments, None).await.map_err(words)?;
        Ok(())
    }

    /// Has the levels of a sandbox said, or not any more.
    pub async fn watch_levels(&self, path: &str, on: bool) -> Result<()> {
        let watch = (path, SANDBOX, "WatchLevels");
        let called = self.call(watch, (on,).to_variant(), None).await;
        called.map_err(words)?;
        Ok(())
    }

    /// Closes what leads through the wall of a sandbox's network.
    pub async fn remove_forward(&self, path: &str, forward: &str) -> Result<()> {
        let arguments = (forward,).to_variant();
        let close = (path, SANDBOX, "RemoveForward");
        self.call(close, arguments, None).await.map_err(words)?;
        Ok(())
    }
}

impl Bus {
    /// What a launch of an app would do.
    pub async fn plan(&self, profile: &str) -> Result<Plan> {
        let options = glib::VariantDict::new(None);
        options.insert("name", profile);
        let context: HashMap<String, String> =
            oz_host::environment::session().into_iter().collect();
        options.insert("context", context);
        let arguments = (Vec::<Vec<u8>>::new(), options).to_variant();
        let plan = (ROOT, MANAGER, "Plan");
        let (reply, _) = self.call(plan, arguments, None).await.map_err(words)?;
        let json = reply.child_value(0);
        let plan = json.str().and_then(|json| serde_json::from_str(json).ok());
        plan.ok_or_else(|| tr("The daemon is of another version: end it, and it is started anew."))
    }

    /// Has the bus read the files of its services again.
    pub async fn reload_services(&self) {
        const BUS: &str = "org.freedesktop.DBus";
        let flags = gio::DBusCallFlags::NONE;
        let reload = self.0.call_future(
            Some(BUS),
            "/org/freedesktop/DBus",
            BUS,
            "ReloadConfig",
            None,
            None,
            flags,
            PATIENCE_MS,
        );
        // It will read them when the session begins anew.
        let _ = reload.await;
    }

    /// What the programs of a sandbox wrote last, at most so many bytes of it.
    pub async fn log(&self, id: &str, most: u64) -> Result<Vec<u8>> {
        let logs = (ROOT, MANAGER, "Logs");
        let reply = self.call(logs, (id,).to_variant(), None).await;
        let (_, files) = reply.map_err(words)?;
        let unreadable = || tr("The log cannot be read.");
        let file = files
            .and_then(|files| files.get(0).ok())
            .ok_or_else(unreadable)?;
        let read = gio::spawn_blocking(move || end_of(file.into(), most)).await;
        read.ok()
            .and_then(std::io::Result::ok)
            .ok_or_else(unreadable)
    }
}

/// The end of a file.
fn end_of(mut file: std::fs::File, most: u64) -> std::io::Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut end = Vec::new();
    file.take(most).read_to_end(&mut end)?;
    Ok(end)
}

/// Opens files to name them by: what is opened now is what is given, whatever becomes of the path.
fn open(files: &[PathBuf]) -> Result<Vec<OwnedFd>> {
    let open = |file: &PathBuf| oz_host::resolve::resolve(file, Path::new("/"));
    let opened = files
        .iter()
        .map(|file| open(file).map(|resolved| resolved.fd));
    opened
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// The daemon's own sentences; what else can happen to a call in words of ours.
fn words(mut error: glib::Error) -> String {
    let ours =
        gio::DBusError::remote_error(&error).is_some_and(|name| name.starts_with("org.oz.Error."));
    gio::DBusError::strip_remote_error(&mut error);
    if ours {
        error.message().to_owned()
    } else {
        tr_with("Oz does not answer: {error}", &[("error", error.message())])
    }
}
