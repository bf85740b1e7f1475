//! Windows: what the window manager is told of them, and what it says.
//! <https://specifications.freedesktop.org/wm-spec/1.5/>

use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::{
    Mode, ZxdgToplevelDecorationV1,
};
use wayland_protocols::xdg::shell::server::xdg_toplevel::{State as Said, XdgToplevel};
use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyOrIdError;
use x11rb::properties::{WmHints, WmHintsState, WmSizeHints};
use x11rb::protocol::sync::{ConnectionExt as _, Int64};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, PropMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::State;
use super::rect::Rect;
use super::screen::side;
use super::windows::{Wanted, Window};

/// How a window is shown.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) maximized: bool,
    pub(super) fullscreen: bool,
    pub(super) focused: bool,
    pub(super) hidden: bool,
}

/// What an app has said of a window, and been told.
#[derive(Debug)]
pub(super) struct Toplevel {
    pub(super) object: XdgToplevel,
    pub(super) decoration: Option<ZxdgToplevelDecorationV1>,
    /// The app draws its frame itself.
    pub(super) own_frame: bool,
    title: String,
    app_id: String,
    /// Its pictures, as `_NET_WM_ICON` has them.
    icon: Vec<u32>,
    pub(super) parent: Option<ObjectId>,
    /// As it is; before it is mapped, as it is to be.
    pub(super) shown: Shown,
    /// Where it was before it filled the screen, if no window manager remembers that.
    pub(super) restored: Option<Rect>,
    /// The frame that the app asked for.
    wish: Option<Mode>,
    /// What it was last told.
    told: Option<((i32, i32), Shown)>,
    /// A size that the window manager was asked for; one that it does not give is not asked for again.
    asked: Option<(i32, i32)>,
    /// The limits of its size that the window manager knows.
    hints: Option<((i32, i32), (i32, i32))>,
}

impl Toplevel {
    pub(super) fn new(object: XdgToplevel) -> Self {
        Self {
            object,
            decoration: None,
            own_frame: true,
            title: String::new(),
            app_id: String::new(),
            icon: Vec::new(),
            parent: None,
            shown: Shown::default(),
            restored: None,
            wish: None,
            told: None,
            asked: None,
            hints: None,
        }
    }

    /// Tells it its size in its own units, and its states.
    fn tell(&mut self, size: (i32, i32)) {
        self.told = Some((size, self.shown));
        let states = [
            (self.shown.maximized, Said::Maximized),
            (self.shown.fullscreen, Said::Fullscreen),
            (self.shown.focused, Said::Activated),
            (
                self.shown.hidden && self.object.version() >= 6,
                Said::Suspended,
            ),
        ];
        let states = states
            .into_iter()
            .filter(|(is, _)| *is)
            .flat_map(|(_, state)| u32::from(state).to_ne_bytes())
            .collect();
        self.object.configure(size.0, size.1, states);
    }
}

impl State {
    pub(super) fn toplevel(&self, id: &ObjectId) -> Option<&Toplevel> {
        self.shells.get(id)?.toplevel()
    }

    pub(super) fn toplevel_mut(&mut self, id: &ObjectId) -> Option<&mut Toplevel> {
        self.shells.get_mut(id)?.toplevel_mut()
    }

    /// Tells a window what is new, if anything is.
    fn configure(&mut self, id: &ObjectId, size: (i32, i32)) {
        let serial = self.next_serial();
        let Some(shell) = self.shells.get_mut(id) else {
            return;
        };
        let Some(toplevel) = shell.toplevel_mut() else {
            return;
        };
        if toplevel.told == Some((size, toplevel.shown)) {
            return;
        }
        toplevel.tell(size);
        shell.configure(serial);
    }

    /// The size that a window has now, in the app's units.
    fn present_size(&self, id: &ObjectId) -> (i32, i32) {
        let scale = self.screen.scale;
        self.window(id).map_or((0, 0), |window| {
            (window.size.0 / scale, window.size.1 / scale)
        })
    }

    /// An app asks what its new window is to be like.
    pub(super) fn first_configure(&mut self, id: &ObjectId) {
        let area = self.monitors.first_area();
        let scale = self.screen.scale;
        let capabilities = self.capabilities();
        let Some(toplevel) = self.toplevel_mut(id) else {
            return;
        };
        if toplevel.object.version() >= 5 {
            toplevel.object.wm_capabilities(capabilities);
        }
        if toplevel.object.version() >= 4 {
            toplevel
                .object
                .configure_bounds(area.w / scale, area.h / scale);
        }
        toplevel.told = None;
        let size = match toplevel.shown {
            Shown {
                fullscreen: true, ..
            }
            | Shown {
                maximized: true, ..
            } => (area.w / scale, area.h / scale),
            _ => (0, 0),
        };
        self.configure(id, size);
    }

