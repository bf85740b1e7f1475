//! The places that the profile's rules are about, found on the host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::BuildError;
use super::root::Shape;
use crate::plan::facts::{MAX_MATCHES, PathFact};
use crate::plan::{Effect, HostFacts, User};
use crate::profile::rules::{Base, Rule, RulePath};
use crate::profile::{Layer, Profile};
use crate::protected;

/// A place of the host that a rule is about, and where it is inside.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub rule: String,
    pub effect: Effect,
    pub source: PathBuf,
    pub target: PathBuf,
    pub directory: bool,
    /// By a path, not by a pattern.
    pub named: bool,
}

/// Paths of the host to look at for the rules that are no patterns.
pub(super) fn probes(profile: &Profile, user: &User, paths: &mut Vec<PathBuf>) {
    for path in profile.files.rules.keys().filter(|path| !path.is_pattern()) {
        match path.base() {
            Base::Home => {
                let first = path.names().next().map(|name| user.home.join(name));
                paths.extend(first.into_iter().chain([below(&user.home, path)]));
            }
            Base::Root => paths.push(below(Path::new("/"), path)),
            // Where these are is not known yet.
            Base::Xdg(_) => {}
        }
    }
}

/// The place of a rule that is no pattern; none if the user has no such well-known directory.
pub(super) fn place_of(facts: &HostFacts, path: &RulePath) -> Option<PathBuf> {
    Some(match path.base() {
        Base::Home => below(&facts.user.home, path),
        Base::Root => below(Path::new("/"), path),
        Base::Xdg(name) => below(facts.xdg.get(name)?, path),
    })
}

fn below(base: &Path, path: &RulePath) -> PathBuf {
    path.names().fold(base.to_owned(), |at, name| at.join(name))
}

/// Directories of the host whose names must be known: those on the way from a rule for writing to a
/// protected place.
pub(super) fn ways(profile: &Profile, facts: &HostFacts) -> BTreeSet<PathBuf> {
    let guarded = guarded(facts);
    let mut ways = BTreeSet::new();
    for (path, rule) in &profile.files.rules {
        let Ok(placed) = places(facts, path, *rule) else {
            continue;
        };
        for place in placed.iter().filter(|place| place.effect == Effect::Write) {
            for way in guarded.iter().filter_map(|guarded| guarded.path.parent()) {
                let between = way
                    .ancestors()
                    .take_while(|way| way.starts_with(&place.source));
                ways.extend(between.map(Path::to_owned));
            }
        }
    }
    ways
}

/// What no app may write, and why.
pub(super) struct Guarded {
    pub path: PathBuf,
    shown: String,
    pub reason: &'static str,
}

impl Guarded {
    pub fn refused(&self, place: &Placed) -> BuildError {
        BuildError::Protected {
            rule: place.rule.clone(),
            place: self.shown.clone(),
            reason: self.reason,
        }
    }
}

pub(super) fn guarded(facts: &HostFacts) -> Vec<Guarded> {
    let of_home = protected::PLACES.iter().map(|place| Guarded {
        path: facts.user.home.join(place.path),
        shown: format!("~/{}", place.path),
        reason: place.reason,
    });
    let elsewhere = |path: &PathBuf, reason| Guarded {
        path: path.clone(),
        shown: path.display().to_string(),
        reason,
    };
    let linked = facts
        .protected
        .iter()
        .map(|path| elsewhere(path, protected::LINKED));
    let own = [&facts.state, &facts.runtime].map(|path| elsewhere(path, protected::OWN));
    of_home.chain(linked).chain(own).collect()
}

/// The places of one rule.
pub(super) fn places(
    facts: &HostFacts,
    path: &RulePath,
    rule: Rule,
) -> Result<Vec<Placed>, BuildError> {
    let said = path.to_string();
    let found = |target: PathBuf, named: bool| {
        let (source, fact) = look(facts, &target);
        let is_other = matches!(fact, Some(PathFact::Other));
        let directory = match fact {
            Some(PathFact::Directory) => true,
            Some(PathFact::File) => false,
            // What cannot be shown can be hidden.
            Some(PathFact::Other) if rule.effect == Effect::Hide => false,
            None | Some(_) if !named => return Ok(None),
            // A launch has made it by then, or does not come so far.
            None if rule.make => true,
            None if rule.optional || rule.effect == Effect::Hide => return Ok(None),
            None => {
                return Err(BuildError::Missing {
                    rule: said.clone(),
                    path: source,
                });
            }
            Some(_) if is_other => {
                return Err(BuildError::Kind {
                    rule: said.clone(),
                    path: source,
                });
            }
            Some(_) => {
                return Err(BuildError::Link {
                    rule: said.clone(),
                    path: source,
                });
            }
        };
        Ok(Some(Placed {
            rule: said.clone(),
            effect: rule.effect,
            source,
            target,
            directory,
            named,
        }))
    };
    if !path.is_pattern() {
        return match place_of(facts, path) {
            Some(target) => Ok(found(target, true)?.into_iter().collect()),
            None if rule.optional || rule.effect == Effect::Hide => Ok(Vec::new()),
            None => Err(BuildError::NoSuchDirectory { rule: said }),
        };
    }
    if rule.make {
        return Err(BuildError::Make { rule: said });
    }
    let matches = facts.matches.get(path.as_str());
    if matches.is_some_and(|matches| !matches.complete || matches.paths.len() > MAX_MATCHES) {
        return Err(BuildError::Many { rule: said });
    }
    let mut placed = Vec::new();
    for target in matches.into_iter().flat_map(|matches| &matches.paths) {
        if target.to_str().is_none() {
            // A plan is text. What cannot be named in it is not shown; to leave it unhidden would be worse.
            match rule.effect {
                Effect::Hide => {
                    return Err(BuildError::Name {
                        rule: said,
                        path: target.clone(),
                    });
                }
                Effect::Read | Effect::Write | Effect::CopyOnWrite => continue,
            }
        }
        placed.extend(found(target.clone(), false)?);
    }
    Ok(placed)
}

