//! `org.freedesktop.portal.OpenURI`: addresses and files that the desktop opens.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.OpenURI.html>
//!
//! What it may be, and whether the person is asked first, the daemon decides. A file goes to it as the descriptor that
//! the app sent, which nobody here looks at.

use std::sync::Arc;

use oz_core::wire::portal::{Answer, Ask, OpenFile, URI_MAX};
use zbus::message::Header;
use zbus::{Connection, DeserializeDict, OwnedFd, Type, fdo};

use crate::request::Results;
use crate::requests::{Handle, Requests};

/// The portal.
pub struct OpenUri(Arc<Requests>);

impl OpenUri {
    pub fn new(requests: Arc<Requests>) -> Self {
        Self(requests)
    }

    async fn open(
        &self,
        bus: &Connection,
        header: &Header<'_>,
        options: &Options,
        ask: (Ask, Option<std::os::fd::OwnedFd>),
    ) -> fdo::Result<Handle> {
        let token = options.handle_token.as_deref();
        let word = |answer| match answer {
            Answer::Done(response) => (u8::from(response).into(), Results::new()),
            Answer::Files(_) => (2, Results::new()),
        };
        self.0.ask(bus, header, token, ask, word).await
    }
}

/// What can be said about it; what is unknown is ignored.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct Options {
    handle_token: Option<String>,
    writable: Option<bool>,
    ask: Option<bool>,
}

#[zbus::interface(name = "org.freedesktop.portal.OpenURI", introspection_docs = false)]
impl OpenUri {
    /// Opens an address.
    #[zbus(name = "OpenURI", out_args("handle"))]
    async fn open_uri(
        &self,
        _parent_window: &str,
        uri: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<Handle> {
        if uri.len() > URI_MAX {
            return Err(fdo::Error::InvalidArgs(
                "the address is too long".to_owned(),
            ));
        }
        let ask = (Ask::Uri(uri), None);
        self.open(bus, &header, &options, ask).await
    }

    /// Opens a file.
    #[zbus(out_args("handle"))]
    async fn open_file(
        &self,
        _parent_window: &str,
        fd: OwnedFd,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<Handle> {
        let ask = Ask::File(OpenFile {
            folder: false,
            writable: options.writable.unwrap_or(false),
            ask: options.ask.unwrap_or(false),
        });
        self.open(bus, &header, &options, (ask, Some(fd.into())))
            .await
    }

    /// Shows where a file lies.
    #[zbus(out_args("handle"))]
    async fn open_directory(
        &self,
        _parent_window: &str,
        fd: OwnedFd,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<Handle> {
        let ask = Ask::File(OpenFile {
            folder: true,
            writable: false,
            ask: true,
        });
        self.open(bus, &header, &options, (ask, Some(fd.into())))
            .await
    }

    #[zbus(property(emits_changed_signal = "const"), name = "version")]
    fn version(&self) -> u32 {
        4
    }
}
