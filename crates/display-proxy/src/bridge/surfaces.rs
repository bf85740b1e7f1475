//! Surfaces: one host surface per app surface, and what a commit carries over.

use smithay::utils::{Logical, Point, Rectangle};
use smithay::wayland::compositor::{
    BufferAssignment, Damage, RectangleKind, RegionAttributes, SurfaceAttributes, get_children,
    with_states,
};
use smithay::wayland::shell::xdg::SurfaceCachedState;
use wayland_client::protocol::wl_buffer::WlBuffer as HostBuffer;
use wayland_client::protocol::wl_region::WlRegion as HostRegion;
use wayland_client::protocol::wl_subsurface::WlSubsurface as HostSubsurface;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_client::{Proxy, QueueHandle};
use wayland_protocols::wp::viewporter::client::wp_viewport::WpViewport as HostViewport;
use wayland_protocols::xdg::shell::server::xdg_toplevel;
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_callback::WlCallback;
use wayland_server::protocol::wl_output::{Transform, WlOutput};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Resource, Weak};

use super::border::{Border, Fit};
use super::buffers::{self, Rect};
use super::copied::Trail;
use super::popups::Popup;
use super::toplevels::Toplevel;
use super::view::{self, View};
use crate::host::wayland::singletons::Singletons;
use crate::peer::same;
use crate::policy;
use crate::quota;
use crate::session::Session;
use crate::x11::density::Density;
use crate::x11::role::Shown;

/// Role name of cursor surfaces; the protocol has none of its own.
pub(crate) const CURSOR_ROLE: &str = "cursor";
/// Role name of what is shown under the pointer while it drags.
pub(crate) const DRAG_ICON_ROLE: &str = "drag icon";

/// Frame callbacks of one surface that wait for a host to come.
const HELD_CALLBACKS: usize = 256;

/// An app's surface and the host's that stands for it.
#[derive(Debug)]
pub(crate) struct Surface {
    pub(crate) host: HostSurface,
    pub(crate) role: Role,
    sent: Sent,
    /// Damage rectangles since the last commit.
    damage: u32,
    /// Size of the buffer that it shows.
    buffer: Option<(i32, i32)>,
    /// What the app's viewport shows of it: asked for, and in force since the last commit.
    pub(crate) view: View,
    in_force: Option<(i32, i32)>,
    /// The buffer that it shows can be cut itself, which every host can show.
    cuttable: bool,
    /// What of it was cut out of the buffer that it shows.
    pub(crate) cut: Option<Rect>,
    /// The host's viewport, once one was needed.
    viewport: Option<HostViewport>,
    /// The window within it, as the last commit said.
    pub(crate) geometry: Option<Rect>,
    /// How it lies in its border, if it has one.
    pub(crate) fit: Option<Fit>,
    pub(crate) border: Option<Border>,
    trail: Trail,
    /// Frame callbacks that the host has not answered; it never will once the surface is gone.
    callbacks: Vec<WlCallback>,
    /// What was drawn while there is no host, or while it has not answered to a window that it is to show again. Of an X
    /// server also what it has drawn before it is known for which window.
    held: Option<Box<Pending>>,
    /// The buffer and the rest that were committed last, for another host.
    content: Option<Weak<WlBuffer>>,
    shell: Shell,
    /// As a subsurface, it does not wait for its parent.
    pub(crate) desync: bool,
    /// Where the host says that it is seen.
    pub(crate) screens: Vec<WlOutput>,
}

/// What a surface is for, with the host objects of that role.
#[derive(Debug, Default)]
pub(crate) enum Role {
    #[default]
    None,
    Subsurface(HostSubsurface),
    Toplevel(Toplevel),
    Popup(Popup),
    X11(Box<Shown>),
    Cursor,
    DragIcon,
}

/// What the host has been told, so that only changes are sent.
#[derive(Debug)]
struct Sent {
    scale: i32,
    transform: Transform,
    opaque: Option<Vec<RegionPart>>,
    input: Option<Vec<RegionPart>>,
    /// From which corner the regions count.
    shift: (i32, i32),
    view: View,
    /// A picture, which it has not been taken again.
    picture: bool,
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            scale: 1,
            transform: Transform::Normal,
            opaque: None,
            input: None,
            shift: (0, 0),
            view: View::default(),
            picture: false,
        }
    }
}

