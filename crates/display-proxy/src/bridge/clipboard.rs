//! Selections across the two sides: who owns one, who may see it, who may read it.

use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use oz_core::denied::Denied;
use tracing::debug;
use wayland_client::protocol::wl_data_device::WlDataDevice as HostDataDevice;
use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_offer_v1::ZwpPrimarySelectionOfferV1;
use wayland_server::Resource;
use wayland_server::protocol::wl_data_offer::WlDataOffer;
use wayland_server::protocol::wl_seat::WlSeat;

use super::selection::{AppDevice, AppSource, Direction, HostDevice, HostOffer, HostSource, Which};
use super::transfer::Origin;
use crate::host::wayland::data_device::ForX11;
use crate::peer::host_of;
use crate::quota::Kind;
use crate::session::Session;

/// Who in the sandbox owns which selection; shared by all its clients.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    owners: [Option<Owner>; 2],
    generation: u64,
}

#[derive(Debug, Clone)]
struct Owner {
    session: u64,
    generation: u64,
    source: AppSource,
    mimes: Rc<[String]>,
    /// The user has been elsewhere since: what the host offers now may be newer.
    focus_left: bool,
}

impl Hub {
    fn owner(&self, which: Which) -> Option<&Owner> {
        self.owners[which as usize].as_ref()
    }

    fn next(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// The number of the latest selection, whoever has it.
    pub(crate) fn latest(&self) -> u64 {
        self.generation
    }

    /// Whether a client has what is offered inside.
    pub(crate) fn is_of(&self, which: Which, session: u64) -> bool {
        self.owner(which)
            .is_some_and(|owner| owner.session == session)
    }

    /// Forgets what a client has had.
    pub(crate) fn leave_all(&mut self, session: u64) {
        for owner in &mut self.owners {
            owner.take_if(|owner| owner.session == session);
        }
    }

    /// Forgets an owner, if it still is this source.
    fn leave(&mut self, which: Which, source: &AppSource) {
        if self
            .owner(which)
            .is_some_and(|owner| owner.source == *source)
        {
            self.owners[which as usize] = None;
        }
    }
}

/// What a client's devices have last been told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    #[default]
    Nothing,
    Sandbox(u64),
    Host(u64),
}

impl Shown {
    /// The number of what it is.
    pub(crate) fn generation(self) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Sandbox(generation) | Self::Host(generation) => Some(generation),
        }
    }
}

/// The selections as one client meets them.
#[derive(Debug, Default)]
pub(crate) struct Selections {
    both: [Selection; 2],
}

#[derive(Debug, Default)]
struct Selection {
    devices: Vec<Device>,
    /// What the host offers, with the generation that it got here.
    host: Option<Offered>,
    /// Our source at the host, for an owner in this client.
    source: Option<(HostSource, AppSource, u64)>,
}

#[derive(Debug)]
struct Device {
    app: AppDevice,
    seat: WlSeat,
    host: Option<HostDevice>,
    shown: Shown,
}

#[derive(Debug)]
struct Offered {
    offer: HostOffer,
    mimes: Vec<String>,
    generation: u64,
}

/// User data of an app's offer: what it may be read from.
#[derive(Debug)]
pub(crate) struct AppOffer {
    pub(crate) which: Which,
    pub(crate) shown: Shown,
}

impl Session {
    fn selection(&mut self, which: Which) -> &mut Selection {
        &mut self.selections.both[which as usize]
    }

    pub(crate) fn add_device(&mut self, which: Which, app: AppDevice, seat: WlSeat) {
        let host = self.host_device(&app, &seat);
        self.selection(which).devices.push(Device {
            app,
            seat,
            host,
            shown: Shown::Nothing,
        });
    }

    /// Makes the host's device for one of the app's.
    fn host_device(&self, app: &AppDevice, seat: &WlSeat) -> Option<HostDevice> {
        let seat = host_of::<HostSeat>(seat)?;
        match app {
            AppDevice::Data(device) => {
                let devices = self.host.data_devices.as_ref()?;
                let host = devices.get_data_device(&seat, &self.qh, device.clone());
                Some(HostDevice::Data(host))
            }
            AppDevice::X11(Which::Clipboard) => {
                let devices = self.host.data_devices.as_ref()?;
                let host = devices.get_data_device(&seat, &self.qh, ForX11);
                Some(HostDevice::Data(host))
            }
            AppDevice::Primary(_) | AppDevice::X11(Which::Primary) => {
                let devices = self.host.primary.as_ref()?;
                Some(HostDevice::Primary(devices.get_device(&seat, &self.qh, ())))
            }
        }
    }

