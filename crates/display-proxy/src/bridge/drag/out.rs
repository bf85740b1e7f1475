//! What a client drags out of its windows.
//!
//! The host's source offers what may leave the sandbox, and the mark. A list of files leaves as
//! those that the sandbox has, at their canonical paths, which the daemon says; and only to be
//! copied, so that no app makes another move what it may only read itself.

use std::os::fd::{AsFd, OwnedFd};

use tracing::debug;
use wayland_client::protocol::wl_data_device_manager::DndAction as HostAction;
use wayland_client::protocol::wl_data_source::WlDataSource as HostSource;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_server::Resource;
use wayland_server::protocol::wl_data_device::{self, WlDataDevice};
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_source::WlDataSource;
use wayland_server::protocol::wl_surface::WlSurface;

use super::{ACTIONS_SINCE, COPY, LIST, Mark, Own};
use crate::bridge::lists::Of;
use crate::bridge::selection::{AppDevice, AppSource, Direction, Which, XSource};
use crate::bridge::surfaces::{DRAG_ICON_ROLE, Role};
use crate::policy;
use crate::session::Session;

/// A drag of this client.
#[derive(Debug)]
pub(super) struct Outgoing {
    host: HostSource,
    app: AppSource,
    number: u64,
}

/// User data of a host's source that stands for a drag.
#[derive(Debug)]
pub(crate) struct DragSource;

impl Session {
    /// An app starts a drag.
    pub(crate) fn start_drag(
        &mut self,
        device: &WlDataDevice,
        source: Option<WlDataSource>,
        origin: &WlSurface,
        icon: Option<WlSurface>,
        serial: u32,
    ) {
        let source = source.map(AppSource::Data);
        if let Some(source) = &source
            && self.drags.out.iter().any(|out| out.app == *source)
        {
            device.post_error(wl_data_device::Error::UsedSource, "it is dragged already");
            self.end("dragged a source twice");
            return;
        }
        let icon = match icon {
            Some(icon) => match self.drag_icon(device, &icon) {
                Some(host) => host,
                None => return,
            },
            None => None,
        };
        let origin = self
            .surfaces
            .get(&origin.id())
            .map(|link| link.host.clone());
        let host_device = self.host_data_device(&AppDevice::Data(device.clone()));
        let (Some(origin), Some(host_device), true) =
            (origin, host_device, self.input.knows(serial))
        else {
            debug!(session = self.id, "a drag without input");
            source.inspect(AppSource::cancelled);
            return;
        };
        self.drags.bare = source.is_none();
        let host = source.and_then(|source| {
            // One that does not say is to be copied.
            let actions = source.drag_actions().unwrap_or(COPY);
            Some(self.drag_source(source, actions)?.0)
        });
        if host.is_some() || self.drags.bare {
            host_device.start_drag(host.as_ref(), &origin, icon.as_ref(), serial);
        }
    }

    /// A client of X drags what it has, since that button was pressed there; the number of the drag.
    pub(crate) fn x11_starts_drag(
        &mut self,
        source: &XSource,
        actions: u32,
        (origin, serial): (&WlSurface, u32),
        icon: Option<&HostSurface>,
    ) -> Option<u64> {
        let origin = self.surfaces.get(&origin.id())?.host.clone();
        let device = self.host_data_device(&AppDevice::X11(Which::Clipboard))?;
        if !self.input.knows(serial) {
            return None;
        }
        let (host, number) = self.drag_source(AppSource::X11(source.clone()), actions)?;
        device.start_drag(Some(&host), &origin, icon, serial);
        Some(number)
    }

    /// The host's surface for a picture under the pointer; nothing inside if it is too large, which could cover the
    /// screen. `None` if the surface is another thing.
    fn drag_icon(
        &mut self,
        device: &WlDataDevice,
        icon: &WlSurface,
    ) -> Option<Option<HostSurface>> {
        if smithay::wayland::compositor::give_role(icon, DRAG_ICON_ROLE).is_err() {
            device.post_error(wl_data_device::Error::Role, "the icon is something else");
            self.end("dragged a surface of another role as an icon");
            return None;
        }
        let link = self.surfaces.get_mut(&icon.id())?;
        link.role = Role::DragIcon;
        Some((!link.exceeds(policy::DRAG_ICON_MAX)).then(|| link.host.clone()))
    }

    /// Makes the host's source for an app's, and gives the drag a number.
    fn drag_source(&mut self, source: AppSource, actions: u32) -> Option<(HostSource, u64)> {
        let mimes = source.mimes();
        let host = self
            .host
            .data_devices
            .as_ref()?
            .create_data_source(&self.qh, DragSource);
        let number = self.shared.drags.borrow_mut().next();
        // First, so that no number of types hides it.
        host.offer(self.mark(number).to_string());
        let lets_out = self.shared.clipboard.get().lets_out();
        let leaves = |mime: &&String| lets_out && self.leaves(mime);
        mimes
            .iter()
            .filter(leaves)
            .for_each(|mime| host.offer(mime.clone()));
        let narrowed = mimes.iter().any(|mime| mime == LIST);
        if wayland_client::Proxy::version(&host) >= ACTIONS_SINCE {
            let said = if narrowed { COPY } else { actions };
            host.set_actions(HostAction::from_bits_truncate(said));
        }
        self.shared.drags.borrow_mut().all.push(Own {
            number,
            source: source.clone(),
            mimes: mimes.into(),
            actions,
            narrowed,
            inside: None,
        });
        self.drags.out.push(Outgoing {
            host: host.clone(),
            app: source,
            number,
        });
        Some((host, number))
    }

