//! Drags across the two sides.
//!
//! Every drag is one of the host's: it has the pointer, moves the icon, and knows whose window is
//! below. What an app starts is started at the host, whose source then carries the [mark](Mark) of
//! this sandbox, so that each proxy over whose windows it comes knows where it is from. [`over`] is
//! what comes over this client's windows, [`out`] what it starts.

pub(crate) mod out;
pub(crate) mod over;

use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use wayland_client::protocol::wl_data_offer::WlDataOffer as HostOffer;
use wayland_server::Resource;
use wayland_server::protocol::wl_data_device::WlDataDevice;
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_offer::WlDataOffer;

use super::selection::{AppSource, Mimes};
use crate::policy;
use crate::session::Session;
use out::Outgoing;
use over::Over;

/// The bits of `wl_data_device_manager.dnd_action`.
pub(crate) const COPY: u32 = 1;
pub(crate) const MOVE: u32 = 2;
pub(crate) const ASK: u32 = 4;
const ALL: u32 = COPY | MOVE | ASK;

/// Since when sources and offers have actions.
pub(crate) const ACTIONS_SINCE: u32 = 3;

/// Type of a list of URIs.
pub(crate) const LIST: &str = "text/uri-list";

/// The drags of one client.
#[derive(Debug, Default)]
pub(crate) struct Drags {
    over: Vec<Over>,
    out: Vec<Outgoing>,
    /// It drags something that has no source, which only its own windows hear of.
    bare: bool,
}

impl Drags {
    /// Descriptors that wait for a drop.
    pub(crate) fn fds(&self) -> usize {
        self.over.iter().map(Over::fds).sum()
    }
}

/// The type that a drag of a sandbox carries beside what its app offers: whose it is. It has no
/// data. Nobody gains by it: what has a mark is given no more than its sandbox has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The sandbox's token.
    token: String,
    /// Which of its drags.
    number: u64,
}

impl Mark {
    const KIND: &str = "application/x-oz-sandbox";

    /// Reads a type. One that looks like a mark and cannot be understood is somebody's too.
    fn read(mime: &str) -> Option<Self> {
        let rest = mime.strip_prefix(Self::KIND)?;
        let parts = rest
            .strip_prefix(";id=")
            .and_then(|rest| rest.split_once(";drag="));
        let understood = parts.and_then(|(token, number)| {
            let number = number.parse().ok()?;
            Some(Self {
                token: token.to_owned(),
                number,
            })
        });
        Some(understood.unwrap_or_else(|| Self {
            token: String::new(),
            number: 0,
        }))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};id={};drag={}", Self::KIND, self.token, self.number)
    }
}

/// User data of a host's offer: what it has said of it.
#[derive(Debug, Default)]
pub(crate) struct Offered {
    mimes: Mimes,
    mark: OnceLock<Mark>,
    actions: AtomicU32,
}

impl Offered {
    /// Only what may cross is kept, so that a source of thousands of types hides nothing.
    pub(crate) fn add(&self, mime: String) {
        if let Some(mark) = Mark::read(&mime) {
            // A second one says nothing new: it is not the host's.
            let _ = self.mark.set(mark);
        } else if policy::content(&mime).is_some() || mime == LIST {
            self.mimes.add(mime);
        }
    }

    pub(crate) fn mimes(&self) -> Vec<String> {
        self.mimes.list()
    }

    pub(crate) fn set_actions(&self, actions: u32) {
        self.actions.store(actions & ALL, Ordering::Relaxed);
    }

    fn actions(&self) -> u32 {
        self.actions.load(Ordering::Relaxed)
    }
}

/// What a host's offer is known to be; empty for one that is not ours.
fn offered(host: &HostOffer) -> Option<&Offered> {
    wayland_client::Proxy::data(host)
}

/// User data of an app's source.
#[derive(Debug, Default)]
pub(crate) struct DataSource {
    pub(crate) mimes: Mimes,
    actions: Mutex<Option<u32>>,
}

impl DataSource {
    /// False if these are no actions.
    pub(crate) fn set_actions(&self, actions: u32) -> bool {
        *self.actions.lock().unwrap_or_else(PoisonError::into_inner) = Some(actions & ALL);
        actions & !ALL == 0
    }