    /// What the window manager can do, as numbers of xdg_toplevel.
    fn capabilities(&self) -> Vec<u8> {
        let atoms = &self.screen.atoms;
        let known = if self.is_managed() {
            self.screen.root_numbers(atoms._NET_SUPPORTED)
        } else {
            vec![
                atoms._NET_WM_STATE_MAXIMIZED_VERT,
                atoms._NET_WM_STATE_FULLSCREEN,
            ]
        };
        [
            (1_u32, atoms._GTK_SHOW_WINDOW_MENU),
            (2, atoms._NET_WM_STATE_MAXIMIZED_VERT),
            (3, atoms._NET_WM_STATE_FULLSCREEN),
            (4, atoms._NET_WM_STATE_HIDDEN),
        ]
        .into_iter()
        .filter(|(_, atom)| known.contains(atom))
        .flat_map(|(number, _)| number.to_ne_bytes())
        .collect()
    }

    /// A window shows something for the first time.
    pub(super) fn map_toplevel(&mut self, id: &ObjectId) {
        let Some(part) = self.surfaces.get(id).map(|surface| surface.window_rect()) else {
            return;
        };
        let wanted = Wanted {
            look: self.look_of(id),
            at: (0, 0),
            part,
            override_redirect: false,
        };
        let made = Window::create(&self.screen, wanted);
        let made = made.and_then(|window| self.announce(id, window));
        match made {
            Ok(window) => {
                let xid = window.id;
                self.add_window(id, window);
                self.update_hints(id);
                let _ = self.screen.conn.map_window(xid);
                if !self.is_managed() {
                    self.place_unmanaged(id);
                }
            }
            Err(error) => self.broken(&error),
        }
    }

    /// All that the window manager knows before it sees a window.
    fn announce(&self, id: &ObjectId, mut window: Window) -> Result<Window, ReplyOrIdError> {
        let (screen, xid) = (&self.screen, window.id);
        let (conn, atoms) = (&screen.conn, &screen.atoms);
        let Some(toplevel) = self.shells.get(id).and_then(|shell| shell.toplevel()) else {
            return Ok(window);
        };
        let atom = AtomEnum::ATOM;
        let mut protocols = vec![atoms.WM_DELETE_WINDOW, atoms._NET_WM_PING];
        if screen.counters {
            let counter = conn.generate_id()?;
            conn.sync_create_counter(counter, Int64 { hi: 0, lo: 0 })?;
            window.counter = Some(counter);
            protocols.push(atoms._NET_WM_SYNC_REQUEST);
            let name = atoms._NET_WM_SYNC_REQUEST_COUNTER;
            conn.change_property32(PropMode::REPLACE, xid, name, AtomEnum::CARDINAL, &[counter])?;
        }
        conn.change_property32(PropMode::REPLACE, xid, atoms.WM_PROTOCOLS, atom, &protocols)?;
        let hints = WmHints {
            input: Some(true),
            initial_state: Some(if toplevel.shown.hidden {
                WmHintsState::Iconic
            } else {
                WmHintsState::Normal
            }),
            ..WmHints::new()
        };
        hints.set(conn, xid)?;
        let mut states = Vec::new();
        if toplevel.shown.maximized {
            states.push(atoms._NET_WM_STATE_MAXIMIZED_VERT);
            states.push(atoms._NET_WM_STATE_MAXIMIZED_HORZ);
        }
        if toplevel.shown.fullscreen {
            states.push(atoms._NET_WM_STATE_FULLSCREEN);
        }
        conn.change_property32(PropMode::REPLACE, xid, atoms._NET_WM_STATE, atom, &states)?;
        self.takes_drops(xid);
        self.write_title(xid, &toplevel.title)?;
        self.write_class(xid, &toplevel.app_id)?;
        self.write_icon(xid, &toplevel.icon)?;
        self.write_frame(xid, toplevel.own_frame)?;
        self.write_parent(xid, toplevel.parent.as_ref())?;
        Ok(window)
    }

