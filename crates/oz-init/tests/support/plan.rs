//! A small root with the host's programs in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oz_core::plan::{
    Access, Bind, Buffers, Clipboard, Display, Home, Life, Limits, Listener, Op, Plan, SandboxId,
    Service, Source, SyscallPolicy, User, VERSION, layout,
};

use super::ordinary;

pub const HOME: &str = "/home/dorothy";

pub fn minimal() -> Plan {
    let (uid, gid) = ordinary();
    let text = |s: &str| s.to_owned();
    let id: SandboxId = text("test").try_into().expect("a name");
    let environment = [("PATH", layout::PATH), ("HOME", HOME), ("PLAN", "yes")];
    Plan {
        version: VERSION,
        id,
        profile: text("test"),
        user: User {
            uid,
            gid,
            name: text("dorothy"),
            home: HOME.into(),
        },
        tree: None,
        hostname: text("kansas"),
        root: root(uid, gid),
        listeners: vec![Listener {
            service: Service::Wayland,
            path: format!("/run/user/{uid}/wayland-0").into(),
            helper: None,
        }],
        environment: environment.map(|(k, v)| (text(k), text(v))).into(),
        syscalls: SyscallPolicy {
            name: text("test"),
            allow: Vec::new(),
            conditional: BTreeMap::new(),
            refuse: Vec::new(),
            answered: BTreeMap::new(),
            user_namespaces: false,
        },
        limits: Limits {
            processes: 2048,
            open_files: 1024,
            total_memory: 1 << 30,
            cpu_weight: 100,
            memory: None,
        },
        life: Life {
            keep: true,
            grace_ms: 1000,
            ..Life::default()
        },
        display: Some(Display {
            app_id: None,
            clipboard: Clipboard::Off,
            clipboard_in: Default::default(),
            clipboard_out: Default::default(),
            buffers: Buffers::Shared,
            shortcuts: false,
            gpu: false,
            mark: Default::default(),
        }),
        audio: None,
        network: Default::default(),
        home: Home::Ephemeral,
        rules: Vec::new(),
        arguments: Access::Read,
        portals: false,
        drops: oz_core::plan::Drops::Off,
        own: Vec::new(),
        siblings: false,
        required: Vec::new(),
    }
}

/// In the order that the check asks for: what cannot be changed, the seal, what can.
fn root(uid: u32, gid: u32) -> Vec<Op> {
    let mut ops = vec![read_only("/usr")];
    for name in ["bin", "sbin", "lib", "lib64"] {
        ops.push(Op::Symlink {
            path: Path::new("/").join(name),
            target: Path::new("usr").join(name),
        });
    }
    let passwd = format!("dorothy:x:{uid}:{gid}::{HOME}:/bin/sh\n");
    ops.push(file("/etc/passwd", &passwd));
    for (name, _) in layout::DEVICES {
        ops.push(device(Path::new(name)));
    }
    ops.push(Op::Symlink {
        path: "/dev/ptmx".into(),
        target: "pts/ptmx".into(),
    });
    let runtime = layout::runtime(uid);
    for path in [
        "/proc",
        "/dev/pts",
        "/tmp",
        HOME,
        "/var/tmp",
        runtime.to_str().expect("UTF-8"),
    ] {
        ops.push(directory(path));
    }
    ops.push(Op::Proc {
        path: "/proc".into(),
    });
    ops.push(Op::ReadOnly {
        path: "/proc/sys".into(),
    });
    for (path, _) in layout::PROC_MASKS {
        ops.push(Op::Mask { path: path.into() });
    }
    ops.push(Op::RandomId {
        path: layout::BOOT_ID.into(),
    });
    ops.push(Op::DevPts {
        path: "/dev/pts".into(),
    });
    ops.push(Op::ReadOnly { path: "/".into() });
    ops.push(tmpfs("/tmp", 0o1777));
    ops.push(tmpfs(HOME, 0o700));
    ops.push(tmpfs(runtime, 0o700));
    ops
}

/// Adds a step before the seal.
pub fn before_the_seal(plan: &mut Plan, op: Op) {
    plan.root.insert(0, op);
}

pub fn directory(path: &str) -> Op {
    Op::Directory {
        path: path.into(),
        mode: 0o755,
    }
}

pub fn file(path: &str, content: &str) -> Op {
    Op::File {
        path: path.into(),
        content: content.to_owned(),
        mode: 0o444,
    }
}

pub fn read_only(path: impl Into<PathBuf>) -> Op {
    let path = path.into();
    Op::Bind(Bind {
        source: Source::System(path.clone()),
        path,
        access: Access::Read,
        noexec: false,
        optional: false,
        device: false,
    })
}

fn device(path: &Path) -> Op {
    Op::Bind(Bind {
        source: Source::System(path.to_owned()),
        path: path.to_owned(),
        access: Access::Read,
        noexec: true,
        optional: false,
        device: true,
    })
}

pub fn tmpfs(path: impl Into<PathBuf>, mode: u32) -> Op {
    Op::Tmpfs {
        path: path.into(),
        mode,
        size: 8 << 20,
        noexec: false,
    }
}
