//! Monitors: what the app is told of them, and how much of each is free of panels.

use std::collections::HashMap;

use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_manager_v1::{
    self, ZxdgOutputManagerV1,
};
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_v1::{self, ZxdgOutputV1};
use wayland_server::backend::{ClientId, GlobalId, ObjectId};
use wayland_server::protocol::wl_output::{self, Mode, Subpixel, Transform, WlOutput};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::State;
use super::rect::Rect;
use super::screen::Screen;

/// Millihertz, where the server does not know.
const USUAL: i32 = 60_000;

/// A monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Monitor {
    /// The server's name of it, by which it is known again.
    name: u32,
    rect: Rect,
    millimetres: (i32, i32),
    /// Millihertz.
    refresh: i32,
}

/// All monitors, the first one first, and what panels leave of the whole screen.
#[derive(Debug, Default)]
pub(super) struct Monitors {
    all: Vec<Monitor>,
    work: Rect,
    /// Nanoseconds of a frame of the fastest.
    pub(super) refresh: u32,
}

impl Monitors {
    pub(super) fn ask(screen: &Screen) -> Self {
        let mut all = ask(screen).unwrap_or_default();
        if all.is_empty() {
            all.push(whole(screen));
        }
        let fastest = all.iter().map(|one| one.refresh).max().unwrap_or(USUAL);
        let nanoseconds = 1_000_000_000_000_i64 / i64::from(fastest.max(1));
        let mut monitors = Self {
            all,
            work: Rect::default(),
            refresh: u32::try_from(nanoseconds).unwrap_or(0),
        };
        monitors.ask_work(screen);
        monitors
    }

    /// Asks the window manager what panels leave.
    pub(super) fn ask_work(&mut self, screen: &Screen) {
        let areas = screen.root_numbers(screen.atoms._NET_WORKAREA);
        let desktop = screen.root_numbers(screen.atoms._NET_CURRENT_DESKTOP);
        let desktop = desktop
            .first()
            .map_or(0, |n| usize::try_from(*n).unwrap_or(0));
        let side = |n: u32| i32::try_from(n).unwrap_or(0);
        let of = |numbers: &[u32]| match numbers {
            [x, y, w, h] => Some(Rect::new(side(*x), side(*y), side(*w), side(*h))),
            _ => None,
        };
        let area = areas
            .chunks_exact(4)
            .nth(desktop)
            .or(areas.chunks_exact(4).next());
        self.work = area.and_then(of).unwrap_or_default();
    }

    /// What a window can have of a monitor.
    fn area(&self, monitor: &Monitor) -> Rect {
        let free = monitor.rect.common(self.work);
        if free.is_empty() { monitor.rect } else { free }
    }

    pub(super) fn first_area(&self) -> Rect {
        self.all
            .first()
            .map_or_else(Rect::default, |one| self.area(one))
    }

    /// The monitor that has the most of a rectangle.
    fn of(&self, rect: Rect) -> Option<&Monitor> {
        let overlap = |one: &&Monitor| {
            let common = one
                .rect
                .common(Rect::new(rect.x, rect.y, rect.w.max(1), rect.h.max(1)));
            i64::from(common.w) * i64::from(common.h)
        };
        // The first of the best.
        self.all.iter().rev().max_by_key(overlap)
    }

    pub(super) fn area_of(&self, rect: Rect) -> Rect {
        self.of(rect)
            .map_or_else(Rect::default, |one| self.area(one))
    }

    /// All of that monitor.
    pub(super) fn whole_of(&self, rect: Rect) -> Rect {
        self.of(rect).map_or_else(Rect::default, |one| one.rect)
    }
}

fn ask(screen: &Screen) -> Option<Vec<Monitor>> {
    let conn = &screen.conn;
    let monitors = conn.randr_get_monitors(screen.root, true).ok()?;
    let resources = conn.randr_get_screen_resources_current(screen.root).ok()?;
    let (monitors, resources) = (monitors.reply().ok()?, resources.reply().ok()?);
    let refresh = |output: Option<&u32>| {
        let info = conn.randr_get_output_info(*output?, 0).ok()?.reply().ok()?;
        let crtc = conn.randr_get_crtc_info(info.crtc, 0).ok()?.reply().ok()?;
        let mode = resources.modes.iter().find(|mode| mode.id == crtc.mode)?;
        let dots = u64::from(mode.htotal) * u64::from(mode.vtotal);
        let rate = (u64::from(mode.dot_clock) * 1000).checked_div(dots)?;
        i32::try_from(rate)
            .ok()
            .filter(|rate| (1000..1_000_000).contains(rate))
    };
    let mut all: Vec<_> = monitors
        .monitors
        .iter()
        .map(|one| {
            let rect = Rect::new(
                one.x.into(),
                one.y.into(),
                one.width.into(),
                one.height.into(),
            );
            let size = |n: u32| i32::try_from(n).unwrap_or(0);
            let monitor = Monitor {
                name: one.name,
                rect,
                millimetres: (
                    size(one.width_in_millimeters),
                    size(one.height_in_millimeters),
                ),
                refresh: refresh(one.outputs.first()).unwrap_or(USUAL),
            };
            (!one.primary, monitor)
        })
        .filter(|(_, monitor)| !monitor.rect.is_empty())
        .collect();
    all.sort_by_key(|(other, _)| *other);
    Some(all.into_iter().map(|(_, monitor)| monitor).collect())
}

