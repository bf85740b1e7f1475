//! What is mounted, as the kernel lists it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

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

/// Number, parent, device, root, mount point, options: see proc_pid_mountinfo(5).
fn mounts(view: &View) -> Vec<Mount> {
    let list = fs::read(view.proc("mountinfo")).unwrap_or_default();
    let lines = list.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b' ').skip(4);
            let (place, options) = (fields.next()?, fields.next()?);
            Some(Mount {
                place: OsString::from_vec(unescape(place)).into(),
                options: String::from_utf8_lossy(options).into_owned(),
            })
        })
        .collect()
}

/// `\040` and the like are bytes that would end the field.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = field;
    while let Some((first, others)) = rest.split_first() {
        let digits = others.first_chunk::<3>().filter(|_| *first == b'\\');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &others[3..];
            }
            None => {
                plain.push(*first);
                rest = others;
            }
        }
    }
    plain
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_are() {
        assert_eq!(unescape(b"/a\\040b\\134c"), b"/a b\\c");
        assert_eq!(unescape(b"/a\\9"), b"/a\\9");
    }
}
