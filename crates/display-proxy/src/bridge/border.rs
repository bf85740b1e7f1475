//! The mark on the host's side: four thin surfaces of the proxy's own around each window and popup.
//!
//! They are subsurfaces of the app's surface, above all of its own, and synchronised with it: a new size of the window and
//! its border are shown together. The window that the host knows is the border and what is within. What the app is told
//! of sizes and places is without it.

use smithay::wayland::compositor::{SubsurfaceCachedState, get_children, get_parent, with_states};
use wayland_client::Proxy;
use wayland_client::protocol::wl_buffer::WlBuffer as HostBuffer;
use wayland_client::protocol::wl_shm::Format;
use wayland_client::protocol::wl_shm_pool::WlShmPool as HostPool;
use wayland_client::protocol::wl_subsurface::WlSubsurface as HostSubsurface;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use super::buffers::Rect;
use super::surfaces::{Role, Surface};
use crate::mark::canvas::Canvas;
use crate::mark::places::{Grip, Shape, Side};
use crate::policy;
use crate::session::Session;

/// Sharpest letters that are drawn.
const SCALE_MAX: i32 = 3;

/// How a window or popup lies in its border. All in the coordinates of the app's surface, but for [`Self::outer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fit {
    /// What the border lies around.
    inner: Rect,
    /// The window as the app means it.
    geometry: Rect,
    /// What of the surface is shown; the rest is cut off.
    pub(crate) shown: Rect,
    shape: Shape,
}

impl Fit {
    /// `parts` is where the subsurfaces are.
    pub(crate) fn new(
        size: (i32, i32),
        asked: Option<Rect>,
        parts: Option<Rect>,
        cuts: Cuts,
        shape: Shape,
    ) -> Self {
        let surface = Rect {
            x: 0,
            y: 0,
            w: size.0,
            h: size.1,
        };
        let with_parts = |rect: Rect| parts.map_or(rect, |parts| rect.united(&parts));
        let all = with_parts(surface);
        let geometry = asked.and_then(|asked| asked.common(&all)).unwrap_or(all);
        let inner = with_parts(geometry);
        let shown = match cuts {
            Cuts::No => surface,
            Cuts::Yes => surface.common(&inner).unwrap_or(surface),
            Cuts::Held(cut) => cut,
        };
        Self {
            inner: inner.united(&shown),
            geometry,
            shown,
            shape,
        }
    }

    /// The corner of what is shown: the host's coordinates begin there.
    pub(crate) fn shift(&self) -> (i32, i32) {
        (self.shown.x, self.shown.y)
    }

    /// The outer edge of the border, in the host's coordinates: the window that the host knows.
    pub(crate) fn outer(&self) -> Rect {
        self.shape.around(self.inner).from(self.shift())
    }

    /// What a press on a side means.
    pub(crate) fn grip(&self, side: Side, at: (f64, f64)) -> Grip {
        let outer = self.outer();
        self.shape.grip(side, at, (outer.w, outer.h))
    }

    /// The corner of a side, from that of the outer edge.
    pub(crate) fn corner(&self, side: Side) -> (i32, i32) {
        let outer = self.outer();
        let at = self.shape.side(side, outer);
        (at.x - outer.x, at.y - outer.y)
    }

    /// From the corner of the host's window to that of the app's.
    pub(crate) fn inset(&self) -> (i32, i32) {
        let around = self.shape.around(self.inner);
        (
            self.geometry.x.saturating_sub(around.x),
            self.geometry.y.saturating_sub(around.y),
        )
    }

    /// How much larger the host's window is than the app's, with a border of this shape.
    pub(crate) fn adds(&self, shape: Shape) -> (i32, i32) {
        let (w, h) = shape.adds();
        (
            w + self.inner.w - self.geometry.w,
            h + self.inner.h - self.geometry.h,
        )
    }

    fn is_too_large(&self) -> bool {
        self.inner.w.max(self.inner.h) > policy::SIDE_MAX
    }
}

/// Whether what is outside of a window can be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cuts {
    /// Not on this host.
    No,
    Yes,
    /// It was, with the buffer that is shown still.
    Held(Rect),
}

/// The surfaces of one border.
#[derive(Debug)]
pub(crate) struct Border {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    side: Side,
    host: HostSurface,
    subsurface: HostSubsurface,
    size: Option<(i32, i32)>,
}

/// User data of the host's surfaces that a border consists of.
#[derive(Debug, Clone)]
pub(crate) struct PartOf {
    /// The window's.
    pub(crate) surface: WlSurface,
    pub(crate) side: Side,
}

/// User data of the host's surface that is the cursor on borders.
#[derive(Debug)]
pub(crate) struct Arrow;

/// User data of the host's buffers of borders: each is shown once and goes when the host has done with it.
#[derive(Debug)]
pub(crate) struct Strip;

