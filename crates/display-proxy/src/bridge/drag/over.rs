//! What is dragged over the windows of a client, and dropped on one.
//!
//! An app may look at the types while a drag is above it, as it has to, to say whether it takes
//! one; it can read only what was dropped. Of a list of files it reads what has become of them,
//! which the daemon says: see [`lists`](crate::bridge::lists).

use std::os::fd::{AsFd, OwnedFd};

use tracing::debug;
use wayland_client::protocol::wl_data_device_manager::DndAction as HostAction;
use wayland_client::protocol::wl_data_offer::WlDataOffer as HostOffer;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_server::Resource;
use wayland_server::protocol::wl_data_device::WlDataDevice;
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};

use super::{ACTIONS_SINCE, ALL, ASK, COPY, Inside, LIST, MOVE, Mark, Offered, choose, offered};
use crate::bridge::lists::Of;
use crate::bridge::selection::Direction;
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

/// Reads of one drag that wait, for its drop or for the daemon; further ones get nothing.
const WAITING: usize = 16;

/// User data of an app's offer of a drag.
#[derive(Debug)]
pub(crate) struct DragOffer;

/// A drag over a window, or what was dropped there.
#[derive(Debug)]
pub(super) struct Over {
    device: WlDataDevice,
    /// It is above the window still.
    above: bool,
    /// From the host's coordinates on the window to the app's.
    shift: (i32, i32),
    /// Nothing for a drag that carries nothing.
    cargo: Option<Cargo>,
}

#[derive(Debug)]
struct Cargo {
    app: WlDataOffer,
    host: HostOffer,
    from: Origin,
    mimes: Vec<String>,
    dropped: bool,
    accepted: bool,
    /// What the host says that will be done.
    action: u32,
    finished: bool,
    /// Reads that wait for the drop.
    held: Vec<(String, OwnedFd)>,
    list: List,
}

/// Where a drag is from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// An app of the host.
    Host,
    /// This sandbox: which of its drags.
    Own(u64),
    /// Another sandbox, by its token.
    Other(String),
}

/// What is known of a list of files.
#[derive(Debug)]
enum List {
    Unread,
    /// It is asked for, and these want it.
    Asked(Vec<OwnedFd>),
    /// What the app may know of it.
    Known(String),
}

impl Over {
    pub(super) fn fds(&self) -> usize {
        self.cargo.as_ref().map_or(0, |cargo| {
            let waiting = match &cargo.list {
                List::Asked(waiting) => waiting.len(),
                _ => 0,
            };
            cargo.held.len() + waiting
        })
    }
}

impl Session {
    /// The host says that a drag comes over a window.
    pub(crate) fn drag_enters(
        &mut self,
        device: &WlDataDevice,
        serial: u32,
        surface: &HostSurface,
        (x, y): (f64, f64),
        host: Option<HostOffer>,
    ) {
        // After a drop not every host says that it has left.
        self.retire(device);
        let surface = crate::host::wayland::app_surface(surface);
        let (Some(surface), true) = (surface, device.is_alive()) else {
            host.inspect(HostOffer::destroy);
            return;
        };
        let cargo = match host {
            Some(host) => match self.load(device, host) {
                Some(cargo) => Some(cargo),
                None => return,
            },
            None if self.drags.bare => None,
            None => return,
        };
        let offer = cargo.as_ref().map(|cargo| &cargo.app);
        let shift = self.shift(&surface);
        let (x, y) = (x + f64::from(shift.0), y + f64::from(shift.1));
        device.enter(serial, &surface, x, y, offer);
        self.drags.over.push(Over {
            device: device.clone(),
            above: true,
            shift,
            cargo,
        });
    }

    /// Makes the app's offer for one of the host's; none if nothing of it is for the app.
    fn load(&mut self, device: &WlDataDevice, host: HostOffer) -> Option<Cargo> {
        let known = offered(&host);
        let from = known.map_or(Origin::Host, |known| self.origin(known));
        let mimes = known.map(|known| self.shown(&from, known));
        let mimes = mimes.unwrap_or_default();
        let client = self.client.clone().filter(|_| !mimes.is_empty());
        let app = client.and_then(|client| {
            client
                .create_resource::<WlDataOffer, _, Self>(&self.dh, device.version(), DragOffer)
                .ok()
        });
        let Some(app) = app else {
            // Letting go of it unanswered tells the host that it is not wanted.
            host.destroy();
            return None;
        };
        self.take(Kind::Object, &app);
        device.data_offer(&app);
        mimes.iter().for_each(|mime| app.offer(mime.clone()));
        if app.version() >= ACTIONS_SINCE {
            app.source_actions(DndAction::from_bits_truncate(
                self.source_actions(&from, &host),
            ));
        }
        if let Origin::Own(number) = from
            && let Some(own) = self.shared.drags.borrow_mut().get(number)
        {
            own.inside = Some(Inside::default());
        }
        Some(Cargo {
            app,
            host,
            from,
            mimes,
            dropped: false,
            accepted: false,
            action: 0,
            finished: false,
            held: Vec::new(),
            list: List::Unread,
        })
    }

