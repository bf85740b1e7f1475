use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// A queue and a clock that goes when it is told to.
struct Bench {
    queue: Queue,
    now: Instant,
    waiters: Waiter,
}

fn id(name: &str) -> SandboxId {
    name.parse().expect("a name")
}

fn agent() -> By {
    By::Agent(":1.7".to_owned())
}

impl Bench {
    fn new() -> Self {
        Self {
            queue: Queue::new(1),
            now: Instant::now(),
            waiters: 0,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.queue.tick(self.now);
    }

    fn ask(&mut self, sandbox: &str, question: Question) -> Waiter {
        self.waiters += 1;
        let times = (self.now, 0);
        let who = Who {
            sandbox: id(sandbox),
            profile: "generic".to_owned(),
            name: sandbox.to_owned(),
        };
        self.queue.ask(&who, question, self.waiters, times);
        self.waiters
    }

    /// Asks and expects it to be put up.
    fn up(&mut self, sandbox: &str, question: Question) -> (Waiter, PromptId) {
        let waiter = self.ask(sandbox, question);
        match self.queue.effects().as_slice() {
            [Effect::Show(card)] => (waiter, card.id),
            other => panic!("{other:?}"),
        }
    }

    /// The same, shown by the agent.
    fn shown(&mut self, sandbox: &str, question: Question) -> (Waiter, PromptId) {
        let (waiter, prompt) = self.up(sandbox, question);
        self.queue.shown(prompt, agent(), self.now);
        (waiter, prompt)
    }

    fn answer(&mut self, prompt: PromptId, by: &By, yes: bool) -> Result<(), NotTaken> {
        self.queue.answer(prompt, by, yes, self.now)
    }

    fn effects(&mut self) -> Vec<Effect> {
        self.queue.effects()
    }
}

fn microphone() -> Question {
    Question::microphone(b"parec")
}

fn other(number: u8) -> Question {
    Question::Other(number)
}

fn no(refusal: Refusal) -> Answer {
    Answer::No(refusal)
}

#[test]
fn an_answer_counts_half_a_second_after_the_prompt_was_shown() {
    let mut bench = Bench::new();
    let (waiter, prompt) = bench.up("a", microphone());
    bench.pass(10 * SECOND);
    bench.queue.shown(prompt, agent(), bench.now);
    bench.pass(499 * MS);
    assert_eq!(bench.answer(prompt, &agent(), true), Err(NotTaken::TooSoon));
    assert_eq!(bench.effects(), []);
    bench.pass(500 * MS);
    assert_eq!(bench.answer(prompt, &agent(), true), Ok(()));
    assert_eq!(
        bench.effects(),
        [Effect::Over(prompt), Effect::Tell(waiter, Answer::Yes)]
    );
}

#[test]
fn a_key_that_is_held_down_never_answers() {
    let mut bench = Bench::new();
    let (_, prompt) = bench.shown("a", microphone());
    for _ in 0..1000 {
        bench.pass(33 * MS);
        assert_eq!(bench.answer(prompt, &agent(), true), Err(NotTaken::TooSoon));
    }
    assert_eq!(bench.effects(), []);
    bench.pass(DELAY);
    assert_eq!(bench.answer(prompt, &agent(), false), Ok(()));
}

#[test]
fn only_who_shows_a_prompt_answers_it() {
    let mut bench = Bench::new();
    let (_, prompt) = bench.up("a", microphone());
    bench.pass(SECOND);
    assert_eq!(
        bench.answer(prompt, &agent(), true),
        Err(NotTaken::NotYours)
    );
    bench.queue.shown(prompt, agent(), bench.now);
    bench.pass(SECOND);
    for by in [
        By::Agent(":1.8".to_owned()),
        By::Notification(":1.7".to_owned()),
    ] {
        assert_eq!(bench.answer(prompt, &by, true), Err(NotTaken::NotYours));
    }
    bench.queue.hidden(prompt);
    assert_eq!(
        bench.answer(prompt, &agent(), true),
        Err(NotTaken::NotYours)
    );
    assert_eq!(bench.effects(), []);
}

#[test]
fn a_command_answers_whoever_shows_it_but_not_at_once() {
    let mut bench = Bench::new();
    let (waiter, prompt) = bench.up("a", microphone());
    assert_eq!(
        bench.answer(prompt, &By::Command, true),
        Err(NotTaken::TooSoon)
    );
    bench.pass(DELAY);
    assert_eq!(bench.answer(prompt, &By::Command, true), Ok(()));
    assert_eq!(
        bench.effects(),
        [Effect::Over(prompt), Effect::Tell(waiter, Answer::Yes)]
    );
    assert_eq!(
        bench.answer(prompt, &By::Command, true),
        Err(NotTaken::Unknown)
    );
}

#[test]
fn a_question_that_waits_is_not_asked_twice() {
    let mut bench = Bench::new();
    let (first, prompt) = bench.shown("a", microphone());
    let second = bench.ask("a", Question::microphone(b"another name"));
    assert_eq!(bench.effects(), []);
    bench.pass(SECOND);
    assert_eq!(bench.answer(prompt, &agent(), true), Ok(()));
    assert_eq!(
        bench.effects(),
        [
            Effect::Over(prompt),
            Effect::Tell(first, Answer::Yes),
            Effect::Tell(second, Answer::Yes)
        ]
    );
}

#[test]
fn one_prompt_of_a_sandbox_is_up_at_a_time() {
    let mut bench = Bench::new();
    let (first, prompt) = bench.shown("a", other(1));
    let second = bench.ask("a", other(2));
    assert_eq!(bench.effects(), []);
    // Another sandbox has its own turn.
    bench.up("b", other(1));
    let next = PromptId(prompt.0 + 1);
    bench.pass(SECOND);
    assert_eq!(
        bench.answer(next, &By::Command, true),
        Err(NotTaken::Unknown)
    );
    assert_eq!(bench.answer(prompt, &agent(), true), Ok(()));
    match bench.effects().as_slice() {
        [
            Effect::Over(over),
            Effect::Show(card),
            Effect::Tell(told, Answer::Yes),
        ] => {
            assert_eq!((*over, card.id, *told), (prompt, next, first));
        }
        other => panic!("{other:?}"),
    }
    // The click that answered the first one does not answer the second.
    bench.queue.shown(next, agent(), bench.now);
    assert_eq!(bench.answer(next, &agent(), true), Err(NotTaken::TooSoon));
    bench.pass(SECOND);
    assert_eq!(bench.answer(next, &agent(), false), Ok(()));
    assert_eq!(
        bench.effects(),
        [
            Effect::Over(next),
            Effect::Tell(second, no(Refusal::Person))
        ]
    );
}

#[test]
fn no_answer_is_no() {
    let mut bench = Bench::new();
    let (waiter, prompt) = bench.shown("a", microphone());
    assert_eq!(bench.queue.deadline(), Some(bench.now + PATIENCE));
    bench.pass(PATIENCE - MS);
    assert_eq!(bench.effects(), []);
    bench.pass(MS);
    assert_eq!(
        bench.effects(),
        [
            Effect::Over(prompt),
            Effect::Tell(waiter, no(Refusal::Silence))
        ]
    );
    assert_eq!(bench.queue.deadline(), None);
}

#[test]
fn a_prompt_that_changes_hands_does_not_wait_longer() {
    let mut bench = Bench::new();
    let (_, prompt) = bench.shown("a", microphone());
    let deadline = bench.queue.deadline();
    bench.pass(30 * SECOND);
    bench.queue.hidden(prompt);
    let service = By::Notification(":1.9".to_owned());
    bench.queue.shown(prompt, service, bench.now);
    assert_eq!(bench.queue.deadline(), deadline);
}

#[test]
fn a_no_holds_for_five_minutes_and_one_of_nobody_for_one() {
    for (silence, quiet) in [(false, 300 * SECOND), (true, 60 * SECOND)] {
        let mut bench = Bench::new();
        let (_, prompt) = bench.shown("a", microphone());
        if silence {
            bench.pass(PATIENCE);
        } else {
            bench.pass(SECOND);
            assert_eq!(bench.answer(prompt, &agent(), false), Ok(()));
        }
        bench.effects();
        bench.pass(quiet - MS);
        let waiter = bench.ask("a", Question::microphone(b"renamed"));
        assert_eq!(bench.effects(), [Effect::Tell(waiter, no(Refusal::Again))]);
        // Another question, and another sandbox, are not concerned.
        bench.up("a", other(1));
        bench.up("b", microphone());
        bench.pass(MS);
        let waiter = bench.ask("a", microphone());
        assert!(
            !bench
                .effects()
                .contains(&Effect::Tell(waiter, no(Refusal::Again)))
        );
    }
}

#[test]
fn the_person_can_ask_to_be_asked_again() {
    let mut bench = Bench::new();
    for question in [microphone(), other(1)] {
        let (_, prompt) = bench.shown("a", question);
        bench.pass(SECOND);
        assert_eq!(bench.answer(prompt, &agent(), false), Ok(()));
        bench.effects();
    }
    bench.queue.ask_again(&id("a"), Subject::Microphone);
    let waiter = bench.ask("a", other(1));
    assert_eq!(bench.effects(), [Effect::Tell(waiter, no(Refusal::Again))]);
    bench.up("a", microphone());
}

#[test]
fn a_yes_is_asked_for_again() {
    let mut bench = Bench::new();
    let (_, prompt) = bench.shown("a", microphone());
    bench.pass(SECOND);
    assert_eq!(bench.answer(prompt, &agent(), true), Ok(()));
    bench.effects();
    bench.up("a", microphone());
}

#[test]
fn a_flood_is_refused_and_named_once_a_minute() {
    let mut bench = Bench::new();
    let mut shown = 0;
    let mut refused = 0;
    let mut warned = 0;
    for round in 0..6000 {
        // Each question is taken back, so that none is ever in the way of the next.
        let waiter = bench.ask("a", other(u8::try_from(round % 200).expect("small")));
        for effect in bench.effects() {
            match effect {
                Effect::Show(_) => shown += 1,
                Effect::Tell(_, Answer::No(Refusal::TooMany)) => refused += 1,
                Effect::Flood(_) => warned += 1,
                other => panic!("{other:?}"),
            }
        }
        bench.queue.cancel(waiter, bench.now);
        bench.effects();
        bench.pass(10 * MS);
    }
    assert_eq!((shown, refused, warned), (PER_MINUTE, 6000 - PER_MINUTE, 1));
    bench.pass(MINUTE);
    bench.up("a", other(0));
}

#[test]
fn few_prompts_and_waiters_queue() {
    let mut bench = Bench::new();
    bench.up("a", other(0));
    for number in 1..u8::try_from(QUEUED).expect("small") {
        bench.ask("a", other(number));
        assert_eq!(bench.effects(), []);
    }
    let late = bench.ask("a", other(100));
    assert_eq!(
        bench.effects(),
        [
            Effect::Flood(id("a")),
            Effect::Tell(late, no(Refusal::TooMany))
        ]
    );
    for _ in 1..WAITERS {
        bench.ask("a", other(0));
        assert_eq!(bench.effects(), []);
    }
    let late = bench.ask("a", other(0));
    assert_eq!(bench.effects(), [Effect::Tell(late, no(Refusal::TooMany))]);
}

#[test]
fn a_question_goes_when_nobody_waits_for_it() {
    let mut bench = Bench::new();
    let (first, prompt) = bench.shown("a", microphone());
    let second = bench.ask("a", microphone());
    bench.queue.cancel(first, bench.now);
    assert_eq!(bench.effects(), []);
    bench.queue.cancel(second, bench.now);
    assert_eq!(bench.effects(), [Effect::Over(prompt)]);
    assert_eq!(bench.answer(prompt, &agent(), true), Err(NotTaken::Unknown));
}

#[test]
fn a_sandbox_that_ends_takes_its_prompts_along() {
    let mut bench = Bench::new();
    let (first, prompt) = bench.shown("a", other(1));
    let second = bench.ask("a", other(2));
    bench.queue.ended(&id("a"));
    assert_eq!(
        bench.effects(),
        [
            Effect::Tell(first, no(Refusal::Ended)),
            Effect::Over(prompt),
            Effect::Tell(second, no(Refusal::Ended)),
        ]
    );
    // The next one of that name is another one.
    bench.up("a", other(1));
}

#[test]
fn without_anybody_to_show_it_the_answer_is_no_and_is_not_remembered() {
    let mut bench = Bench::new();
    let (waiter, prompt) = bench.up("a", microphone());
    bench.queue.unshowable(prompt, bench.now);
    assert_eq!(
        bench.effects(),
        [
            Effect::Over(prompt),
            Effect::Tell(waiter, no(Refusal::Nobody))
        ]
    );
    bench.up("a", microphone());
}

#[test]
fn a_prompt_that_was_seen_and_lost_does_not_come_back_at_once() {
    let mut bench = Bench::new();
    let (waiter, prompt) = bench.shown("a", microphone());
    bench.queue.hidden(prompt);
    bench.queue.unshowable(prompt, bench.now);
    assert_eq!(
        bench.effects(),
        [
            Effect::Over(prompt),
            Effect::Tell(waiter, no(Refusal::Silence))
        ]
    );
    let waiter = bench.ask("a", microphone());
    assert_eq!(bench.effects(), [Effect::Tell(waiter, no(Refusal::Again))]);
}

#[derive(Clone, Debug)]
enum Op {
    Ask(u8, u8),
    Cancel(u64),
    Shown(u64, bool),
    Hidden(u64),
    Unshowable(u64),
    Answer(u64, u8, bool),
    Ended(u8),
    Pass(u16),
}

fn op() -> impl Strategy<Value = Op> {
    let prompt = || 1..12_u64;
    prop_oneof![
        4 => (0..2_u8, 0..6_u8).prop_map(|(sandbox, what)| Op::Ask(sandbox, what)),
        1 => (1..30_u64).prop_map(Op::Cancel),
        3 => (prompt(), any::<bool>()).prop_map(|(prompt, agent)| Op::Shown(prompt, agent)),
        1 => prompt().prop_map(Op::Hidden),
        1 => prompt().prop_map(Op::Unshowable),
        3 => (prompt(), 0..3_u8, any::<bool>()).prop_map(|(p, by, yes)| Op::Answer(p, by, yes)),
        1 => (0..2_u8).prop_map(Op::Ended),
        4 => (0..20_000_u16).prop_map(Op::Pass),
    ]
}

proptest! {
    /// Whatever happens, in whatever order: everybody is told once, and a yes has its reasons.
    #[test]
    fn everybody_is_told_once(ops in proptest::collection::vec(op(), 0..80)) {
        let mut bench = Bench::new();
        let mut told = BTreeMap::new();
        let mut cancelled = Vec::new();
        let mut up: Vec<Arc<Card>> = Vec::new();
        for op in ops {
            let sandbox = |number: u8| if number == 0 { "a" } else { "b" };
            let by = |number: u8| match number {
                0 => agent(),
                1 => By::Notification(":1.9".to_owned()),
                _ => By::Command,
            };
            let mut yes = None;
            match op {
                Op::Ask(who, what) => drop(bench.ask(sandbox(who), other(what))),
                Op::Cancel(waiter) => {
                    if waiter <= bench.waiters && !told.contains_key(&waiter) {
                        cancelled.push(waiter);
                        bench.queue.cancel(waiter, bench.now);
                    }
                }
                Op::Shown(p, agent) => bench.queue.shown(PromptId(p), by(u8::from(!agent)), bench.now),
                Op::Hidden(p) => bench.queue.hidden(PromptId(p)),
                Op::Unshowable(p) => bench.queue.unshowable(PromptId(p), bench.now),
                Op::Answer(p, number, answer) => {
                    let taken = bench.answer(PromptId(p), &by(number), answer);
                    if taken.is_ok() {
                        prop_assert!(up.iter().any(|card| card.id == PromptId(p)));
                        yes = answer.then_some(());
                    }
                }
                Op::Ended(who) => bench.queue.ended(&id(sandbox(who))),
                Op::Pass(ms) => bench.pass(u32::from(ms) * MS),
            }
            for effect in bench.effects() {
                match effect {
                    Effect::Show(card) => {
                        prop_assert!(up.iter().all(|other| other.who.sandbox != card.who.sandbox));
                        up.push(card);
                    }
                    Effect::Over(prompt) => {
                        prop_assert!(up.iter().any(|card| card.id == prompt));
                        up.retain(|card| card.id != prompt);
                    }
                    Effect::Tell(waiter, answer) => {
                        prop_assert!(!cancelled.contains(&waiter));
                        prop_assert_eq!(told.insert(waiter, answer), None);
                        prop_assert!(answer != Answer::Yes || yes.is_some());
                    }
                    Effect::Flood(_) => {}
                }
            }
            let mut shown: Vec<_> = bench.queue.up().map(|(card, _)| card.id).collect();
            let mut expected: Vec<_> = up.iter().map(|card| card.id).collect();
            shown.sort();
            expected.sort();
            prop_assert_eq!(shown, expected);
        }
        for _ in 0..QUEUED {
            bench.pass(PATIENCE);
            for effect in bench.effects() {
                if let Effect::Tell(waiter, answer) = effect {
                    prop_assert_eq!(told.insert(waiter, answer), None);
                }
            }
        }
        prop_assert_eq!(bench.queue.up().count(), 0);
        for waiter in 1..=bench.waiters {
            prop_assert!(told.contains_key(&waiter) != cancelled.contains(&waiter));
        }
    }
}
