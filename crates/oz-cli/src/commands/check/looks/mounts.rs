//! What is mounted, as the kernel lists it.

use std::fs;
use std::path::{Path, PathBuf};

use oz_core::mountinfo;
use oz_core::plan::{Access, Op};
use oz_core::report::Wall;

use super::{Look, Seen, shown};
use crate::commands::check::view::View;

pub(super) const LOOKS: &[Look] = &[
    Look {
        wall: Wall::System,
        claim: "only what the plan or the user made writable is mounted writable",
        run: |view| {
            let mounts = mounts(view);
            if mounts.is_empty() {
                return Seen::bad("its mounts cannot be read");
            }
            let writable = mounts.iter().filter(|mount| !mount.has("ro"));
            let others = writable.filter(|mount| !may_write(view, &mount.place));
            Seen::nothing(&others.map(|mount| shown(&mount.place)).collect::<Vec<_>>())
        },
    },
    Look {
        wall: Wall::Privileges,
        claim: "every mount is nosuid",
        run: |view| {
            let honoured = mounts(view)
                .into_iter()
                .filter(|mount| !mount.has("nosuid"));
            Seen::nothing(
                &honoured
                    .map(|mount| shown(&mount.place))
                    .collect::<Vec<_>>(),
            )
        },
    },
    Look {
        wall: Wall::Devices,
        claim: "device nodes work on no mount but those of the plan",
        run: |view| {
            let device = |place: &Path| {
                let planned = |op: &Op| match op {
                    Op::Bind(bind) => bind.device && bind.path == place,
                    Op::DevPts { path } => path == place,
                    _ => false,
                };
                view.plan.root.iter().any(planned)
            };
            let others = mounts(view).into_iter();
            let others = others.filter(|mount| !mount.has("nodev") && !device(&mount.place));
            Seen::nothing(&others.map(|mount| shown(&mount.place)).collect::<Vec<_>>())
        },
    },
];

/// A mount of the prober's.
struct Mount {
    place: PathBuf,
    options: String,
}

impl Mount {
    fn has(&self, option: &str) -> bool {
        self.options.split(',').any(|word| word == option)
    }
}

fn mounts(view: &View) -> Vec<Mount> {
    let list = fs::read(view.proc("mountinfo")).unwrap_or_default();
    let mounts = mountinfo::mounts(&list).map(|mount| Mount {
        place: mount.point,
        options: String::from_utf8_lossy(mount.options).into_owned(),
    });
    mounts.collect()
}

fn may_write(view: &View, place: &Path) -> bool {
    let planned = view.plan.root.iter().any(|op| match op {
        Op::Tmpfs { path, .. } | Op::Proc { path } | Op::DevPts { path } | Op::Mqueue { path } => {
            path == place
        }
        Op::Overlay(overlay) => place == overlay.path,
        Op::Bind(bind) => bind.access == Access::Write && place.starts_with(&bind.path),
        _ => false,
    });
    let written =
        |file: &crate::bus::File| file.access == "write" && place.starts_with(file.as_path());
    planned || view.files.iter().any(written)
}
