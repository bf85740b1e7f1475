//! What has to be mounted so that the profile's rules hold.
//!
//! All mounts of the rules are put into one [`View`], by where they are, and mounted outer ones before
//! inner ones. Beside what the rules say themselves it holds what keeps them true:
//!
//! - A protected place below something that is shown is hidden, unless a rule names it.
//! - A directory for writing on the way to a protected place is *closed*: it is read-only, and what is in it
//!   beside the way is writable, each a mount of its own. So nothing on the way can be renamed, and a protected
//!   place that is missing cannot be made, whatever happens to the directory outside meanwhile.
//! - A directory between something writable and what a rule takes out of it is *pinned*: a mount of its own, so
//!   that it cannot be renamed away together with what covers the place.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::BuildError;
use super::root::{Shape, directory, file, tmpfs};
use super::rules::{
    Guarded, Placed, decided, guarded, places, refuse_locked, refuse_protected, within,
};
use crate::plan::facts::{MAX_NAMES, PathFact};
use crate::plan::{Access, Bind, Effect, HostFacts, Op, Ruled, Source};

/// Size of the directories in memory that stand for hidden ones, in bytes.
const SKELETON: u64 = 1 << 20;

/// What is at a place.
enum Mounted {
    Bind {
        source: PathBuf,
        access: Access,
        directory: bool,
    },
    Mask,
    /// A hidden directory that holds mount points and nothing else.
    Skeleton,
    Pin,
}

/// All that the rules mount, by where it is.
pub(super) struct View {
    at: BTreeMap<PathBuf, Mounted>,
    /// What each rule came to, for people.
    pub ruled: Vec<Ruled>,
    /// Places that the user lets the app have for its own.
    pub own: Vec<PathBuf>,
}

/// What the rules mount.
pub(super) fn view(shape: &Shape<'_>) -> Result<View, BuildError> {
    let facts = shape.facts;
    let guarded = guarded(facts);
    let (mut ruled, mut own) = (Vec::new(), Vec::new());
    let mut placed: Vec<Placed> = Vec::new();
    for (path, rule) in &shape.profile.files.rules {
        let mut places = places(facts, path, *rule)?;
        // Only who names a protected place means it.
        let is_meant = |place: &Placed| {
            let holds = |guarded: &&Guarded| within(place, &guarded.path);
            place.named || place.effect == Effect::Hide || !guarded.iter().any(|g| holds(&g))
        };
        places.retain(is_meant);
        for place in places.iter().filter(|place| place.effect == Effect::Write) {
            refuse_protected(&guarded, place, &shape.profile.own)?;
            if shape.profile.own.contains(&place.rule) {
                own.push(place.target.clone());
            }
        }
        placed.extend(places);
        ruled.push(Ruled {
            rule: path.to_string(),
            effect: rule.effect,
            places: Vec::new(),
        });
    }
    refuse_locked(shape, &placed)?;
    let placed = decided(placed);
    for ruled in &mut ruled {
        let of_it = placed.iter().filter(|place| place.rule == ruled.rule);
        ruled.places = of_it.map(|place| place.target.clone()).collect();
    }
    let mut view = View {
        at: BTreeMap::new(),
        ruled,
        own,
    };
    view.rules(&placed);
    view.protected(&placed, &guarded);
    view.open(shape, &placed, &guarded)?;
    view.pins();
    view.skeletons();
    Ok(view)
}

/// Where a path of the host is shown by a place that lies above it.
fn shown_at(place: &Placed, path: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix(&place.source).ok()?;
    (below != Path::new("")).then(|| place.target.join(below))
}

impl View {
    /// What the rules say themselves.
    fn rules(&mut self, placed: &[Placed]) {
        for place in placed.iter().filter(|place| place.effect != Effect::Hide) {
            let access = match place.effect {
                Effect::Write => Access::Write,
                _ => Access::Read,
            };
            self.at.insert(place.target.clone(), bind(place, access));
        }
        // A place can be shown at other paths as well, behind a link. What takes away holds there, too.
        for place in placed.iter().filter(|place| place.effect != Effect::Write) {
            let shown = placed.iter().filter(|other| other.effect != Effect::Hide);
            for at in shown.filter_map(|other| shown_at(other, &place.source)) {
                let mounted = match place.effect {
                    Effect::Hide => Mounted::Mask,
                    _ => bind(place, Access::Read),
                };
                let ruled = placed.iter().any(|other| other.target == at);
                if !ruled || at == place.target {
                    self.at.insert(at, mounted);
                }
            }
        }
    }

    /// Who may look at a directory may not thereby read the keys below it.
    fn protected(&mut self, placed: &[Placed], guarded: &[Guarded]) {
        for place in placed.iter().filter(|place| place.effect != Effect::Hide) {
            for at in guarded
                .iter()
                .filter_map(|guarded| shown_at(place, &guarded.path))
            {
                if !self.at.contains_key(&at) && !self.is_hidden(&at) {
                    self.at.insert(at, Mounted::Mask);
                }
            }
        }
    }

    /// Closes the directories on the way to protected places.
    fn open(
        &mut self,
        shape: &Shape<'_>,
        placed: &[Placed],
        guarded: &[Guarded],
    ) -> Result<(), BuildError> {
        for place in placed.iter().filter(|place| place.effect == Effect::Write) {
            let mut count = 0;
            self.open_below(shape.facts, place, guarded, &mut count)?;
        }
        Ok(())
    }