pub(crate) type RegionPart = (bool, Rect);

/// What one commit changes.
#[derive(Debug)]
struct Pending {
    buffer: Option<BufferAssignment>,
    offset: Option<(i32, i32)>,
    damage: Vec<Damage>,
    callbacks: Vec<WlCallback>,
    scale: i32,
    transform: Transform,
    opaque: Option<Vec<RegionPart>>,
    input: Option<Vec<RegionPart>>,
    shell: Shell,
}

/// The part of a commit that concerns windows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shell {
    pub(crate) geometry: Option<Rect>,
    pub(crate) min: (i32, i32),
    pub(crate) max: (i32, i32),
}

impl Shell {
    /// Whether the largest size is below the smallest; 0 is no limit.
    fn is_impossible(&self) -> bool {
        let below = |max: i32, min: i32| max > 0 && max < min;
        below(self.max.0, self.min.0) || below(self.max.1, self.min.1)
    }
}

impl Surface {
    pub(crate) fn subsurface(&self) -> Option<&HostSubsurface> {
        match &self.role {
            Role::Subsurface(host) => Some(host),
            _ => None,
        }
    }

    /// From the app's coordinates to the host's.
    pub(crate) fn shift(&self) -> (i32, i32) {
        self.fit.map_or((0, 0), |fit| fit.shift())
    }

    /// Size in logical pixels, with what the app has set; none while it shows nothing.
    pub(crate) fn size(&self) -> Option<(i32, i32)> {
        let (w, h) = self.whole()?;
        Some(self.view.size(w, h))
    }

    /// Size before a viewport.
    fn whole(&self) -> Option<(i32, i32)> {
        let (w, h) = self.buffer?;
        let scale = self.sent.scale.max(1);
        let (w, h) = if view::is_turned(self.sent.transform) {
            (h, w)
        } else {
            (w, h)
        };
        Some(((w / scale).max(1), (h / scale).max(1)))
    }

    /// Whether the host can show a part of it.
    pub(crate) fn can_be_cut(&self, host: &Singletons) -> bool {
        self.cuttable || host.viewporter.is_some()
    }

    /// The part of a new buffer that is shown, if that is not all.
    fn cut_out(&mut self, buffer: &WlBuffer, qh: &QueueHandle<Session>) -> Option<HostBuffer> {
        let shown = self.fit.filter(|_| self.cuttable)?.shown;
        self.cut = Some(shown);
        let part = shown.scaled(self.sent.scale.max(1));
        let whole = self.buffer == Some((part.w, part.h));
        if whole {
            return None;
        }
        buffers::cut(buffer, part, qh)
    }

    /// Tells the host what of it is shown, if that is not what it knows.
    pub(crate) fn relay_view(&mut self, host: &Singletons, qh: &QueueHandle<Session>) {
        let mut wanted = self.view;
        if let (Some(fit), Some((w, h)), false) = (&self.fit, self.whole(), self.cuttable) {
            wanted = self.view.cut(fit.shown, (w, h));
        }
        if wanted == self.sent.view {
            return;
        }
        let Some(viewporter) = &host.viewporter else {
            return;
        };
        let viewport = self
            .viewport
            .get_or_insert_with(|| viewporter.get_viewport(&self.host, qh, ()));
        wanted.tell(viewport);
        self.sent.view = wanted;
    }

    /// The size of the window that the host knows.
    pub(crate) fn outer_size(&self) -> Option<(i32, i32)> {
        let outer = self.fit.map(|fit| fit.outer()).or(self.geometry);
        outer.map(|outer| (outer.w, outer.h)).or(self.size())
    }

