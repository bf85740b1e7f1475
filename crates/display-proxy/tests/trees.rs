//! Surfaces and subsurfaces in any order: the host sees the tree that the app means.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use std::collections::BTreeMap;

use common::{App, Rig, memory, picture};
use display_proxy::config::Buffers;
use oz_testkit::fakehost::Seen;
use oz_testkit::fakehost::tree::{Op, Tree};
use proptest::prelude::*;
use rustix::fs::MemfdFlags;
use wayland_client::protocol::wl_buffer::WlBuffer;
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;
use wayland_client::protocol::wl_subsurface::WlSubsurface;
use wayland_client::protocol::wl_surface::WlSurface;

const COLOURS: [u32; 4] = [0xff00_0001, 0xff00_0002, 0xff00_0003, 0xff00_0004];
/// What the last commit shows: all before it has arrived then.
const LAST: u32 = 0xff00_00ff;

fn op() -> impl Strategy<Value = Op> {
    let one = || 0..6_usize;
    let place = (-9..9_i32, -9..9_i32);
    let colour = proptest::option::weighted(0.8, proptest::sample::select(&COLOURS[..]));
    prop_oneof![
        2 => Just(Op::Surface),
        4 => (one(), one()).prop_map(|(child, parent)| Op::Subsurface(child, parent)),
        2 => (one(), place).prop_map(|(child, at)| Op::Position(child, at)),
        3 => (one(), any::<bool>(), one()).prop_map(|(child, above, other)| Op::Place(child, above, other)),
        2 => (one(), any::<bool>()).prop_map(|(child, sync)| Op::Sync(child, sync)),
        3 => (one(), colour).prop_map(|(surface, colour)| Op::Attach(surface, colour)),
        1 => (one(), 1..3).prop_map(|(surface, scale)| Op::Scale(surface, scale)),
        5 => one().prop_map(Op::Commit),
        1 => one().prop_map(Op::Leave),
        1 => one().prop_map(Op::Destroy),
    ]
}

/// The app's side of a tree.
struct Surfaces {
    compositor: WlCompositor,
    subcompositor: WlSubcompositor,
    buffers: BTreeMap<u32, WlBuffer>,
    surfaces: Vec<WlSurface>,
    subsurfaces: BTreeMap<usize, WlSubsurface>,
}

impl Surfaces {
    fn new(app: &App) -> Self {
        let buffer = |colour: u32| {
            let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(colour, 16, 16));
            (colour, app.buffer(&pixels, 16, 16))
        };
        Self {
            compositor: app.bind(4),
            subcompositor: app.bind(1),
            buffers: COLOURS
                .into_iter()
                .chain([LAST, LAST + 1])
                .map(buffer)
                .collect(),
            surfaces: Vec::new(),
            subsurfaces: BTreeMap::new(),
        }
    }

    fn ask(&mut self, app: &App, op: &Op) {
        match *op {
            Op::Surface => self
                .surfaces
                .push(self.compositor.create_surface(&app.qh, ())),
            Op::Subsurface(child, parent) => {
                // Of a parent that is gone. A surface that still had it could have no other.
                if let Some(old) = self.subsurfaces.remove(&child) {
                    old.destroy();
                }
                let (surface, parent) = (&self.surfaces[child], &self.surfaces[parent]);
                let subsurface = self
                    .subcompositor
                    .get_subsurface(surface, parent, &app.qh, ());
                self.subsurfaces.insert(child, subsurface);
            }
            Op::Position(child, (x, y)) => self.subsurfaces[&child].set_position(x, y),
            Op::Place(child, above, other) => {
                let (child, other) = (&self.subsurfaces[&child], &self.surfaces[other]);
                if above {
                    child.place_above(other);
                } else {
                    child.place_below(other);
                }
            }
            Op::Sync(child, true) => self.subsurfaces[&child].set_sync(),
            Op::Sync(child, false) => self.subsurfaces[&child].set_desync(),
            Op::Attach(surface, colour) => {
                let buffer = colour.map(|colour| &self.buffers[&colour]);
                self.surfaces[surface].attach(buffer, 0, 0);
            }
            Op::Scale(surface, scale) => self.surfaces[surface].set_buffer_scale(scale),
            Op::Commit(surface) => self.surfaces[surface].commit(),
            Op::Leave(child) => {
                if let Some(subsurface) = self.subsurfaces.remove(&child) {
                    subsurface.destroy();
                }
            }
            Op::Destroy(surface) => {
                self.subsurfaces
                    .remove(&surface)
                    .iter()
                    .for_each(WlSubsurface::destroy);
                self.surfaces[surface].destroy();
            }
        }
    }
}

fn same_tree(buffers: Buffers, ops: &[Op]) -> Result<(), TestCaseError> {
    let rig = Rig::with(|config| config.buffers = buffers);
    let mut app = rig.app();
    let mut surfaces = Surfaces::new(&app);
    let mut tree = Tree::default();
    let mut ask = |app: &App, tree: &mut Tree, op: Op| {
        tree.apply(&op);
        surfaces.ask(app, &op);
    };
    for op in ops {
        if tree.allows(op) && (*op != Op::Surface || tree.made() < 6) {
            ask(&app, &mut tree, op.clone());
        }
    }
    let last = tree.made();
    ask(&app, &mut tree, Op::Surface);
    for round in 0..2 {
        ask(&app, &mut tree, Op::Attach(last, Some(LAST + round)));
        ask(&app, &mut tree, Op::Commit(last));
        app.sync().unwrap();
        let arrived =
            |seen: &Seen| matches!(seen, Seen::Shown { first, .. } if *first == LAST + round);
        rig.host().wait_for(arrived);
        prop_assert_eq!(rig.host().tree().seen(), tree.seen(), "in round {}", round);
        // In the second round all that waited for a parent's commit can be seen.
        for surface in (0..last).chain(0..last) {
            let commit = Op::Commit(surface);
            if tree.allows(&commit) {
                ask(&app, &mut tree, commit);
            }
        }
    }
    let left = |seen: &Seen| matches!(seen, Seen::Left(_));
    prop_assert!(!rig.host().seen().iter().any(left));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_host_sees_the_tree_that_the_app_means(
        ops in proptest::collection::vec(op(), 1..80),
        copied in any::<bool>(),
    ) {
        let buffers = if copied { Buffers::Copied } else { Buffers::Shared };
        same_tree(buffers, &ops)?;
    }
}
