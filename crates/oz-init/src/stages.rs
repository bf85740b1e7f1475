//! From an empty set of namespaces to a finished sandbox: what all begin with, then an ordered list, each step
//! with its reason to be where it is.

use std::mem;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::report::{self, By, Held, Wall};
use oz_core::wire::Reader;
use oz_core::wire::init::Stage;
use oz_sys::mounts::{Attributes, Propagation, READ_ONLY, set_attributes};
use oz_sys::process::SingleThread;
use rustix::fs::{CWD, Mode, OFlags};

use crate::failure::{At, Failure};
use crate::inside::{Inside, Listening};
use crate::quotas::Quotas;
use crate::root::{self, filesystems};
use crate::start::{Begin, Start};
use crate::{limits, listeners, pivot, user_map};

/// What every sandbox begins with, in namespaces of its own; nothing of an app is there yet.
pub struct Begun {
    namespaces: Vec<OwnedFd>,
    proc: OwnedFd,
    root: root::Builder,
    quotas: Quotas,
}

/// Makes that.
///
/// The mount namespace has copies of all the host's mounts, which come and go with those: it belongs to another user
/// namespace, for which the kernel has made them so. Nothing is held back while init waits.
pub fn begin(begin: &Begin) -> Result<Begun, Failure> {
    // The steps' modes are meant as they are.
    rustix::process::umask(Mode::empty());
    // Without a map every file belongs to nobody and none can be made.
    user_map::write(&begin.user, None)?;
    if begin.network {
        oz_sys::network::loopback_up().at(Stage::Namespaces, "lo")?;
    }
    // One that has no path; the kernel makes it only while the host's is still in sight.
    let proc = filesystems::proc().at(Stage::Root, "proc")?;
    // Before /proc/1/ns is closed to everybody, init included.
    let namespaces = ["user", "mnt", "net", "pid"].map(|kind| namespace(&proc, kind));
    let namespaces = namespaces.into_iter().collect::<Result<_, _>>()?;
    let mut root = root::Builder::new(&begin.user.home)?;
    root.build(&begin.root)?;
    root.expect(&begin.likely)?;
    oz_sys::privileges::empty_bounding_set().at(Stage::Privileges, "bounding set")?;
    Ok(Begun {
        namespaces,
        quotas: Quotas::set(&proc),
        proc,
        root,
    })
}

fn namespace(proc: &OwnedFd, kind: &str) -> Result<OwnedFd, Failure> {
    let path = format!("self/ns/{kind}");
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(proc, &path, flags, Mode::empty()).at(Stage::Namespaces, path)
}

/// What the steps have made so far.
struct Building {
    start: Start,
    proc: OwnedFd,
    root: root::Builder,
    quotas: Quotas,
    listeners: Vec<Listening>,
    held: Vec<Held>,
}

struct Step {
    what: &'static str,
    why_now: &'static str,
    run: fn(&mut Building) -> Result<(), Failure>,
}

