//! The rules: who may be asked what, when, and whose answer counts. No IO, no clock of its own.
//!
//! A prompt is *up* while it is its sandbox's turn, and *shown* while somebody says that a person
//! can see it. Only what is up can be answered. The text of a question may come from an attacker,
//! and so may the moment at which it appears: so an answer counts only [`DELAY`] after the prompt
//! was shown, and one that comes earlier starts that time again, which a key that is held down
//! never outlasts.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oz_core::plan::SandboxId;
use tokio::time::Instant;

use super::question::{Answer, Question, Refusal, Subject};

/// How long a prompt must be seen before its answer counts.
pub(super) const DELAY: Duration = Duration::from_millis(500);
/// How long a prompt waits for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// For how long a person's no answers the same question.
const QUIET: Duration = Duration::from_secs(5 * 60);
/// For how long nobody's answer does.
const QUIET_AFTER_SILENCE: Duration = Duration::from_secs(60);
/// How many prompts a sandbox may raise in a minute.
const PER_MINUTE: usize = 6;
/// How many of a sandbox's prompts there are at a time, the one that is up included.
const QUEUED: usize = 4;
/// How many askers may wait for one prompt.
const WAITERS: usize = 32;
const MINUTE: Duration = Duration::from_secs(60);

/// A prompt's number; none is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PromptId(pub(super) u64);

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whoever asked and waits.
pub(super) type Waiter = u64;

/// A sandbox, for whoever reads its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) sandbox: SandboxId,
    pub(super) profile: String,
    /// What people call it.
    pub(super) name: String,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) id: PromptId,
    pub(super) who: Who,
    pub(super) question: Question,
    /// When it was asked, in seconds since 1970.
    pub(super) asked: u64,
}

/// Who shows a prompt, or answers it; by unique names of the bus, which nobody has a second time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    Agent(String),
    Notification(String),
    /// `oz answer`.
    Command,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// No prompt of this number is up.
    Unknown,
    /// Somebody else shows it.
    NotYours,
    /// The person cannot have read it.
    TooSoon,
}

/// What has to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Show it.
    Show(Arc<Card>),
    /// It is over: take it away.
    Over(PromptId),
    /// Tell whoever waits.
    Tell(Waiter, Answer),
    /// A sandbox begins to ask too much.
    Flood(SandboxId),
}

/// All prompts.
pub(super) struct Queue {
    next: u64,
    askers: BTreeMap<SandboxId, Asker>,
    effects: Vec<Effect>,
}

/// A sandbox that asks.
#[derive(Default)]
struct Asker {
    /// The first one is up.
    prompts: VecDeque<Prompt>,
    /// When prompts were raised, within the last minute.
    raised: VecDeque<Instant>,
    /// What was answered with no, and until when that holds.
    quiet: Vec<(Subject, Instant)>,
    /// When it was last said that it asks too much.
    warned: Option<Instant>,
}

struct Prompt {
    card: Arc<Card>,
    waiters: Vec<Waiter>,
    up: Option<Instant>,
    /// Who shows it, and since when its answers are awaited.
    shown: Option<(By, Instant)>,
    /// Somebody has shown it.
    seen: bool,
}

