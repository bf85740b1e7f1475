//! One request, as its client sees it.

use std::collections::HashMap;
use std::sync::Arc;

use oz_core::wire::portal::RequestId;
use zbus::message::Header;
use zbus::names::OwnedUniqueName;
use zbus::{OwnedVariant, fdo};

use crate::requests::Requests;

/// What comes with an answer.
pub type Results = HashMap<&'static str, OwnedVariant>;

/// The object.
pub struct Request {
    requests: Arc<Requests>,
    number: RequestId,
    client: OwnedUniqueName,
}

impl Request {
    pub fn new(requests: Arc<Requests>, number: RequestId, client: OwnedUniqueName) -> Self {
        Self {
            requests,
            number,
            client,
        }
    }
}

#[zbus::interface(name = "org.freedesktop.portal.Request", introspection_docs = false)]
impl Request {
    /// Takes it back. Whoever else guesses its name is told that there is nothing.
    async fn close(&self, #[zbus(header)] header: Header<'_>) -> fdo::Result<()> {
        let is_its = header.sender().is_some_and(|sender| *sender == self.client);
        if !is_its {
            return Err(fdo::Error::UnknownObject(
                "there is no such request".to_owned(),
            ));
        }
        self.requests.close(self.number, &self.client);
        Ok(())
    }

    #[zbus(signal)]
    async fn response(
        emitter: &zbus::object_server::SignalEmitter<'_>,
        response: u32,
        results: HashMap<&str, zbus::Variant<'_>>,
    ) -> zbus::Result<()>;
}