    /// The host is gone, and what it offered. What was copied in the sandbox stays there.
    pub(crate) fn lose_selections(&mut self) {
        for selection in &mut self.selections.both {
            selection.host = None;
            selection.source = None;
            selection
                .devices
                .iter_mut()
                .for_each(|device| device.host = None);
        }
        self.copies.forget();
    }

    /// Makes the host's devices anew, on the host that there is now.
    pub(crate) fn renew_devices(&mut self) {
        for which in Which::BOTH {
            let mut devices = std::mem::take(&mut self.selection(which).devices);
            for device in &mut devices {
                device.host = self.host_device(&device.app, &device.seat);
            }
            self.selection(which).devices = devices;
        }
    }

    /// The host's counterpart of an app's device.
    pub(crate) fn host_data_device(&self, app: &AppDevice) -> Option<HostDataDevice> {
        let mut devices = self.selections.both[Which::Clipboard as usize]
            .devices
            .iter();
        devices.find_map(|device| match &device.host {
            Some(HostDevice::Data(host)) if device.app == *app => Some(host.clone()),
            _ => None,
        })
    }

    pub(crate) fn remove_device(&mut self, which: Which, app: &AppDevice) {
        self.selection(which).devices.retain(|device| {
            let keep = device.app != *app;
            if !keep && let Some(host) = &device.host {
                host.destroy();
            }
            keep
        });
    }

    /// An app wants to own a selection, or to give it up.
    pub(crate) fn set_selection(
        &mut self,
        which: Which,
        device: &AppDevice,
        source: Option<AppSource>,
        serial: u32,
    ) {
        if !self.input.allows_selection(serial) {
            debug!(session = self.id, "a selection without recent input");
            if let Some(source) = source {
                self.shared.denied(Denied::CopyUnasked);
                source.cancelled();
            }
            return;
        }
        let lets_out = self.shared.clipboard.get().lets_out();
        let shared = Rc::clone(&self.shared);
        let mut hub = shared.hub.borrow_mut();
        let previous = hub.owner(which).cloned();
        if source.is_none()
            && previous
                .as_ref()
                .is_none_or(|owner| owner.session != self.id)
        {
            // Only an owner can give up; clearing the host's selection is nobody's business.
            return;
        }
        if let Some(previous) = previous
            && Some(&previous.source) != source.as_ref()
        {
            previous.source.cancelled();
        }
        let generation = hub.next();
        let mimes: Rc<[String]> = source
            .as_ref()
            .map(AppSource::mimes)
            .unwrap_or_default()
            .into();
        hub.owners[which as usize] = source.clone().map(|source| Owner {
            session: self.id,
            generation,
            source,
            mimes: Rc::clone(&mimes),
            focus_left: false,
        });
        drop(hub);
        self.drop_stale_transfers(which, Direction::Out, generation);
        if !lets_out {
            if which == Which::Clipboard && source.is_some() {
                self.shared.denied(Denied::CopyOut);
            }
            return;
        }
        let host_source = match source {
            Some(source) => {
                let Some(host) = self.make_host_source(which) else {
                    return;
                };
                mimes
                    .iter()
                    .filter(|mime| self.shared.passes(Direction::Out, mime))
                    .for_each(|mime| host.offer(mime.clone()));
                Some((host, source, generation))
            }
            None => None,
        };
        let selection = self.selection(which);
        let device = selection.devices.iter().find(|known| known.app == *device);
        if let Some(device) = device.and_then(|device| device.host.as_ref()) {
            device.set_selection(host_source.as_ref().map(|(host, ..)| host), serial);
        }
        // The host answers for the one that was replaced with "cancelled", or never heard of it.
        if let Some((old, ..)) = std::mem::replace(&mut selection.source, host_source) {
            old.destroy();
        }
    }

    fn make_host_source(&self, which: Which) -> Option<HostSource> {
        match which {
            Which::Clipboard => Some(HostSource::Data(
                self.host
                    .data_devices
                    .as_ref()?
                    .create_data_source(&self.qh, which),
            )),
            Which::Primary => Some(HostSource::Primary(
                self.host.primary.as_ref()?.create_source(&self.qh, which),
            )),
        }
    }

