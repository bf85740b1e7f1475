//! From an empty set of namespaces to a finished sandbox: an ordered list, each step with its
//! reason to be where it is.

use std::os::fd::{AsFd, OwnedFd};

use oz_core::plan::User;
use oz_core::report::{self, By, Held, Wall};
use oz_core::wire::init::Stage;
use oz_sys::mounts::{Attributes, Propagation, READ_ONLY, set_attributes};
use oz_sys::process::SingleThread;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::failure::{At, Failure};
use crate::inside::{Inside, Listening};
use crate::root::{self, Root, filesystems};
use crate::start::Start;
use crate::{limits, listeners, pivot, quotas, user_map};

/// What the steps have made so far.
struct Building {
    start: Start,
    namespaces: Vec<OwnedFd>,
    proc: Option<OwnedFd>,
    root: Option<Root>,
    terminals: Option<OwnedFd>,
    listeners: Vec<Listening>,
    held: Vec<Held>,
}

struct Step {
    what: &'static str,
    why_now: &'static str,
    run: fn(&mut Building) -> Result<(), Failure>,
}

/// Looking for what a sandbox is made of? Here it is.
const STEPS: &[Step] = &[
    Step {
        what: "map the user",
        why_now: "without a map every file belongs to nobody and none can be made",
        run: |b| match &b.start.spare {
            None => user_map::write(&b.start.plan.user, None),
            // Whoever made the user namespace has done it.
            Some(_) => is_user(&b.start.plan.user),
        },
    },
    Step {
        what: "name the host",
        why_now: "needs a capability that the last step gives up",
        run: |b| {
            let name = b.start.plan.hostname.as_str();
            rustix::system::sethostname(name.as_bytes()).at(Stage::Namespaces, name)
        },
    },
    Step {
        what: "bring the loopback interface up",
        why_now: "likewise",
        run: |b| match &b.start.spare {
            None if b.start.has_own_network() => {
                oz_sys::network::loopback_up().at(Stage::Namespaces, "lo")
            }
            // Likewise; and that of the host is not ours to change.
            None | Some(_) => Ok(()),
        },
    },
    Step {
        what: "cut the mount namespace off from the host's",
        why_now: "from here on, mounts are made that the host must not get, and one that the host \
                  makes later must not appear inside, where it would not be read-only",
        run: |_| cut_off(),
    },
    Step {
        what: "open a process file system that has no path",
        why_now: "the kernel makes one only while the host's is still in sight",
        run: |b| {
            b.proc = Some(filesystems::proc().at(Stage::Root, "proc")?);
            Ok(())
        },
    },
    Step {
        what: "keep descriptors of the namespaces",
        why_now: "the last step closes /proc/1/ns to everybody, init included",
        run: |b| {
            let proc = made(&b.proc)?;
            for kind in ["user", "mnt", "net", "pid"] {
                let path = format!("self/ns/{kind}");
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let fd = rustix::fs::openat(proc, &path, flags, Mode::empty())
                    .at(Stage::Namespaces, path)?;
                b.namespaces.push(fd);
            }
            Ok(())
        },
    },
    Step {
        what: "build the root",
        why_now: "the sources are in sight until the pivot; the new root lies on top of the \
                  host's `/`, where no path leads to it, so all paths still mean the host's",
        run: |b| {
            let (ops, home) = (&b.start.plan.root, &b.start.plan.user.home);
            let spare = b.start.spare.as_mut();
            let begun = spare.and_then(|spare| Some((spare.root.take()?, spare.steps)));
            let built = root::build(ops, home, begun)?;
            b.root = Some(built.root);
            b.terminals = built.terminals;
            Ok(())
        },
    },
    Step {
        what: "listen",
        why_now: "the directories exist now and the root can still be written",
        run: |b| {
            b.listeners = listeners::bind(made(&b.root)?, &b.start.plan.listeners)?;
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
            set_attributes(made(&b.root)?, false, read_only).at(Stage::Root, "/")
        },
    },
    Step {
        what: "enter the root and let go of the host's",
        why_now: "everything of the host that is needed has been mounted",
        run: |b| pivot::enter(made(&b.root)?),
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
            set_attributes(made(&b.root)?, true, shared).at(Stage::Pivot, "/")
        },
    },
    Step {
        what: "set limits",
        why_now: "that of processes must be lower before a program's user namespace is made, \
                  which records it for good",
        run: |b| {
            b.held.push(limits::set(&b.start.plan, made(&b.proc)?)?);
            b.held.push(quotas::set(&b.start.plan, made(&b.proc)?));
            Ok(())
        },
    },
    Step {
        what: "put up the second wall",
        why_now: "init has mounted all that it ever will, and behind the wall nobody can; programs \
                  get it from init, so they all are behind the same one and can signal each other",
        run: |b| {
            let extent = oz_confine::landlock::sandbox(made(&b.proc)?.as_fd())
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
            oz_sys::privileges::drop_all().at(Stage::Privileges, "capabilities")?;
            oz_sys::privileges::set_inspectable(false).at(Stage::Privileges, "dumpable")
        },
    },
];

/// Goes through the steps. A failure of one ends the launch.
pub fn run(thread: SingleThread, start: Start) -> Result<Inside, Failure> {
    let mut building = Building {
        start,
        namespaces: Vec::new(),
        proc: None,
        root: None,
        terminals: None,
        listeners: Vec::new(),
        held: Vec::new(),
    };
    // The plan's modes are meant as they are.
    rustix::process::umask(Mode::empty());
    for step in STEPS {
        debug_assert!(!step.what.is_empty() && !step.why_now.is_empty());
        (step.run)(&mut building)?;
    }
    let Building {
        start,
        namespaces,
        proc: Some(proc),
        terminals,
        listeners,
        held,
        ..
    } = building
    else {
        return Err(out_of_order());
    };
    Ok(Inside {
        thread,
        plan: start.plan,
        filter: start.filter,
        own_filter: start.own_filter,
        nonce: start.nonce,
        control: start.listener,
        more: start.more,
        namespaces,
        proc,
        terminals,
        null: open_null().at(Stage::Pivot, "/dev/null")?,
        listeners,
        held,
    })
}

/// Keeps the mounts of the calling process's namespace and the host's apart.
pub(crate) fn cut_off() -> Result<(), Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::openat(CWD, "/", flags, Mode::empty()).at(Stage::Root, "/")?;
    let private = Attributes {
        propagation: Some(Propagation::Private),
        ..Attributes::default()
    };
    set_attributes(top, true, private).at(Stage::Root, "/")
}

/// Nobody is launched as somebody else.
fn is_user(user: &User) -> Result<(), Failure> {
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    if (uid.as_raw(), gid.as_raw()) == (user.uid, user.gid) {
        Ok(())
    } else {
        Err(Errno::PERM).at(Stage::UserMap, user.name.as_str())
    }
}

/// The null device of the sandbox, which every plan has.
fn open_null() -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, "/dev/null", flags, Mode::empty())
}

fn made<T>(thing: &Option<T>) -> Result<&T, Failure> {
    thing.as_ref().ok_or_else(out_of_order)
}

/// A step ran before one that it needs: the list above is wrong.
fn out_of_order() -> Failure {
    Failure {
        stage: Stage::Root,
        subject: "order of the stages".into(),
        errno: 0,
    }
}
