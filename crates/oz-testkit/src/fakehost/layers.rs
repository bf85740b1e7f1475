//! What a window consists of, from its lowest surface to its highest.
//!
//! What real hosts keep until a commit is in force at once here: a test looks when all has come.

use std::sync::PoisonError;

use wayland_protocols::wp::viewporter::server::wp_viewport::{self, WpViewport};
use wayland_server::protocol::wl_subsurface;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::Host;
use super::surface::{State, Surface};

/// One surface of a window, in the coordinates of its main surface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Where it is.
    pub at: (i32, i32),
    /// Its size.
    pub size: (i32, i32),
    /// Its first pixel.
    pub first: u32,
}

fn with<T>(surface: &WlSurface, act: impl FnOnce(&mut State) -> T) -> Option<T> {
    let data = surface.data::<Surface>()?;
    Some(act(&mut data
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)))
}

/// A new subsurface is the highest.
pub(crate) fn add(child: &WlSurface, parent: &WlSurface) {
    with(child, |state| state.parent = Some(parent.clone()));
    with(parent, |state| {
        if state.stack.is_empty() {
            state.stack.push(parent.clone());
        }
        state.stack.push(child.clone());
    });
}

/// All of a window.
pub(crate) fn layers(surface: &WlSurface) -> Vec<Layer> {
    let mut all = Vec::new();
    collect(surface, (0, 0), &mut all);
    all
}

/// Its surfaces in the same order.
pub(crate) fn surfaces(surface: &WlSurface) -> Vec<WlSurface> {
    let stack = with(surface, |state| state.stack.clone()).unwrap_or_default();
    if stack.is_empty() {
        return vec![surface.clone()];
    }
    let parts = stack.into_iter().filter(Resource::is_alive);
    parts
        .flat_map(|part| {
            if part == *surface {
                vec![part]
            } else {
                surfaces(&part)
            }
        })
        .collect()
}

fn collect(surface: &WlSurface, at: (i32, i32), into: &mut Vec<Layer>) {
    let Some((stack, size, first)) = with(surface, |state| {
        (state.stack.clone(), state.size(), state.first)
    }) else {
        return;
    };
    let own = size.map(|size| Layer { at, size, first });
    if stack.is_empty() {
        into.extend(own);
        return;
    }
    for part in stack.iter().filter(|part| part.is_alive()) {
        if part == surface {
            into.extend(own.clone());
        } else if let Some((x, y)) = with(part, |state| state.at) {
            collect(part, (at.0.saturating_add(x), at.1.saturating_add(y)), into);
        }
    }
}

/// What a client asks of a subsurface.
pub(crate) fn change(surface: &WlSurface, request: &wl_subsurface::Request) {
    use wl_subsurface::Request;
    match request {
        Request::SetPosition { x, y } => {
            with(surface, |state| state.at = (*x, *y));
        }
        Request::PlaceAbove { sibling } => restack(surface, sibling, 1),
        Request::PlaceBelow { sibling } => restack(surface, sibling, 0),
        Request::Destroy => {
            let parent = with(surface, |state| state.parent.take()).flatten();
            parent.and_then(|parent| {
                with(&parent, |state| state.stack.retain(|part| part != surface))
            });
        }
        _ => {}
    }
}

fn restack(surface: &WlSurface, sibling: &WlSurface, above: usize) {
    let parent = with(surface, |state| state.parent.clone()).flatten();
    parent.and_then(|parent| {
        with(&parent, |state| {
            state.stack.retain(|part| part != surface);
            let at = state.stack.iter().position(|part| part == sibling);
            let at = at.map_or(state.stack.len(), |at| at + above);
            state.stack.insert(at, surface.clone());
        })
    });
}

impl Dispatch<WpViewport, WlSurface> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _viewport: &WpViewport,
        request: wp_viewport::Request,
        surface: &WlSurface,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        let destination = match request {
            wp_viewport::Request::SetDestination { width, height } => (width, height),
            wp_viewport::Request::Destroy => (-1, -1),
            _ => return,
        };
        with(surface, |state| {
            state.destination = Some(destination).filter(|size| *size != (-1, -1));
        });
    }
}
