//! What waits for an answer: an object on the bus for each, which belongs to the client that asked.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Request.html>

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oz_core::wire::portal::{Answer, Ask, FromProxy, REQUESTS_MAX, RequestId};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use zbus::message::Header;
use zbus::names::OwnedUniqueName;
use zbus::object_server::ResponseDispatchNotifier;
use zbus::{Connection, OwnedObjectPath, fdo};

use crate::PATH;
use crate::daemon::Outgoing;
use crate::request::{Request, Results};

/// Longest word that a client gives to a request.
const TOKEN_MAX: usize = 64;
/// The interface of requests.
const INTERFACE: &str = "org.freedesktop.portal.Request";

/// All of them.
pub struct Requests {
    daemon: mpsc::Sender<Outgoing>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: RequestId,
    waiting: BTreeMap<RequestId, Waiting>,
}

struct Waiting {
    client: OwnedUniqueName,
    path: OwnedObjectPath,
    answer: oneshot::Sender<Answer>,
    /// It goes on when its client has left.
    stays: bool,
}

/// The reply to whoever asked.
pub type Handle = ResponseDispatchNotifier<OwnedObjectPath>;

impl Requests {
    pub fn new(daemon: mpsc::Sender<Outgoing>) -> Self {
        Self {
            daemon,
            state: Mutex::default(),
        }
    }

    /// Asks the daemon for a client, and tells that the answer when it comes, put in the words of the portal.
    pub async fn ask(
        self: &Arc<Self>,
        bus: &Connection,
        header: &Header<'_>,
        token: Option<&str>,
        (ask, fd): (Ask, Option<OwnedFd>),
        word: impl FnOnce(Answer) -> (u32, Results) + Send + 'static,
    ) -> fdo::Result<Handle> {
        let client = header.sender().ok_or_else(|| failed("who asks?"))?;
        let client = OwnedUniqueName::from(client.to_owned());
        let (answer, answered) = oneshot::channel();
        // Programs that open a link or a file have nothing else to do and end.
        let stays = matches!(ask, Ask::Uri(_) | Ask::File(_));
        let (request, path) = self.enter(&client, token, answer, stays)?;
        let object = Request::new(Arc::clone(self), request, client.clone());
        let is_new = matches!(bus.object_server().at(&path, object).await, Ok(None));
        let message = FromProxy::Ask { request, ask };
        if !is_new || self.daemon.try_send((message, fd)).is_err() {
            self.take(request);
            if is_new {
                let _ = bus.object_server().remove::<Request, _>(&path).await;
            }
            return Err(failed("the request cannot be passed on"));
        }
        let (reply, replied) = ResponseDispatchNotifier::new(path.clone());
        let bus = bus.clone();
        tokio::spawn(async move {
            // A client that has not got the name of its request yet does not know what is answered.
            replied.await;
            // Nobody answers what was closed.
            let answer = answered.await;
            let _ = bus.object_server().remove::<Request, _>(&path).await;
            if let Ok(answer) = answer {
                let body = word(answer);
                let client = client.inner();
                let told = bus.emit_signal(Some(client), &path, INTERFACE, "Response", &body);
                if let Err(error) = told.await {
                    tracing::debug!(%error, "a client does not hear its answer");
                }
            }
        });
        Ok(reply)
    }

    /// Notes a request, if there is room for one and the client has no other of that name.
    fn enter(
        &self,
        client: &OwnedUniqueName,
        token: Option<&str>,
        answer: oneshot::Sender<Answer>,
        stays: bool,
    ) -> fdo::Result<(RequestId, OwnedObjectPath)> {
        let mut state = self.lock();
        if state.waiting.len() >= REQUESTS_MAX {
            return Err(fdo::Error::LimitsExceeded(
                "too many requests wait for their answers".to_owned(),
            ));
        }
        let request = state.next;
        state.next += 1;
        let path = path(client, token, request)?;
        if state.waiting.values().any(|waiting| waiting.path == path) {
            return Err(failed("a request of that name waits already"));
        }
        let waiting = Waiting {
            client: client.clone(),
            path: path.clone(),
            answer,
            stays,
        };
        state.waiting.insert(request, waiting);
        Ok((request, path))
    }

    /// The daemon answers.
    pub fn answer(&self, request: RequestId, answer: Answer) {
        if let Some(waiting) = self.take(request) {
            let _ = waiting.answer.send(answer);
        }
    }

    /// The client does not want it any more, if it is the one that asked.
    pub fn close(&self, request: RequestId, client: &OwnedUniqueName) {
        let is_its = |waiting: &Waiting| waiting.client == *client;
        let found = self.lock().waiting.get(&request).is_some_and(is_its);
        if found {
            self.cancel(request);
        }
    }

    /// The client has left.
    fn leave(&self, client: &str) {
        let state = self.lock();
        let of_it = state.waiting.iter();
        let of_it =
            of_it.filter(|(_, waiting)| !waiting.stays && waiting.client.as_str() == client);
        let of_it: Vec<RequestId> = of_it.map(|(request, _)| *request).collect();
        drop(state);
        for request in of_it {
            self.cancel(request);
        }
    }

    fn cancel(&self, request: RequestId) {
        if self.take(request).is_some()
            && self
                .daemon
                .try_send((FromProxy::Cancel { request }, None))
                .is_err()
        {
            tracing::warn!("the daemon does not hear that a request was closed");
        }
    }

    fn take(&self, request: RequestId) -> Option<Waiting> {
        self.lock().waiting.remove(&request)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the request is: the client can know it before it asks.
fn path(
    client: &OwnedUniqueName,
    token: Option<&str>,
    request: RequestId,
) -> fdo::Result<OwnedObjectPath> {
    let own;
    let token = match token {
        Some(token) => token,
        None => {
            own = format!("oz{request}");
            &own
        }
    };
    let is_word = (1..=TOKEN_MAX).contains(&token.len())
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_word {
        return Err(fdo::Error::InvalidArgs(
            "handle_token is not up to 64 letters, digits and underscores".to_owned(),
        ));
    }
    let sender = client.as_str().trim_start_matches(':').replace('.', "_");
    OwnedObjectPath::try_from(format!("{PATH}/request/{sender}/{token}"))
        .map_err(|_| failed("the client has a name that cannot be part of a path"))
}

fn failed(what: &str) -> fdo::Error {
    fdo::Error::Failed(what.to_owned())
}

/// Takes back what clients asked that leave the bus; ends with the bus.
pub async fn watch_leavers(
    bus: &Connection,
    requests: Arc<Requests>,
) -> zbus::Result<impl Future<Output = ()> + use<>> {
    const BUS: &str = "org.freedesktop.DBus";
    let rule = zbus::MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(BUS)
        .interface(BUS)
        .member("NameOwnerChanged")
        .build()?;
    let mut leavers = zbus::MessageStream::for_match_rule(rule, bus, None).await?;
    Ok(async move {
        while let Some(Ok(message)) = leavers.next().await {
            let body = message.body();
            if let Ok((name, _, "")) = body.deserialize::<(&str, &str, &str)>() {
                requests.leave(name);
            }
        }
    })
}
