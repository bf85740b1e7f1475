//! From X windows to windows and popups of the host, and what the host says of those.

use wayland_protocols::xdg::decoration::zv1::client::zxdg_toplevel_decoration_v1::{
    Mode, ZxdgToplevelDecorationV1 as HostDecoration,
};
use wayland_protocols::xdg::shell::client::xdg_popup;
use wayland_protocols::xdg::shell::client::xdg_positioner::{
    Anchor, ConstraintAdjustment, Gravity, XdgPositioner as HostPositioner,
};
use wayland_protocols::xdg::shell::client::xdg_toplevel::{self, XdgToplevel as HostToplevel};
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xproto::{AtomEnum, KillClientRequest};

use super::place::anchored;
use super::role::{self, Kind, Shown};
use super::windows::States;
use crate::bridge::buffers::Rect;
use crate::bridge::surfaces::Role;
use crate::bridge::toplevels::{inner, outer};
use crate::mark::places::Shape;
use crate::policy;
use crate::session::Session;

wayland_client::delegate_noop!(Session: ignore HostDecoration);

impl Session {
    /// Shows a window of X, if all is known that must be and its surface is there.
    pub(super) fn x11_show(&mut self, window: u32) {
        let has_host = self.has_host();
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get_mut(&window) else {
            return;
        };
        known.hidden = false;
        let Some(surface) = known.surface.clone() else {
            return;
        };
        let link = self.surfaces.get(&surface.id());
        let is_free =
            link.is_some_and(|link| matches!(link.role, Role::None) && !link.has_buffer());
        if !known.mapped || known.unanswered > 0 || !is_free || !has_host {
            return;
        }
        let (is_own_master, rect) = (known.is_own_master, known.rect);
        let x11 = self.x11.as_mut();
        if is_own_master && x11.is_some_and(|x11| x11.is_drag_picture(window)) {
            self.x11_hides(window);
            return;
        }
        let Some(x11) = &self.x11 else { return };
        let owner = is_own_master.then(|| x11.owner_of(window)).flatten();
        let in_sight = x11.is_in_sight(rect);
        match owner.filter(|owner| self.x11_is_seen(*owner)) {
            _ if is_own_master && !in_sight => self.x11_hides(window),
            Some(owner) => self.x11_popup(window, &surface, owner, rect),
            None => self.x11_toplevel(window, &surface),
        }
    }

    /// It may be shown when it has moved.
    fn x11_hides(&mut self, window: u32) {
        let x11 = self.x11.as_mut();
        if let Some(known) = x11.and_then(|x11| x11.windows.get_mut(&window)) {
            known.hidden = true;
        }
    }

    fn x11_toplevel(&mut self, window: u32, surface: &WlSurface) {
        let known = self.x11.as_ref().and_then(|x11| x11.windows.get(&window));
        let fills =
            known.is_some_and(|known| known.properties.fullscreen) && self.may_fill_the_screen();
        let (Some(x11), Some(link)) = (&mut self.x11, self.surfaces.get(&surface.id())) else {
            return;
        };
        let (qh, wm_base) = (&self.qh, &self.host.wm_base);
        let xdg = wm_base.get_xdg_surface(&link.host, qh, surface.clone());
        let host = xdg.get_toplevel(qh, surface.clone());
        let Some(known) = x11.windows.get(&window) else {
            return;
        };
        let says = &known.properties;
        let app_id = self.shared.config.app_id.clone().or_else(|| {
            let class = says.class.as_ref()?;
            Some(policy::shown(class, policy::APP_ID_MAX))
        });
        if let Some(app_id) = app_id {
            host.set_app_id(app_id);
        }
        let is_bare = known.is_own_master || says.undecorated || says.shadow != [0; 4];
        let decoration = x11.decorations.as_ref().map(|manager| {
            let decoration = manager.get_toplevel_decoration(&host, qh, ());
            decoration.set_mode(if is_bare {
                Mode::ClientSide
            } else {
                Mode::ServerSide
            });
            decoration
        });
        if fills {
            host.set_fullscreen(None);
        }
        if says.maximized {
            host.set_maximized();
        }
        let shown = Shown {
            window,
            xdg,
            kind: Kind::Toplevel {
                host,
                decoration,
                size: (0, 0),
                states: States::default(),
                shape: Shape::default(),
            },
            configured: false,
            unacked: None,
            number: None,
        };
        x11.order.push(window);
        if let Some(link) = self.surfaces.get_mut(&surface.id()) {
            link.role = Role::X11(Box::new(shown));
        }
        self.x11_describe(window);
        self.x11_icon(window);
        if let Some(link) = self.surfaces.get(&surface.id()) {
            link.host.commit();
        }
        self.x11_list();
    }

