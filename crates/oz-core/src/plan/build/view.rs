//! What has to be mounted so that the profile's rules hold.
//!
//! All mounts of the rules are put into one [`View`], by where they are, and mounted outer ones before
//! inner ones. Beside what the rules say themselves it holds what keeps them true:
//!
//! - A protected place below something that is shown is hidden, unless a rule names it.
//! - A directory for writing on the way to a protected place is *closed*: it is read-only, and what is in it
//!   beside the way is writable, each a mount of its own. So nothing on the way can be renamed, and a protected
//!   place that is missing cannot be made, whatever happens to the directory outside meanwhile.
//! - Of a place that is copied on writing the protected places are not there at all, now or later, and what is there
//!   instead is the app's own.
//! - A directory between something writable and what a rule takes out of it is *pinned*: a mount of its own, so
//!   that it cannot be renamed away together with what covers the place.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::BuildError;
use super::root::{Shape, directory, file, tmpfs};
use super::rules::{
    Guarded, Placed, decided, guarded, place_of, places, refuse_locked, refuse_protected, within,
};
use crate::plan::facts::{MAX_NAMES, PathFact};
use crate::plan::{Access, Bind, Effect, Home, HostFacts, Op, Overlay, Ruled, Source, layout};
use crate::protected;

/// Size of the directories in memory that stand for hidden ones, in bytes.
const SKELETON: u64 = 1 << 20;

/// What is at a place.
enum Mounted {
    Bind {
        source: PathBuf,
        access: Access,
        directory: bool,
    },
    /// A copy that is made by writing, without what is hidden of it.
    Overlay {
        source: PathBuf,
        layers: PathBuf,
        hidden: BTreeSet<PathBuf>,
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
    let copies = Copies::new(shape);
    let mut placed: Vec<Placed> = copies.home().into_iter().collect();
    for (path, rule) in &shape.profile.files.rules {
        let mut places = places(facts, path, *rule)?;
        copies.check(&places, &guarded)?;
        places.iter_mut().for_each(|place| copies.settle(place));
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
    view.rules(&placed, &copies, &guarded);
    view.protected(&placed, &guarded);
    view.not_there(shape);
    view.open(shape, &placed, &guarded)?;
    view.pins();
    view.skeletons();
    Ok(view)
}

/// What is copied when it is written to, and where the copies are kept.
struct Copies<'a> {
    /// The user's home, if it is.
    home: Option<&'a Path>,
    all: PathBuf,
}

impl<'a> Copies<'a> {
    fn new(shape: &Shape<'a>) -> Self {
        let home: &'a Path = &shape.facts.user.home;
        let home = matches!(shape.home, Home::CopyOnWrite(_)).then_some(home);
        Self {
            home,
            all: shape.copies.to_owned(),
        }
    }

    /// The home as a place like those of rules.
    fn home(&self) -> Option<Placed> {
        self.home.map(|home| Placed {
            rule: "~".to_owned(),
            effect: Effect::CopyOnWrite,
            source: home.to_owned(),
            target: home.to_owned(),
            directory: true,
            named: true,
        })
    }

    /// In a home that is copied links are where the user has them: a place is where it really is.
    fn settle(&self, place: &mut Placed) {
        if self.home.is_some_and(|home| place.target.starts_with(home)) {
            place.target = place.source.clone();
        }
    }

    fn check(&self, places: &[Placed], guarded: &[Guarded]) -> Result<(), BuildError> {
        for place in places {
            if place.effect != Effect::CopyOnWrite {
                continue;
            }
            if !place.directory {
                return Err(BuildError::CopyOfFile {
                    rule: place.rule.clone(),
                    path: place.source.clone(),
                });
            }
            let own = |guarded: &&Guarded| guarded.reason == protected::OWN;
            let own = guarded.iter().filter(own);
            if let Some(own) = own.clone().find(|own| within(place, &own.path)) {
                return Err(own.refused(place));
            }
        }
        Ok(())
    }