    /// Keeps all that the host was shown, to show it to another: from here on nobody has been told anything.
    pub(crate) fn keep_all(&mut self) {
        let sent = std::mem::take(&mut self.sent);
        let content = self.content.as_ref().map(Weak::upgrade);
        let whole = Pending {
            // One that the app has destroyed it will draw anew.
            buffer: content
                .and_then(Result::ok)
                .map(BufferAssignment::NewBuffer),
            offset: None,
            damage: vec![Damage::Surface(everything())],
            callbacks: std::mem::take(&mut self.callbacks),
            scale: sent.scale,
            transform: sent.transform,
            opaque: sent.opaque,
            input: sent.input,
            shell: self.shell,
        };
        let whole = match self.held.take() {
            Some(held) => whole.followed_by(*held),
            None => whole,
        };
        self.held = Some(Box::new(whole));
        // The host's objects of these are gone with it.
        self.viewport = None;
        self.border = None;
        self.fit = None;
        self.cut = None;
    }

    /// What a commit that is kept changes at once, for the app; whether it takes away what is shown.
    fn note_unseen(&mut self, pending: &Pending) -> bool {
        match &pending.buffer {
            Some(BufferAssignment::NewBuffer(buffer)) => {
                self.buffer = buffers::size(buffer);
                false
            }
            Some(BufferAssignment::Removed) => self.buffer.take().is_some(),
            None => false,
        }
    }

    /// No host shows it.
    pub(crate) fn unshown(&mut self) {
        self.buffer = None;
    }

    /// The buffer that is shown next, of what is kept.
    pub(crate) fn kept(&self) -> Option<&WlBuffer> {
        match &self.held.as_ref()?.buffer {
            Some(BufferAssignment::NewBuffer(buffer)) => Some(buffer),
            _ => None,
        }
    }

    /// Lets go of what is kept: nobody will be shown it.
    fn drop_kept(&mut self) {
        if let Some(buffer) = self.kept() {
            buffers::give_back(buffer);
        }
        if let Some(held) = self.held.take() {
            self.callbacks.extend(held.callbacks);
        }
    }

    pub(crate) fn has_buffer(&self) -> bool {
        self.buffer.is_some()
    }

    /// Whether a side is longer than that, now or with the next commit.
    pub(crate) fn exceeds(&self, side: i32) -> bool {
        [self.buffer, self.view.destination, self.in_force]
            .into_iter()
            .flatten()
            .any(|(width, height)| width.max(height) > side)
    }
}

impl Session {
    pub(crate) fn surface_created(&mut self, surface: &WlSurface) {
        let host = self
            .host
            .compositor
            .create_surface(&self.qh, surface.clone());
        let new = Surface {
            host,
            role: Role::None,
            sent: Sent::default(),
            damage: 0,
            buffer: None,
            view: View::default(),
            in_force: None,
            cuttable: false,
            cut: None,
            viewport: None,
            geometry: None,
            fit: None,
            border: None,
            trail: Trail::default(),
            callbacks: Vec::new(),
            held: None,
            content: None,
            shell: Shell::default(),
            desync: false,
            screens: Vec::new(),
        };
        self.surfaces.insert(surface.id(), new);
        self.x11_surface_created(surface);
    }

    pub(crate) fn surface_destroyed(&mut self, surface: &WlSurface) {
        self.x11_surface_gone(surface);
        // A role object may outlive its surface in a client that dies or errs; the host's goes first.
        self.drop_role(surface);
        if let Some(gone) = self.surfaces.remove(&surface.id()) {
            gone.viewport.inspect(HostViewport::destroy);
            gone.host.destroy();
            let never_committed = take_pending(surface).callbacks;
            let held = gone.held.map(|held| held.callbacks).unwrap_or_default();
            let all = gone.callbacks.into_iter().chain(held);
            for callback in all.chain(never_committed) {
                let _ = self
                    .dh
                    .backend_handle()
                    .destroy_object::<Self>(&callback.id());
            }
        }
    }

