//! Mounts: what an app could do to its root, by the old calls and the new ones.

use std::fs::{self, File};
use std::path::Path;

use super::own::{NEWCGROUP, NEWNET, NEWNS, NEWPID, is_second_step, root_with, second_step, with};
use crate::attack::{Attack, Class, KERNEL, ROOT, attack, unshown};
use crate::outcome::{Outcome, Stop, first, refused};
use crate::sys::{Arg, call, long_words};

const NEW_API: &str = "new mount calls missing from a deny list (CVE-2021-41133)";
const TRICKS: &str = "mount tricks";
const LOCKED: &str = "the kernel locks what a namespace inherits";
const AT_FDCWD: i64 = -100;
const RDONLY: i64 = 1;
const REMOUNT: i64 = 32;
const BIND: i64 = 4096;
const MOVE: i64 = 8192;

/// What is attacked. All are tried in a user namespace of the app's own if it can make one.
pub const ATTACKS: &[Attack] = &[
    attack("mount-memory", Class::Mounts, TRICKS, |_| {
        with(NEWNS, || mount("none", &scratch()?, "tmpfs", 0))
    }),
    attack("mount-bind", Class::Mounts, TRICKS, |t| {
        let dir = t.path("dir")?.join("read");
        with(NEWNS, || mount(&text(&dir), &scratch()?, "", BIND))
    }),
    attack(
        "mount-overlay",
        Class::Mounts,
        "overlay swapped (CVE-2021-26910)",
        |_| {
            with(NEWNS, || {
                let place = scratch()?;
                let options = "lowerdir=/usr:/etc";
                let [kind, at] = [Arg::T("overlay"), Arg::T(&place)];
                call(
                    libc::SYS_mount,
                    [Arg::T("none"), at, kind, Arg::N(0), Arg::T(options)],
                )?;
                Ok("mounted".into())
            })
        },
    ),
    attack(
        "mount-fresh-proc",
        Class::Mounts,
        "a /proc without masks",
        |_| {
            if is_second_step() {
                return mount("proc", &scratch()?, "proc", 0);
            }
            with(NEWNS | NEWPID, || second_step("mount-fresh-proc"))
        },
    ),
    attack(
        "mount-fresh-sys",
        Class::Mounts,
        "a /sys of the real machine",
        |_| with(NEWNS | NEWNET, || mount("sysfs", &scratch()?, "sysfs", 0)),
    ),
    attack("mount-terminals", Class::Mounts, TRICKS, |_| {
        with(NEWNS, || mount("devpts", &scratch()?, "devpts", 0))
    }),
    unshown(
        "mount-control-groups",
        Class::Mounts,
        "release_agent (CVE-2022-0492)",
        KERNEL,
        |_| {
            with(NEWNS | NEWCGROUP, || {
                mount("cgroup2", &scratch()?, "cgroup2", 0)
            })
        },
    ),
    unshown("mount-devices", Class::Mounts, TRICKS, ROOT, |_| {
        with(NEWNS, || mount("devtmpfs", &scratch()?, "devtmpfs", 0))
    }),
    unshown("mount-disk", Class::Mounts, TRICKS, ROOT, |t| {
        let disk = t.get("disk")?.to_owned();
        with(NEWNS, || mount(&disk, &scratch()?, "ext4", RDONLY))
    }),
    attack(
        "remount-writable",
        Class::Mounts,
        "read-only cleared by its owner",
        |t| {
            let dir = t.path("dir")?.join("read");
            with(NEWNS, || {
                // Inside it is a read-only mount already.
                let _ = bound_read_only(&dir);
                mount("none", &text(&dir), "", REMOUNT | BIND)?;
                written(&dir)
            })
        },
    ),
    unshown(
        "remount-root-writable",
        Class::Mounts,
        "read-only cleared by its owner",
        ROOT,
        |_| {
            first([
                mount("none", "/", "", REMOUNT | BIND),
                with(NEWNS, || mount("none", "/", "", REMOUNT | BIND)),
            ])
        },
    ),
    attack(
        "move-mount-away",
        Class::Mounts,
        "mount --move of read-only",
        |t| {
            let dir = t.path("dir")?.join("read");
            with(NEWNS, || {
                let place = scratch()?;
                // If it is a mount already (inside), moving it is what is tried.
                first([
                    mount(&text(&dir), &place, "", MOVE),
                    bound_read_only(&dir).and_then(|()| mount(&text(&dir), &place, "", MOVE)),
                ])
            })
        },
    ),
    attack("make-mounts-shared", Class::Mounts, TRICKS, |_| {
        with(NEWNS, || {
            mount("none", "/", "", i64::from(1_u32 << 20) | 16384)
        })
    }),
    unshown(
        "unmount-all-masks",
        Class::Mounts,
        "what a mask hides",
        LOCKED,
        |_| with(NEWNS, || unmount(&|point| point != Path::new("/"))),
    ),
    attack("unmount-own", Class::Mounts, TRICKS, |_| {
        with(NEWNS, || {
            let place = scratch()?;
            mount("none", &place, "tmpfs", 0)?;
            call(libc::SYS_umount2, [Arg::T(&place), Arg::N(2)])?;
            Ok("unmounted".into())
        })
    }),
    attack("pivot-root", Class::Mounts, TRICKS, |_| {
        with(NEWNS, || {
            let place = scratch()?;
            mount("none", &place, "tmpfs", 0)?;
            std::env::set_current_dir(&place)?;
            call(libc::SYS_pivot_root, [Arg::T("."), Arg::T(".")])?;
            Ok("another root".into())
        })
    }),
    attack("chroot", Class::Mounts, "chroot escapes", |_| {
        with(0, || {
            call(libc::SYS_chroot, [Arg::T("/tmp")])?;
            Ok("another root".into())
        })
    }),
    attack("chroot-escape", Class::Mounts, "chroot escapes", |t| {
        let (dir, secret) = (t.path("dir")?, t.path("secret")?);
        let _ = root_with(0);
        // The classic: a directory kept open outside of the new root leads above it.
        let kept = File::open("/")?;
        call(libc::SYS_chroot, [Arg::T(&text(&dir.join("read")))])?;
        rustix::process::fchdir(&kept)?;
        for _ in 0..64 {
            std::env::set_current_dir("..")?;
        }
        call(libc::SYS_chroot, [Arg::T(".")])?;
        t.read(&secret)
    }),
    attack("open-tree-clone", Class::Mounts, NEW_API, |_| {
        with(NEWNS, || open_tree("/usr"))
    }),
    attack("move-cloned-tree", Class::Mounts, NEW_API, |_| {
        with(NEWNS, || {
            let tree = clone_tree("/usr")?;
            attach(tree, &scratch()?)
        })
    }),
    attack(
        "new-file-system-by-descriptor",
        Class::Mounts,
        NEW_API,
        |_| {
            with(NEWNS, || {
                let context = call(libc::SYS_fsopen, [Arg::T("tmpfs"), Arg::N(0)])?;
                let zero = || Arg::N(0);
                // FSCONFIG_CMD_CREATE
                call(
                    libc::SYS_fsconfig,
                    [Arg::N(context), Arg::N(6), zero(), zero(), zero()],
                )?;
                let tree = call(libc::SYS_fsmount, [Arg::N(context), zero(), zero()])?;
                attach(tree, &scratch()?)
            })
        },
    ),
    unshown("reconfigure-root", Class::Mounts, NEW_API, ROOT, |_| {
        with(NEWNS, || {
            let context = call(libc::SYS_fspick, [Arg::N(AT_FDCWD), Arg::T("/"), Arg::N(0)])?;
            let zero = || Arg::N(0);
            // FSCONFIG_CMD_RECONFIGURE
            call(
                libc::SYS_fsconfig,
                [Arg::N(context), Arg::N(7), zero(), zero(), zero()],
            )?;
            Ok("reconfigured".into())
        })
    }),
    attack(
        "clear-read-only-by-attribute",
        Class::Mounts,
        NEW_API,
        |t| {
            let dir = t.path("dir")?.join("read");
            with(NEWNS, || {
                let _ = bound_read_only(&dir);
                let clear = long_words(&[0, 1, 0, 0]);
                let [at, path] = [Arg::N(AT_FDCWD), Arg::T(&text(&dir))];
                call(
                    libc::SYS_mount_setattr,
                    [at, path, Arg::N(0), Arg::B(&clear), Arg::N(32)],
                )?;
                written(&dir)
            })
        },
    ),
    unshown(
        "open-tree-with-attributes",
        Class::Mounts,
        NEW_API,
        KERNEL,
        |_| {
            with(NEWNS, || {
                let clear = long_words(&[0, 1, 0, 0]);
                let [at, path, flags] = [Arg::N(AT_FDCWD), Arg::T("/usr"), Arg::N(1)];
                call(467, [at, path, flags, Arg::B(&clear), Arg::N(32)])?;
                Ok("a tree with attributes of the app's own".into())
            })
        },
    ),
];

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A directory to mount on.
fn scratch() -> Result<String, Stop> {
    let dir = std::env::temp_dir().join(format!("oz-probe-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    Ok(text(&dir))
}

fn mount(source: &str, target: &str, kind: &str, flags: i64) -> Outcome {
    let [source, target, kind] = [source, target, kind].map(Arg::T);
    call(
        libc::SYS_mount,
        [source, target, kind, Arg::N(flags), Arg::N(0)],
    )?;
    Ok("mounted".into())
}

/// Makes a directory a read-only mount, unless that is refused because it is one and locked.
fn bound_read_only(dir: &Path) -> Result<(), Stop> {
    mount(&text(dir), &text(dir), "", BIND)?;
    mount("none", &text(dir), "", REMOUNT | BIND | RDONLY)?;
    Ok(())
}

fn written(dir: &Path) -> Outcome {
    let path = dir.join("written");
    File::create(&path)?;
    fs::remove_file(&path)?;
    Ok(format!("{} is writable", dir.display()))
}

fn unmount(which: &dyn Fn(&Path) -> bool) -> Outcome {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    let mut last = refused("nothing is mounted");
    for point in points.filter(|point| which(Path::new(point))) {
        match call(libc::SYS_umount2, [Arg::T(point), Arg::N(2)]) {
            Ok(_) => return Ok(format!("{point} is unmounted")),
            Err(error) => last = Err(error.into()),
        }
    }
    last
}

fn clone_tree(path: &str) -> std::io::Result<i64> {
    // OPEN_TREE_CLONE, with all that is beneath it.
    let flags = 1 | 0x8000;
    call(
        libc::SYS_open_tree,
        [Arg::N(AT_FDCWD), Arg::T(path), Arg::N(flags)],
    )
}

fn open_tree(path: &str) -> Outcome {
    clone_tree(path)?;
    Ok("a tree".into())
}

fn attach(tree: i64, at: &str) -> Outcome {
    // MOVE_MOUNT_F_EMPTY_PATH
    let arguments = [
        Arg::N(tree),
        Arg::T(""),
        Arg::N(AT_FDCWD),
        Arg::T(at),
        Arg::N(4),
    ];
    call(libc::SYS_move_mount, arguments)?;
    Ok("attached".into())
}