    /// An app destroyed a source, or left.
    pub(crate) fn source_gone(&mut self, which: Which, source: &AppSource) {
        self.shared.hub.borrow_mut().leave(which, source);
        let selection = self.selection(which);
        if selection
            .source
            .as_ref()
            .is_some_and(|(_, app, _)| app == source)
            && let Some((host, ..)) = selection.source.take()
        {
            host.destroy();
        }
    }

    /// The host has another selection now, or replaced our source by a newer one of ours.
    pub(crate) fn host_cancelled(&mut self, which: Which, host: &HostSource) {
        let selection = self.selection(which);
        if selection
            .source
            .as_ref()
            .is_some_and(|(ours, ..)| ours == host)
            && let Some((host, source, _)) = selection.source.take()
        {
            host.destroy();
            let mut hub = self.shared.hub.borrow_mut();
            if hub.owner(which).is_some_and(|owner| owner.source == source) {
                source.cancelled();
                hub.leave(which, &source);
            }
        }
    }

    /// Somebody at the host reads what an app of the sandbox owns.
    pub(crate) fn host_reads(
        &mut self,
        which: Which,
        host: &HostSource,
        mime: String,
        to: OwnedFd,
    ) {
        let current = self
            .selection(which)
            .source
            .as_ref()
            .filter(|(ours, ..)| ours == host);
        let Some((_, source, generation)) = current.cloned() else {
            return;
        };
        if !self.shared.passes(Direction::Out, &mime) || !source.mimes().contains(&mime) {
            return;
        }
        let origin = Origin {
            which,
            direction: Direction::Out,
            generation,
        };
        if self.shared.clipboard.get().asks() {
            self.ask_for_copy(origin, mime, to);
        } else {
            self.serve_copy(origin, mime, to);
        }
    }

    /// Serves a read of what is still copied, in a direction that is still open.
    pub(crate) fn serve_copy(&mut self, origin: Origin, mime: String, to: OwnedFd) {
        let Origin {
            which,
            direction,
            generation,
        } = origin;
        let clipboard = self.shared.clipboard.get();
        let open = match direction {
            Direction::In => clipboard.lets_in(),
            Direction::Out => clipboard.lets_out(),
        };
        let selection = self.selection(which);
        let Some((from, write)) = Self::own_pipe().filter(|_| open) else {
            return;
        };
        match direction {
            Direction::In => match &selection.host {
                Some(host) if host.generation == generation => {
                    host.offer.receive(mime, write.as_fd());
                }
                _ => return,
            },
            Direction::Out => match &selection.source {
                Some((_, source, current)) if *current == generation => {
                    source.send(mime, write.as_fd());
                }
                _ => return,
            },
        }
        self.transfer(from, to, Some(origin));
    }

    /// The host announced its selection to this client.
    pub(crate) fn host_selection(&mut self, which: Which, offer: Option<(HostOffer, Vec<String>)>) {
        let generation = self.shared.hub.borrow_mut().next();
        let lets_in = self.shared.clipboard.get().lets_in();
        // It is kept while nothing may come in: that may change.
        let offer = offer.and_then(|(offer, mut mimes)| {
            mimes.retain(|mime| self.shared.passes(Direction::In, mime));
            if mimes.is_empty() {
                offer.destroy();
                return None;
            }
            Some(Offered {
                offer,
                mimes,
                generation,
            })
        });
        let mut hub = self.shared.hub.borrow_mut();
        let lets_out = self.shared.clipboard.get().lets_out();
        let stale = hub
            .owner(which)
            .filter(|owner| owner.focus_left && !lets_out && lets_in && offer.is_some())
            .cloned();
        if let Some(owner) = stale {
            owner.source.cancelled();
            hub.leave(which, &owner.source);
        }
        drop(hub);
        if which == Which::Clipboard && offer.is_some() && !lets_in {
            self.shared.denied(Denied::PasteIn);
        }
        self.drop_stale_transfers(which, Direction::In, generation);
        if let Some(old) = std::mem::replace(&mut self.selection(which).host, offer) {
            old.offer.destroy();
        }
    }

    /// Other directions are open now. What was copied inside before is offered to the host when it is copied again.
    pub(crate) fn clipboard_changed(&mut self) {
        let clipboard = self.shared.clipboard.get();
        self.copies.forget();
        if !clipboard.lets_in() {
            self.end_transfers(Direction::In);
        }
        if !clipboard.lets_out() {
            self.end_transfers(Direction::Out);
            for selection in &mut self.selections.both {
                // The host forgets it with its source; inside it stays what it is.
                if let Some((host, ..)) = selection.source.take() {
                    host.destroy();
                }
            }
        }
    }