    pub(super) fn actions(&self) -> Option<u32> {
        *self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who hears of drags: an app of Wayland by a device of its, or all clients of the X server inside by their window manager.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    Wayland(WlDataDevice),
    X11,
}

impl Target {
    fn is_alive(&self) -> bool {
        match self {
            Self::Wayland(device) => device.is_alive(),
            Self::X11 => true,
        }
    }
}

/// What such a one has in hand of a drag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Offer {
    Wayland(WlDataOffer),
    /// The window manager knows it by a number.
    X11(u64),
}

impl Offer {
    /// Whether actions can be agreed on.
    fn has_actions(&self) -> bool {
        match self {
            Self::Wayland(offer) => offer.version() >= ACTIONS_SINCE,
            Self::X11(_) => true,
        }
    }

    /// Says what the source lets be done. The window manager asks when it needs to know.
    fn say_source_actions(&self, actions: u32) {
        if let Self::Wayland(offer) = self
            && offer.is_alive()
            && self.has_actions()
        {
            offer.source_actions(DndAction::from_bits_truncate(actions));
        }
    }

    /// Says what will be done; as above.
    fn say_action(&self, action: u32) {
        if let Self::Wayland(offer) = self
            && offer.is_alive()
            && self.has_actions()
        {
            offer.action(DndAction::from_bits_truncate(action));
        }
    }
}

/// A drag of this sandbox, as all its clients know it.
#[derive(Debug)]
pub(crate) struct Own {
    number: u64,
    source: AppSource,
    mimes: Rc<[String]>,
    /// What the app lets be done with it.
    actions: u32,
    /// The host knows of copying only: files of the user are not to be moved about by an app.
    narrowed: bool,
    /// It is over a window of the sandbox, which has said this.
    inside: Option<Inside>,
}

/// What the window below says, in words that the host does not know.
#[derive(Debug, Default)]
struct Inside {
    target: Option<String>,
    action: u32,
}

impl Own {
    /// What an action that the host says is for the apps at both ends.
    fn action(&self, said: u32) -> u32 {
        match &self.inside {
            Some(inside) if self.narrowed && said != 0 => inside.action,
            _ => said,
        }
    }

    fn is_alive(&self) -> bool {
        self.source.is_alive()
    }
}

/// The action that is taken when these are possible.
pub(crate) fn choose(possible: u32, preferred: u32) -> u32 {
    let all = [preferred, COPY, MOVE, ASK];
    let first = all.into_iter().find(|one| one & possible != 0);
    first.unwrap_or(0)
}

impl Session {
    /// The host is gone, and its drags with it.
    pub(crate) fn lose_drags(&mut self) {
        self.lose_over();
        self.lose_out();
    }
}

/// All drags of the sandbox that are under way.
#[derive(Debug, Default)]
pub(crate) struct OwnDrags {
    all: Vec<Own>,
    count: u64,
}

impl OwnDrags {
    fn get(&mut self, number: u64) -> Option<&mut Own> {
        self.all.iter_mut().find(|own| own.number == number)
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_seen_among_any_number_of_types_and_however_it_looks() {
        let offered = Offered::default();
        (0..10_000).for_each(|number| offered.add(format!("a/{number}")));
        let mark = Mark {
            token: "7f".to_owned(),
            number: 3,
        };
        offered.add(mark.to_string());
        offered.add("application/x-oz-sandbox;id=other;drag=4".to_owned());
        offered.add(LIST.to_owned());
        assert_eq!(offered.mark.get(), Some(&mark));
        assert_eq!(offered.mimes(), [LIST]);
        for odd in ["application/x-oz-sandbox", "application/x-oz-sandbox;id=7f"] {
            let offered = Offered::default();
            offered.add(format!("{odd}{}", "x".repeat(1000)));
            assert_eq!(offered.mark.get().map(|mark| mark.number), Some(0));
        }
    }

    #[test]
    fn the_action_that_is_wanted_is_taken_if_it_can_be() {
        assert_eq!(choose(COPY | MOVE, MOVE), MOVE);
        assert_eq!(choose(COPY | MOVE, ASK), COPY);
        assert_eq!(choose(MOVE, COPY), MOVE);
        assert_eq!(choose(0, COPY), 0);
    }
}