    /// Destroys the host objects of a surface's role.
    pub(crate) fn drop_role(&mut self, surface: &WlSurface) {
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        if let Some(border) = link.border.take() {
            border.destroy();
        }
        link.fit = None;
        match std::mem::take(&mut link.role) {
            Role::None => {}
            Role::Cursor => link.role = Role::Cursor,
            Role::DragIcon => link.role = Role::DragIcon,
            Role::Subsurface(host) => host.destroy(),
            Role::Toplevel(toplevel) => toplevel.destroy(&self.shared),
            Role::Popup(popup) => {
                if popup.gone {
                    link.drop_kept();
                }
                popup.destroy();
            }
            Role::X11(shown) => shown.destroy(&self.shared),
        }
    }

    /// Takes a surface of an X server its role, and what it shows; it may get another.
    pub(crate) fn strip_role(&mut self, surface: &WlSurface) {
        self.drop_role(surface);
        if let Some(link) = self.surfaces.get_mut(&surface.id())
            && link.buffer.take().is_some()
        {
            link.content = None;
            link.sent.picture = false;
            link.host.attach(None, 0, 0);
            link.host.commit();
        }
    }

    pub(crate) fn subsurface_created(&mut self, surface: &WlSurface, parent: &WlSurface) {
        let (Some(subcompositor), Some(child), Some(parent)) = (
            &self.host.subcompositor,
            self.surfaces.get(&surface.id()),
            self.surfaces.get(&parent.id()),
        ) else {
            return;
        };
        let host = subcompositor.get_subsurface(&child.host, &parent.host, &self.qh, ());
        let (x, y) = parent.shift();
        if (x, y) != (0, 0) {
            host.set_position(x.saturating_neg(), y.saturating_neg());
        }
        if let Some(lowest) = parent.border.as_ref().and_then(Border::lowest) {
            // A new one would be the highest of all.
            host.place_below(lowest);
        }
        if let Some(child) = self.surfaces.get_mut(&surface.id()) {
            child.role = Role::Subsurface(host);
            child.desync = false;
        }
    }

    pub(crate) fn subsurface_destroyed(&mut self, surface: &WlSurface) {
        if self
            .surfaces
            .get(&surface.id())
            .is_some_and(|link| matches!(link.role, Role::Subsurface(_)))
        {
            self.drop_role(surface);
        }
    }