    /// The window within what an X window draws, if it draws its own shadow.
    pub(crate) fn x11_geometry(&self, surface: &WlSurface) -> Option<Rect> {
        let x11 = self.x11.as_ref()?;
        let Role::X11(shown) = &self.surfaces.get(&surface.id())?.role else {
            return None;
        };
        let known = x11.windows.get(&shown.window)?;
        let within = self.density.within(known.within_shadow());
        let is_possible = policy::is_side(within.w) && policy::is_side(within.h);
        let has_shadow = known.properties.shadow != [0; 4];
        (shown.toplevel().is_some() && has_shadow && is_possible).then_some(within)
    }

    fn x11_popup(&mut self, window: u32, surface: &WlSurface, owner: u32, rect: Rect) {
        let Some(positioner) = self.x11_positioner(rect, owner) else {
            return;
        };
        let parent = self.x11_shown(owner).map(|parent| parent.xdg.clone());
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        let (qh, wm_base) = (&self.qh, &self.host.wm_base);
        let xdg = wm_base.get_xdg_surface(&link.host, qh, surface.clone());
        let host = xdg.get_popup(parent.as_ref(), &positioner, qh, surface.clone());
        positioner.destroy();
        let kind = Kind::Popup { host, at: (0, 0) };
        link.role = Role::X11(Box::new(Shown {
            window,
            xdg,
            kind,
            configured: false,
            unacked: None,
            number: None,
        }));
        link.host.commit();
        if let Some(known) = self
            .x11
            .as_mut()
            .and_then(|x11| x11.windows.get_mut(&window))
        {
            known.parent = Some(owner);
        }
    }

    /// A positioner that puts a popup where X has it, or beside that if it would not be seen there.
    fn x11_positioner(&self, rect: Rect, owner: u32) -> Option<HostPositioner> {
        let window = self.x11.as_ref()?.windows.get(&owner)?;
        let rect = self.in_owner(rect, window);
        let within = self.density.within(window.within_shadow());
        let ((x, y), (dx, dy)) = anchored(
            rect,
            Rect {
                x: 0,
                y: 0,
                ..within
            },
        );
        let side = |length: i32| length.clamp(1, policy::SIDE_MAX);
        let inset = window.surface.as_ref().map(|surface| self.inset(surface));
        let inset = inset.unwrap_or_default();
        let adds = if self.marks() {
            Shape::Thin.adds()
        } else {
            (0, 0)
        };
        let host = self.host.wm_base.create_positioner(&self.qh, ());
        host.set_size(side(rect.w) + adds.0, side(rect.h) + adds.1);
        host.set_anchor_rect(x + inset.0, y + inset.1, 1, 1);
        host.set_anchor(Anchor::TopLeft);
        host.set_gravity(Gravity::BottomRight);
        host.set_offset(dx, dy);
        host.set_constraint_adjustment(ConstraintAdjustment::SlideX | ConstraintAdjustment::SlideY);
        Some(host)
    }

    /// The place of a popup in the window that it belongs to, as the host has both.
    fn in_owner(&self, popup: Rect, owner: &super::Window) -> Rect {
        let within = owner.within_shadow();
        let from = |at: i32, owner: i32, shadow: i32| {
            self.density
                .down(at.saturating_sub(owner).saturating_sub(shadow))
        };
        Rect {
            x: from(popup.x, owner.rect.x, within.x),
            y: from(popup.y, owner.rect.y, within.y),
            w: self.density.down(popup.w),
            h: self.density.down(popup.h),
        }
    }

    /// Whether the host shows a window of X already, so that popups can be before it.
    fn x11_is_seen(&self, window: u32) -> bool {
        let surface = self.x11_surface(window);
        let link = surface.and_then(|surface| self.surfaces.get(&surface.id()));
        link.is_some_and(|link| {
            matches!(&link.role, Role::X11(shown) if shown.toplevel().is_some())
                && link.has_buffer()
        })
    }