    fn origin(&self, offered: &Offered) -> Origin {
        match offered.mark.get() {
            None => Origin::Host,
            Some(Mark { token, number }) if *token == self.shared.config.token => {
                Origin::Own(*number)
            }
            Some(Mark { token, .. }) => Origin::Other(token.clone()),
        }
    }

    /// The types that the app gets to see.
    fn shown(&self, from: &Origin, offered: &Offered) -> Vec<String> {
        if let Origin::Own(number) = from {
            let mut drags = self.shared.drags.borrow_mut();
            let own = drags.get(*number).filter(|own| own.is_alive());
            return own.map(|own| own.mimes.to_vec()).unwrap_or_default();
        }
        let config = &self.shared.config;
        let text = self.shared.clipboard.get().lets_in();
        let files = text || config.drops;
        let mut mimes = offered.mimes();
        mimes.retain(|mime| {
            if mime == LIST {
                files
            } else {
                text && policy::is_text(mime) && self.shared.passes(Direction::In, mime)
            }
        });
        mimes
    }

    fn source_actions(&self, from: &Origin, host: &HostOffer) -> u32 {
        let said = offered(host).map_or(0, Offered::actions);
        match from {
            Origin::Own(number) => {
                let mut drags = self.shared.drags.borrow_mut();
                let own = drags.get(*number).filter(|own| own.narrowed);
                own.map_or(said, |own| own.actions)
            }
            _ => said,
        }
    }

    fn above(&mut self, device: &WlDataDevice) -> Option<&mut Over> {
        let mut all = self.drags.over.iter_mut();
        all.find(|over| over.above && over.device == *device)
    }

    fn cargo(&mut self, app: &WlDataOffer) -> Option<&mut Cargo> {
        let mut all = self.drags.over.iter_mut();
        all.find_map(|over| over.cargo.as_mut().filter(|cargo| cargo.app == *app))
    }

    pub(crate) fn drag_moves(&mut self, device: &WlDataDevice, time: u32, (x, y): (f64, f64)) {
        let shift = self.above(device).map(|over| over.shift);
        if let Some(shift) = shift
            && device.is_alive()
        {
            device.motion(time, x + f64::from(shift.0), y + f64::from(shift.1));
        }
    }

    /// The drag is no longer above; what was dropped stays.
    pub(crate) fn drag_leaves(&mut self, device: &WlDataDevice) {
        if self.above(device).is_some() && device.is_alive() {
            device.leave();
        }
        self.retire(device);
    }

    /// The host is gone, and what was dragged with it.
    pub(super) fn lose_over(&mut self) {
        for over in std::mem::take(&mut self.drags.over) {
            if over.above && over.device.is_alive() {
                over.device.leave();
            }
        }
    }

    fn retire(&mut self, device: &WlDataDevice) {
        if let Some(over) = self.above(device) {
            over.above = false;
            self.forget(|over| {
                !over.above && !over.cargo.as_ref().is_some_and(|cargo| cargo.dropped)
            });
        }
    }

    /// The user lets go above a window of this client.
    pub(crate) fn drag_drops(&mut self, device: &WlDataDevice) {
        let Some(over) = self.above(device) else {
            return;
        };
        let mut held = Vec::new();
        let mut offer = None;
        if let Some(cargo) = &mut over.cargo {
            cargo.dropped = true;
            held = std::mem::take(&mut cargo.held);
            offer = Some(cargo.app.clone());
        }
        if device.is_alive() {
            device.drop();
        }
        if let Some(offer) = offer {
            for (mime, to) in held {
                self.drag_read(&offer, mime, to);
            }
        }
    }

    /// An app let go of a device.
    pub(crate) fn drag_device_gone(&mut self, device: &WlDataDevice) {
        self.retire(device);
    }