    /// Counts damage; smithay would collect it without end until the next commit.
    pub(crate) fn too_much_damage(&mut self, surface: &WlSurface) -> bool {
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return true;
        };
        link.damage += 1;
        // From here on "everything" is relayed anyway, so further rectangles say nothing new.
        link.damage > quota::RECTS
    }

    /// Relays a commit: everything that changed, then the commit itself.
    pub(crate) fn relay_commit(&mut self, surface: &WlSurface) {
        let pending = take_pending(surface).in_units(self.density);
        if let Some(BufferAssignment::NewBuffer(buffer)) = &pending.buffer {
            buffers::lend(buffer);
        }
        if let Some(pending) = self.held_back(surface, pending) {
            self.relay_pending(surface, pending);
        }
    }

    /// Keeps what nobody can be shown yet: there is no host, or it has not said of a window how it is to be.
    fn held_back(&mut self, surface: &WlSurface, pending: Pending) -> Option<Pending> {
        let (has_host, is_x11) = (self.has_host(), self.x11.is_some());
        let link = self.surfaces.get_mut(&surface.id())?;
        let waits = match &mut link.role {
            Role::None => is_x11,
            Role::X11(shown) if shown.configured => {
                if let Some(serial) = shown.unacked.take() {
                    shown.xdg.ack_configure(serial);
                }
                false
            }
            Role::X11(_) => true,
            Role::Toplevel(toplevel) => {
                let begins = !std::mem::replace(&mut toplevel.begun, true);
                if begins && toplevel.awaits.is_some() {
                    // It was made for another host and never committed there.
                    link.host.commit();
                }
                toplevel.awaits.is_some()
            }
            Role::Popup(popup) => popup.gone,
            _ => false,
        };
        let waits = waits || !has_host;
        if !waits && link.held.is_none() {
            return Some(pending);
        }
        if !is_x11 && !self.may_commit(surface, &pending) {
            return None;
        }
        let link = self.surfaces.get_mut(&surface.id())?;
        let hides = waits && !is_x11 && link.note_unseen(&pending);
        let mut pending = match link.held.take() {
            Some(held) => held.followed_by(pending),
            None => pending,
        };
        if !waits {
            return Some(pending);
        }
        if !has_host {
            // Who draws all the same is none that waits for an answer to draw.
            let many = pending.callbacks.len().saturating_sub(HELD_CALLBACKS);
            pending.callbacks.drain(..many).for_each(|one| one.done(0));
        }
        link.damage = 0;
        link.held = Some(Box::new(pending));
        if hides {
            self.unmapped(surface);
        }
        None
    }

    /// Relays what was kept.
    pub(crate) fn relay_held(&mut self, surface: &WlSurface) {
        let link = self.surfaces.get_mut(&surface.id());
        if let Some(mut held) = link.and_then(|link| link.held.take()) {
            // A buffer may have gone meanwhile: what it showed is drawn anew.
            if matches!(&held.buffer, Some(BufferAssignment::NewBuffer(gone)) if !gone.is_alive()) {
                held.buffer = None;
            }
            self.relay_pending(surface, *held);
        }
    }

    /// Lets an X server draw once more what is kept.
    pub(crate) fn let_draw(&mut self, surface: &WlSurface) {
        let link = self.surfaces.get_mut(&surface.id());
        let held = link.and_then(|link| link.held.as_mut());
        for callback in held.into_iter().flat_map(|held| held.callbacks.drain(..)) {
            callback.done(0);
        }
    }

    fn relay_pending(&mut self, surface: &WlSurface, pending: Pending) {
        if !self.may_commit(surface, &pending) {
            return;
        }
        let x11_geometry = self.x11_geometry(surface);
        let plain = !self.viewports.contains(&surface.id());
        let damage = buffer_damage(&pending, plain);
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        let unmaps = matches!(pending.buffer, Some(BufferAssignment::Removed)) && link.has_buffer();

        link.geometry = pending.shell.geometry.or(x11_geometry);
        link.shell = pending.shell;
        if pending.scale != link.sent.scale && link.host.version() >= 3 {
            link.sent.scale = pending.scale;
            link.host.set_buffer_scale(pending.scale);
        }
        if pending.transform != link.sent.transform && link.host.version() >= 2 {
            link.sent.transform = pending.transform;
            if let Some(transform) = same(pending.transform) {
                link.host.set_buffer_transform(transform);
            }
        }
        let had_picture = link.sent.picture;
        match &pending.buffer {
            Some(BufferAssignment::NewBuffer(buffer)) => {
                link.sent.picture = true;
                link.buffer = buffers::size(buffer);
                if let (false, Some(size)) = (self.density.is_usual(), link.buffer) {
                    link.view = self.density.view(size);
                }
                link.content = Some(buffer.downgrade());
                link.cut = None;
                link.cuttable = link.view == View::default()
                    && link.sent.transform == Transform::Normal
                    && buffers::can_be_cut(buffer);
            }
            Some(BufferAssignment::Removed) => {
                link.sent.picture = false;
                link.buffer = None;
                link.content = None;
                link.cut = None;
            }
            None => {}
        }
        let appears = link.sent.picture && !had_picture;
        // The border first: from its place on it is known where all else lies.
        let laid = link.fit;
        match self.fit(surface) {
            Some(fit) if laid == Some(fit) => {}
            Some(fit) => self.lay_border(surface, fit),
            None => {
                if matches!(self.surfaces.get(&surface.id()), Some(link) if link.subsurface().is_some())
                {
                    self.subsurface_changed(surface);
                }
            }
        }
        let is_window = self.toplevel(surface).is_some();
        let adds = if is_window {
            self.adds(surface)
        } else {
            (0, 0)
        };
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        let shift = link.shift();
        link.relay_view(&self.host, &self.qh);
        relay_shell(link, pending.shell, adds);
        let shifted = std::mem::replace(&mut link.sent.shift, shift) != shift;
        if pending.opaque != link.sent.opaque || (shifted && pending.opaque.is_some()) {
            let region = make_region(
                &self.host.compositor,
                &self.qh,
                pending.opaque.as_deref(),
                shift,
            );
            link.host.set_opaque_region(region.as_ref());
            region.inspect(HostRegion::destroy);
            link.sent.opaque = pending.opaque;
        }
        if pending.input != link.sent.input || (shifted && pending.input.is_some()) {
            let region = make_region(
                &self.host.compositor,
                &self.qh,
                pending.input.as_deref(),
                shift,
            );
            link.host.set_input_region(region.as_ref());
            region.inspect(HostRegion::destroy);
            link.sent.input = pending.input;
        }

        let mut offset = pending.offset.unwrap_or_default();
        if offset != (0, 0) && link.host.version() >= 5 {
            link.host.offset(offset.0, offset.1);
            offset = (0, 0);
        }
        match &pending.buffer {
            Some(BufferAssignment::NewBuffer(buffer)) => {
                match buffers::prepare(
                    buffer,
                    surface,
                    &mut link.trail,
                    damage.as_deref(),
                    &mut self.scratch,
                ) {
                    Ok(host) => {
                        let host = link.cut_out(buffer, &self.qh).unwrap_or(host);
                        link.host.attach(Some(&host), offset.0, offset.1);
                    }
                    Err(refusal) => {
                        // Truncated behind our back, or worse.
                        self.offend(buffer, refusal);
                        return;
                    }
                }
            }
            Some(BufferAssignment::Removed) => {
                link.host.attach(None, 0, 0);
            }
            None => {}
        }
        let cut = link.cut.map_or((0, 0), |cut| {
            let cut = cut.scaled(link.sent.scale.max(1));
            (cut.x, cut.y)
        });
        relay_damage(link, &pending.damage, shift, cut);
        link.callbacks.retain(Resource::is_alive);
        for callback in pending.callbacks {
            link.host.frame(&self.qh, callback.clone());
            link.callbacks.push(callback);
        }
        link.host.commit();
        link.in_force = link.view.destination;
        link.damage = 0;
        let starts = !link.role.is_configured() && pending.buffer.is_none();
        if starts {
            // The host answers this commit with the first configure.
            self.expect_answer();
        }
        self.count_copied(surface);
        if unmaps {
            self.unmapped(surface);
        } else if matches!(pending.buffer, Some(BufferAssignment::NewBuffer(_))) {
            self.mapped(surface);
        }
        if appears {
            self.relay_parents(surface);
            self.x11_relay_parents(surface);
            self.x11_started(surface);
        }
    }

    /// Whether this host has a picture of a surface.
    pub(crate) fn is_mapped(&self, surface: &WlSurface) -> bool {
        let link = self.surfaces.get(&surface.id());
        link.is_some_and(|link| link.sent.picture)
    }

    /// The rules that would make the host end the connection, or the eye be deceived.
    fn may_commit(&mut self, surface: &WlSurface, pending: &Pending) -> bool {
        let Some(link) = self.surfaces.get(&surface.id()) else {
            return false;
        };
        if let Role::Toplevel(toplevel) = &link.role
            && pending.shell.is_impossible()
        {
            let toplevel = toplevel.app.xdg_toplevel();
            toplevel.post_error(
                xdg_toplevel::Error::InvalidSize,
                "less at most than at least",
            );
            self.end("limited a window to less than its least size");
            return false;
        }
        let Some(BufferAssignment::NewBuffer(buffer)) = &pending.buffer else {
            return true;
        };
        if !link.role.is_configured() {
            self.offend(
                surface,
                "a buffer was committed before the first configure was acknowledged",
            );
            return false;
        }
        let Some((width, height)) = buffers::size(buffer) else {
            self.offend(surface, "not a buffer that can be shown");
            return false;
        };
        if matches!(link.role, Role::Cursor) && width.max(height) > policy::CURSOR_MAX {
            self.offend(surface, "the cursor image is too large");
            return false;
        }
        if matches!(link.role, Role::DragIcon) && width.max(height) > policy::DRAG_ICON_MAX {
            // Some apps show all that they drag; it is the picture that is missing then.
            return false;
        }
        true
    }
}