    /// A window has its first picture: what is in front of it is so from now on.
    pub(crate) fn x11_relay_parents(&mut self, surface: &WlSurface) {
        let Some(window) = self.x11_shown_of(surface).map(|shown| shown.window) else {
            return;
        };
        let Some(x11) = &self.x11 else { return };
        let windows = x11.windows.iter();
        let before = windows.filter(|(_, known)| known.properties.transient == Some(window));
        for other in before.map(|(other, _)| *other).collect::<Vec<u32>>() {
            self.x11_describe(other);
        }
    }

    fn x11_surface(&self, window: u32) -> Option<&WlSurface> {
        let known = self.x11.as_ref()?.windows.get(&window)?;
        known.surface.as_ref()
    }

    pub(super) fn x11_shown(&self, window: u32) -> Option<&Shown> {
        let surface = self.x11_surface(window)?;
        match &self.surfaces.get(&surface.id())?.role {
            Role::X11(shown) => Some(shown),
            _ => None,
        }
    }

    pub(super) fn x11_shown_of(&mut self, surface: &WlSurface) -> Option<&mut Shown> {
        match &mut self.surfaces.get_mut(&surface.id())?.role {
            Role::X11(shown) => Some(shown),
            _ => None,
        }
    }

    pub(super) fn x11_host(&self, window: u32) -> Option<&HostToplevel> {
        self.x11_shown(window)?.toplevel()
    }

    /// Tells the host what a window says of itself.
    pub(super) fn x11_describe(&mut self, window: u32) {
        let before = self.x11.as_ref().and_then(|x11| x11.is_before(window));
        // As `relay_parent` has it.
        let before = before.filter(|before| {
            let surface = self.x11_surface(*before);
            self.x11_host(*before).is_some()
                && surface.is_some_and(|surface| self.is_mapped(surface))
        });
        if self.x11_host(window).is_some()
            && let Some(x11) = &mut self.x11
            && let Some(known) = x11.windows.get_mut(&window)
        {
            known.before = before;
        }
        let Some(x11) = &self.x11 else { return };
        let (Some(shown), Some(known)) = (self.x11_shown(window), x11.windows.get(&window)) else {
            return;
        };
        let Some(host) = shown.toplevel() else { return };
        let says = &known.properties;
        host.set_title(self.shared.marking.title(&says.title().unwrap_or_default()));
        let [left, right, top, bottom] = says.shadow;
        let surface = known.surface.as_ref();
        let adds = surface.map_or((0, 0), |surface| self.adds(surface));
        let limit = |(w, h): (i32, i32)| {
            let (w, h) = (w - (left + right), h - (top + bottom));
            let (w, h) = self.density.down_both((w, h));
            (outer(w, adds.0), outer(h, adds.1))
        };
        let (min, max) = (limit(says.sizes.min), limit(says.sizes.max));
        host.set_min_size(min.0, min.1);
        host.set_max_size(max.0, max.1);
        host.set_parent(before.and_then(|before| self.x11_host(before)));
        // With a border it is the border's to tell.
        let geometry = surface.and_then(|surface| self.x11_geometry(surface));
        if let Some(Rect { x, y, w, h }) = geometry.filter(|_| !self.marks()) {
            shown.xdg.set_window_geometry(x, y, w, h);
        }
    }

    /// The host says something of a window; all of it holds from the next configure on.
    pub(crate) fn x11_toplevel_event(&mut self, surface: &WlSurface, event: xdg_toplevel::Event) {
        let Some(shown) = self.x11_shown_of(surface) else {
            return;
        };
        let window = shown.window;
        match (event, &mut shown.kind) {
            (
                xdg_toplevel::Event::Configure {
                    width,
                    height,
                    states,
                },
                Kind::Toplevel {
                    size, states: said, ..
                },
            ) => {
                *size = (width, height);
                *said = role::states(&states);
            }
            (xdg_toplevel::Event::Close, _) => self.x11_close(window),
            _ => {}
        }
    }

    /// The same of a popup.
    pub(crate) fn x11_popup_event(&mut self, surface: &WlSurface, event: &xdg_popup::Event) {
        let Some(shown) = self.x11_shown_of(surface) else {
            return;
        };
        match (event, &mut shown.kind) {
            (xdg_popup::Event::Configure { x, y, .. }, Kind::Popup { at, .. }) => *at = (*x, *y),
            // X knows no such thing: the app takes it away with the next click.
            (xdg_popup::Event::PopupDone, _) => self.strip_role(surface),
            _ => {}
        }
    }