    /// An app let go of an offer, or left.
    pub(crate) fn drag_offer_gone(&mut self, app: &WlDataOffer) {
        self.forget(|over| over.cargo.as_ref().is_some_and(|cargo| cargo.app == *app));
    }

    /// Lets go of drags, and of the host's offers with them.
    fn forget(&mut self, which: impl Fn(&Over) -> bool) {
        let (gone, kept): (Vec<_>, _) = std::mem::take(&mut self.drags.over)
            .into_iter()
            .partition(|over| which(over) && !over.cargo.as_ref().is_some_and(Cargo::is_wanted));
        self.drags.over = kept;
        for over in gone {
            if let Some(cargo) = over.cargo {
                self.unload(cargo);
            }
        }
    }

    fn unload(&mut self, cargo: Cargo) {
        if let Origin::Own(number) = cargo.from
            && !cargo.dropped
            && let Some(own) = self.shared.drags.borrow_mut().get(number)
        {
            own.inside = None;
        }
        if cargo.ends_by_itself() {
            cargo.host.finish();
        }
        cargo.host.destroy();
    }

    /// The app says whether it would take it.
    pub(crate) fn drag_accepted(&mut self, app: &WlDataOffer, serial: u32, mime: Option<String>) {
        let Some(cargo) = self.cargo(app) else { return };
        let mime = mime.filter(|mime| cargo.mimes.contains(mime));
        cargo.accepted = mime.is_some();
        let (host, from) = (cargo.host.clone(), cargo.from.clone());
        if app.version() < ACTIONS_SINCE {
            // It cannot say what it would do with it: it copies.
            let action = if mime.is_some() { COPY } else { 0 };
            set_actions(&host, action, action);
        }
        let said = match from {
            Origin::Own(number) => {
                // The host does not know the type.
                let mut drags = self.shared.drags.borrow_mut();
                if let Some(inside) = drags.get(number).and_then(|own| own.inside.as_mut()) {
                    inside.target.clone_from(&mime);
                }
                mime.map(|_| self.mark(number).to_string())
            }
            _ => mime,
        };
        host.accept(serial, said);
    }

    pub(super) fn mark(&self, number: u64) -> Mark {
        Mark {
            token: self.shared.config.token.clone(),
            number,
        }
    }

    /// The app says what it could do with it.
    pub(crate) fn drag_actions(&mut self, app: &WlDataOffer, actions: u32, preferred: u32) {
        // The host would end our connection.
        if actions & !ALL != 0 {
            app.post_error(wl_data_offer::Error::InvalidActionMask, "no such action");
            self.end("named an action that does not exist");
            return;
        }
        if !matches!(preferred, 0 | COPY | MOVE | ASK) || preferred & !actions != 0 {
            app.post_error(
                wl_data_offer::Error::InvalidAction,
                "not one of the actions",
            );
            self.end("preferred an action that it does not do");
            return;
        }
        let Some(cargo) = self.cargo(app) else { return };
        let host = cargo.host.clone();
        if let Origin::Own(number) = cargo.from
            && let Some(own) = self.shared.drags.borrow_mut().get(number)
            && own.narrowed
        {
            let action = choose(own.actions & actions, preferred);
            if let Some(inside) = &mut own.inside {
                inside.action = action;
            }
            let copy = if action == 0 { 0 } else { COPY };
            set_actions(&host, copy, copy);
            return;
        }
        set_actions(&host, actions, preferred);
    }

    /// The host says what the source lets be done.
    pub(crate) fn drag_source_actions(&mut self, host: &HostOffer) {
        let found = self
            .drags
            .over
            .iter()
            .filter_map(|over| over.cargo.as_ref());
        let Some(cargo) = found.into_iter().find(|cargo| cargo.host == *host) else {
            return;
        };
        if cargo.app.is_alive() && cargo.app.version() >= ACTIONS_SINCE {
            let actions = self.source_actions(&cargo.from, host);
            cargo
                .app
                .source_actions(DndAction::from_bits_truncate(actions));
        }
    }

    /// The host says what will be done.
    pub(crate) fn drag_action(&mut self, host: &HostOffer, action: u32) {
        let shared = std::rc::Rc::clone(&self.shared);
        let mut found = self
            .drags
            .over
            .iter_mut()
            .filter_map(|over| over.cargo.as_mut());
        let Some(cargo) = found.find(|cargo| cargo.host == *host) else {
            return;
        };
        cargo.action = action;
        let said = match cargo.from {
            Origin::Own(number) => {
                let mut drags = shared.drags.borrow_mut();
                drags.get(number).map_or(action, |own| own.action(action))
            }
            _ => action,
        };
        if cargo.app.is_alive() && cargo.app.version() >= ACTIONS_SINCE {
            cargo.app.action(DndAction::from_bits_truncate(said));
        }
    }

