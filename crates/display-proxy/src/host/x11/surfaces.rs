//! Surfaces: what a client sets, when it comes into force, and how they lie on each other.

use std::collections::HashMap;
use std::rc::Rc;

use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_callback::WlCallback;
use wayland_server::protocol::wl_output::Transform;
use wayland_server::protocol::wl_surface::WlSurface;

use super::State;
use super::buffers::{Picture, Shown};
use super::rect::{Rect, Region};

/// A rectangle of a picture that is shown, as a viewport has it.
pub(super) type Source = (f64, f64, f64, f64);

/// What is set for the next commit; what is none stays.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) picture: Option<Option<Rc<Picture>>>,
    pub(super) offset: (i32, i32),
    pub(super) damage: Vec<Rect>,
    pub(super) buffer_damage: Vec<Rect>,
    pub(super) scale: Option<i32>,
    pub(super) transform: Option<Transform>,
    pub(super) source: Option<Option<Source>>,
    pub(super) destination: Option<Option<(i32, i32)>>,
    pub(super) opaque: Option<Option<Region>>,
    pub(super) input: Option<Option<Region>>,
    pub(super) callbacks: Vec<WlCallback>,
    pub(super) feedback: Vec<WpPresentationFeedback>,
    /// Of a window or popup.
    pub(super) geometry: Option<Rect>,
    pub(super) min: Option<(i32, i32)>,
    pub(super) max: Option<(i32, i32)>,
    /// Where children go.
    pub(super) places: Vec<(ObjectId, (i32, i32))>,
    /// The surfaces that lie on it, itself among them, from the lowest up.
    pub(super) order: Option<Vec<ObjectId>>,
}

impl Pending {
    /// A later commit comes on top of one that has not come into force.
    fn add(&mut self, newer: Self) {
        fn later<T>(old: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *old = new;
            }
        }
        later(&mut self.picture, newer.picture);
        later(&mut self.scale, newer.scale);
        later(&mut self.transform, newer.transform);
        later(&mut self.source, newer.source);
        later(&mut self.destination, newer.destination);
        later(&mut self.opaque, newer.opaque);
        later(&mut self.input, newer.input);
        later(&mut self.geometry, newer.geometry);
        later(&mut self.min, newer.min);
        later(&mut self.max, newer.max);
        later(&mut self.order, newer.order);
        self.offset.0 += newer.offset.0;
        self.offset.1 += newer.offset.1;
        self.damage.extend(newer.damage);
        self.buffer_damage.extend(newer.buffer_damage);
        self.callbacks.extend(newer.callbacks);
        self.feedback.extend(newer.feedback);
        self.places.extend(newer.places);
    }
}

/// What a surface is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    #[default]
    None,
    Subsurface,
    /// A window or a popup; what it is of X is in a table of its own.
    Shell,
    Cursor,
}

/// A surface as it is.
#[derive(Debug)]
pub(super) struct Surface {
    pub(super) object: WlSurface,
    pub(super) role: Role,
    pub(super) pending: Pending,
    /// Committed, but to come into force with the parent.
    waiting: Option<Pending>,
    pub(super) shown: Option<Shown>,
    pub(super) scale: i32,
    pub(super) transform: Transform,
    pub(super) source: Option<Source>,
    pub(super) destination: Option<(i32, i32)>,
    pub(super) opaque: Option<Region>,
    pub(super) input: Option<Region>,
    pub(super) geometry: Option<Rect>,
    pub(super) min: (i32, i32),
    pub(super) max: (i32, i32),
    /// Of a subsurface: whose, where on it, and whether its commits wait for the parent's.
    pub(super) parent: Option<ObjectId>,
    pub(super) place: (i32, i32),
    pub(super) synchronized: bool,
    pub(super) order: Vec<ObjectId>,
    /// Asked for with what is shown now, and not answered.
    pub(super) callbacks: Vec<WlCallback>,
    pub(super) feedback: Vec<WpPresentationFeedback>,
}

impl Surface {
    pub(super) fn new(object: WlSurface) -> Self {
        let order = vec![object.id()];
        Self {
            object,
            role: Role::None,
            pending: Pending::default(),
            waiting: None,
            shown: None,
            scale: 1,
            transform: Transform::Normal,
            source: None,
            destination: None,
            opaque: None,
            input: None,
            geometry: None,
            min: (0, 0),
            max: (0, 0),
            parent: None,
            place: (0, 0),
            synchronized: true,
            order,
            callbacks: Vec::new(),
            feedback: Vec::new(),
        }
    }

    pub(super) fn picture(&self) -> Option<&Rc<Picture>> {
        self.shown.as_ref().map(Shown::picture)
    }

    /// Its size in the app's units; nothing without a picture.
    pub(super) fn size(&self) -> (i32, i32) {
        let Some(picture) = self.picture() else {
            return (0, 0);
        };
        if let Some(size) = self.destination {
            return size;
        }
        if let Some((_, _, w, h)) = self.source {
            return (to_int(w.ceil()), to_int(h.ceil()));
        }
        let (w, h) = turned(self.transform, picture.size);
        (w / self.scale.max(1), h / self.scale.max(1))
    }