impl Role {
    fn is_configured(&self) -> bool {
        match self {
            Self::Toplevel(toplevel) => toplevel.configures.acked(),
            Self::Popup(popup) => popup.configures.acked(),
            Self::X11(shown) => shown.configured,
            Self::None | Self::Subsurface(_) | Self::Cursor | Self::DragIcon => true,
        }
    }
}

/// What a subsurface has pending while an ancestor is committed.
pub(crate) struct Uncommitted {
    surface: WlSurface,
    buffer: Option<BufferAssignment>,
    offset: Option<Point<i32, Logical>>,
    damage: Vec<Damage>,
    callbacks: Vec<WlCallback>,
}

impl Uncommitted {
    /// Takes it out of the way of all subsurfaces beneath. A commit of smithay's commits the synchronised ones as well,
    /// which have not asked for it, and what they had pending would never be seen.
    pub(crate) fn beneath(surface: &WlSurface) -> Vec<Self> {
        let mut all = Vec::new();
        let mut parents = vec![surface.clone()];
        while let Some(parent) = parents.pop() {
            for child in get_children(&parent) {
                all.extend(Self::of(&child));
                parents.push(child);
            }
        }
        all
    }

    fn of(surface: &WlSurface) -> Option<Self> {
        with_states(surface, |states| {
            let mut guard = states.cached_state.get::<SurfaceAttributes>();
            let state = guard.pending();
            let nothing = state.buffer.is_none()
                && state.buffer_delta.is_none()
                && state.damage.is_empty()
                && state.frame_callbacks.is_empty();
            (!nothing).then(|| Self {
                surface: surface.clone(),
                buffer: state.buffer.take(),
                offset: state.buffer_delta.take(),
                damage: std::mem::take(&mut state.damage),
                callbacks: std::mem::take(&mut state.frame_callbacks),
            })
        })
    }