    /// The app has what it wanted.
    pub(crate) fn drag_finished(&mut self, app: &WlDataOffer) {
        let Some(cargo) = self.cargo(app) else { return };
        if !cargo.can_finish() {
            // The host would end our connection.
            app.post_error(
                wl_data_offer::Error::InvalidFinish,
                "there is nothing to finish",
            );
            self.end("finished a drag that was not dropped, or not accepted");
            return;
        }
        cargo.finished = true;
        if !cargo.is_wanted() {
            cargo.host.finish();
        }
    }

    /// The app reads. What is not permitted ends with the descriptor being closed.
    pub(crate) fn drag_read(&mut self, app: &WlDataOffer, mime: String, to: OwnedFd) {
        let Some(cargo) = self.cargo(app) else { return };
        if !cargo.mimes.contains(&mime) {
            return;
        }
        if let Origin::Own(number) = cargo.from {
            // Both ends are in the sandbox: the descriptor crosses nothing.
            if let Some(own) = self.shared.drags.borrow_mut().get(number)
                && own.is_alive()
            {
                own.source.send(mime, to.as_fd());
            }
            return;
        }
        if !cargo.dropped {
            if cargo.held.len() < WAITING {
                cargo.held.push((mime, to));
            }
            return;
        }
        if mime == LIST {
            self.read_files(app, to);
            return;
        }
        let host = cargo.host.clone();
        // That may have changed since it came.
        let pipe = Self::own_pipe().filter(|_| self.shared.clipboard.get().lets_in());
        let Some((from, write)) = pipe else {
            return;
        };
        host.receive(mime, write.as_fd());
        self.transfer(from, to, None);
    }

    fn read_files(&mut self, app: &WlDataOffer, to: OwnedFd) {
        let Some(cargo) = self.cargo(app) else { return };
        match &mut cargo.list {
            List::Known(text) => {
                let text = text.clone();
                self.deliver(&text, to);
            }
            List::Asked(waiting) if waiting.len() < WAITING => waiting.push(to),
            List::Asked(_) => {}
            List::Unread => {
                cargo.list = List::Asked(vec![to]);
                let host = cargo.host.clone();
                let source = match &cargo.from {
                    Origin::Other(token) => Some(token.clone()),
                    _ => None,
                };
                match Self::own_pipe() {
                    Some((from, write)) => {
                        host.receive(LIST.to_owned(), write.as_fd());
                        let app = app.clone();
                        self.read_list(from, Of::Drop { app, source });
                    }
                    None => self.files_known(app, String::new()),
                }
            }
        }
    }

    /// What has become of the files of a list.
    pub(crate) fn files_known(&mut self, app: &WlDataOffer, text: String) {
        let Some(cargo) = self.cargo(app) else {
            debug!("nobody waits for the files any more");
            return;
        };
        let list = std::mem::replace(&mut cargo.list, List::Known(text.clone()));
        let finished = cargo.finished.then(|| cargo.host.clone());
        if let List::Asked(waiting) = list {
            for to in waiting {
                self.deliver(&text, to);
            }
        }
        finished.inspect(HostOffer::finish);
        if !app.is_alive() {
            self.drag_offer_gone(app);
        }
    }
}

impl Cargo {
    /// Whether an app may say that it is through.
    fn can_finish(&self) -> bool {
        let done = matches!(self.action, COPY | MOVE);
        self.dropped && self.accepted && done && !self.finished
    }

    /// An app that cannot say when it is through is when it lets go.
    fn ends_by_itself(&self) -> bool {
        self.app.version() < ACTIONS_SINCE && self.host_has_actions() && self.can_finish()
    }

    fn host_has_actions(&self) -> bool {
        wayland_client::Proxy::version(&self.host) >= ACTIONS_SINCE
    }

    /// Somebody waits for the files, though the app may have let go of the offer: it has asked, and a source may
    /// end with the drag.
    fn is_wanted(&self) -> bool {
        matches!(self.list, List::Asked(_))
    }
}

fn set_actions(host: &HostOffer, actions: u32, preferred: u32) {
    if wayland_client::Proxy::version(host) >= ACTIONS_SINCE {
        let bits = HostAction::from_bits_truncate;
        host.set_actions(bits(actions), bits(preferred));
    }
}