    /// The part of it that is the window, without shadows.
    pub(super) fn window_rect(&self) -> Rect {
        let all = Rect::sized(self.size());
        match self.geometry {
            Some(rect) if !rect.is_empty() => rect,
            _ => all,
        }
    }

    /// Whether a click at this point of it is for it.
    fn takes(&self, point: (f64, f64)) -> bool {
        Rect::sized(self.size()).contains(point)
            && self
                .input
                .as_ref()
                .is_none_or(|region| region.contains(point))
    }

    /// Brings what was committed into force; what is damaged, in its own units.
    fn apply(&mut self, new: Pending) -> Vec<Rect> {
        let before = (self.size(), self.source, self.transform, self.scale);
        let had = self.shown.is_some();
        let mut damage = new.damage;
        if let Some(scale) = new.scale {
            self.scale = scale.max(1);
        }
        if let Some(transform) = new.transform {
            self.transform = transform;
        }
        if let Some(source) = new.source {
            self.source = source;
        }
        if let Some(destination) = new.destination {
            self.destination = destination;
        }
        if let Some(picture) = new.picture {
            self.shown = picture.map(Shown::new);
        }
        if let Some(opaque) = new.opaque {
            self.opaque = opaque;
        }
        if let Some(input) = new.input {
            self.input = input;
        }
        if let Some(rect) = new.geometry {
            self.geometry = Some(rect);
        }
        self.min = new.min.unwrap_or(self.min);
        self.max = new.max.unwrap_or(self.max);
        self.callbacks.extend(new.callbacks);
        // What was not shown before the next came never will be.
        for feedback in std::mem::replace(&mut self.feedback, new.feedback) {
            feedback.discarded();
        }
        let after = (self.size(), self.source, self.transform, self.scale);
        if before != after || had != self.shown.is_some() {
            let (a, b) = (Rect::sized(before.0), Rect::sized(after.0));
            return vec![a.hull(b)];
        }
        if !new.buffer_damage.is_empty() && self.transform != Transform::Normal {
            return vec![Rect::sized(after.0)];
        }
        damage.extend(new.buffer_damage.into_iter().map(|rect| self.shows(rect)));
        damage
    }

    /// Where a part of its picture is seen.
    fn shows(&self, rect: Rect) -> Rect {
        let by = f64::from(self.scale);
        let whole = self.picture().map_or((0, 0), |picture| picture.size);
        let whole = (f64::from(whole.0) / by, f64::from(whole.1) / by);
        let (x, y, w, h) = self.source.unwrap_or((0.0, 0.0, whole.0, whole.1));
        let size = self.size();
        let axis = |from: i32, to: i32, start: f64, length: f64, shown: i32| {
            let at = |pixel: i32| (f64::from(pixel) / by - start) * f64::from(shown) / length;
            (to_int(at(from).floor()), to_int(at(to).ceil()))
        };
        let (left, right) = axis(rect.x, rect.right(), x, w, size.0);
        let (top, bottom) = axis(rect.y, rect.bottom(), y, h, size.1);
        Rect::new(
            left,
            top,
            right.saturating_sub(left),
            bottom.saturating_sub(top),
        )
    }
}

/// A number that is known to be small.
pub(super) fn to_int(n: f64) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "such a conversion saturates"
    )]
    let whole = n as i32;
    whole
}

/// The sides of a picture that is turned.
pub(super) fn turned(transform: Transform, (w, h): (i32, i32)) -> (i32, i32) {
    match transform {
        Transform::_90 | Transform::_270 | Transform::Flipped90 | Transform::Flipped270 => (h, w),
        _ => (w, h),
    }
}

/// All surfaces of a client.
pub(super) type Surfaces = HashMap<ObjectId, Surface>;

/// One surface of a tree, and where it is on the lowest.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) id: ObjectId,
    pub(super) at: (i32, i32),
}

/// Everything that is shown with a surface, from the lowest up.
pub(super) fn layers(surfaces: &Surfaces, root: &ObjectId) -> Vec<Layer> {
    let mut all = Vec::new();
    collect(surfaces, root, (0, 0), 0, &mut all);
    all
}

/// The bridge lets them nest less deeply than this.
const DEPTH: u32 = 64;

fn collect(surfaces: &Surfaces, id: &ObjectId, at: (i32, i32), depth: u32, all: &mut Vec<Layer>) {
    let Some(surface) = surfaces.get(id) else {
        return;
    };
    if surface.shown.is_none() || depth > DEPTH {
        return;
    }
    for one in &surface.order {
        if one == id {
            let id = id.clone();
            all.push(Layer { id, at });
        } else if let Some(child) = surfaces.get(one) {
            let place = (at.0 + child.place.0, at.1 + child.place.1);
            collect(surfaces, one, place, depth + 1, all);
        }
    }
}