    /// Puts it back.
    pub(crate) fn restore(self) {
        with_states(&self.surface, |states| {
            let mut guard = states.cached_state.get::<SurfaceAttributes>();
            let state = guard.pending();
            state.buffer = self.buffer;
            state.buffer_delta = self.offset;
            state.damage = self.damage;
            state.frame_callbacks = self.callbacks;
        });
    }
}

impl Pending {
    /// What an X server has said in its pixels, as the host has it.
    fn in_units(mut self, density: Density) -> Self {
        if density.is_usual() {
            return self;
        }
        // It does not scale its pictures.
        let of_buffer = |damage| match damage {
            Damage::Surface(rect) => Damage::Buffer(Rectangle::new(
                (rect.loc.x, rect.loc.y).into(),
                (rect.size.w, rect.size.h).into(),
            )),
            of_buffer => of_buffer,
        };
        self.damage = self.damage.into_iter().map(of_buffer).collect();
        self.offset = self.offset.map(|offset| density.down_both(offset));
        self.opaque = self.opaque.map(|parts| density.less(parts));
        self.input = self.input.map(|parts| density.more(parts));
        self
    }

    /// What two commits change, of which the first has not been relayed.
    fn followed_by(mut self, mut next: Self) -> Self {
        match (self.buffer.take(), &next.buffer) {
            (buffer, None) => next.buffer = buffer,
            (Some(BufferAssignment::NewBuffer(unseen)), Some(now)) => {
                let again = matches!(now, BufferAssignment::NewBuffer(now) if *now == unseen);
                if !again {
                    buffers::give_back(&unseen);
                }
            }
            _ => {}
        }
        self.damage.append(&mut next.damage);
        // More than this means all.
        self.damage.truncate(quota::RELAYED_DAMAGE + 1);
        next.damage = self.damage;
        self.callbacks.append(&mut next.callbacks);
        next.callbacks = self.callbacks;
        next.offset = next.offset.or(self.offset);
        next
    }
}

