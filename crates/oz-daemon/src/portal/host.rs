//! Requests to the portals of the session.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/requests.html>

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_stream::StreamExt;
use zbus::{Connection, MatchRule, MessageStream, OwnedVariant, Variant};

use crate::owner::{self, Owner, STARTING};

pub(super) const NAME: &str = "org.freedesktop.portal.Desktop";
pub(super) const PATH: &str = "/org/freedesktop/portal/desktop";
const REQUEST: &str = "org.freedesktop.portal.Request";

/// Options of a request.
pub(super) type Options<'a> = HashMap<&'static str, Variant<'a>>;
/// What came of one.
pub(super) type Results = HashMap<String, OwnedVariant>;

/// Tells requests apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A portal that is there.
pub(super) struct Portal {
    bus: Connection,
    owner: Owner,
    interface: &'static str,
}

impl Portal {
    /// Finds it, if the session has one of that interface.
    pub(super) async fn find(bus: &Connection, interface: &'static str) -> Option<Self> {
        const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
        let owner = Owner::of(bus, NAME, true).await?;
        let version = (interface, "version");
        let name = &owner.name;
        owner::call_within(STARTING, bus, name, PATH, PROPERTIES, "Get", &version).await?;
        Some(Self {
            bus: bus.clone(),
            owner,
            interface,
        })
    }

    /// Asks for a window, if it is known which, and waits for the answer as long as that takes; none if the portal goes, or does not do it.
    /// Dropping the future takes the request back.
    pub(super) async fn ask(
        mut self,
        method: &str,
        window: &str,
        text: &str,
        mut options: Options<'_>,
    ) -> Option<(u32, Results)> {
        let token = format!("oz{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let me = self.bus.unique_name()?.as_str();
        let me = me.trim_start_matches(':').replace('.', "_");
        let path = format!("{PATH}/request/{me}/{token}");
        options.insert("handle_token", Variant::from(token));
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(self.owner.name.clone())
            .interface(REQUEST)
            .path(path.clone())
            .member("Response")
            .build()
            .ok()?;
        let mut answers = MessageStream::for_match_rule(rule, &self.bus, None)
            .await
            .ok()?;
        let open = Open {
            bus: self.bus.clone(),
            owner: self.owner.name.clone(),
            path: Some(path),
        };
        let arguments = (window, text, options);
        let (bus, owner, interface) = (&self.bus, &self.owner.name, self.interface);
        owner::call_within(STARTING, bus, owner, PATH, interface, method, &arguments).await?;
        let answer = tokio::select! {
            () = self.owner.lost() => None,
            answer = answers.next() => answer?.ok(),
        };
        open.answered();
        answer?.body().deserialize().ok()
    }
}

/// A request that nobody waits for any more is closed.
struct Open {
    bus: Connection,
    owner: String,
    path: Option<String>,
}

impl Open {
    fn answered(mut self) {
        self.path = None;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(path) = self.path.take() else {
            return;
        };
        let (bus, owner) = (self.bus.clone(), std::mem::take(&mut self.owner));
        tokio::spawn(async move { owner::call(&bus, &owner, &path, REQUEST, "Close", &()).await });
    }
}