/// Which surface of a tree is at a point, and where on it.
pub(super) fn surface_at(
    surfaces: &Surfaces,
    root: &ObjectId,
    (x, y): (f64, f64),
) -> Option<Layer> {
    layers(surfaces, root).into_iter().rev().find(|layer| {
        let point = (x - f64::from(layer.at.0), y - f64::from(layer.at.1));
        surfaces
            .get(&layer.id)
            .is_some_and(|surface| surface.takes(point))
    })
}

impl State {
    /// The surface at the root of the tree that a surface is in, and where in it.
    pub(super) fn root_of(&self, id: &ObjectId) -> (ObjectId, (i32, i32)) {
        let (mut id, mut at) = (id.clone(), (0, 0));
        for _ in 0..DEPTH {
            let Some(surface) = self.surfaces.get(&id) else {
                break;
            };
            let Some(parent) = &surface.parent else { break };
            at = (at.0 + surface.place.0, at.1 + surface.place.1);
            id = parent.clone();
        }
        (id, at)
    }

    /// Whether a subsurface's commits wait: it or one that it is on says so.
    fn is_synchronized(&self, id: &ObjectId) -> bool {
        let mut id = id.clone();
        for _ in 0..DEPTH {
            match self.surfaces.get(&id) {
                Some(surface) if surface.parent.is_some() && surface.synchronized => return true,
                Some(Surface {
                    parent: Some(parent),
                    ..
                }) => id = parent.clone(),
                _ => return false,
            }
        }
        false
    }

    /// A subsurface whose commits no longer wait.
    pub(super) fn commit_waiting(&mut self, id: &ObjectId) {
        if self.is_synchronized(id) {
            return;
        }
        let waiting = self.surfaces.get_mut(id).and_then(|it| it.waiting.take());
        if let Some(waiting) = waiting {
            self.apply(id, waiting, 0);
        }
    }

    pub(super) fn commit(&mut self, id: &ObjectId) {
        let waits = self.is_synchronized(id);
        let Some(surface) = self.surfaces.get_mut(id) else {
            return;
        };
        let new = std::mem::take(&mut surface.pending);
        let new = match surface.waiting.take() {
            Some(mut earlier) => {
                earlier.add(new);
                earlier
            }
            None => new,
        };
        if waits {
            surface.waiting = Some(new);
        } else {
            self.apply(id, new, 0);
        }
    }

    fn apply(&mut self, id: &ObjectId, mut new: Pending, depth: u32) {
        let (root, at) = self.root_of(id);
        let places = std::mem::take(&mut new.places);
        let order = new.order.take();
        let offset = std::mem::take(&mut new.offset);
        let Some(surface) = self.surfaces.get_mut(id) else {
            return;
        };
        let mut damage = surface.apply(new);
        if let Some(order) = order {
            surface.order = order;
            damage.push(Rect::sized(surface.size()));
        }
        let (role, children) = (surface.role, surface.order.clone());
        for rect in damage {
            self.damage(&root, rect.moved(at.0, at.1));
        }
        for (child, place) in places {
            if let Some(child) = self.surfaces.get_mut(&child) {
                let (old, new) = (child.place, place);
                child.place = place;
                let all = Rect::sized(child.size());
                for (x, y) in [old, new] {
                    self.damage(&root, all.moved(at.0 + x, at.1 + y));
                }
            }
        }
        if depth < DEPTH {
            for child in children.iter().filter(|child| *child != id) {
                let waiting = self
                    .surfaces
                    .get_mut(child)
                    .and_then(|child| child.waiting.take());
                if let Some(waiting) = waiting {
                    self.apply(child, waiting, depth + 1);
                }
            }
        }
        match role {
            Role::Shell => self.shell_committed(id),
            Role::Cursor => self.cursor_committed(id, offset),
            Role::None | Role::Subsurface => {}
        }
        self.wants_frame(&root);
    }

    /// What a surface is on is gone, or it itself.
    pub(super) fn surface_gone(&mut self, id: &ObjectId) {
        self.subsurface_gone(id);
        self.shell_gone(id);
        if let Some(surface) = self.surfaces.remove(id) {
            for feedback in surface.feedback {
                feedback.discarded();
            }
        }
        self.pointer_lost(id);
        self.keyboard_lost(id);
    }

    pub(super) fn subsurface_gone(&mut self, id: &ObjectId) {
        let (root, at) = self.root_of(id);
        let Some(surface) = self.surfaces.get_mut(id) else {
            return;
        };
        let size = surface.size();
        let Some(parent) = surface.parent.take() else {
            return;
        };
        surface.waiting = None;
        if let Some(parent) = self.surfaces.get_mut(&parent) {
            parent.order.retain(|child| child != id);
            if let Some(order) = &mut parent.pending.order {
                order.retain(|child| child != id);
            }
        }
        self.damage(&root, Rect::sized(size).moved(at.0, at.1));
    }
}