    /// Of one place: by its path, so that it finds them again.
    fn layers(&self, source: &Path) -> PathBuf {
        if self.home == Some(source) {
            return self.all.join(layout::COPIED_HOME);
        }
        let name: String = source
            .to_string_lossy()
            .chars()
            .map(|c| match c {
                '/' => "%2f".to_owned(),
                '%' => "%25".to_owned(),
                c => c.to_string(),
            })
            .collect();
        self.all.join(name)
    }
}

/// Where a path of the host is shown by a place that lies above it.
fn shown_at(place: &Placed, path: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix(&place.source).ok()?;
    (below != Path::new("")).then(|| place.target.join(below))
}

impl View {
    /// What the rules say themselves.
    fn rules(&mut self, placed: &[Placed], copies: &Copies<'_>, guarded: &[Guarded]) {
        for place in placed {
            let mounted = match place.effect {
                Effect::Hide => continue,
                Effect::Write => bind(place, Access::Write),
                Effect::Read => bind(place, Access::Read),
                Effect::CopyOnWrite if self.is_copied(place, placed, guarded) => continue,
                Effect::CopyOnWrite => Mounted::Overlay {
                    source: place.source.clone(),
                    layers: copies.layers(&place.source),
                    hidden: BTreeSet::new(),
                },
            };
            self.at.insert(place.target.clone(), mounted);
        }
        // A place can be shown at other paths as well, behind a link. What takes away holds there, too.
        let takes = |place: &&Placed| matches!(place.effect, Effect::Read | Effect::Hide);
        for place in placed.iter().filter(takes) {
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
            // What names the user's directories is seen in every home.
            let is_seen = |guarded: &&Guarded| {
                let copied = place.effect == Effect::CopyOnWrite;
                copied && guarded.reason == protected::DIRECTORIES
            };
            for at in guarded
                .iter()
                .filter(|guarded| !is_seen(guarded))
                .filter_map(|guarded| shown_at(place, &guarded.path))
            {
                let named = placed.iter().any(|other| other.target == at);
                if self.at.contains_key(&at) || self.is_hidden(&at) {
                    continue;
                }
                match self.above_mut(&at) {
                    Some((_, Mounted::Overlay { .. })) if named => {}
                    Some((dir, Mounted::Overlay { hidden, .. })) => {
                        hidden.extend(at.strip_prefix(&dir).map(Path::to_owned));
                    }
                    _ if place.effect == Effect::CopyOnWrite => {}
                    _ => {
                        self.at.insert(at, Mounted::Mask);
                    }
                }
            }
        }
    }

    /// Whether a place lies in another that is copied, where it is seen anyway.
    fn is_copied(&self, place: &Placed, placed: &[Placed], guarded: &[Guarded]) -> bool {
        let Some((dir, Mounted::Overlay { source, .. })) = self.above(&place.target) else {
            return false;
        };
        let seen = place.target.strip_prefix(dir).ok() == place.source.strip_prefix(source).ok();
        let hides = |guarded: &&Guarded| {
            let within = place.source != guarded.path && within(place, &guarded.path);
            within && !placed.iter().any(|other| other.source == guarded.path)
        };
        seen && !guarded.iter().any(|guarded| hides(&guarded))
    }

    /// What is to be hidden and is not there must not show through when it comes.
    fn not_there(&mut self, shape: &Shape<'_>) {
        for (path, rule) in &shape.profile.files.rules {
            if rule.effect != Effect::Hide || path.is_pattern() {
                continue;
            }
            let place = place_of(shape.facts, path).filter(|place| !self.at.contains_key(place));
            if let Some(place) = place
                && let Some((dir, Mounted::Overlay { hidden, .. })) = self.above_mut(&place)
            {
                hidden.extend(place.strip_prefix(&dir).map(Path::to_owned));
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
                Mounted::Pin | Mounted::Overlay { .. } => false,
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

    fn above_mut(&mut self, at: &Path) -> Option<(PathBuf, &mut Mounted)> {
        let dir = self.above(at)?.0.to_owned();
        let mounted = self.at.get_mut(&dir)?;
        Some((dir, mounted))
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
                Mounted::Overlay { .. } if self.above(at).is_some_and(|(dir, _)| dir == hidden) => {
                    Some((at, true))
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
            Mounted::Overlay { .. } if self.above(at).is_none() => Some((at.as_path(), true)),
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
    pub(super) fn operations(&self, volatile: bool, ops: &mut Vec<Op>) {
        let mut all: Vec<(&PathBuf, &Mounted)> = self.at.iter().collect();
        all.sort_by_key(|(at, _)| at.components().count());
        for (at, mounted) in all {
            match mounted {
                Mounted::Bind { source, access, .. } => ops.push(user_bind(source, at, *access)),
                Mounted::Overlay {
                    source,
                    layers,
                    hidden,
                } => ops.push(Op::Overlay(Overlay {
                    source: source.clone(),
                    path: at.clone(),
                    layers: layers.clone(),
                    hidden: hidden.iter().cloned().collect(),
                    volatile,
                })),
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