impl Queue {
    /// `first` is the number of the first prompt.
    pub(super) fn new(first: u64) -> Self {
        Self {
            next: first,
            askers: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    /// What has to be done since the last time.
    pub(super) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What is up, with who shows it.
    pub(super) fn up(&self) -> impl Iterator<Item = (&Arc<Card>, Option<&By>)> {
        let first = self.askers.values().filter_map(|a| a.prompts.front());
        first.map(|prompt| (&prompt.card, prompt.shown.as_ref().map(|(by, _)| by)))
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let first = self.askers.values().filter_map(|a| a.prompts.front());
        first.filter_map(|p| p.up).min().map(|up| up + PATIENCE)
    }

    /// A sandbox asks; `unix` is the time in seconds since 1970.
    pub(super) fn ask(
        &mut self,
        who: &Who,
        question: Question,
        waiter: Waiter,
        (now, unix): (Instant, u64),
    ) {
        let sandbox = &who.sandbox;
        let asker = self.askers.entry(sandbox.clone()).or_default();
        asker.quiet.retain(|(_, until)| *until > now);
        asker
            .raised
            .retain(|then| now.duration_since(*then) < MINUTE);
        let subject = question.subject();
        let same = |prompt: &&mut Prompt| prompt.card.question.subject() == subject;
        let refusal = if let Some(prompt) = asker.prompts.iter_mut().find(same) {
            if prompt.waiters.len() < WAITERS {
                prompt.waiters.push(waiter);
                return;
            }
            Refusal::TooMany
        } else if asker.quiet.iter().any(|(quiet, _)| *quiet == subject) {
            Refusal::Again
        } else if asker.raised.len() >= PER_MINUTE || asker.prompts.len() >= QUEUED {
            Refusal::TooMany
        } else {
            asker.raised.push_back(now);
            let card = Card {
                id: PromptId(self.next),
                who: who.clone(),
                question,
                asked: unix,
            };
            self.next += 1;
            asker.prompts.push_back(Prompt {
                card: Arc::new(card),
                waiters: vec![waiter],
                up: None,
                shown: None,
                seen: false,
            });
            self.put_up(sandbox, now);
            return;
        };
        let silent = |then| now.duration_since(then) >= MINUTE;
        if refusal == Refusal::TooMany && asker.warned.is_none_or(silent) {
            asker.warned = Some(now);
            self.effects.push(Effect::Flood(sandbox.clone()));
        }
        self.effects.push(Effect::Tell(waiter, Answer::No(refusal)));
    }

    /// Whoever asked does not wait any more.
    pub(super) fn cancel(&mut self, waiter: Waiter, now: Instant) {
        let mut dropped = None;
        for asker in self.askers.values_mut() {
            for prompt in &mut asker.prompts {
                let before = prompt.waiters.len();
                prompt.waiters.retain(|other| *other != waiter);
                if prompt.waiters.is_empty() && before > 0 {
                    dropped = Some(prompt.card.id);
                }
            }
        }
        if let Some(id) = dropped {
            self.remove(id, now);
        }
    }

    /// A person can see it now.
    pub(super) fn shown(&mut self, id: PromptId, by: By, now: Instant) {
        if let Some(prompt) = self.find(id) {
            prompt.shown = Some((by, now));
            prompt.seen = true;
        }
    }

    /// Whoever showed it does not any more, and somebody else is tried.
    pub(super) fn hidden(&mut self, id: PromptId) {
        if let Some(prompt) = self.find(id) {
            prompt.shown = None;
        }
    }

    /// Nobody can show it, or nobody any more.
    pub(super) fn unshowable(&mut self, id: PromptId, now: Instant) {
        let seen = self.find(id).is_some_and(|prompt| prompt.seen);
        let refusal = if seen {
            Refusal::Silence
        } else {
            Refusal::Nobody
        };
        self.settle(id, Answer::No(refusal), now);
    }

    /// Somebody answers.
    pub(super) fn answer(
        &mut self,
        id: PromptId,
        by: &By,
        yes: bool,
        now: Instant,
    ) -> Result<(), NotTaken> {
        let prompt = self.find(id).ok_or(NotTaken::Unknown)?;
        match &mut prompt.shown {
            _ if *by == By::Command => {
                if prompt.up.is_none_or(|up| now.duration_since(up) < DELAY) {
                    return Err(NotTaken::TooSoon);
                }
            }
            Some((shower, since)) if shower == by => {
                if now.duration_since(*since) < DELAY {
                    *since = now;
                    return Err(NotTaken::TooSoon);
                }
            }
            _ => return Err(NotTaken::NotYours),
        }
        let answer = if yes {
            Answer::Yes
        } else {
            Answer::No(Refusal::Person)
        };
        self.settle(id, answer, now);
        Ok(())
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Instant) {
        let first = self.askers.values().filter_map(|a| a.prompts.front());
        let late = first.filter(|prompt| {
            prompt
                .up
                .is_some_and(|up| now.duration_since(up) >= PATIENCE)
        });
        for id in late.map(|prompt| prompt.card.id).collect::<Vec<_>>() {
            self.settle(id, Answer::No(Refusal::Silence), now);
        }
    }

    /// The person wants to be asked about that again.
    pub(super) fn ask_again(&mut self, sandbox: &SandboxId, about: Subject) {
        if let Some(asker) = self.askers.get_mut(sandbox) {
            asker.quiet.retain(|(quiet, _)| *quiet != about);
        }
    }

    /// A sandbox has ended; another one of its name starts anew.
    pub(super) fn ended(&mut self, sandbox: &SandboxId) {
        let Some(asker) = self.askers.remove(sandbox) else {
            return;
        };
        for prompt in asker.prompts {
            self.tell(&prompt.waiters, Answer::No(Refusal::Ended));
            if prompt.up.is_some() {
                self.effects.push(Effect::Over(prompt.card.id));
            }
        }
    }

    fn settle(&mut self, id: PromptId, answer: Answer, now: Instant) {
        let Some(prompt) = self.remove(id, now) else {
            return;
        };
        let quiet = match answer {
            Answer::No(Refusal::Person) => Some(QUIET),
            Answer::No(Refusal::Silence) => Some(QUIET_AFTER_SILENCE),
            _ => None,
        };
        if let (Some(quiet), Some(asker)) = (quiet, self.askers.get_mut(&prompt.card.who.sandbox)) {
            let subject = prompt.card.question.subject();
            asker.quiet.push((subject, now + quiet));
        }
        self.tell(&prompt.waiters, answer);
    }

    fn tell(&mut self, waiters: &[Waiter], answer: Answer) {
        let tell = waiters.iter().map(|waiter| Effect::Tell(*waiter, answer));
        self.effects.extend(tell);
    }

    /// Takes it away, and puts up what comes after it.
    fn remove(&mut self, id: PromptId, now: Instant) -> Option<Prompt> {
        let is_it = |prompt: &Prompt| prompt.card.id == id;
        let (sandbox, prompt) = self.askers.iter_mut().find_map(|(sandbox, asker)| {
            let index = asker.prompts.iter().position(is_it)?;
            Some((sandbox.clone(), asker.prompts.remove(index)?))
        })?;
        if prompt.up.is_some() {
            self.effects.push(Effect::Over(id));
        }
        self.put_up(&sandbox, now);
        Some(prompt)
    }

    fn put_up(&mut self, sandbox: &SandboxId, now: Instant) {
        let asker = self.askers.get_mut(sandbox);
        if let Some(first) = asker.and_then(|asker| asker.prompts.front_mut())
            && first.up.is_none()
        {
            first.up = Some(now);
            self.effects.push(Effect::Show(Arc::clone(&first.card)));
        }
    }

    /// One that is up.
    fn find(&mut self, id: PromptId) -> Option<&mut Prompt> {
        let mut first = self
            .askers
            .values_mut()
            .filter_map(|a| a.prompts.front_mut());
        first.find(|prompt| prompt.card.id == id)
    }
}

#[cfg(test)]
mod tests;