    /// The keyboard left a window of this client.
    pub(crate) fn selections_lose_focus(&mut self) {
        for owner in self.shared.hub.borrow_mut().owners.iter_mut().flatten() {
            owner.focus_left = true;
        }
    }

    /// Tells this client's devices what there is to read, if that has changed.
    pub(crate) fn announce_selections(&mut self) {
        for which in Which::BOTH {
            let owned = self
                .shared
                .hub
                .borrow()
                .owner(which)
                .map(|owner| owner.generation);
            let lets_in = self.shared.clipboard.get().lets_in();
            let selection = self.selection(which);
            let shown = match (owned, selection.host.as_ref().filter(|_| lets_in)) {
                (Some(generation), _) => Shown::Sandbox(generation),
                (None, Some(host)) => Shown::Host(host.generation),
                (None, None) => Shown::Nothing,
            };
            if selection.devices.iter().all(|device| device.shown == shown) {
                // Nearly always: this runs every turn.
                continue;
            }
            let owned = self
                .shared
                .hub
                .borrow()
                .owner(which)
                .map(|owner| owner.mimes.to_vec());
            let selection = self.selection(which);
            let offered = || selection.host.as_ref().map(|host| host.mimes.clone());
            let mimes = owned.or_else(offered).unwrap_or_default();
            let mut stale = Vec::new();
            for device in &mut selection.devices {
                if device.shown != shown && device.app.is_alive() {
                    device.shown = shown;
                    stale.push(device.app.clone());
                }
            }
            for device in stale {
                self.announce(which, &device, shown, &mimes);
            }
        }
    }

    fn announce(&mut self, which: Which, device: &AppDevice, shown: Shown, mimes: &[String]) {
        let Some(client) = self.client.clone() else {
            return;
        };
        let data = AppOffer { which, shown };
        match device {
            AppDevice::Data(device) if shown == Shown::Nothing => device.selection(None),
            AppDevice::Primary(device) if shown == Shown::Nothing => device.selection(None),
            AppDevice::Data(device) => {
                let made = client.create_resource::<WlDataOffer, _, Self>(
                    &self.dh,
                    device.version(),
                    data,
                );
                let Ok(offer) = made else { return };
                self.take(Kind::Object, &offer);
                device.data_offer(&offer);
                mimes.iter().for_each(|mime| offer.offer(mime.clone()));
                device.selection(Some(&offer));
            }
            AppDevice::Primary(device) => {
                let made = client.create_resource::<ZwpPrimarySelectionOfferV1, _, Self>(
                    &self.dh,
                    device.version(),
                    data,
                );
                let Ok(offer) = made else { return };
                self.take(Kind::Object, &offer);
                device.data_offer(&offer);
                mimes.iter().for_each(|mime| offer.offer(mime.clone()));
                device.selection(Some(&offer));
            }
            AppDevice::X11(_) => self.x11_is_offered(data, mimes),
        }
    }

    /// An app reads an offer. What is not permitted ends with the descriptor being closed.
    pub(crate) fn app_reads(&mut self, offer: &AppOffer, mime: String, to: OwnedFd) {
        let which = offer.which;
        match offer.shown {
            Shown::Nothing => {}
            Shown::Sandbox(generation) => {
                let owner = self.shared.hub.borrow().owner(which).cloned();
                if let Some(owner) = owner
                    && owner.generation == generation
                    && owner.mimes.contains(&mime)
                {
                    // Both ends are in the sandbox: the descriptor crosses nothing.
                    owner.source.send(mime, to.as_fd());
                }
            }
            Shown::Host(generation) => {
                let current = self.selection(which).host.as_ref();
                let is_current = current.is_some_and(|host| {
                    host.generation == generation && host.mimes.contains(&mime)
                });
                if !is_current {
                    return;
                }
                let origin = Origin {
                    which,
                    direction: Direction::In,
                    generation,
                };
                if self.input.is_acting() && !self.shared.clipboard.get().asks() {
                    self.serve_copy(origin, mime, to);
                } else if self.input.is_focused() {
                    self.ask_for_copy(origin, mime, to);
                } else {
                    debug!(
                        session = self.id,
                        "a read of the host's selection in the background"
                    );
                }
            }
        }
    }
}
