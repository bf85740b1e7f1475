//! Asking the person: the one room through which everything goes that a profile leaves to an
//! answer.
//!
//! [`Consent::ask`] is what the rest of the daemon calls. [`queue`] has the rules, [`room`] keeps
//! them, and [`show`] tries who can show a prompt: an agent of the desktop ([`agent`]), else a
//! notification ([`notification`]); if there is neither, the answer is no. What a person reads is
//! made of our own words and of quoted, capped text ([`oz_core::said`]), so an app cannot word a question.
//! It cannot answer one either: agents and notification services are on the session bus, which
//! is not inside any sandbox.

mod agent;
mod notification;
mod question;
mod queue;
mod room;
mod show;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use oz_core::plan::SandboxId;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

pub(crate) use question::{Answer, Opening, Question, Reason, Refusal, Subject};
use queue::{By, NotTaken, PromptId, Waiter, Who};
pub(crate) use room::Listed;
use room::{Clock, Event, Room};

use crate::failure::{Failure, Kind, Result};
use crate::sandbox::Sandbox;

/// Where questions are asked.
pub(crate) struct Consent {
    events: mpsc::UnboundedSender<Event>,
    /// Until there is a bus.
    closed: Mutex<Option<mpsc::UnboundedReceiver<Event>>>,
    prompts: watch::Sender<Vec<Listed>>,
    next_waiter: AtomicU64,
}

impl Default for Consent {
    fn default() -> Self {
        let (events, receiver) = mpsc::unbounded_channel();
        Self {
            events,
            closed: Mutex::new(Some(receiver)),
            prompts: watch::Sender::default(),
            next_waiter: AtomicU64::default(),
        }
    }
}

impl Consent {
    /// Begins to ask, on this bus.
    pub(crate) fn open(&self, bus: &zbus::Connection) {
        self.open_with(bus, Box::new(Instant::now));
    }

    fn open_with(&self, bus: &zbus::Connection, clock: Clock) {
        let closed = self
            .closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(events) = closed {
            let (sender, list) = (self.events.clone(), self.prompts.clone());
            tokio::spawn(Room::new(bus.clone(), clock, sender, list).run(events));
        }
    }

    /// Asks the person and waits for the answer, for about a minute at most. Dropping the future
    /// takes the prompt away, and so does the end of the sandbox.
    pub(crate) async fn ask(&self, sandbox: &Sandbox, question: Question) -> Answer {
        let denied = question.denied();
        let who = Who {
            sandbox: sandbox.id.clone(),
            profile: sandbox.plan.profile.clone(),
            name: sandbox.called().to_owned(),
        };
        let answer = tokio::select! {
            biased;
            () = sandbox.leaving() => Answer::No(Refusal::Ended),
            answer = self.raise(who, question) => answer,
        };
        if let (Answer::No(Refusal::Person), Some(denied)) = (answer, denied) {
            sandbox.decided(denied);
        }
        answer
    }

    async fn raise(&self, who: Who, question: Question) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            events: &self.events,
            waiter: self.next_waiter.fetch_add(1, Ordering::Relaxed),
        };
        let asked = self.events.send(Event::Ask {
            who,
            question,
            waiter: waiting.waiter,
            answer,
        });
        match (asked, answered.await) {
            (Ok(()), Ok(answer)) => answer,
            _ => Answer::No(Refusal::Nobody),
        }
    }

    /// The person wants to be asked, whatever the answer was the last time.
    pub(crate) fn ask_again(&self, sandbox: &SandboxId, about: Subject) {
        let _ = self.events.send(Event::AskAgain(sandbox.clone(), about));
    }

    /// A sandbox has ended: what it asked is taken away, and what it was told is forgotten.
    pub(crate) fn ended(&self, sandbox: &SandboxId) {
        let _ = self.events.send(Event::Ended(sandbox.clone()));
    }

    /// The prompts that wait for an answer, and their changes.
    pub(crate) fn prompts(&self) -> watch::Receiver<Vec<Listed>> {
        self.prompts.subscribe()
    }

    /// The agent of that unique name answers a prompt that it shows.
    pub(crate) async fn answer_of_agent(&self, prompt: &str, name: &str, yes: bool) -> Result<()> {
        self.answer(prompt, By::Agent(name.to_owned()), yes).await
    }

    /// The person answers by a command.
    pub(crate) async fn answer_by_command(&self, prompt: &str, yes: bool) -> Result<()> {
        self.answer(prompt, By::Command, yes).await
    }

    async fn answer(&self, prompt: &str, by: By, yes: bool) -> Result<()> {
        let missing = || {
            Failure::new(
                Kind::NotFound,
                format!("no prompt {prompt:?} waits for an answer"),
                "`oz answer` lists those that do",
            )
        };
        let id = prompt.parse().map(PromptId).map_err(|_| missing())?;
        match room::answer(&self.events, id, by, yes).await {
            Ok(()) => Ok(()),
            Err(NotTaken::Unknown) => Err(missing()),
            Err(NotTaken::NotYours) => Err(Failure::new(
                Kind::Refused,
                format!("the prompt {id} is shown by somebody else"),
                format!("Only who shows it may answer it, or the person: `oz answer {id} yes|no`"),
            )),
            Err(NotTaken::TooSoon) => Err(Failure::new(
                Kind::TooSoon,
                format!("the prompt {id} has only just appeared"),
                "Read it and answer again",
            )),
        }
    }
}

/// Takes the question back if nobody waits for its answer any more.
struct Waiting<'a> {
    events: &'a mpsc::UnboundedSender<Event>,
    waiter: Waiter,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // After the answer there is nothing to take back.
        let _ = self.events.send(Event::Cancel(self.waiter));
    }
}