    /// The host has said all of a configure.
    pub(crate) fn x11_configured(&mut self, surface: &WlSurface, serial: u32) {
        let Some(shown) = self.x11_shown_of(surface) else {
            return;
        };
        let first = !std::mem::replace(&mut shown.configured, true);
        let window = shown.window;
        let told = match &mut shown.kind {
            Kind::Toplevel {
                size,
                states,
                shape,
                ..
            } => {
                *shape = Shape::of_window(states.fullscreen);
                Ok((*size, *states))
            }
            Kind::Popup { at, .. } => Err(*at),
        };
        let resized = match told {
            Ok((size, states)) => {
                let adds = self.adds(surface);
                let size = (inner(size.0, adds.0), inner(size.1, adds.1));
                self.x11_set_size(window, size, states)
            }
            Err((x, y)) => {
                let own = self.inset(surface);
                self.x11_set_place(window, (x + own.0, y + own.1));
                false
            }
        };
        let Some(shown) = self.x11_shown_of(surface) else {
            return;
        };
        if resized {
            shown.unacked = Some(serial);
            if first {
                // What was drawn is of another size: the server draws again once it hears that it may.
                self.let_draw(surface);
            }
            return;
        }
        shown.unacked = None;
        shown.xdg.ack_configure(serial);
        if first {
            self.relay_held(surface);
            return;
        }
        if let Some(fit) = self.fit(surface) {
            self.lay_border(surface, fit);
        }
        if let Some(link) = self.surfaces.get(&surface.id()) {
            link.host.commit();
        }
    }

    /// A window gets the size that the host gives it, as far as it does; whether that is another one.
    fn x11_set_size(&mut self, window: u32, (w, h): (i32, i32), states: States) -> bool {
        let density = self.density;
        let Some(x11) = &mut self.x11 else {
            return false;
        };
        let Some(known) = x11.windows.get_mut(&window) else {
            return false;
        };
        let before = known.rect;
        let [left, right, top, bottom] = known.properties.shadow;
        let side = |told: i32, shadow: i32, now: i32| match told {
            0 => now,
            // As it is: there may be pixels that are not a unit.
            told if told == density.down(now - shadow) => now,
            told => density.up(told.clamp(1, policy::SIDE_MAX)) + shadow,
        };
        let wished = (
            side(w, left + right, before.w),
            side(h, top + bottom, before.h),
        );
        let size = if states.is_bound() {
            wished
        } else {
            known.properties.sizes.nearest(wished)
        };
        let changed = std::mem::replace(&mut known.states, states) != states;
        let rect = x11.placed(size);
        if rect != before {
            x11.configure(window, rect);
        }
        if changed {
            x11.say_states(window, states);
        }
        x11.set_active(window, states.activated);
        (rect.w, rect.h) != (before.w, before.h)
    }

    /// A popup is where the host has put it.
    fn x11_set_place(&mut self, window: u32, (x, y): (i32, i32)) {
        let popup = self.x11.as_ref().and_then(|x11| x11.windows.get(&window));
        let Some(owner) = popup.and_then(|popup| popup.parent) else {
            return;
        };
        let surface = self.x11_surface(owner);
        let inset = surface.map_or((0, 0), |surface| self.inset(surface));
        let Some(x11) = &self.x11 else { return };
        let (Some(popup), Some(owner)) = (x11.windows.get(&window), x11.windows.get(&owner)) else {
            return;
        };
        let [left, _, top, _] = owner.properties.shadow;
        let (x, y) = (x - inset.0, y - inset.1);
        let now = self.in_owner(popup.rect, owner);
        let place = |told: i32, now: i32, owner: i32, shadow: i32, pixel: i32| {
            if told == now {
                return pixel;
            }
            owner
                .saturating_add(shadow)
                .saturating_add(self.density.up(told))
        };
        let rect = Rect {
            x: place(x, now.x, owner.rect.x, left, popup.rect.x),
            y: place(y, now.y, owner.rect.y, top, popup.rect.y),
            ..popup.rect
        };
        if rect != popup.rect
            && let Some(x11) = &mut self.x11
        {
            x11.configure(window, rect);
        }
    }

