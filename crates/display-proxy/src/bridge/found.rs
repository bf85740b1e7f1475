//! There is a host again: every window comes back with what it shows.
//!
//! What a request of the app may name comes before what names it: surfaces, windows, then all that is linked, in the order
//! in which the app has made it. Then each surface is shown what was kept of it, from the parts to the whole, as one commit. A
//! window waits until the host has said how it is to be.

use std::collections::BTreeMap;

use smithay::wayland::compositor::{
    SubsurfaceCachedState, TraversalAction, get_parent, with_states, with_surface_tree_upward,
};
use tracing::debug;
use wayland_client::protocol::wl_registry::WlRegistry as HostRegistry;
use wayland_client::{Connection, QueueHandle};
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use super::known::Known;
use super::surfaces::Role;
use crate::host::wayland::registry::{HostGlobals, Listing};
use crate::host::wayland::singletons::Singletons;
use crate::quota::Kind;
use crate::session::Session;

impl Session {
    /// A connection to a host is ready.
    pub(crate) fn find_host(
        &mut self,
        conn: &Connection,
        qh: QueueHandle<Self>,
        (registry, host): (HostRegistry, Singletons),
        listing: Listing,
    ) {
        debug!(session = self.id, "with a host again");
        self.open_host(conn, qh, registry, host);
        self.renew_globals(&listing.globals, listing.known);
        self.strips = None;
        self.arrow = None;
        let surfaces = self.objects::<WlSurface>();
        for surface in &surfaces {
            let of = surface.clone();
            if let Some(link) = self.surfaces.get_mut(&surface.id()) {
                link.host = self.host.compositor.create_surface(&self.qh, of);
            }
        }
        for surface in &surfaces {
            self.renew_toplevel(surface);
        }
        self.renew_links();
        // Each pool's goes again. Until the host has read them they are held here.
        self.unsent_fds = self.quota.held(Kind::Pool);
        self.renew_icons();
        self.renew_devices();
        for surface in &surfaces {
            self.renew_subsurfaces(surface);
        }
        self.show_again(surfaces);
        self.find_x11();
    }

    /// Which of this host's globals is behind which of the app's.
    fn renew_globals(&mut self, globals: &HostGlobals, known: Known) {
        let mut free: BTreeMap<u32, (&'static str, u32)> = globals.0.clone();
        let mut numbers = BTreeMap::new();
        let mut none = Vec::new();
        for (number, mirrored) in &mut self.mirrored {
            let same = free
                .iter()
                .find(|(_, (interface, _))| *interface == mirrored.interface);
            mirrored.host = same.map(|(name, (_, version))| (*name, *version));
            match mirrored.host {
                Some((name, _)) => {
                    free.remove(&name);
                    numbers.insert(name, *number);
                }
                // What managers are there an app has been told for good. Screens come and go.
                None if mirrored.interface == "wl_output" => none.push(*number),
                None => {}
            }
        }
        // Those that are new first: no app is to be without any screen.
        for (name, (interface, version)) in free {
            if matches!(interface, "wl_output" | "wl_seat") {
                let number = self.mirror(name, interface, version);
                numbers.extend(number.map(|number| (name, number)));
            }
        }
        for number in none {
            if let Some(gone) = self.mirrored.remove(&number) {
                self.dh.disable_global::<Self>(gone.global);
            }
        }
        let number = |name: u32| numbers.get(&name).copied();
        self.known = Known {
            screens: (known.screens.into_iter())
                .filter_map(|(name, screen)| Some((number(name)?, screen)))
                .collect(),
            seats: (known.seats.into_iter())
                .filter_map(|(name, seat)| Some((number(name)?, seat)))
                .collect(),
            ..known
        };
    }

    /// The subsurfaces of a surface, from the lowest to the highest, which is above those before it.
    fn renew_subsurfaces(&mut self, parent: &WlSurface) {
        let mut order = Vec::new();
        with_surface_tree_upward(
            parent,
            (),
            |surface, _, ()| {
                if surface == parent {
                    TraversalAction::DoChildren(())
                } else {
                    TraversalAction::SkipChildren
                }
            },
            |surface, _, ()| order.push(surface.clone()),
            |_, _, ()| true,
        );
        let (Some(subcompositor), Some(of)) = (
            self.host.subcompositor.clone(),
            self.surfaces.get(&parent.id()),
        ) else {
            return;
        };
        let of = of.host.clone();
        let mut below = true;
        for child in order {
            if child == *parent {
                below = false;
                continue;
            }
            let at = with_states(&child, |states| {
                let mut guard = states.cached_state.get::<SubsurfaceCachedState>();
                guard.pending().location
            });
            let Some(link) = self.surfaces.get_mut(&child.id()) else {
                continue;
            };
            let host = subcompositor.get_subsurface(&link.host, &of, &self.qh, ());
            host.set_position(at.x, at.y);
            if below {
                // Above the one before it, which is below its parent too.
                host.place_below(&of);
            }
            if link.desync {
                host.set_desync();
            }
            link.role = Role::Subsurface(host);
        }
    }

    /// Shows what was kept, of parts before what they are parts of.
    fn show_again(&mut self, mut surfaces: Vec<WlSurface>) {
        let depth =
            |surface: &WlSurface| std::iter::successors(get_parent(surface), get_parent).count();
        surfaces.sort_by_cached_key(|surface| std::cmp::Reverse(depth(surface)));
        for surface in surfaces {
            let role = self.surfaces.get(&surface.id()).map(|link| &link.role);
            match role {
                Some(Role::Toplevel(_)) => self.begin_again(&surface),
                // It was closed with its host.
                Some(Role::Popup(_)) => {}
                // What an X server draws has no place before its window has.
                Some(Role::X11(_)) => {}
                Some(Role::None) if self.x11.is_some() => {}
                _ => self.relay_held(&surface),
            }
        }
    }
}
