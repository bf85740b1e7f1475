//! Another sandbox that goes on where one is now.
//!
//! It gets what was written, and nothing else: its profile, and so its walls, its network and what it does not see, are
//! those of the one that it is a clone of; files that this one was given for the time that it ran are not the clone's.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::{Overlay, SandboxId};
use oz_core::wire::copies as wire;

use super::{About, Error, Held, Kept, Place};

/// Clones. Nobody sees it before it is whole. `taken` says which names mean something else.
///
/// # Errors
/// The name is taken, or the copies cannot be copied.
pub fn clone(
    kept: &Kept,
    _held: &Held,
    name: &str,
    taken: impl FnOnce(&SandboxId) -> bool,
) -> Result<SandboxId, Error> {
    let id: SandboxId = name.parse().map_err(|_| Error::Name(OsBytes::from(name)))?;
    let copies = kept.directory.parent().unwrap_or(&kept.directory);
    let target = copies.join(id.as_str());
    if taken(&id) || target.symlink_metadata().is_ok() {
        return Err(Error::Taken(OsBytes::from(name)));
    }
    // What was merged already is not to be seen as written by the clone as well.
    super::finish(&kept.directory)?;
    let unready = copies.join(format!(".clone-{id}"));
    if unready.symlink_metadata().is_ok() {
        super::remove(&unready)?;
    }
    make(&unready)?;
    let made = fill(kept, &unready, &target).and_then(|()| {
        super::rename_new(&unready, &target).map_err(|error| match error {
            rustix::io::Errno::EXIST => Error::Taken(OsBytes::from(name)),
            error => Error::io("make", &target)(error),
        })
    });
    if made.is_err() {
        // What failed is worth more to whoever asked than what is left of it.
        let _ = super::remove(&unready);
    }
    made.map(|()| id)
}

fn fill(kept: &Kept, unready: &Path, target: &Path) -> Result<(), Error> {
    let mut places = Vec::new();
    for place in &kept.about.places {
        let old = &place.overlay.layers;
        let name = old.file_name().unwrap_or_default();
        let layers = unready.join(name);
        make(&layers)?;
        for part in [Overlay::UPPER, Overlay::WORK] {
            make(&layers.join(part))?;
        }
        let lock = layers.join(Overlay::LOCK);
        fs::File::create(&lock).map_err(Error::io("make", &lock))?;
        let order = wire::Copy {
            from: old.join(Overlay::UPPER),
            to: layers.join(Overlay::UPPER),
        };
        let copied: Result<(), String> = super::ask("copy", &order)?;
        copied.map_err(|why| Error::Io {
            what: "copy",
            path: order.from,
            source: std::io::Error::other(why),
        })?;
        super::settled::copy(old, &layers).map_err(Error::io("copy into", &layers))?;
        places.push(Place {
            overlay: Overlay {
                layers: target.join(name),
                volatile: false,
                ..place.overlay.clone()
            },
            since: place.since,
        });
    }
    let about = About {
        places,
        ephemeral: false,
        ..kept.about.clone()
    };
    super::write(unready, &about).map_err(Error::io("write into", unready))
}

fn make(directory: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.mode(0o700).create(directory);
    made.map_err(Error::io("make", directory))
}