    /// Asks a window to go; one that cannot be asked goes with all of its program.
    pub(super) fn x11_close(&mut self, window: u32) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get(&window) else {
            return;
        };
        if known.properties.deletes {
            x11.protocol(window, x11.atoms.wm_delete_window, 0);
        } else {
            x11.wire.send(KillClientRequest { resource: window });
        }
    }

    /// Lets everybody on the X server know which windows there are.
    pub(super) fn x11_list(&mut self) {
        if let Some(x11) = &mut self.x11 {
            let (list, order) = (x11.atoms.net_client_list, x11.order.clone());
            x11.set_words(x11.root, list, AtomEnum::WINDOW.into(), &order);
        }
    }

    /// A surface of X has come; it may be awaited.
    pub(crate) fn x11_surface_created(&mut self, surface: &WlSurface) {
        let Some(x11) = &mut self.x11 else { return };
        let id = surface.id().protocol_id();
        let awaits =
            |window: &super::Window| window.surface_id == Some(id) && window.surface.is_none();
        let found = x11.windows.iter_mut().find(|(_, window)| awaits(window));
        if let Some((window, known)) = found {
            let window = *window;
            known.surface = Some(surface.clone());
            self.x11_show(window);
        }
    }

    /// One goes, with the popups before it.
    pub(crate) fn x11_surface_gone(&mut self, surface: &WlSurface) {
        let Some(x11) = &mut self.x11 else { return };
        let has = |window: &super::Window| window.surface.as_ref() == Some(surface);
        let found = x11.windows.iter_mut().find(|(_, window)| has(window));
        let Some((window, known)) = found else {
            return;
        };
        let window = *window;
        known.surface = None;
        known.surface_id = None;
        known.parent = None;
        self.x11_no_toplevel(window);
    }

    /// The host is gone. Windows lose what they were of it and keep what they show.
    pub(crate) fn lose_x11(&mut self) {
        self.x11_pointer_ends();
        let Some(x11) = &mut self.x11 else { return };
        x11.keys.forget();
        let Some(x11) = &self.x11 else { return };
        let windows: Vec<(u32, WlSurface)> = (x11.windows.iter())
            .filter_map(|(window, known)| Some((*window, known.surface.clone()?)))
            .collect();
        let is_menu = |window: &&u32| {
            let shown = self.x11_shown(**window);
            shown.is_some_and(|shown| shown.toplevel().is_none())
        };
        let menus: Vec<u32> = x11.windows.keys().filter(is_menu).copied().collect();
        for (window, surface) in windows {
            self.x11_no_toplevel(window);
            self.drop_role(&surface);
            if let Some(link) = self.surfaces.get_mut(&surface.id()) {
                link.unshown();
            }
        }
        let Some(x11) = &mut self.x11 else { return };
        for menu in menus {
            // It is shown when it is opened again.
            if let Some(known) = x11.windows.get_mut(&menu) {
                known.parent = None;
                known.mapped = false;
            }
        }
    }

    /// There is a host again.
    pub(crate) fn find_x11(&mut self) {
        let (decorations, icons) = (self.bind_first(), self.bind_first());
        let Some(x11) = &mut self.x11 else { return };
        (x11.decorations, x11.icons) = (decorations, icons);
        x11.ping = None;
        let windows: Vec<u32> = x11.windows.keys().copied().collect();
        for window in windows {
            self.x11_show(window);
        }
    }

    /// A window is shown no longer.
    fn x11_no_toplevel(&mut self, window: u32) {
        let Some(x11) = &mut self.x11 else { return };
        if !x11.order.contains(&window) {
            return;
        }
        x11.set_active(window, false);
        x11.order.retain(|other| *other != window);
        x11.leave_row(window);
        let popups: Vec<WlSurface> = x11
            .windows
            .values_mut()
            .filter(|popup| popup.parent == Some(window))
            .filter_map(|popup| {
                popup.parent = None;
                popup.surface.clone()
            })
            .collect();
        for popup in popups {
            self.strip_role(&popup);
        }
        self.x11_list();
    }
}

impl super::X11 {
    /// Says what the host does with a window.
    pub(super) fn say_states(&mut self, window: u32, states: States) {
        let atoms = &self.atoms;
        let all = [
            (states.maximized, atoms.net_wm_state_maximized_horz),
            (states.maximized, atoms.net_wm_state_maximized_vert),
            (states.fullscreen, atoms.net_wm_state_fullscreen),
            (states.activated, atoms.net_wm_state_focused),
            (
                self.windows
                    .get(&window)
                    .is_some_and(|known| known.properties.modal),
                atoms.net_wm_state_modal,
            ),
        ];
        let words: Vec<u32> = all
            .iter()
            .filter_map(|(holds, atom)| holds.then_some(*atom))
            .collect();
        let property = atoms.net_wm_state;
        self.set_words(window, property, AtomEnum::ATOM.into(), &words);
    }
}
