//! What a sandbox was refused, for people: the last of each kind, each once with its count.
//!
//! Who refuses is a proxy, which may have been taken over, or a portal, to which an app speaks; so whatever they do, the
//! list stays short, its strings are fit to show, and whoever watches is told once in a while.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use oz_core::denied::{DENIED, Denied};
use oz_core::said::Said;
use tokio::time::Instant;

use super::Sandbox;
use crate::clock;

/// How many different ones of a kind are kept: those that came last.
const EACH: usize = 8;
/// How much of what it is about is kept, in characters.
const SUBJECT: usize = 80;
/// Nobody is told sooner than this after the last time.
const PAUSE: Duration = Duration::from_secs(1);

/// One refusal, and how often it was repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) denied: Denied,
    /// What it was about, if there is more than one thing.
    pub(crate) subject: String,
    pub(crate) count: u32,
    /// In seconds since 1970.
    pub(crate) first: u64,
    /// Likewise.
    pub(crate) last: u64,
}

/// Those of one sandbox.
#[derive(Default)]
pub(crate) struct Denials {
    /// The last of all comes last.
    list: Vec<Denial>,
    /// New ones that nobody has been told of; at most as many as the list has.
    fresh: Vec<Denial>,
    /// What the person has decided, who knows of it.
    decided: BTreeSet<Denied>,
    said: Option<Instant>,
    /// It will be said.
    due: bool,
}

impl Denials {
    fn count(&mut self, denied: Denied, subject: String, count: u32, now: u64) {
        let same = |known: &Denial| known.denied == denied && known.subject == subject;
        if let Some(place) = self.list.iter().position(same) {
            let mut known = self.list.remove(place);
            known.count = known.count.saturating_add(count);
            known.last = now;
            self.list.push(known);
            return;
        }
        let new = Denial {
            denied,
            subject,
            count,
            first: now,
            last: now,
        };
        for list in [&mut self.list, &mut self.fresh] {
            let of_kind = |known: &Denial| known.denied == denied;
            if list.iter().filter(|known| of_kind(known)).count() >= EACH
                && let Some(oldest) = list.iter().position(of_kind)
            {
                list.remove(oldest);
            }
            list.push(new.clone());
        }
    }

    /// When it is to be said; none if that is settled already.
    fn when(&mut self, now: Instant) -> Option<Instant> {
        if self.due {
            return None;
        }
        self.due = true;
        Some(self.said.map_or(now, |said| (said + PAUSE).max(now)))
    }

    fn say(&mut self, now: Instant) {
        self.due = false;
        self.said = Some(now);
    }
}

impl Sandbox {
    fn all_denials(&self) -> MutexGuard<'_, Denials> {
        self.denials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was refused something, so many times; `subject` may be an app's own words.
    pub(crate) fn denied(self: &Arc<Self>, denied: Denied, subject: &[u8], count: u32) {
        let subject =
            Said::new(subject, SUBJECT).map_or_else(String::new, |said| said.as_str().to_owned());
        let when = {
            let mut all = self.all_denials();
            all.count(denied, subject, count.max(1), clock::now());
            all.when(Instant::now())
        };
        let Some(when) = when else { return };
        let sandbox = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(when).await;
            sandbox.all_denials().say(Instant::now());
            sandbox.changed.notify_one();
        });
    }

    /// What it was refused, the last of all first. Never more than so many of each kind.
    pub(crate) fn denials(&self) -> Vec<Denial> {
        let all = self.all_denials();
        debug_assert!(all.list.len() <= EACH * DENIED.len());
        all.list.iter().rev().cloned().collect()
    }

    /// The person has decided about it, and is told nothing new when it is refused.
    pub(crate) fn decided(&self, denied: Denied) {
        let mut all = self.all_denials();
        all.decided.insert(denied);
    }

    /// Whether the person has.
    pub(crate) fn is_decided(&self, denied: Denied) -> bool {
        let all = self.all_denials();
        all.decided.contains(&denied)
    }

    /// What is new among it since the last time.
    pub(crate) fn new_denials(&self) -> Vec<Denial> {
        let mut all = self.all_denials();
        std::mem::take(&mut all.fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_counted_and_the_last_comes_last() {
        let mut all = Denials::default();
        all.count(Denied::Microphone, String::new(), 1, 5);
        all.count(Denied::Link, "a".into(), 1, 6);
        all.count(Denied::Microphone, String::new(), 3, 7);
        let shown: Vec<_> = all
            .list
            .iter()
            .map(|d| (d.denied, d.count, d.first, d.last))
            .collect();
        assert_eq!(
            shown,
            [(Denied::Link, 1, 6, 6), (Denied::Microphone, 4, 5, 7)]
        );
        assert_eq!(all.fresh.len(), 2);
    }

    #[test]
    fn a_flood_of_one_kind_pushes_out_nothing_of_another() {
        let mut all = Denials::default();
        all.count(Denied::Microphone, String::new(), 1, 0);
        for number in 0..10_000 {
            all.count(Denied::Link, format!("https://{number}"), u32::MAX, number);
        }
        assert_eq!(all.list.len(), 1 + EACH);
        assert_eq!(all.fresh.len(), 1 + EACH);
        assert_eq!(all.list[0].denied, Denied::Microphone);
        assert_eq!(
            all.list.last().map(|d| d.subject.as_str()),
            Some("https://9999")
        );
    }

    #[test]
    fn whoever_watches_is_told_at_once_and_then_once_in_a_while() {
        let (mut all, now) = (Denials::default(), Instant::now());
        assert_eq!(all.when(now), Some(now));
        assert_eq!(all.when(now), None);
        all.say(now);
        assert_eq!(all.when(now), Some(now + PAUSE));
        all.say(now + PAUSE);
        assert_eq!(all.when(now + PAUSE * 3), Some(now + PAUSE * 3));
    }
}