/// The strips as one connection to the host knows them.
#[derive(Debug)]
pub(crate) struct Strips {
    canvas: std::rc::Rc<Canvas>,
    pool: HostPool,
}

impl Border {
    /// The lowest of its surfaces: what the app shows is below.
    pub(crate) fn lowest(&self) -> Option<&HostSurface> {
        self.parts.first().map(|part| &part.host)
    }

    pub(crate) fn destroy(self) {
        for part in self.parts {
            part.subsurface.destroy();
            part.host.destroy();
        }
    }
}

impl Session {
    /// How a window or popup lies in its border with what it shows now; none for other surfaces.
    pub(crate) fn fit(&self, surface: &WlSurface) -> Option<Fit> {
        let shape = self.shape(surface)?;
        let link = self.surfaces.get(&surface.id())?;
        let size = link.size()?;
        let mut parts = None;
        self.extent(surface, (0, 0), (0, 0), &mut parts);
        let cuts = match link.cut {
            Some(cut) => Cuts::Held(cut),
            None if link.can_be_cut(&self.host) => Cuts::Yes,
            None => Cuts::No,
        };
        Some(Fit::new(size, link.geometry, parts, cuts, shape))
    }

    /// Where the subsurfaces of a surface are. Which of the places that an app has named is in force is the host's to
    /// know: both count. `from` and `to` are the bounds of where the surface itself is.
    fn extent(
        &self,
        surface: &WlSurface,
        from: (i64, i64),
        to: (i64, i64),
        into: &mut Option<Rect>,
    ) {
        for child in get_children(surface) {
            let (one, other) = with_states(&child, |states| {
                let mut guard = states.cached_state.get::<SubsurfaceCachedState>();
                let next = guard.pending().location;
                (guard.current().location, next)
            });
            let from = (
                from.0 + i64::from(one.x.min(other.x)),
                from.1 + i64::from(one.y.min(other.y)),
            );
            let to = (
                to.0 + i64::from(one.x.max(other.x)),
                to.1 + i64::from(one.y.max(other.y)),
            );
            let size = self.surfaces.get(&child.id()).and_then(Surface::size);
            if let Some((w, h)) = size {
                let far = |at: i64| i32::try_from(at).unwrap_or(i32::MAX);
                let near = |at: i64| i32::try_from(at).unwrap_or(i32::MIN);
                let rect = Rect {
                    x: near(from.0),
                    y: near(from.1),
                    w: far(to.0 - from.0 + i64::from(w)),
                    h: far(to.1 - from.1 + i64::from(h)),
                };
                *into = Some(into.map_or(rect, |sum| sum.united(&rect)));
            }
            self.extent(&child, from, to, into);
        }
    }

    /// From the corner of the host's window to that of the app's.
    pub(crate) fn inset(&self, surface: &WlSurface) -> (i32, i32) {
        let Some(shape) = self.shape(surface) else {
            return (0, 0);
        };
        let link = self.surfaces.get(&surface.id());
        let fit = link.and_then(|link| link.fit.as_ref());
        fit.map_or((shape.thickness(), shape.top()), Fit::inset)
    }

    /// How much larger the host's window is than the app's.
    pub(crate) fn adds(&self, surface: &WlSurface) -> (i32, i32) {
        match self.shape(surface) {
            Some(shape) => self.adds_with(surface, shape),
            None => (0, 0),
        }
    }

    /// The same with a border of another shape, if it has one.
    pub(crate) fn adds_with(&self, surface: &WlSurface, shape: Shape) -> (i32, i32) {
        if self.shape(surface).is_none() {
            return (0, 0);
        }
        let link = self.surfaces.get(&surface.id());
        let fit = link.and_then(|link| link.fit.as_ref());
        fit.map_or(shape.adds(), |fit| fit.adds(shape))
    }

    /// Whether windows have a border here.
    pub(crate) fn marks(&self) -> bool {
        self.shared.marking.borders() && self.host.subcompositor.is_some()
    }

    pub(crate) fn shape(&self, surface: &WlSurface) -> Option<Shape> {
        if !self.marks() {
            return None;
        }
        match &self.surfaces.get(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some(toplevel.shape),
            Role::Popup(_) => Some(Shape::Thin),
            Role::X11(shown) => Some(shown.shape()),
            _ => None,
        }
    }

    /// What of a subsurface has changed may reach outside of the border: that is made wider before it is shown.
    pub(crate) fn subsurface_changed(&mut self, surface: &WlSurface) {
        let root = std::iter::successors(get_parent(surface), get_parent).last();
        let Some(root) = root else { return };
        let Some(fit) = self.fit(&root) else { return };
        let known = self.surfaces.get(&root.id()).and_then(|link| link.fit);
        if known.is_none() || known == Some(fit) {
            return;
        }
        self.lay_border(&root, fit);
        if let Some(link) = self.surfaces.get(&root.id()) {
            link.host.commit();
        }
    }

