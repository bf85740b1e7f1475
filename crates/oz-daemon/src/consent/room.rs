//! One task that keeps the rules: it alone holds the queue, has the clock, and starts and ends
//! what shows prompts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use oz_core::plan::SandboxId;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use zbus::Connection;

use super::question::{Answer, Question, Refusal, Subject};
use super::queue::{By, Card, Effect, NotTaken, PromptId, Queue, Waiter, Who};
use super::show;

/// What happens in the room.
pub(super) enum Event {
    Ask {
        who: Who,
        question: Question,
        waiter: Waiter,
        answer: oneshot::Sender<Answer>,
    },
    Cancel(Waiter),
    AskAgain(SandboxId, Subject),
    Ended(SandboxId),
    Shown(PromptId, By),
    Hidden(PromptId),
    Unshowable(PromptId),
    Answer {
        prompt: PromptId,
        by: By,
        yes: bool,
        taken: oneshot::Sender<Result<(), NotTaken>>,
    },
}

/// What time it is.
pub(super) type Clock = Box<dyn Fn() -> Instant + Send>;

/// Where events are sent.
pub(super) type Events = mpsc::UnboundedSender<Event>;

/// A prompt that waits, for whoever lists them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    card: Arc<Card>,
    shown: &'static str,
}

impl Listed {
    pub(crate) fn id(&self) -> String {
        self.card.id.to_string()
    }

    pub(crate) fn sandbox(&self) -> String {
        self.card.who.sandbox.to_string()
    }

    pub(crate) fn profile(&self) -> String {
        self.card.who.profile.clone()
    }

    pub(crate) fn kind(&self) -> String {
        self.card.question.kind().to_owned()
    }

    /// As [`super::agent`] hands them over.
    pub(crate) fn details(&self) -> HashMap<&'static str, zbus::Variant<'static>> {
        self.card.details()
    }

    /// Seconds since 1970.
    pub(crate) fn asked(&self) -> u64 {
        self.card.asked
    }

    /// `agent`, `notification`, or nothing yet.
    pub(crate) fn shown(&self) -> &'static str {
        self.shown
    }
}

impl Card {
    /// Everything about it but its names; see docs/prompts.md.
    pub(super) fn details(&self) -> HashMap<&'static str, zbus::Variant<'static>> {
        let mut details = self.question.details();
        details.insert("title", self.question.title(&self.who.name).into());
        details.insert("name", self.who.name.clone().into());
        details.insert("body", self.question.body().into());
        details.insert("icon", self.question.icon().into());
        details
    }
}

/// The room.
pub(super) struct Room {
    bus: Connection,
    clock: Clock,
    events: Events,
    queue: Queue,
    waiters: BTreeMap<Waiter, (SandboxId, oneshot::Sender<Answer>)>,
    /// Each takes its prompt away when it is dropped here.
    showing: BTreeMap<PromptId, oneshot::Sender<()>>,
    list: watch::Sender<Vec<Listed>>,
}

impl Room {
    pub(super) fn new(
        bus: Connection,
        clock: Clock,
        events: Events,
        list: watch::Sender<Vec<Listed>>,
    ) -> Self {
        // Prompts are raised more slowly than seconds pass, so what is still on a screen from
        // an earlier daemon has another number.
        let first = crate::clock::now() % 9000 + 1000;
        Self {
            bus,
            clock,
            events,
            queue: Queue::new(first),
            waiters: BTreeMap::new(),
            showing: BTreeMap::new(),
            list,
        }
    }

    /// Runs as long as the daemon.
    pub(super) async fn run(mut self, mut events: mpsc::UnboundedReceiver<Event>) {
        loop {
            let deadline = self.queue.deadline();
            let late = async move {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(event) => self.take(event),
                    None => return,
                },
                () = late => self.queue.tick((self.clock)()),
            }
            for effect in self.queue.effects() {
                self.act(effect);
            }
            self.publish();
        }
    }

    fn take(&mut self, event: Event) {
        let now = (self.clock)();
        match event {
            Event::Ask {
                who,
                question,
                waiter,
                answer,
            } => {
                self.waiters.insert(waiter, (who.sandbox.clone(), answer));
                let times = (now, crate::clock::now());
                self.queue.ask(&who, question, waiter, times);
            }
            Event::Cancel(waiter) => {
                if self.waiters.remove(&waiter).is_some() {
                    self.queue.cancel(waiter, now);
                }
            }
            Event::AskAgain(sandbox, about) => self.queue.ask_again(&sandbox, about),
            Event::Ended(sandbox) => self.queue.ended(&sandbox),
            Event::Shown(prompt, by) => self.queue.shown(prompt, by, now),
            Event::Hidden(prompt) => self.queue.hidden(prompt),
            Event::Unshowable(prompt) => self.queue.unshowable(prompt, now),
            Event::Answer {
                prompt,
                by,
                yes,
                taken,
            } => {
                let result = self.queue.answer(prompt, &by, yes, now);
                tracing::debug!(%prompt, ?by, ?result, "an answer");
                let _ = taken.send(result);
            }
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Show(card) => {
                let (over, is_over) = oneshot::channel();
                self.showing.insert(card.id, over);
                let kind = card.question.kind();
                tracing::info!(sandbox = %card.who.sandbox, prompt = %card.id, kind, "the person is asked");
                tokio::spawn(show::show(
                    self.bus.clone(),
                    self.events.clone(),
                    card,
                    is_over,
                ));
            }
            Effect::Over(prompt) => drop(self.showing.remove(&prompt)),
            Effect::Tell(waiter, answer) => {
                if let Some((sandbox, waiting)) = self.waiters.remove(&waiter) {
                    note(&sandbox, answer);
                    let _ = waiting.send(answer);
                }
            }
            Effect::Flood(sandbox) => {
                tracing::warn!(%sandbox, "it asks too much; for a while the answer is no, unasked");
            }
        }
    }

    fn publish(&self) {
        let listed = |(card, by): (&Arc<Card>, Option<&By>)| Listed {
            card: Arc::clone(card),
            shown: match by {
                Some(By::Agent(_)) => "agent",
                Some(By::Notification(_)) => "notification",
                Some(By::Command) | None => "",
            },
        };
        let now: Vec<_> = self.queue.up().map(listed).collect();
        self.list.send_if_modified(|list| {
            let changed = *list != now;
            *list = now;
            changed
        });
    }
}

fn note(sandbox: &SandboxId, answer: Answer) {
    match answer {
        Answer::Yes => tracing::info!(%sandbox, "the person said yes"),
        // Both are an app's to repeat at will; the flood has a line of its own.
        Answer::No(why @ (Refusal::Again | Refusal::TooMany)) => {
            tracing::debug!(%sandbox, why = why.word(), "no, unasked");
        }
        Answer::No(why) => tracing::info!(%sandbox, why = why.word(), "no"),
    }
}

/// Hands an answer in.
pub(super) async fn answer(
    events: &Events,
    prompt: PromptId,
    by: By,
    yes: bool,
) -> Result<(), NotTaken> {
    let (taken, is_taken) = oneshot::channel();
    let _ = events.send(Event::Answer {
        prompt,
        by,
        yes,
        taken,
    });
    is_taken.await.unwrap_or(Err(NotTaken::Unknown))
}