    fn write_title(&self, window: u32, title: &str) -> Result<(), ReplyOrIdError> {
        let (conn, atoms) = (&self.screen.conn, &self.screen.atoms);
        for name in [atoms._NET_WM_NAME, atoms._NET_WM_ICON_NAME] {
            conn.change_property8(
                PropMode::REPLACE,
                window,
                name,
                atoms.UTF8_STRING,
                title.as_bytes(),
            )?;
        }
        // For those who know no other; they take it for Latin-1.
        let old: Vec<u8> = title
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect();
        for name in [AtomEnum::WM_NAME, AtomEnum::WM_ICON_NAME] {
            conn.change_property8(PropMode::REPLACE, window, name, AtomEnum::STRING, &old)?;
        }
        Ok(())
    }

    fn write_class(&self, window: u32, app_id: &str) -> Result<(), ReplyOrIdError> {
        let class = format!("{app_id}\0{app_id}\0");
        self.screen.conn.change_property8(
            PropMode::REPLACE,
            window,
            AtomEnum::WM_CLASS,
            AtomEnum::STRING,
            class.as_bytes(),
        )?;
        Ok(())
    }

    fn write_icon(&self, window: u32, icon: &[u32]) -> Result<(), ReplyOrIdError> {
        let (conn, name) = (&self.screen.conn, self.screen.atoms._NET_WM_ICON);
        if icon.is_empty() {
            conn.delete_property(window, name)?;
        } else {
            conn.change_property32(PropMode::REPLACE, window, name, AtomEnum::CARDINAL, icon)?;
        }
        Ok(())
    }

    /// Who draws the frame: flags, functions, decorations, mode, status.
    fn write_frame(&self, window: u32, own: bool) -> Result<(), ReplyOrIdError> {
        let hints = [2, 0, u32::from(!own), 0, 0];
        let name = self.screen.atoms._MOTIF_WM_HINTS;
        self.screen
            .conn
            .change_property32(PropMode::REPLACE, window, name, name, &hints)?;
        Ok(())
    }

    fn write_parent(&self, window: u32, parent: Option<&ObjectId>) -> Result<(), ReplyOrIdError> {
        let (conn, atoms) = (&self.screen.conn, &self.screen.atoms);
        let above = parent.and_then(|parent| self.window(parent)).map(|w| w.id);
        let name = AtomEnum::WM_TRANSIENT_FOR;
        let kind = match above {
            Some(above) => {
                conn.change_property32(
                    PropMode::REPLACE,
                    window,
                    name,
                    AtomEnum::WINDOW,
                    &[above],
                )?;
                atoms._NET_WM_WINDOW_TYPE_DIALOG
            }
            None => {
                conn.delete_property(window, name.into())?;
                atoms._NET_WM_WINDOW_TYPE_NORMAL
            }
        };
        let name = atoms._NET_WM_WINDOW_TYPE;
        conn.change_property32(PropMode::REPLACE, window, name, AtomEnum::ATOM, &[kind])?;
        Ok(())
    }