    /// Brings a border to its place. It is shown with the next commit of the window.
    pub(crate) fn lay_border(&mut self, surface: &WlSurface, fit: Fit) {
        if fit.is_too_large() {
            self.offend(surface, "a window is larger than any that can be marked");
            return;
        }
        let outer = fit.outer();
        let shape = fit.shape;
        let longest = outer.w.max(outer.h);
        let scale = self.sharpness();
        if !self.ready_strips(longest, scale) {
            return;
        }
        let known = self.surfaces.get(&surface.id());
        if known.is_some_and(|link| link.border.is_none()) {
            self.make_border(surface);
        }
        let (Some(link), Some(strips)) = (self.surfaces.get_mut(&surface.id()), &self.strips)
        else {
            return;
        };
        let before = link.fit.replace(fit);
        let moved = before.map(|fit| fit.shift()) != Some(fit.shift());
        link.relay_view(&self.host, &self.qh);
        if let Some(border) = &mut link.border
            && before.map(|fit| (fit.outer(), fit.shape)) != Some((outer, shape))
        {
            for part in &mut border.parts {
                part.place(strips, &self.qh, shape, outer);
            }
            self.unsent += 24;
            let xdg = match &link.role {
                Role::Toplevel(toplevel) => Some(&toplevel.xdg),
                Role::Popup(popup) => Some(&popup.xdg),
                Role::X11(shown) => Some(&shown.xdg),
                _ => None,
            };
            if let Some(xdg) = xdg {
                xdg.set_window_geometry(outer.x, outer.y, outer.w, outer.h);
            }
        }
        if moved {
            self.move_subsurfaces(surface, fit.shift());
        }
    }

    /// Where subsurfaces are counts from the corner of what is shown.
    fn move_subsurfaces(&self, surface: &WlSurface, shift: (i32, i32)) {
        for child in get_children(surface) {
            let at = with_states(&child, |states| {
                let mut guard = states.cached_state.get::<SubsurfaceCachedState>();
                guard.pending().location
            });
            let link = self.surfaces.get(&child.id());
            if let Some(host) = link.and_then(Surface::subsurface) {
                host.set_position(at.x.saturating_sub(shift.0), at.y.saturating_sub(shift.1));
            }
        }
    }

    /// The scale at which letters are drawn: that of the sharpest screen.
    fn sharpness(&self) -> i32 {
        let screens = self.known.screens.values();
        let scales = screens.filter_map(|screen| screen.scale);
        scales.max().unwrap_or(1).clamp(1, SCALE_MAX)
    }

    /// From the app's coordinates on a surface to the host's.
    pub(crate) fn shift(&self, surface: &WlSurface) -> (i32, i32) {
        let link = self.surfaces.get(&surface.id());
        link.map_or((0, 0), Surface::shift)
    }

    /// From the host's coordinates on a surface to the app's.
    pub(crate) fn to_app(&self, surface: &WlSurface, (x, y): (f64, f64)) -> (f64, f64) {
        let shift = self.shift(surface);
        self.density
            .up_at((x + f64::from(shift.0), y + f64::from(shift.1)))
    }

    /// An arrow, for hosts that have no cursors to name.
    pub(crate) fn cursor(&mut self) -> Option<HostSurface> {
        if self.arrow.is_none() {
            if !self.ready_strips(1, self.sharpness()) {
                return None;
            }
            let strips = self.strips.as_ref()?;
            let host = self.host.compositor.create_surface(&self.qh, Arrow);
            let layout = strips.canvas.arrow();
            let buffer = strips.pool.create_buffer(
                layout.offset,
                layout.width,
                layout.height,
                layout.stride,
                Format::Argb8888,
                &self.qh,
                Strip,
            );
            host.attach(Some(&buffer), 0, 0);
            host.damage(0, 0, i32::MAX, i32::MAX);
            host.commit();
            self.arrow = Some(host);
        }
        self.arrow.clone()
    }

    fn ready_strips(&mut self, longest: i32, scale: i32) -> bool {
        let known = self.strips.as_ref();
        if known.is_some_and(|strips| strips.canvas.suits(longest, scale)) {
            return true;
        }
        let Some(canvas) = self.shared.marking.canvas(longest, scale) else {
            return false;
        };
        let fd = std::os::fd::AsFd::as_fd(&canvas.fd);
        let pool = self.host.shm.create_pool(fd, canvas.size, &self.qh, ());
        if let Some(old) = self.strips.replace(Strips { canvas, pool }) {
            old.pool.destroy();
        }
        true
    }