    /// An app let go of a source, or left.
    pub(crate) fn drag_source_gone(&mut self, app: &AppSource) {
        let (gone, kept) = std::mem::take(&mut self.drags.out)
            .into_iter()
            .partition::<Vec<_>, _>(|out| out.app == *app);
        self.drags.out = kept;
        for out in gone {
            out.host.destroy();
            let mut drags = self.shared.drags.borrow_mut();
            drags.all.retain(|own| own.number != out.number);
        }
    }

    fn outgoing(&self, host: &HostSource) -> Option<(AppSource, u64)> {
        let found = self.drags.out.iter().find(|out| out.host == *host)?;
        found
            .app
            .is_alive()
            .then(|| (found.app.clone(), found.number))
    }

    /// Somebody would take it as this type, or nobody.
    pub(crate) fn drag_target(&mut self, host: &HostSource, mime: Option<String>) {
        let Some((app, number)) = self.outgoing(host) else {
            return;
        };
        let is_mark = mime.as_ref().and_then(|mime| Mark::read(mime)).is_some();
        let mime = if is_mark {
            let mut drags = self.shared.drags.borrow_mut();
            drags.get(number).and_then(|own| match &own.inside {
                Some(inside) => inside.target.clone(),
                // Where nobody says as what, the first is meant: on X.
                None => own.mimes.first().cloned(),
            })
        } else {
            mime
        };
        match app {
            AppSource::Data(app) => app.target(mime),
            _ => self.x11_drag_wanted(mime.is_some()),
        }
    }

    /// The host says what would be done with it.
    pub(crate) fn drag_source_action(&mut self, host: &HostSource, action: u32) {
        let Some((app, number)) = self.outgoing(host) else {
            return;
        };
        let own = self
            .shared
            .drags
            .borrow_mut()
            .get(number)
            .map(|own| own.action(action));
        let action = own.unwrap_or(action);
        match app {
            AppSource::Data(app) if app.version() >= ACTIONS_SINCE => {
                app.action(DndAction::from_bits_truncate(action));
            }
            AppSource::X11(_) => self.x11_drag_action(action),
            _ => {}
        }
    }

    pub(crate) fn drag_was_dropped(&mut self, host: &HostSource) {
        match self.outgoing(host) {
            Some((AppSource::Data(app), _)) if app.version() >= ACTIONS_SINCE => {
                app.dnd_drop_performed();
            }
            Some((AppSource::X11(_), _)) => self.x11_drag_dropped(),
            _ => {}
        }
    }

    /// It is over: whoever got it is through, or nobody takes it.
    pub(crate) fn drag_is_over(&mut self, host: &HostSource, taken: bool) {
        let Some((app, _)) = self.outgoing(host) else {
            return;
        };
        self.say_drag_is_over(&app, taken);
        self.drag_source_gone(&app);
    }

    fn say_drag_is_over(&mut self, app: &AppSource, taken: bool) {
        match app {
            AppSource::Data(app) if taken && app.version() >= ACTIONS_SINCE => app.dnd_finished(),
            AppSource::X11(_) => self.x11_drag_over(taken),
            _ => app.cancelled(),
        }
    }

    /// The host is gone: nobody takes what is dragged.
    pub(super) fn lose_out(&mut self) {
        self.drags.bare = false;
        let dragged: Vec<_> = self.drags.out.iter().map(|out| out.app.clone()).collect();
        for app in dragged {
            if app.is_alive() {
                self.say_drag_is_over(&app, false);
            }
            self.drag_source_gone(&app);
        }
    }

    /// Whether a type may be dragged out, if anything may.
    fn leaves(&self, mime: &str) -> bool {
        mime == LIST || policy::is_text(mime) && self.shared.passes(Direction::Out, mime)
    }

    /// Somebody at the host reads what is dragged.
    pub(crate) fn drag_is_read(&mut self, host: &HostSource, mime: String, to: OwnedFd) {
        let Some((app, number)) = self.outgoing(host) else {
            return;
        };
        let offered = {
            let mut drags = self.shared.drags.borrow_mut();
            drags
                .get(number)
                .is_some_and(|own| own.mimes.contains(&mime))
        };
        if !offered || !self.leaves(&mime) || !self.shared.clipboard.get().lets_out() {
            return;
        }
        let Some((from, write)) = Self::own_pipe() else {
            return;
        };
        let is_list = mime == LIST;
        app.send(mime, write.as_fd());
        if is_list {
            self.read_list(from, Of::Out { to });
        } else {
            self.transfer(from, to, None);
        }
    }
}