    fn open_below(
        &mut self,
        facts: &HostFacts,
        place: &Placed,
        guarded: &[Guarded],
        count: &mut usize,
    ) -> Result<(), BuildError> {
        let holds = |path: &Path| {
            guarded
                .iter()
                .any(|g| g.path != path && g.path.starts_with(path))
        };
        let Some(Mounted::Bind { access, .. }) = self.at.get_mut(&place.target) else {
            return Ok(());
        };
        if !holds(&place.source) {
            return Ok(());
        }
        *access = Access::Read;
        let mut closed = vec![(place.source.clone(), place.target.clone())];
        while let Some((source, target)) = closed.pop() {
            // What cannot be listed stays closed.
            for name in facts.listings.get(&source).into_iter().flatten() {
                let (source, target) = (source.join(name), target.join(name));
                let directory = match facts.paths.get(&source) {
                    Some(PathFact::Directory) => true,
                    Some(PathFact::File) => false,
                    _ => continue,
                };
                *count += 1;
                if *count > MAX_NAMES {
                    return Err(BuildError::Crowded {
                        rule: place.rule.clone(),
                        path: place.source.clone(),
                    });
                }
                // What is there already is another rule's, or protected.
                let Entry::Vacant(free) = self.at.entry(target) else {
                    continue;
                };
                if holds(&source) {
                    closed.push((source, free.into_key()));
                } else {
                    free.insert(Mounted::Bind {
                        source,
                        access: Access::Write,
                        directory,
                    });
                }
            }
        }
        Ok(())
    }

    /// Pins what is between something writable and what is taken out of it.
    fn pins(&mut self) {
        let mut pins = BTreeSet::new();
        for (at, mounted) in &self.at {
            let takes_away = match mounted {
                Mounted::Bind { access, .. } => *access == Access::Read,
                Mounted::Mask | Mounted::Skeleton => true,
                Mounted::Pin => false,
            };
            let Some((above, Mounted::Bind { access, .. })) = self.above(at) else {
                continue;
            };
            if takes_away && *access == Access::Write {
                let between = at.ancestors().skip(1).take_while(|dir| *dir != above);
                pins.extend(between.map(Path::to_owned));
            }
        }
        for pin in pins {
            self.at.entry(pin).or_insert(Mounted::Pin);
        }
    }

    /// Hidden directories in which something is shown have a place for it; nothing else is in them.
    fn skeletons(&mut self) {
        let hidden: Vec<PathBuf> = self
            .at
            .iter()
            .filter(|(_, mounted)| matches!(mounted, Mounted::Mask))
            .map(|(at, _)| at.clone())
            .collect();
        for at in hidden {
            if self.inner(&at).next().is_some() {
                self.at.insert(at, Mounted::Skeleton);
            }
        }
    }

    /// The mount that is nearest above a place.
    fn above(&self, at: &Path) -> Option<(&Path, &Mounted)> {
        let mut above = at.ancestors().skip(1);
        above.find_map(|dir| {
            self.at
                .get_key_value(dir)
                .map(|(dir, mounted)| (dir.as_path(), mounted))
        })
    }

    fn is_hidden(&self, at: &Path) -> bool {
        matches!(self.above(at), Some((_, Mounted::Mask | Mounted::Skeleton)))
    }

    /// What is shown right in a hidden directory.
    fn inner<'v>(&'v self, hidden: &'v Path) -> impl Iterator<Item = (&'v PathBuf, bool)> + 'v {
        self.at
            .iter()
            .filter_map(move |(at, mounted)| match mounted {
                Mounted::Bind { directory, .. }
                    if self.above(at).is_some_and(|(dir, _)| dir == hidden) =>
                {
                    Some((at, *directory))
                }
                _ => None,
            })
    }

    /// Mounts for which the root or the home must have a place, and whether it is a directory.
    pub(super) fn outermost(&self) -> impl Iterator<Item = (&Path, bool)> {
        self.at.iter().filter_map(|(at, mounted)| match mounted {
            Mounted::Bind { directory, .. } if self.above(at).is_none() => {
                Some((at.as_path(), *directory))
            }
            _ => None,
        })
    }

    /// Whether a rule decides what is at a path, or hides something below it.
    pub(super) fn decides(&self, path: &Path) -> bool {
        let hidden = self
            .ruled
            .iter()
            .filter(|ruled| ruled.effect == Effect::Hide);
        let mut hidden = hidden.flat_map(|ruled| &ruled.places);
        hidden.any(|place| path.starts_with(place) || place.starts_with(path))
            || self.at.keys().any(|at| path.starts_with(at))
    }

    /// The steps, outer mounts before inner ones.
    pub(super) fn operations(&self, ops: &mut Vec<Op>) {
        let mut all: Vec<(&PathBuf, &Mounted)> = self.at.iter().collect();
        all.sort_by_key(|(at, _)| at.components().count());
        for (at, mounted) in all {
            match mounted {
                Mounted::Bind { source, access, .. } => ops.push(user_bind(source, at, *access)),
                Mounted::Mask => ops.push(Op::Mask { path: at.clone() }),
                Mounted::Pin => ops.push(Op::Pin { path: at.clone() }),
                Mounted::Skeleton => {
                    ops.push(tmpfs(at, 0o755, SKELETON, true));
                    for (place, is_directory) in self.inner(at) {
                        ops.push(match is_directory {
                            true => directory(place, 0o755),
                            false => file(place, String::new()),
                        });
                    }
                    ops.push(Op::ReadOnly { path: at.clone() });
                }
            }
        }
    }
}

fn bind(place: &Placed, access: Access) -> Mounted {
    Mounted::Bind {
        source: place.source.clone(),
        access,
        directory: place.directory,
    }
}

fn user_bind(source: &Path, target: &Path, access: Access) -> Op {
    Op::Bind(Bind {
        source: Source::User(source.to_owned()),
        path: target.to_owned(),
        access,
        noexec: false,
        optional: false,
        device: false,
    })
}