/// The whole screen as one monitor.
fn whole(screen: &Screen) -> Monitor {
    let size = screen
        .conn
        .get_geometry(screen.root)
        .ok()
        .and_then(|cookie| cookie.reply().ok())
        .map_or((1, 1), |it| (it.width.into(), it.height.into()));
    Monitor {
        name: 0,
        rect: Rect::sized(size),
        millimetres: (0, 0),
        refresh: USUAL,
    }
}

/// The app's objects for monitors, by the server's name of each.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    globals: HashMap<u32, GlobalId>,
    objects: Vec<(u32, WlOutput)>,
    logical: Vec<(u32, ZxdgOutputV1)>,
}

impl State {
    /// Offers monitors that are new, and takes back those that are gone.
    pub(super) fn offer_outputs(&mut self) {
        let monitors = Monitors::ask(&self.screen);
        let old = std::mem::replace(&mut self.monitors, monitors);
        for gone in &old.all {
            if !self.monitors.all.iter().any(|one| one.name == gone.name)
                && let Some(global) = self.outputs.globals.remove(&gone.name)
            {
                self.dh.disable_global::<Self>(global);
            }
        }
        for monitor in &self.monitors.all {
            let dh = &self.dh;
            let name = monitor.name;
            self.outputs
                .globals
                .entry(name)
                .or_insert_with(|| dh.create_global::<Self, WlOutput, _>(4, name));
            if !old.all.contains(monitor) {
                for (_, object) in self.outputs.objects.iter().filter(|it| it.0 == name) {
                    describe(object, monitor, self.screen.scale);
                }
                for (_, object) in self.outputs.logical.iter().filter(|it| it.0 == name) {
                    describe_logical(object, monitor, self.screen.scale);
                }
            }
        }
    }

    /// Tells a window on which monitor it is.
    pub(super) fn tell_outputs(&mut self, id: &ObjectId) {
        let Some(window) = self.window(id) else {
            return;
        };
        let place = window.place();
        let on = self.monitors.of(place).map(|monitor| monitor.name);
        let Some(surface) = self.surfaces.get(id) else {
            return;
        };
        for (name, output) in &self.outputs.objects {
            if Some(*name) == on && output.is_alive() {
                surface.object.enter(output);
            }
        }
    }
}

fn describe(output: &WlOutput, monitor: &Monitor, scale: i32) {
    let (rect, size) = (monitor.rect, monitor.millimetres);
    output.geometry(
        rect.x / scale,
        rect.y / scale,
        size.0,
        size.1,
        Subpixel::Unknown,
        "X".to_owned(),
        "monitor".to_owned(),
        Transform::Normal,
    );
    let flags = Mode::Current | Mode::Preferred;
    output.mode(flags, rect.w, rect.h, monitor.refresh);
    if output.version() >= 2 {
        output.scale(scale);
    }
    if output.version() >= 4 {
        output.name(format!("X-{}", monitor.name));
    }
    if output.version() >= 2 {
        output.done();
    }
}

fn describe_logical(output: &ZxdgOutputV1, monitor: &Monitor, scale: i32) {
    let rect = monitor.rect;
    output.logical_position(rect.x / scale, rect.y / scale);
    output.logical_size(rect.w / scale, rect.h / scale);
    if output.version() < 3 {
        output.done();
    }
}

impl GlobalDispatch<WlOutput, u32> for State {
    fn bind(
        state: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlOutput>,
        name: &u32,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let output = data_init.init(resource, *name);
        if let Some(monitor) = state.monitors.all.iter().find(|one| one.name == *name) {
            describe(&output, monitor, state.screen.scale);
        }
        state.outputs.objects.push((*name, output));
    }
}

impl Dispatch<WlOutput, u32> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _output: &WlOutput,
        _request: wl_output::Request,
        _name: &u32,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Release is the only request.
    }

    fn destroyed(state: &mut Self, _client: ClientId, output: &WlOutput, _name: &u32) {
        state.outputs.objects.retain(|(_, one)| one != output);
    }
}

impl Dispatch<ZxdgOutputManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _manager: &ZxdgOutputManagerV1,
        request: zxdg_output_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let zxdg_output_manager_v1::Request::GetXdgOutput { id, output } = request else {
            return;
        };
        let object = data_init.init(id, ());
        let name = output.data::<u32>().copied().unwrap_or_default();
        if let Some(monitor) = state.monitors.all.iter().find(|one| one.name == name) {
            describe_logical(&object, monitor, state.screen.scale);
        }
        state.outputs.logical.push((name, object));
    }
}

impl Dispatch<ZxdgOutputV1, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _output: &ZxdgOutputV1,
        _request: zxdg_output_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Destruction is the only request.
    }

    fn destroyed(state: &mut Self, _client: ClientId, output: &ZxdgOutputV1, (): &()) {
        state.outputs.logical.retain(|(_, one)| one != output);
    }
}