/// Takes what the client has set since its last commit out of smithay's hands.
fn take_pending(surface: &WlSurface) -> Pending {
    with_states(surface, |states| {
        let shell = {
            let mut guard = states.cached_state.get::<SurfaceCachedState>();
            let state = guard.pending();
            Shell {
                geometry: state.geometry.map(Rect::from_logical),
                min: (state.min_size.w, state.min_size.h),
                max: (state.max_size.w, state.max_size.h),
            }
        };
        let mut guard = states.cached_state.get::<SurfaceAttributes>();
        let state = guard.pending();
        Pending {
            buffer: state.buffer.take(),
            offset: state.buffer_delta.take().map(|delta| (delta.x, delta.y)),
            damage: std::mem::take(&mut state.damage),
            callbacks: std::mem::take(&mut state.frame_callbacks),
            scale: state.buffer_scale,
            transform: state.buffer_transform,
            opaque: state.opaque_region.as_ref().map(parts),
            input: state.input_region.as_ref().map(parts),
            shell,
        }
    })
}

/// All of a surface, however large it is.
fn everything() -> Rectangle<i32, Logical> {
    Rectangle::from_size((i32::MAX, i32::MAX).into())
}

pub(crate) fn parts(region: &RegionAttributes) -> Vec<RegionPart> {
    let part = |(kind, rect): &(RectangleKind, _)| {
        (
            matches!(kind, RectangleKind::Add),
            Rect::from_logical(*rect),
        )
    };
    region.rects.iter().map(part).collect()
}

pub(crate) fn make_region(
    compositor: &wayland_client::protocol::wl_compositor::WlCompositor,
    qh: &QueueHandle<Session>,
    parts: Option<&[RegionPart]>,
    shift: (i32, i32),
) -> Option<HostRegion> {
    let parts = parts?;
    let region = compositor.create_region(qh, ());
    for (add, rect) in parts {
        let rect = rect.from(shift);
        if *add {
            region.add(rect.x, rect.y, rect.w, rect.h);
        } else {
            region.subtract(rect.x, rect.y, rect.w, rect.h);
        }
    }
    Some(region)
}

fn relay_shell(link: &mut Surface, shell: Shell, adds: (i32, i32)) {
    let marked = link.border.is_some();
    match &mut link.role {
        Role::Toplevel(toplevel) => toplevel.relay(shell, adds, marked),
        Role::Popup(popup) => popup.relay(shell, marked),
        _ => {}
    }
}

fn relay_damage(link: &Surface, damage: &[Damage], (x, y): (i32, i32), cut: (i32, i32)) {
    // Hosts before version 4 know surface coordinates only.
    let buffer_coordinates = link.host.version() >= 4;
    if damage.len() > quota::RELAYED_DAMAGE || (!buffer_coordinates && !damage.is_empty()) {
        link.host.damage(0, 0, i32::MAX, i32::MAX);
        return;
    }
    for rect in damage {
        match rect {
            Damage::Surface(rect) => link.host.damage(
                rect.loc.x.saturating_sub(x),
                rect.loc.y.saturating_sub(y),
                rect.size.w,
                rect.size.h,
            ),
            Damage::Buffer(rect) => link.host.damage_buffer(
                rect.loc.x.saturating_sub(cut.0),
                rect.loc.y.saturating_sub(cut.1),
                rect.size.w,
                rect.size.h,
            ),
        }
    }
}

/// The damage in the buffer's coordinates. `plain` says that no viewport lies in between; what a
/// viewport or a turn would do to the other coordinates is not worked out: that is "everything".
fn buffer_damage(pending: &Pending, plain: bool) -> Option<Vec<Rect>> {
    if pending.damage.len() > quota::RELAYED_DAMAGE {
        return None;
    }
    let simple = plain && pending.transform == Transform::Normal;
    let rect = |damage: &Damage| match damage {
        Damage::Buffer(rect) => Some(Rect {
            x: rect.loc.x,
            y: rect.loc.y,
            w: rect.size.w,
            h: rect.size.h,
        }),
        Damage::Surface(rect) => simple.then(|| Rect::from_logical(*rect).scaled(pending.scale)),
    };
    pending.damage.iter().map(rect).collect()
}
