//! Every rule refuses a plan that breaks it, and a sound plan passes all.

mod common;

use std::path::{Path, PathBuf};

use oz_core::plan::check::check;
use oz_core::plan::facts::PathFact;
use oz_core::plan::{
    Access, Bind, Comparison, Effect, Home, Listener, Op, Operator, Overlay, Plan, Service, Source,
    build,
};

/// firefox's: a private home, a share, a display and a bus.
fn sound() -> Plan {
    let profile = common::catalogue([]).resolve("firefox").expect("resolves");
    build(&profile, &common::request("firefox"), &common::facts()).expect("builds")
}

/// A plan with a home in which nothing is.
fn without_home() -> Plan {
    let profile = common::profile(r#"{ "files": { "home": "none" } }"#);
    build(&profile, &common::request("app"), &common::facts()).expect("builds")
}

/// A plan with a home that is copied, and a rule about it.
fn with_copies() -> Plan {
    let profile = common::profile(
        r#"{ "files": { "home": "copy-on-write", "rules": { "~/Music": "copy-on-write" } } }"#,
    );
    build(&profile, &common::request("app"), &common::facts()).expect("planned")
}

fn copy(plan: &mut Plan) -> &mut Overlay {
    let mut overlays = plan.root.iter_mut().filter_map(|op| match op {
        Op::Overlay(overlay) => Some(overlay),
        _ => None,
    });
    overlays.next().expect("a copy")
}

/// A plan with a tree for a system, of which the app changes a copy.
fn with_tree() -> Plan {
    let profile = common::profile("{}");
    let facts = common::with_tree(true);
    build(&profile, &common::request("app"), &facts).expect("builds")
}

/// What breaks one.
const BREAKS_OF_A_TREE: &[(&str, Break)] = &[
    ("one system", |p| p.tree = None),
    ("one system", |p| {
        p.root.insert(0, bind(system("/opt"), "/opt", Access::Read))
    }),
    ("one system", |p| {
        first_bind(p, |bind| bind.path == Path::new("/etc/fonts")).path = "/etc/other".into()
    }),
    ("one system", |p| {
        first_bind(p, |bind| bind.path == Path::new("/etc/fonts")).access = Access::Write
    }),
    ("one system", |p| {
        let other = Source::Tree {
            tree: "/home/user".into(),
            path: "/etc/fonts".into(),
        };
        first_bind(p, |bind| bind.path == Path::new("/etc/fonts")).source = other
    }),
    ("one system", |p| {
        let bind = first_bind(p, |bind| bind.path == Path::new("/etc/fonts"));
        bind.path = "/run/x".into();
        bind.source = Source::Tree {
            tree: "/srv/tree".into(),
            path: "/run/x".into(),
        };
    }),
    ("not put over", |p| copy(p).source = "/srv/other".into()),
    ("not put over", |p| {
        p.tree.as_mut().expect("a tree").copied = false
    }),
    ("a place of its own", |p| {
        p.tree.as_mut().expect("a tree").path = "/home".into()
    }),
    ("a place of its own", |p| {
        p.tree.as_mut().expect("a tree").path = "/".into()
    }),
    ("a place of its own", |p| {
        p.tree.as_mut().expect("a tree").path = "/home/user/.ssh".into()
    }),
    ("a place of its own", |p| {
        p.tree.as_mut().expect("a tree").path = "/srv/../tree".into()
    }),
    ("a place of its own", |p| {
        copy(p).layers = "/srv/tree/layers".into()
    }),
];

/// A plan in which something is taken out of what may be written.
fn with_rules() -> Plan {
    let rules = r#"{ "files": { "rules": { "~/Music": "write", "~/Music/a/b/c": "hide" } } }"#;
    let mut facts = common::facts();
    for below in ["a", "a/b", "a/b/c"] {
        let path = Path::new("/home/user/Music").join(below);
        facts.paths.insert(path, PathFact::Directory);
    }
    build(&common::profile(rules), &common::request("app"), &facts).expect("builds")
}

/// Of the directory that is the home.
fn set_mode(plan: &mut Plan, wanted: u32) {
    for op in &mut plan.root {
        match op {
            Op::Directory { path, mode } if *path == plan.user.home => *mode = wanted,
            _ => {}
        }
    }
}

/// Which step makes the root read-only.
fn seal(plan: &Plan) -> usize {
    let seal = Op::ReadOnly { path: "/".into() };
    let at = plan.root.iter().position(|op| *op == seal);
    at.expect("a seal")
}

fn bind(source: Source, path: &str, access: Access) -> Op {
    Op::Bind(Bind {
        source,
        path: path.into(),
        access,
        noexec: false,
        optional: false,
        device: false,
    })
}

fn user(path: &str) -> Source {
    Source::User(path.into())
}

fn system(path: &str) -> Source {
    Source::System(path.into())
}

fn equal(argument: u8, value: u64) -> Comparison {
    Comparison {
        argument,
        low32: true,
        operator: Operator::Equal(value),
    }
}

fn first_bind(plan: &mut Plan, of: impl Fn(&Bind) -> bool) -> &mut Bind {
    plan.root
        .iter_mut()
        .find_map(|op| match op {
            Op::Bind(bind) if of(bind) => Some(bind),
            _ => None,
        })
        .expect("there is one")
}

fn forward(text: &str) -> oz_core::plan::Forward {
    text.parse().expect("a forward")
}

type Break = fn(&mut Plan);

/// What breaks a plan, by the rule that it breaks.
const BREAKS: &[(&str, Break)] = &[
    ("another version", |p| p.version += 1),
    ("16 forwards", |p| {
        p.network.forwards = (1..=17).map(|n| forward(&format!("in:tcp:{n}"))).collect()
    }),
    ("one place", |p| {
        p.network.forwards = vec![forward("in:tcp:80"), forward("in:tcp:80=81")]
    }),
    ("no wall that a forward", |p| {
        p.network.mode = oz_core::plan::Mode::Host;
        p.network.forwards = vec![forward("in:tcp:80")]
    }),
    ("opens a wall that is required", |p| {
        p.network.mode = oz_core::plan::Mode::Host;
        p.required = vec![oz_core::report::Wall::Network]
    }),
    ("printable", |p| p.user.name = "a\nroot::0:0".to_owned()),
    ("printable", |p| p.profile.clear()),
    ("no path", |p| p.profile = "../x".to_owned()),
    ("host name", |p| p.hostname = "a\nb".to_owned()),
    ("processes", |p| p.limits.processes = 0),
    ("open files", |p| p.limits.open_files = 1 << 30),
    ("64 MiB", |p| p.limits.total_memory = 0),
    ("a weight", |p| p.limits.cpu_weight = 0),
    ("a weight", |p| p.limits.cpu_weight = 10_001),
    ("ten minutes", |p| p.life.grace_ms = u32::MAX),
    ("base name", |p| p.life.watchdog = vec!["a/b".to_owned()]),
    ("watched programs", |p| {
        p.life.watchdog = vec!["a".to_owned(); 65]
    }),
    ("plain", |p| {
        p.root.push(Op::Mask {
            path: "relative".into(),
        })
    }),
    ("plain", |p| {
        p.root.push(Op::Mask {
            path: "/tmp/../etc".into(),
        })
    }),
    ("plain", |p| {
        p.root.push(Op::Mask {
            path: "/tmp//x".into(),
        })
    }),
    ("plain", |p| {
        p.root.push(Op::Mask {
            path: "/tmp/".into(),
        })
    }),
    ("plain", |p| {
        p.root.push(Op::Mask {
            path: "/tmp/\0".into(),
        })
    }),
    ("plain", |p| {
        p.root
            .push(bind(user("/data/../home"), "/data", Access::Read))
    }),
    ("plain", |p| p.user.home = PathBuf::from("home")),
    ("2048 steps", |p| {
        p.root.extend((0..3000).map(|_| Op::Mask {
            path: "/tmp/x".into(),
        }))
    }),
    ("directory of its own", |p| p.user.home = "/usr/home".into()),
    ("directory of its own", |p| p.user.home = "/".into()),
    ("root itself", |p| {
        p.root.push(Op::Mask { path: "/".into() })
    }),
    ("permission bits", |p| {
        p.root.push(Op::Directory {
            path: "/tmp/x".into(),
            mode: 0o4755,
        })
    }),
    ("has a size", |p| {
        p.root.push(Op::Tmpfs {
            path: "/tmp/x".into(),
            mode: 0o755,
            size: 0,
            noexec: true,
        })
    }),
    ("64 KiB", |p| {
        p.root.insert(
            0,
            Op::File {
                path: "/etc/x".into(),
                content: "x".repeat(1 << 20),
                mode: 0o444,
            },
        )
    }),
    ("made read-only", |p| {
        p.root.retain(|op| *op != Op::ReadOnly { path: "/".into() })
    }),
    ("after the seal", |p| {
        p.root.push(Op::File {
            path: "/etc/x".into(),
            content: String::new(),
            mode: 0o444,
        })
    }),
    ("after the seal", |p| {
        p.root.push(bind(user("/data"), "/data", Access::Read))
    }),
    ("after the seal", |p| {
        p.root
            .insert(0, bind(user("/data"), "/data", Access::Write))
    }),
    ("masked", |p| {
        p.root.retain(|op| {
            *op != Op::Mask {
                path: "/proc/kcore".into(),
            }
        })
    }),
    ("settings of the kernel", |p| {
        p.root.retain(|op| {
            *op != Op::ReadOnly {
                path: "/proc/sys".into(),
            }
        })
    }),
    ("one process file system", |p| {
        p.root.push(Op::Proc {
            path: "/tmp/proc".into(),
        })
    }),
    ("hides an earlier", |p| {
        p.root.push(Op::Tmpfs {
            path: "/home/user".into(),
            mode: 0o700,
            size: 1,
            noexec: true,
        })
    }),
    ("mounted in /proc", |p| {
        p.root.insert(
            seal(p),
            Op::Pin {
                path: "/proc/1".into(),
            },
        )
    }),
    ("as the plan says", |p| p.home = Home::Ephemeral),
    ("as the plan says", |p| {
        p.home = Home::Private("/data/other".into())
    }),
    // What is mounted there is not nothing.
    ("as the plan says", |p| p.home = Home::None),
    ("as the plan says", |p| {
        *p = without_home();
        set_mode(p, 0o755);
    }),
    ("as the plan says", |p| {
        *p = without_home();
        let in_tmp = |op: &mut Op| match op {
            Op::Directory { path, .. } if *path == p.user.home => *path = "/tmp/home".into(),
            _ => {}
        };
        p.root.iter_mut().for_each(in_tmp);
        p.user.home = "/tmp/home".into();
    }),
    ("as the plan says", |p| {
        *p = without_home();
        p.root.push(Op::Mask {
            path: "/home/user".into(),
        });
    }),
    ("not for sandboxes", |p| {
        first_bind(p, |b| b.path.ends_with("fonts")).source = system("/root")
    }),
    ("not for sandboxes", |p| {
        p.root.insert(0, bind(system("/etc"), "/etc", Access::Read))
    }),
    ("not for sandboxes", |p| {
        first_bind(p, |b| b.path.ends_with("usr")).source = system("/")
    }),
    ("not for sandboxes", |p| {
        p.root
            .insert(0, bind(system("/etc/ssh"), "/etc/ssh", Access::Read))
    }),
    ("its own place", |p| {
        p.root
            .insert(0, bind(system("/usr/bin"), "/bench", Access::Read))
    }),
    ("no place of the user", |p| {
        p.root.push(bind(user("/"), "/tmp/x", Access::Read))
    }),
    ("no place of the user", |p| {
        p.root.push(bind(user("/home"), "/tmp/x", Access::Read))
    }),
    ("no place of the user", |p| {
        p.root
            .push(bind(user("/home/user"), "/tmp/x", Access::Read))
    }),
    ("no place of the user", |p| {
        p.root.push(bind(user("/proc"), "/tmp/x", Access::Read))
    }),
    ("over the system", |p| {
        p.root
            .insert(0, bind(user("/data"), "/etc/x", Access::Read))
    }),
    ("system is read-only", |p| {
        first_bind(p, |b| b.path.ends_with("usr")).access = Access::Write
    }),
    ("harmless devices", |p| {
        p.root.insert(
            0,
            Op::Bind(Bind {
                device: true,
                ..match bind(system("/dev/mem"), "/dev/mem", Access::Read) {
                    Op::Bind(b) => b,
                    _ => unreachable!(),
                }
            }),
        )
    }),
    ("harmless devices", |p| {
        first_bind(p, |b| b.device).path = "/dev/other".into()
    }),
    ("cannot be written", |p| {
        first_bind(p, |b| b.path.ends_with("Downloads")).source = user("/home/user/.ssh")
    }),
    ("cannot be written", |p| {
        first_bind(p, |b| b.path.ends_with("Downloads")).source = user("/home/user/.config")
    }),
    ("below a share are masked", |p| {
        p.root
            .push(bind(user("/home/user/.local"), "/tmp/x", Access::Read))
    }),
    ("a mount of its own", |p| {
        *p = with_rules();
        p.root
            .retain(|op| !matches!(op, Op::Pin { path } if path.ends_with("a/b")));
    }),
    // Not only the nearest.
    ("a mount of its own", |p| {
        *p = with_rules();
        p.root
            .retain(|op| !matches!(op, Op::Pin { path } if path.ends_with("a")));
    }),
    // Copies.
    ("below a share are masked", |p| {
        *p = with_copies();
        copy(p).hidden.retain(|hidden| !hidden.ends_with(".ssh"));
    }),
    ("below a share are masked", |p| {
        *p = with_copies();
        copy(p)
            .hidden
            .retain(|hidden| !hidden.ends_with("autostart"));
    }),
    ("below a share are masked", |p| {
        // What is Oz's own cannot even be named.
        *p = with_copies();
        p.rules[0].places = vec!["/home/user/.config/oz".into()];
        p.rules[0].effect = Effect::CopyOnWrite;
        copy(p)
            .hidden
            .retain(|hidden| !hidden.ends_with(".config/oz"));
    }),
    ("sees the layers", |p| {
        *p = with_copies();
        p.home = Home::CopyOnWrite("/home/user/Music".into());
        copy(p).layers = "/home/user/Music/layers".into();
    }),
    ("sees the layers", |p| {
        *p = with_copies();
        p.root.push(bind(
            user("/home/user/.local/state/oz/copies/app/home/upper"),
            "/tmp/x",
            Access::Read,
        ));
    }),
    ("sees the layers", |p| {
        *p = with_copies();
        let layers = copy(p).layers.clone();
        let mut second = copy(p).clone();
        (second.source, second.path) = ("/srv/common".into(), "/tmp/x".into());
        second.layers = layers;
        p.root.push(Op::Overlay(second));
    }),
    ("sees the layers", |p| {
        *p = with_copies();
        p.home = Home::CopyOnWrite("/etc".into());
        copy(p).layers = "/etc/x".into();
    }),
    ("plain path below it", |p| {
        *p = with_copies();
        copy(p).hidden.push("../other".into());
    }),
    ("plain path below it", |p| {
        *p = with_copies();
        copy(p).hidden.push("".into());
    }),
    ("no place of the user", |p| {
        *p = with_copies();
        let mut other = copy(p).clone();
        (other.source, other.path) = ("/home".into(), "/tmp/x".into());
        other.layers = other.layers.with_file_name("x");
        p.root.push(Op::Overlay(other));
    }),
    ("no place of the user", |p| {
        *p = with_copies();
        let mut other = copy(p).clone();
        (other.source, other.path) = ("/etc".into(), "/tmp/x".into());
        other.layers = other.layers.with_file_name("x");
        p.root.push(Op::Overlay(other));
    }),
    ("as the plan says", |p| {
        *p = with_copies();
        copy(p).source = "/home/other".into();
    }),
    ("as the plan says", |p| {
        *p = with_copies();
        p.home = Home::CopyOnWrite("/elsewhere".into());
    }),
    ("after the seal", |p| {
        *p = with_copies();
        let at = p
            .root
            .iter()
            .position(|op| matches!(op, Op::Overlay(_)))
            .expect("there");
        let op = p.root.remove(at);
        let seal = seal(p);
        p.root.insert(seal, op);
    }),
    ("said of a rule", |p| {
        *p = with_copies();
        copy(p).hidden.push("Music".into());
    }),
    ("said of a rule", |p| {
        *p = with_rules();
        let shown = |op: &Op| matches!(op, Op::Mask { path } if path.ends_with("c"));
        p.root.retain(|op| !shown(op));
        p.root.push(bind(
            user("/home/user/Music/a/b/c"),
            "/home/user/Music/a/b/c",
            Access::Write,
        ));
    }),
    ("said of a rule", |p| {
        *p = with_rules();
        p.rules[1].effect = Effect::Read;
    }),
    ("said of a rule", |p| {
        p.rules[0].places.push("/home/user/Music".into())
    }),
    ("rules are printable", |p| {
        p.rules[0].rule = "~/a\u{1b}[2J".to_owned()
    }),
    ("plain", |p| p.rules[0].places.push("Music".into())),
    ("2048 rules", |p| {
        p.rules[0].places = vec!["/home/user/Downloads".into(); 3000]
    }),
    ("below a share are masked", |p| {
        // A mask of the directory itself is none of what is in it.
        p.root.push(bind(
            user("/home/user/.local"),
            "/home/user/.local",
            Access::Read,
        ));
        p.root.push(Op::Mask {
            path: "/home/user/.local".into(),
        });
    }),
    ("a name and no NUL", |p| {
        drop(p.environment.insert("A=B".to_owned(), String::new()))
    }),
    ("a name and no NUL", |p| {
        drop(p.environment.insert("A".to_owned(), "\0".to_owned()))
    }),
    ("128 KiB", |p| {
        drop(p.environment.insert("A".to_owned(), "x".repeat(1 << 20)))
    }),
    ("cannot go inside", |p| {
        drop(
            p.environment
                .insert("LD_PRELOAD".to_owned(), "/x.so".to_owned()),
        )
    }),
    ("cannot go inside", |p| {
        drop(
            p.environment
                .insert("SSH_AUTH_SOCK".to_owned(), "/x".to_owned()),
        )
    }),
    ("a place inside", |p| {
        drop(p.environment.insert("PATH".to_owned(), "/tmp".to_owned()))
    }),
    ("in the runtime directory", |p| {
        p.listeners[0].path = "/tmp/wayland-0".into()
    }),
    ("one socket", |p| p.listeners.push(p.listeners[0].clone())),
    ("not served so", |p| {
        p.listeners[2].helper = Some(vec!["/bin/sh".to_owned()])
    }),
    ("not served so", |p| p.listeners[2].helper = None),
    ("configuration of ours", |p| {
        p.root
            .retain(|op| op.target() != Path::new("/run/oz/bus.conf"))
    }),
    ("go together", |p| p.display = None),
    ("go together", |p| {
        p.listeners
            .retain(|l: &Listener| l.service != Service::Wayland)
    }),
    ("go together", |p| p.audio = None),
    ("go together", |p| {
        p.listeners
            .retain(|l: &Listener| l.service != Service::Pulse)
    }),
    ("go together", |p| {
        p.environment.remove("PULSE_SERVER");
    }),
    ("100 percent", |p| {
        p.audio.as_mut().expect("is there").speaker_volume = 101
    }),
    ("not served so", |p| {
        p.listeners[1].helper = Some(vec!["/usr/bin/pulseaudio".to_owned()])
    }),
    ("in the runtime directory", |p| {
        p.listeners[1].path = "/run/user/1000/native".into()
    }),
    ("names a place inside", |p| {
        p.environment.insert(
            "PULSE_SERVER".to_owned(),
            "unix:/run/user/1000/oz/x".to_owned(),
        );
    }),
    ("no sandbox is allowed", |p| {
        p.syscalls.allow.push("mount".to_owned())
    }),
    ("no sandbox is allowed", |p| {
        p.syscalls.allow.push("clone3".to_owned())
    }),
    ("no sandbox is allowed", |p| {
        drop(
            p.syscalls
                .conditional
                .insert("bpf".to_owned(), vec![vec![equal(0, 0)]]),
        )
    }),
    ("said once", |p| p.syscalls.allow.push("ioctl".to_owned())),
    ("said once", |p| p.syscalls.allow.push("read".to_owned())),
    ("said once", |p| {
        p.syscalls.allow.push("no such call".to_owned())
    }),
    ("arguments 0 to 5", |p| {
        p.syscalls.allow.retain(|name| name != "tee");
        p.syscalls.conditional.insert("tee".to_owned(), vec![]);
    }),
    ("arguments 0 to 5", |p| {
        p.syscalls
            .conditional
            .get_mut("socket")
            .expect("is there")
            .push(vec![equal(6, 0)])
    }),
    ("arguments 0 to 5", |p| {
        p.syscalls
            .conditional
            .get_mut("socket")
            .expect("is there")
            .push(vec![])
    }),
    ("make namespaces", |p| {
        p.syscalls
            .conditional
            .get_mut("clone")
            .expect("is there")
            .push(vec![equal(0, 0x1000_0000)])
    }),
    ("make namespaces", |p| {
        p.syscalls.user_namespaces = false;
        p.syscalls.allow.retain(|name| name != "chroot");
        p.syscalls.conditional.remove("unshare");
    }),
    ("no sandbox is allowed", |p| {
        p.syscalls.user_namespaces = false
    }),
    ("make namespaces", |p| {
        p.syscalls
            .conditional
            .get_mut("unshare")
            .expect("is there")
            .push(vec![equal(0, 0x1002_0000)])
    }),
    ("some arguments only", |p| {
        p.syscalls.conditional.remove("unshare");
        p.syscalls.allow.push("unshare".to_owned());
    }),
    ("what is listed", |p| {
        p.syscalls
            .conditional
            .get_mut("socket")
            .expect("is there")
            .push(vec![equal(0, 16)])
    }),
    ("what is listed", |p| {
        p.syscalls
            .conditional
            .get_mut("setsockopt")
            .expect("is there")
            .push(vec![equal(1, 0)])
    }),
    ("what is listed", |p| {
        p.syscalls
            .conditional
            .get_mut("setrlimit")
            .expect("is there")
            .push(vec![equal(0, 4)])
    }),
    ("so already", |p| {
        drop(
            p.syscalls
                .answered
                .insert("socket".to_owned(), vec![vec![equal(0, 16)]]),
        )
    }),
    ("64 MiB of memory", |p| p.limits.memory = Some(1)),
    ("typed into", |p| {
        p.syscalls
            .conditional
            .get_mut("ioctl")
            .expect("is there")
            .push(vec![equal(1, 0x5412)])
    }),
    ("typed into", |p| {
        p.syscalls.conditional.get_mut("ioctl").expect("is there")[0]
            .iter_mut()
            .for_each(|c| c.low32 = false)
    }),
    ("only itself", |p| {
        p.syscalls
            .conditional
            .get_mut("prlimit64")
            .expect("is there")
            .push(vec![equal(0, 7)])
    }),
];

#[test]
fn a_sound_plan_passes() {
    check(&sound()).expect("is sound");
    check(&with_tree()).expect("is sound");
}

#[test]
fn each_rule_refuses_what_breaks_it() {
    let of_sound = BREAKS.iter().map(|one| (sound(), one));
    let of_tree = BREAKS_OF_A_TREE.iter().map(|one| (with_tree(), one));
    for (number, (mut plan, (rule, damage))) in of_sound.chain(of_tree).enumerate() {
        damage(&mut plan);
        match check(&plan) {
            Ok(()) => panic!("break {number}, of {rule:?}, is not found"),
            Err(violation) => assert!(
                violation.rule.contains(rule),
                "break {number}, of {rule:?}, is taken for {violation}"
            ),
        }
    }
}

#[test]
fn conditional_calls_may_not_become_unconditional() {
    for name in [
        "clone",
        "ioctl",
        "prlimit64",
        "setpriority",
        "setsockopt",
        "socket",
        "unshare",
    ] {
        let mut plan = sound();
        plan.syscalls.conditional.remove(name);
        plan.syscalls.allow.push(name.to_owned());
        let violation = check(&plan).expect_err(name);
        assert!(
            violation.rule.contains("some arguments only"),
            "{violation}"
        );
    }
}
