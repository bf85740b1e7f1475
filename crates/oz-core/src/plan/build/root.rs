//! The root file system, in three parts: what is the same for all, what no app can change, then a seal, then what it
//! can.

use std::path::{Path, PathBuf};

use super::view::View;
use super::{Has, bus, device, etc, home, identity, proc, sound, system, tree};
use crate::plan::{Access, Bind, Home, HostFacts, Mode, Op, Source, User, layout};
use crate::profile::{Limits, Profile};

/// What the root is made for.
pub(super) struct Shape<'a> {
    pub profile: &'a Profile,
    pub facts: &'a HostFacts,
    pub home: &'a Home,
    /// Directory of the host for what is written over copies.
    pub copies: &'a Path,
    /// What is written there goes with the sandbox.
    pub volatile: bool,
    pub hostname: &'a str,
    pub has: Has,
    pub network: Mode,
}

impl Shape<'_> {
    pub fn user_home(&self) -> &Path {
        &self.facts.user.home
    }
}

/// Size of what only holds sockets and small files, in bytes.
const SMALL: u64 = 16 << 20;

/// What roots of this host begin with, whatever they are made for: the system as far as no app can change it, the
/// kernel's own file systems, who the user is, and what programs are told of what they can reach in nearly every sandbox. It
/// can be built before it is known for what.
pub(super) fn common(facts: &HostFacts) -> Vec<Op> {
    let mut ops = of_system(facts);
    let bus = facts.paths.contains_key(Path::new(layout::BUS_DAEMON));
    of_services(bus, bus, &mut ops);
    ops
}

fn of_system(facts: &HostFacts) -> Vec<Op> {
    let mut ops = Vec::new();
    system::operations(facts, &mut ops);
    etc::operations(facts, &mut ops);
    ops.push(symlink("/var/lib/dbus/machine-id", "/etc/machine-id"));
    of_kernel(facts, &mut ops);
    ops
}

/// What programs are told of what they can reach.
fn of_services(bus: bool, portals: bool, ops: &mut Vec<Op>) {
    sound::of_servers(ops);
    if bus {
        bus::configuration(portals, ops);
    }
}

/// What it goes on with, whatever the system is.
fn of_kernel(facts: &HostFacts, ops: &mut Vec<Op>) {
    device::operations(ops);
    proc::sys_skeleton(facts.cpus, ops);
    live(facts, ops);
    // Mount points, while the root can still take them.
    for path in ["/proc", "/tmp", "/dev/pts", "/dev/shm", "/dev/mqueue"] {
        ops.push(directory(path, 0o755));
    }
    proc::operations(ops);
    ops.push(Op::DevPts {
        path: "/dev/pts".into(),
    });
    ops.push(Op::Mqueue {
        path: "/dev/mqueue".into(),
    });
    identity::of_user(facts, ops);
    ops.push(directory(layout::runtime(facts.user.uid), 0o700));
}

/// All steps.
pub(super) fn operations(shape: &Shape<'_>, view: &View) -> Vec<Op> {
    let runtime = layout::runtime(shape.facts.user.uid);
    let tmp_size = shape.profile.limits.tmp_size.bytes();
    let mut ops = match &shape.facts.tree {
        None => {
            let mut ops = of_system(shape.facts);
            of_services(shape.has.bus, shape.has.portals, &mut ops);
            system::with_extras(shape, ops)
        }
        Some(tree) => {
            let mut ops = tree::operations(shape, tree, view);
            of_kernel(shape.facts, &mut ops);
            of_services(shape.has.bus, shape.has.portals, &mut ops);
            ops
        }
    };
    ops.push(etc::resolv_conf(shape.network));
    identity::of_sandbox(shape, &mut ops);
    ops.extend(shape.has.sound.then(sound::of_cards));
    if shape.has.x11 {
        ops.push(Op::Cookie {
            path: layout::X11_COOKIE.into(),
        });
    }
    home_point(shape, &mut ops);
    let home_is_mounted = *shape.home != Home::None;
    for (place, is_directory) in view.outermost() {
        if !(home_is_mounted && place.starts_with(shape.user_home())) {
            mount_point(place, is_directory, &mut ops);
        }
    }
    ops.push(Op::ReadOnly { path: "/".into() });

    ops.extend(memory(&runtime, tmp_size));
    if shape.has.x11 {
        ops.push(directory(layout::X11, 0o755));
    }
    if shape.has.sound {
        ops.push(directory(runtime.join(layout::PULSE), 0o700));
    }
    if shape.has.portals {
        ops.push(bus::sign(&runtime));
    }
    if let Some(tree) = &shape.facts.tree {
        tree::copies(shape, tree, view, &mut ops);
    }
    home::operations(shape, view, tmp_size, &mut ops);
    view.operations(shape.volatile, &mut ops);
    ops
}

/// File systems in memory, of which init may make those that are usual before their places are there.
pub(super) fn likely(user: &User) -> Vec<Op> {
    let size = Limits::default().tmp_size.bytes();
    let mut ops = Vec::from(memory(&layout::runtime(user.uid), size));
    ops.push(home::in_memory(&user.home, size));
    ops
}

/// Those of every sandbox.
fn memory(runtime: &Path, size: u64) -> [Op; 3] {
    [
        tmpfs("/dev/shm", 0o1777, size, true),
        tmpfs("/tmp", 0o1777, size, false),
        tmpfs(runtime, 0o700, SMALL, true),
    ]
}

/// What follows the host while the sandbox runs.
fn live(facts: &HostFacts, ops: &mut Vec<Op>) {
    ops.push(directory(layout::LIVE, 0o755));
    ops.push(Op::Bind(Bind {
        source: Source::User(facts.runtime.join(layout::LIVE_NAME)),
        path: layout::LIVE.into(),
        access: Access::Read,
        // A module of GTK's is in it. Nothing of an app ever is.
        noexec: false,
        optional: true,
        device: false,
    }));
}

/// Where the home is mounted, or the home itself if nothing is to be in it: then it is read-only as the root is.
fn home_point(shape: &Shape<'_>, ops: &mut Vec<Op>) {
    if *shape.home == Home::None {
        ops.push(directory(shape.user_home(), 0o555));
    } else {
        mount_point(shape.user_home(), true, ops);
    }
}

/// A place for a later mount; beneath /tmp, which comes later itself, init makes it.
fn mount_point(path: &Path, is_directory: bool, ops: &mut Vec<Op>) {
    if path.starts_with("/tmp") {
        return;
    }
    ops.push(if is_directory {
        directory(path, 0o755)
    } else {
        file(path, String::new())
    });
}

pub(super) fn directory(path: impl Into<PathBuf>, mode: u32) -> Op {
    Op::Directory {
        path: path.into(),
        mode,
    }
}

pub(super) fn file(path: impl Into<PathBuf>, content: String) -> Op {
    Op::File {
        path: path.into(),
        content,
        mode: 0o444,
    }
}

pub(super) fn symlink(path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Op {
    Op::Symlink {
        path: path.into(),
        target: target.into(),
    }
}

pub(super) fn tmpfs(path: impl Into<PathBuf>, mode: u32, size: u64, noexec: bool) -> Op {
    Op::Tmpfs {
        path: path.into(),
        mode,
        size,
        noexec,
    }
}

/// A read-only part of the system at its own place.
pub(super) fn system_bind(path: impl Into<PathBuf>, noexec: bool) -> Op {
    let path = path.into();
    Op::Bind(Bind {
        source: Source::System(path.clone()),
        path,
        access: Access::Read,
        noexec,
        // It was there when the facts were gathered; a package may be removed since.
        optional: true,
        device: false,
    })
}
