//! All sandboxes, and how a new one gets its name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use oz_core::plan::SandboxId;

use super::{Phase, Sandbox};
use crate::failure::{Failure, Kind, Result};
use crate::strangers::Strangers;

/// The sandboxes that exist, starting ones included.
#[derive(Default)]
pub(crate) struct Registry(Mutex<BTreeMap<SandboxId, Arc<Sandbox>>>);

impl Registry {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SandboxId, Arc<Sandbox>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Sandbox>> {
        self.lock().values().cloned().collect()
    }

    pub(crate) fn add(&self, sandbox: Arc<Sandbox>) {
        self.lock().insert(sandbox.id.clone(), sandbox);
    }

    pub(crate) fn remove(&self, id: &SandboxId) {
        self.lock().remove(id);
    }

    /// The one of this name.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Sandbox>> {
        let known = id
            .parse()
            .ok()
            .and_then(|id: SandboxId| self.lock().get(&id).cloned());
        known.ok_or_else(|| {
            Failure::new(
                Kind::NotFound,
                format!("no sandbox {id:?} is running"),
                "`oz ps` lists what runs",
            )
        })
    }

    /// The one that has the name that is wished for.
    pub(crate) fn named_for(&self, wish: &str) -> Option<Arc<Sandbox>> {
        let id = base_name(wish).parse::<SandboxId>().ok()?;
        self.lock().get(&id).cloned()
    }

    /// The one whose drags have this token.
    pub(crate) fn by_token(&self, token: &str) -> Option<Arc<Sandbox>> {
        let all = self.lock();
        all.values().find(|sandbox| sandbox.token == token).cloned()
    }

    /// One that a further launch of this profile joins.
    pub(crate) fn joinable(&self, profile: &str) -> Option<Arc<Sandbox>> {
        self.lock()
            .values()
            .find(|sandbox| {
                sandbox.joinable
                    && sandbox.plan.profile == profile
                    && matches!(sandbox.phase(), Phase::Starting | Phase::Running)
            })
            .cloned()
    }

    /// A free name: `firefox`, then `firefox-2`. Sandboxes of another version have theirs, and
    /// what is kept of ended ones can have one.
    pub(crate) fn free_id(
        &self,
        wish: &str,
        strangers: &Strangers,
        kept: impl Fn(&SandboxId) -> bool,
    ) -> SandboxId {
        let taken = self.lock();
        free_id(wish, |id| {
            taken.contains_key(id) || strangers.get(id).is_some() || kept(id)
        })
    }
}

fn free_id(wish: &str, taken: impl Fn(&SandboxId) -> bool) -> SandboxId {
    let base = base_name(wish);
    let mut number = 1_u64;
    loop {
        let name = if number == 1 {
            base.clone()
        } else {
            format!("{base}-{number}")
        };
        match name.parse() {
            Ok(id) if !taken(&id) => return id,
            _ => number += 1,
        }
    }
}

/// What is left of any text as a name, with room for a number behind it.
fn base_name(wish: &str) -> String {
    let name: String = wish
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(SandboxId::MAX - 16)
        .collect();
    if name.is_empty() {
        "sandbox".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_counted_from_two() {
        let mut taken = BTreeSet::new();
        for expected in ["firefox", "firefox-2", "firefox-3"] {
            let id = free_id("firefox", |id| taken.contains(id));
            assert_eq!(id.as_str(), expected);
            taken.insert(id);
        }
        taken.remove(&"firefox-2".parse().expect("a name"));
        assert_eq!(
            free_id("firefox", |id| taken.contains(id)).as_str(),
            "firefox-2"
        );
    }

    proptest! {
        #[test]
        fn any_text_makes_a_name(wish in ".{0,100}", taken in 0usize..5) {
            let mut seen = BTreeSet::new();
            for _ in 0..=taken {
                let id = free_id(&wish, |id| seen.contains(id));
                prop_assert!(seen.insert(id));
            }
        }
    }
}