/// Looking for what a sandbox is made of, once it is known for what? Here it is.
const STEPS: &[Step] = &[
    Step {
        what: "name the host",
        why_now: "needs a capability that the last step gives up",
        run: |b| {
            let name = b.start.plan.hostname.as_str();
            rustix::system::sethostname(name.as_bytes()).at(Stage::Namespaces, name)
        },
    },
    Step {
        what: "cut the mount namespace off from the host's",
        why_now: "a mount that the host makes from here on must not appear inside, where it would not be read-only",
        run: |_| cut_off(),
    },
    Step {
        what: "build the root",
        why_now: "the sources are in sight until the pivot; the new root lies on top of the \
                  host's `/`, where no path leads to it, so all paths still mean the host's",
        run: |b| {
            let made = b.root.made();
            b.root.build(&b.start.plan.root[made..])
        },
    },
    Step {
        what: "listen",
        why_now: "the directories exist now and the root can still be written",
        run: |b| {
            b.listeners = listeners::bind(b.root.root(), &b.start.plan.listeners)?;
            Ok(())
        },
    },
    Step {
        what: "make the root itself read-only",
        why_now: "the plan has done so already; should it not have, this does",
        run: |b| {
            let read_only = Attributes {
                set: READ_ONLY,
                ..Attributes::default()
            };
            set_attributes(b.root.root(), false, read_only).at(Stage::Root, "/")
        },
    },
    Step {
        what: "enter the root and let go of the host's",
        why_now: "everything of the host that is needed has been mounted",
        run: |b| pivot::enter(b.root.root()),
    },
    Step {
        what: "share the mounts",
        why_now: "late mounts must reach mount namespaces that programs make of their own; a \
                  shared root could not have been entered",
        run: |b| {
            let shared = Attributes {
                propagation: Some(Propagation::Shared),
                ..Attributes::default()
            };
            set_attributes(b.root.root(), true, shared).at(Stage::Pivot, "/")
        },
    },
    Step {
        what: "set limits",
        why_now: "that of processes must be lower before a program's user namespace is made, \
                  which records it for good",
        run: |b| {
            b.held.push(limits::set(&b.start.plan, &b.proc)?);
            let quotas = mem::take(&mut b.quotas);
            b.held.push(quotas.finish(&b.start.plan, &b.proc));
            Ok(())
        },
    },
    Step {
        what: "put up the second wall",
        why_now: "init has mounted all that it ever will, and behind the wall nobody can; programs \
                  get it from init, so they all are behind the same one and can signal each other",
        run: |b| {
            let extent = oz_confine::landlock::sandbox(b.proc.as_fd())
                .map_err(|error| Failure::of_wall(Wall::Landlock, &error))?;
            b.held
                .push(Held::new(Wall::Landlock, extent.state, extent.why));
            Ok(())
        },
    },
    Step {
        what: "refuse to be less than the profile requires",
        why_now: "it is known now how far each wall holds, and nothing of the app has run yet",
        run: |b| match report::missing(&b.start.plan, By::Init, &b.held) {
            None => Ok(()),
            Some(line) => Err(Failure::of_wall(line.wall, &line.why)),
        },
    },
    Step {
        what: "give up all privileges",
        why_now: "last: every step above needed one",
        run: |_| {
            oz_sys::privileges::drop_own().at(Stage::Privileges, "capabilities")?;
            oz_sys::privileges::set_inspectable(false).at(Stage::Privileges, "dumpable")
        },
    },
];

/// Goes through the steps. A failure of one ends the launch.
pub fn finish(
    thread: SingleThread,
    begun: Begun,
    start: Start,
    more: Reader<OwnedFd>,
) -> Result<Inside, Failure> {
    let Begun {
        namespaces,
        proc,
        root,
        quotas,
    } = begun;
    let mut building = Building {
        start,
        proc,
        root,
        quotas,
        listeners: Vec::new(),
        held: Vec::new(),
    };
    for step in STEPS {
        debug_assert!(!step.what.is_empty() && !step.why_now.is_empty());
        (step.run)(&mut building)?;
    }
    let Building {
        start,
        proc,
        root,
        listeners,
        held,
        ..
    } = building;
    let (terminals, locks) = root.into_parts();
    Ok(Inside {
        thread,
        plan: start.plan,
        filter: start.filter,
        own_filter: start.own_filter,
        x_server_filter: start.x_server_filter,
        nonce: start.nonce,
        control: start.listener,
        more,
        namespaces,
        proc,
        terminals,
        locks,
        null: open_null().at(Stage::Pivot, "/dev/null")?,
        listeners,
        held,
    })
}

/// Keeps the mounts of the calling process's namespace and the host's apart.
fn cut_off() -> Result<(), Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::openat(CWD, "/", flags, Mode::empty()).at(Stage::Root, "/")?;
    let private = Attributes {
        propagation: Some(Propagation::Private),
        ..Attributes::default()
    };
    set_attributes(top, true, private).at(Stage::Root, "/")
}

/// The null device of the sandbox, which every plan has.
fn open_null() -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, "/dev/null", flags, Mode::empty())
}
