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
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};

use super::{
    ACTIONS_SINCE, ALL, ASK, COPY, Inside, LIST, MOVE, Mark, Offer, Offered, Target, choose,
    offered,
};
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
    target: Target,
    /// It is above the window still.
    above: bool,
    /// From the host's coordinates on the window to the app's.
    shift: (i32, i32),
    /// Nothing for a drag that carries nothing.
    cargo: Option<Cargo>,
    /// What is nothing for the app, which does not hear of it. It is let go of when it is elsewhere: with the offer some hosts
    /// end the drag, which may only pass here.
    refused: Option<HostOffer>,
}

#[derive(Debug)]
struct Cargo {
    app: Offer,
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

/// What of a drag the window manager has to know.
#[derive(Debug)]
pub(crate) struct InHand {
    pub(crate) mimes: Vec<String>,
    pub(crate) actions: u32,
    pub(crate) own: Option<u64>,
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
        target: &Target,
        serial: u32,
        surface: &HostSurface,
        (x, y): (f64, f64),
        host: Option<HostOffer>,
    ) {
        // After a drop not every host says that it has left.
        self.retire(target);
        let surface = crate::host::wayland::app_surface(surface).filter(|_| target.is_alive());
        let cargo = host.as_ref().filter(|_| surface.is_some());
        let cargo = cargo.and_then(|host| self.load(target, host));
        let is_bare = host.is_none() && self.drags.bare;
        let Some(surface) = surface.filter(|_| cargo.is_some() || is_bare) else {
            if host.is_some() {
                self.drags.over.push(Over {
                    target: target.clone(),
                    above: true,
                    shift: (0, 0),
                    cargo: None,
                    refused: host,
                });
            }
            return;
        };
        let app = cargo.as_ref().map(|cargo| cargo.app.clone());
        let shift = self.shift(&surface);
        let (x, y) = (x + f64::from(shift.0), y + f64::from(shift.1));
        self.drags.over.push(Over {
            target: target.clone(),
            above: true,
            shift,
            cargo,
            refused: None,
        });
        match (target, app) {
            (Target::Wayland(device), Some(Offer::Wayland(offer))) => {
                device.enter(serial, &surface, x, y, Some(&offer));
            }
            (Target::Wayland(device), _) => device.enter(serial, &surface, x, y, None),
            (Target::X11, Some(Offer::X11(number))) => {
                self.x11_drag_enters(number, serial, &surface, (x, y));
            }
            (Target::X11, _) => {}
        }
    }