/// What a place inside is on the host, and its path there without links.
fn look<'f>(facts: &'f HostFacts, target: &Path) -> (PathBuf, Option<&'f PathFact>) {
    let fact = facts.paths.get(target);
    if let Some(PathFact::Symlink(canonical)) = fact
        && is_behind_a_first_link(facts, target, canonical)
        && let Some(behind) = facts.paths.get(canonical)
    {
        return (canonical.clone(), Some(behind));
    }
    (target.to_owned(), fact)
}

/// Only a link directly in the home is followed: the home is never writable inside, so no app has
/// made it. A deeper one could be an app's that has a share there, and lead to the user's keys.
fn is_behind_a_first_link(facts: &HostFacts, target: &Path, canonical: &Path) -> bool {
    let home = &facts.user.home;
    let Ok(below) = target.strip_prefix(home) else {
        return false;
    };
    let mut parts = below.components();
    let Some(first) = parts.next() else {
        return false;
    };
    match facts.paths.get(home.join(first)) {
        Some(PathFact::Symlink(to)) => match parts.as_path() {
            rest if rest.as_os_str().is_empty() => canonical == to,
            rest => canonical == to.join(rest),
        },
        _ => false,
    }
}

pub(super) fn within(place: &Placed, guarded: &Path) -> bool {
    place.source.starts_with(guarded) || place.target.starts_with(guarded)
}

/// `own` are the rules for what the user lets the app have for its own: data, where they are called so and nowhere else.
pub(super) fn refuse_protected(
    guarded: &[Guarded],
    place: &Placed,
    own: &BTreeSet<String>,
) -> Result<(), BuildError> {
    let is_own = own.contains(&place.rule) && place.source == place.target;
    let refused = |guarded: &&Guarded| {
        within(place, &guarded.path) && !(is_own && guarded.reason == protected::DATA)
    };
    match guarded.iter().find(refused) {
        None => Ok(()),
        Some(guarded) => Err(guarded.refused(place)),
    }
}

/// A lock of a rule holds for what lies below as well, or the user could open by a deeper rule what it closes. That
/// less is given there is the user's to say.
pub(super) fn refuse_locked(shape: &Shape<'_>, placed: &[Placed]) -> Result<(), BuildError> {
    let of_user = |place: &&Placed| {
        let key = format!("files.rules.{}", place.rule);
        let own = shape.profile.own.contains(&place.rule);
        own || shape.profile.layer_of(&key) == Some(Layer::User)
    };
    let locked = |rule: &str| {
        shape
            .profile
            .locked_rules
            .iter()
            .any(|locked| locked == rule)
    };
    for place in placed.iter().filter(of_user) {
        let opened = placed
            .iter()
            .filter(|other| locked(&other.rule))
            .find(|other| {
                let same_place = place.target.starts_with(&other.target)
                    || place.source.starts_with(&other.source);
                same_place && strictness(place.effect) > strictness(other.effect)
            });
        if let Some(locked) = opened {
            return Err(BuildError::Locked {
                rule: place.rule.clone(),
                path: place.target.clone(),
                locked: locked.rule.clone(),
            });
        }
    }
    Ok(())
}

/// What an effect gives, from nothing on.
fn strictness(effect: Effect) -> u8 {
    match effect {
        Effect::Hide => 0,
        Effect::Read => 1,
        Effect::CopyOnWrite => 2,
        Effect::Write => 3,
    }
}

/// One for each place, outer ones first: what is named wins over what is matched, then what gives less.
pub(super) fn decided(mut placed: Vec<Placed>) -> Vec<Placed> {
    placed.sort_by_cached_key(|place| {
        let depth = place.target.components().count();
        (
            depth,
            place.target.clone(),
            !place.named,
            strictness(place.effect),
        )
    });
    placed.dedup_by(|later, earlier| later.target == earlier.target);
    // The same place by another path is the same place.
    let mut by_source: BTreeMap<PathBuf, (bool, u8, Placed)> = BTreeMap::new();
    for place in &placed {
        let rank = (!place.named, strictness(place.effect));
        let known = by_source.get(&place.source);
        if known.is_none_or(|(pattern, strict, _)| rank < (*pattern, *strict)) {
            by_source.insert(place.source.clone(), (rank.0, rank.1, place.clone()));
        }
    }
    for place in &mut placed {
        if let Some((.., decides)) = by_source.get(&place.source) {
            (place.effect, place.rule) = (decides.effect, decides.rule.clone());
        }
    }
    placed
}