    pub(super) fn set_title(&mut self, id: &ObjectId, title: String) {
        if let Some(window) = self.window(id) {
            let _ = self.write_title(window.id, &title);
        }
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.title = title;
        }
    }

    pub(super) fn set_app_id(&mut self, id: &ObjectId, app_id: String) {
        // The two halves of a class end with NUL.
        let app_id = app_id.replace('\0', "");
        if let Some(window) = self.window(id) {
            let _ = self.write_class(window.id, &app_id);
        }
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.app_id = app_id;
        }
    }

    pub(super) fn set_icon(&mut self, id: &ObjectId, icon: Vec<u32>) {
        if let Some(window) = self.window(id) {
            let _ = self.write_icon(window.id, &icon);
        }
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.icon = icon;
        }
    }

    pub(super) fn set_parent(&mut self, id: &ObjectId, parent: Option<ObjectId>) {
        if let Some(window) = self.window(id) {
            let _ = self.write_parent(window.id, parent.as_ref());
        }
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.parent = parent;
        }
    }

    pub(super) fn set_own_frame(&mut self, id: &ObjectId, own: bool) {
        if let Some(window) = self.window(id) {
            let _ = self.write_frame(window.id, own);
        }
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.own_frame = own;
        }
    }

    /// A window that is shown commits: its size and limits may be others now.
    pub(super) fn toplevel_committed(&mut self, id: &ObjectId) {
        let scale = self.screen.scale;
        let Some(part) = self.surfaces.get(id).map(|surface| surface.window_rect()) else {
            return;
        };
        let Some(shell) = self.shells.get_mut(id) else {
            return;
        };
        let settled = shell.is_settled();
        let Some(window) = &mut shell.window else {
            return;
        };
        if (part.x, part.y) != (window.part.x, window.part.y) {
            window.damage_all();
        }
        window.part = part;
        let wish = part.scaled(scale).size();
        let (xid, has) = (window.id, window.size);
        let Some(shell) = self.shells.get_mut(id) else {
            return;
        };
        let Some(toplevel) = shell.toplevel_mut() else {
            return;
        };
        let fixed = toplevel.shown.maximized || toplevel.shown.fullscreen;
        if settled && wish != has && !fixed && toplevel.asked != Some(wish) {
            toplevel.asked = Some(wish);
            let aux = ConfigureWindowAux::new()
                .width(u32::from(side(wish.0)))
                .height(u32::from(side(wish.1)));
            let _ = self.screen.conn.configure_window(xid, &aux);
        } else if wish == has {
            toplevel.asked = None;
        }
        self.update_hints(id);
    }

    /// Tells the window manager the limits of a window's size.
    fn update_hints(&mut self, id: &ObjectId) {
        let Some((min, max)) = self.surfaces.get(id).map(|it| (it.min, it.max)) else {
            return;
        };
        let scale = self.screen.scale;
        let Some(shell) = self.shells.get_mut(id) else {
            return;
        };
        let Some(xid) = shell.window.as_ref().map(|window| window.id) else {
            return;
        };
        let Some(toplevel) = shell.toplevel_mut() else {
            return;
        };
        if toplevel.hints == Some((min, max)) {
            return;
        }
        toplevel.hints = Some((min, max));
        let wanted = |(w, h): (i32, i32)| {
            (w > 0 || h > 0).then(|| (w.saturating_mul(scale), h.saturating_mul(scale)))
        };
        let limit = |n: i32| if n == 0 { i32::from(i16::MAX) } else { n };
        let hints = WmSizeHints {
            min_size: wanted(min),
            max_size: wanted(max).map(|(w, h)| (limit(w), limit(h))),
            ..WmSizeHints::new()
        };
        let _ = hints.set_normal_hints(&self.screen.conn, xid);
    }

    /// Says something about a window to the window manager.
    pub(super) fn tell_manager(&self, window: u32, what: u32, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, window, what, data);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        let _ = self
            .screen
            .conn
            .send_event(false, self.screen.root, to, message);
    }

    pub(super) fn change_state(&self, window: u32, on: bool, states: [u32; 2]) {
        // 1: an app asks, not a pager.
        let data = [u32::from(on), states[0], states[1], 1, 0];
        self.tell_manager(window, self.screen.atoms._NET_WM_STATE, data);
    }

    pub(super) fn set_maximized(&mut self, id: &ObjectId, on: bool) {
        let atoms = &self.screen.atoms;
        let states = [
            atoms._NET_WM_STATE_MAXIMIZED_VERT,
            atoms._NET_WM_STATE_MAXIMIZED_HORZ,
        ];
        match self.window(id).map(|window| window.id) {
            Some(window) if self.is_managed() => self.change_state(window, on, states),
            _ => {
                if let Some(toplevel) = self.toplevel_mut(id) {
                    toplevel.shown.maximized = on;
                }
                self.fill_unmanaged(id);
            }
        }
    }

    pub(super) fn set_fullscreen(&mut self, id: &ObjectId, on: bool) {
        let states = [self.screen.atoms._NET_WM_STATE_FULLSCREEN, 0];
        match self.window(id).map(|window| window.id) {
            Some(window) if self.is_managed() => self.change_state(window, on, states),
            _ => {
                if let Some(toplevel) = self.toplevel_mut(id) {
                    toplevel.shown.fullscreen = on;
                }
                self.fill_unmanaged(id);
            }
        }
    }

    pub(super) fn minimize(&mut self, id: &ObjectId) {
        const ICONIC: u32 = 3;
        if let Some(window) = self.window(id) {
            let what = self.screen.atoms.WM_CHANGE_STATE;
            self.tell_manager(window.id, what, [ICONIC, 0, 0, 0, 0]);
        }
    }

    /// Lets the window manager drag a window, as if by its frame.
    pub(super) fn move_or_resize(&mut self, id: &ObjectId, direction: u32) {
        let Some(window) = self.window(id).map(|window| window.id) else {
            return;
        };
        if !self.is_managed() {
            self.drag_unmanaged(id, direction);
            return;
        }
        let Some((root, button)) = self.let_go_of_pointer() else {
            return;
        };
        let place = |n: i32| u32::from_ne_bytes(n.to_ne_bytes());
        let data = [place(root.0), place(root.1), direction, button, 1];
        self.tell_manager(window, self.screen.atoms._NET_WM_MOVERESIZE, data);
    }

    pub(super) fn show_menu(&mut self, id: &ObjectId, (x, y): (i32, i32)) {
        let scale = self.screen.scale;
        let Some((window, at, part)) = self.window(id).map(|w| (w.id, w.at, w.part)) else {
            return;
        };
        if self.let_go_of_pointer().is_none() {
            return;
        }
        let place = |n: i32| u32::from_ne_bytes(n.to_ne_bytes());
        let root = (at.0 + (x - part.x) * scale, at.1 + (y - part.y) * scale);
        // The device; the master pointer has always been the second.
        let data = [2, place(root.0), place(root.1), 0, 0];
        self.tell_manager(window, self.screen.atoms._GTK_SHOW_WINDOW_MENU, data);
    }

    /// The window manager or the user has given a window another place or size.
    pub(super) fn toplevel_moved(&mut self, id: &ObjectId, rect: Rect) {
        let scale = self.screen.scale;
        let Some(window) = self.window_mut(id) else {
            return;
        };
        let moved = window.at != (rect.x, rect.y);
        let resized = window.size != rect.size();
        (window.at, window.size) = ((rect.x, rect.y), rect.size());
        if resized {
            window.damage_all();
            let showing = window.part.scaled(scale).size();
            if showing != rect.size() {
                self.configure(id, (rect.w / scale, rect.h / scale));
            }
        }
        if moved {
            self.popups_follow(id);
        }
        if moved || resized {
            self.tell_outputs(id);
        }
    }

    /// The window manager shows a window in another way.
    pub(super) fn states_changed(&mut self, id: &ObjectId) {
        let atoms = &self.screen.atoms;
        let Some(window) = self.window(id) else {
            return;
        };
        let states = self.screen.numbers(window.id, atoms._NET_WM_STATE);
        let has = |atom| states.contains(&atom);
        let (maximized, fullscreen, hidden) = (
            has(atoms._NET_WM_STATE_MAXIMIZED_VERT) && has(atoms._NET_WM_STATE_MAXIMIZED_HORZ),
            has(atoms._NET_WM_STATE_FULLSCREEN),
            has(atoms._NET_WM_STATE_HIDDEN),
        );
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.shown = Shown {
                maximized,
                fullscreen,
                hidden,
                focused: toplevel.shown.focused,
            };
        }
        self.configure(id, self.present_size(id));
    }

    /// A window has the keyboard or not.
    pub(super) fn focus_changed(&mut self, id: &ObjectId, focused: bool) {
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.shown.focused = focused;
        }
        self.configure(id, self.present_size(id));
    }

    /// A window is an icon, or no longer.
    pub(super) fn visible(&mut self, id: &ObjectId, visible: bool) {
        if let Some(window) = self.window_mut(id) {
            window.viewable = visible;
        }
        if visible {
            self.wants_frame(id);
        }
    }

    /// The window manager asks whether a window can be closed.
    pub(super) fn close(&mut self, id: &ObjectId) {
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.object.close();
        }
    }

    /// The same wish, when others can grant it.
    pub(super) fn decorate_again(&mut self, id: &ObjectId) {
        if let Some(toplevel) = self.toplevel(id).filter(|it| it.decoration.is_some()) {
            self.decorate(id, toplevel.wish);
        }
    }

    /// Whether the host draws a frame round a window, as the app is told.
    pub(super) fn decorate(&mut self, id: &ObjectId, wish: Option<Mode>) {
        let managed = self.is_managed();
        if let Some(toplevel) = self.toplevel_mut(id) {
            toplevel.wish = wish;
        }
        let mode = match wish {
            _ if !managed => Mode::ClientSide,
            Some(mode) => mode,
            None => Mode::ServerSide,
        };
        self.set_own_frame(id, mode == Mode::ClientSide);
        let serial = self.next_serial();
        let Some(shell) = self.shells.get_mut(id) else {
            return;
        };
        let Some(decoration) = shell.toplevel_mut().and_then(|it| it.decoration.clone()) else {
            return;
        };
        decoration.configure(mode);
        if shell.configured {
            shell.configure(serial);
        }
    }
}