    /// Makes the app's offer for one of the host's; none if nothing of it is for the app.
    fn load(&mut self, target: &Target, host: &HostOffer) -> Option<Cargo> {
        let known = offered(host);
        let from = known.map_or(Origin::Host, |known| self.origin(known));
        let mimes = known.map(|known| self.shown(&from, known));
        let mimes = mimes.unwrap_or_default();
        let app = match target {
            _ if mimes.is_empty() => None,
            Target::Wayland(device) => self.client.clone().and_then(|client| {
                let version = device.version();
                let made =
                    client.create_resource::<WlDataOffer, _, Self>(&self.dh, version, DragOffer);
                let offer = made.ok()?;
                self.take(Kind::Object, &offer);
                device.data_offer(&offer);
                mimes.iter().for_each(|mime| offer.offer(mime.clone()));
                Some(Offer::Wayland(offer))
            }),
            Target::X11 => self.x11_drag_number().map(Offer::X11),
        };
        let app = app?;
        app.say_source_actions(self.source_actions(&from, host));
        if let Origin::Own(number) = from
            && let Some(own) = self.shared.drags.borrow_mut().get(number)
        {
            own.inside = Some(Inside::default());
        }
        Some(Cargo {
            app,
            host: host.clone(),
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

    /// What is above a window, and the app knows of.
    fn above(&mut self, target: &Target) -> Option<&mut Over> {
        let mut all = self.drags.over.iter_mut();
        all.find(|over| over.above && over.refused.is_none() && over.target == *target)
    }

    fn cargo(&mut self, app: &Offer) -> Option<&mut Cargo> {
        let mut all = self.drags.over.iter_mut();
        all.find_map(|over| over.cargo.as_mut().filter(|cargo| cargo.app == *app))
    }

    /// What is in hand of a drag: its types, what its source lets be done, and which drag of this sandbox it is, if it is one.
    pub(crate) fn drag_in_hand(&mut self, app: &Offer) -> Option<InHand> {
        let cargo = self.cargo(app)?;
        let (from, host) = (cargo.from.clone(), cargo.host.clone());
        let mimes = cargo.mimes.clone();
        let own = match from {
            Origin::Own(number) => Some(number),
            _ => None,
        };
        Some(InHand {
            mimes,
            actions: self.source_actions(&from, &host),
            own,
        })
    }

    pub(crate) fn drag_moves(&mut self, target: &Target, time: u32, (x, y): (f64, f64)) {
        let Some(shift) = self.above(target).map(|over| over.shift) else {
            return;
        };
        let (x, y) = (x + f64::from(shift.0), y + f64::from(shift.1));
        match target {
            Target::Wayland(device) if device.is_alive() => device.motion(time, x, y),
            Target::Wayland(_) => {}
            Target::X11 => self.x11_drag_moves((x, y)),
        }
    }

    /// The drag is no longer above; what was dropped stays.
    pub(crate) fn drag_leaves(&mut self, target: &Target) {
        if self.above(target).is_some() {
            self.say_drag_leaves(target);
        }
        self.retire(target);
    }

    fn say_drag_leaves(&mut self, target: &Target) {
        match target {
            Target::Wayland(device) if device.is_alive() => device.leave(),
            Target::Wayland(_) => {}
            Target::X11 => self.x11_drag_leaves(),
        }
    }

    /// The host is gone, and what was dragged with it.
    pub(super) fn lose_over(&mut self) {
        for over in std::mem::take(&mut self.drags.over) {
            if over.above && over.refused.is_none() {
                self.say_drag_leaves(&over.target);
            }
        }
    }

    fn retire(&mut self, target: &Target) {
        let mut all = self.drags.over.iter_mut();
        if let Some(over) = all.find(|over| over.above && over.target == *target) {
            over.above = false;
            self.forget(|over| {
                !over.above && !over.cargo.as_ref().is_some_and(|cargo| cargo.dropped)
            });
        }
    }

    /// The user lets go above a window of this client.
    pub(crate) fn drag_drops(&mut self, target: &Target) {
        let Some(over) = self.above(target) else {
            return;
        };
        let mut held = Vec::new();
        let mut offer = None;
        if let Some(cargo) = &mut over.cargo {
            cargo.dropped = true;
            held = std::mem::take(&mut cargo.held);
            offer = Some(cargo.app.clone());
        }
        match target {
            Target::Wayland(device) if device.is_alive() => device.drop(),
            Target::Wayland(_) => {}
            Target::X11 => self.x11_drag_drops(),
        }
        if let Some(offer) = offer {
            for (mime, to) in held {
                self.drag_read(&offer, mime, to);
            }
        }
    }

    /// An app let go of a device.
    pub(crate) fn drag_device_gone(&mut self, device: &WlDataDevice) {
        self.retire(&Target::Wayland(device.clone()));
    }

    /// An app let go of an offer, or left.
    pub(crate) fn drag_offer_gone(&mut self, app: &Offer) {
        self.forget(|over| over.cargo.as_ref().is_some_and(|cargo| cargo.app == *app));
    }

    /// Lets go of drags, and of the host's offers with them.
    fn forget(&mut self, which: impl Fn(&Over) -> bool) {
        let (gone, kept): (Vec<_>, _) = std::mem::take(&mut self.drags.over)
            .into_iter()
            .partition(|over| which(over) && !over.cargo.as_ref().is_some_and(Cargo::is_wanted));
        self.drags.over = kept;
        for over in gone {
            over.refused.inspect(HostOffer::destroy);
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
    pub(crate) fn drag_accepted(&mut self, app: &Offer, serial: u32, mime: Option<String>) {
        let Some(cargo) = self.cargo(app) else { return };
        let mime = mime.filter(|mime| cargo.mimes.contains(mime));
        cargo.accepted = mime.is_some();
        let (host, from) = (cargo.host.clone(), cargo.from.clone());
        if !app.has_actions() {
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

    /// An app breaks the protocol. The window manager never does.
    fn end_drag_wrongly(&mut self, app: &Offer, code: wl_data_offer::Error, what: &'static str) {
        if let Offer::Wayland(offer) = app {
            offer.post_error(code, what);
            self.end(what);
        }
    }

    /// The app says what it could do with it.
    pub(crate) fn drag_actions(&mut self, app: &Offer, actions: u32, preferred: u32) {
        // The host would end our connection.
        if actions & !ALL != 0 {
            let code = wl_data_offer::Error::InvalidActionMask;
            self.end_drag_wrongly(app, code, "named an action that does not exist");
            return;
        }
        if !matches!(preferred, 0 | COPY | MOVE | ASK) || preferred & !actions != 0 {
            let code = wl_data_offer::Error::InvalidAction;
            self.end_drag_wrongly(app, code, "preferred an action that it does not do");
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

    /// The user was asked what to do, and that was done. What the source does not let be done decides nothing.
    pub(crate) fn drag_decided(&mut self, app: &Offer, done: u32) {
        let lets = self.drag_in_hand(app).map_or(0, |hand| hand.actions);
        if !matches!(done, COPY | MOVE) || lets & done == 0 {
            return;
        }
        self.drag_actions(app, done, done);
        if let Some(cargo) = self.cargo(app)
            && cargo.action == ASK
        {
            // The host would say so, after the end of the drag.
            cargo.action = done;
        }
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
        cargo
            .app
            .say_source_actions(self.source_actions(&cargo.from, host));
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
        cargo.app.say_action(said);
    }

    /// The app has what it wanted.
    pub(crate) fn drag_finished(&mut self, app: &Offer) {
        let Some(cargo) = self.cargo(app) else { return };
        if !cargo.can_finish() {
            // The host would end our connection.
            let code = wl_data_offer::Error::InvalidFinish;
            let what = "finished a drag that was not dropped, or not accepted";
            self.end_drag_wrongly(app, code, what);
            return;
        }
        cargo.finished = true;
        if !cargo.is_wanted() {
            cargo.host.finish();
        }
    }

    /// The app reads. What is not permitted ends with the descriptor being closed.
    pub(crate) fn drag_read(&mut self, app: &Offer, mime: String, to: OwnedFd) {
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

    fn read_files(&mut self, app: &Offer, to: OwnedFd) {
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
    pub(crate) fn files_known(&mut self, app: &Offer, text: String) {
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
        let is_alive = match app {
            Offer::Wayland(offer) => offer.is_alive(),
            Offer::X11(number) => self.x11_has_drag_over(*number),
        };
        if !is_alive {
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
        !self.app.has_actions() && self.host_has_actions() && self.can_finish()
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
