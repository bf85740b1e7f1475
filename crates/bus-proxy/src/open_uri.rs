//! `org.freedesktop.portal.OpenURI`: addresses that the desktop opens.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.OpenURI.html>
//!
//! What it may be, and whether the person is asked first, the daemon decides.

use std::sync::Arc;

use oz_core::wire::portal::{Answer, Ask, URI_MAX};
use zbus::message::Header;
use zbus::{Connection, DeserializeDict, Type, fdo};

use crate::request::Results;
use crate::requests::{Handle, Requests};

/// The portal.
pub struct OpenUri(Arc<Requests>);

impl OpenUri {
    pub fn new(requests: Arc<Requests>) -> Self {
        Self(requests)
    }
}

/// What can be said about it; what is unknown is ignored.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct Options {
    handle_token: Option<String>,
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
        let token = options.handle_token.as_deref();
        let word = |answer| match answer {
            Answer::Done(response) => (u8::from(response).into(), Results::new()),
            Answer::Files(_) => (2, Results::new()),
        };
        self.0.ask(bus, &header, token, Ask::Uri(uri), word).await
    }

    #[zbus(property(emits_changed_signal = "const"), name = "version")]
    fn version(&self) -> u32 {
        4
    }
}