    fn make_border(&mut self, surface: &WlSurface) {
        let catches = self.host_window(surface).is_some();
        let (Some(subcompositor), Some(link)) = (
            &self.host.subcompositor,
            self.surfaces.get_mut(&surface.id()),
        ) else {
            return;
        };
        let parts = Side::ALL.map(|side| {
            let of = PartOf {
                surface: surface.clone(),
                side,
            };
            let host = self.host.compositor.create_surface(&self.qh, of);
            let subsurface = subcompositor.get_subsurface(&host, &link.host, &self.qh, ());
            if !catches {
                // A press beside a menu closes it, also when it is a press on its border.
                let nothing = self.host.compositor.create_region(&self.qh, ());
                host.set_input_region(Some(&nothing));
                nothing.destroy();
            }
            Part {
                side,
                host,
                subsurface,
                size: None,
            }
        });
        link.border = Some(Border {
            parts: parts.into(),
        });
    }
}

impl Part {
    fn place(
        &mut self,
        strips: &Strips,
        qh: &wayland_client::QueueHandle<Session>,
        shape: Shape,
        outer: Rect,
    ) {
        let at = shape.side(self.side, outer);
        self.subsurface.set_position(at.x, at.y);
        if self.size == Some((at.w, at.h)) {
            return;
        }
        self.size = Some((at.w, at.h));
        let length = match self.side {
            Side::Top | Side::Bottom => at.w,
            Side::Left | Side::Right => at.h,
        };
        let layout = strips.canvas.part(shape, self.side, length);
        let buffer: HostBuffer = strips.pool.create_buffer(
            layout.offset,
            layout.width,
            layout.height,
            layout.stride,
            Format::Xrgb8888,
            qh,
            Strip,
        );
        if self.host.version() >= 3 {
            self.host.set_buffer_scale(strips.canvas.scale);
        }
        self.host.attach(Some(&buffer), 0, 0);
        self.host.damage(0, 0, i32::MAX, i32::MAX);
        self.host.commit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::places::{BAR, BORDER};

    fn rect(x: i32, y: i32, w: i32, h: i32) -> Rect {
        Rect { x, y, w, h }
    }

    #[test]
    fn a_shadow_is_cut_off() {
        let fit = Fit::new(
            (200, 150),
            Some(rect(20, 20, 160, 110)),
            None,
            Cuts::Yes,
            Shape::Window,
        );
        assert_eq!(fit.shown, rect(20, 20, 160, 110));
        assert_eq!(
            fit.outer(),
            rect(-BORDER, -BAR, 160 + 2 * BORDER, 110 + BAR + BORDER)
        );
        assert_eq!(fit.inset(), (BORDER, BAR));
    }

    #[test]
    fn what_cannot_be_cut_is_within_the_border() {
        let fit = Fit::new(
            (200, 150),
            Some(rect(20, 20, 160, 110)),
            None,
            Cuts::No,
            Shape::Window,
        );
        assert_eq!(fit.shown, rect(0, 0, 200, 150));
        assert_eq!(fit.outer().w, 200 + 2 * BORDER);
        assert_eq!(fit.inset(), (BORDER + 20, BAR + 20));
        assert_eq!(
            fit.adds(Shape::Window),
            (40 + 2 * BORDER, 40 + BAR + BORDER)
        );
    }

    #[test]
    fn a_subsurface_outside_makes_the_border_wider() {
        let fit = Fit::new(
            (100, 100),
            Some(rect(10, 10, 80, 80)),
            Some(rect(-50, 20, 30, 30)),
            Cuts::Yes,
            Shape::Window,
        );
        assert_eq!(fit.shown, rect(0, 10, 90, 80));
        assert_eq!(
            fit.outer(),
            rect(-50 - BORDER, -BAR, 140 + 2 * BORDER, 80 + BAR + BORDER)
        );
    }

    #[test]
    fn frames_of_subsurfaces_around_a_surface_are_part_of_the_window() {
        let fit = Fit::new(
            (100, 100),
            Some(rect(-5, -30, 110, 135)),
            Some(rect(-5, -30, 110, 135)),
            Cuts::Yes,
            Shape::Window,
        );
        assert_eq!(fit.shown, rect(0, 0, 100, 100));
        assert_eq!(fit.inset(), (BORDER, BAR));
    }

    #[test]
    fn a_geometry_that_is_nowhere_or_lies_is_not_believed() {
        for asked in [rect(5000, 0, 10, 10), rect(-100, -100, 5000, 5000)] {
            let fit = Fit::new((100, 90), Some(asked), None, Cuts::Yes, Shape::Window);
            assert_eq!(fit.inner, rect(0, 0, 100, 90));
        }
        let far = Fit::new(
            (10, 10),
            None,
            Some(rect(i32::MAX, i32::MIN, i32::MAX, 1)),
            Cuts::Yes,
            Shape::Window,
        );
        assert!(far.is_too_large());
    }
}
