//! Refused calls that are alike, counted. An app can make as many and as different ones as it likes; here they take
//! a fixed place.

use std::collections::BTreeMap;

use oz_core::wire::explain::{Line, MOST, Refused};

/// Most kinds of one call that are told apart by process and arguments.
const OF_ONE_CALL: usize = 24;
/// Most kinds that are told apart so of all calls; behind them each call is one kind.
const IN_DETAIL: usize = MOST / 2;

/// What stands for arguments that are not told apart.
const MANY: &str = "…";

/// What makes two calls alike: all but the number of the process.
type Key = (String, String, String, String);

#[derive(Default)]
pub(crate) struct Kinds {
    known: BTreeMap<Key, usize>,
    of_call: BTreeMap<String, usize>,
    times: Vec<u64>,
}

impl Kinds {
    /// Counts a call; what is to be said if it is the first of its kind.
    pub(crate) fn count(&mut self, call: Refused) -> Option<Line> {
        if let Some(kind) = self.known.get(&key(&call)) {
            self.times[*kind] += 1;
            return None;
        }
        let of_call = self.of_call.entry(call.call.clone()).or_default();
        if *of_call < OF_ONE_CALL && self.times.len() < IN_DETAIL {
            *of_call += 1;
            return Some(self.begin(call));
        }
        let mut like_all = Refused {
            process: String::new(),
            arguments: MANY.to_owned(),
            ..call
        };
        if self.times.len() + 1 >= MOST {
            // More names than there are calls: nobody gets here.
            like_all.call = MANY.to_owned();
            like_all.reason = None;
        }
        match self.known.get(&key(&like_all)) {
            Some(kind) => {
                self.times[*kind] += 1;
                None
            }
            None if self.times.len() < MOST => Some(self.begin(like_all)),
            None => None,
        }
    }

    fn begin(&mut self, call: Refused) -> Line {
        self.known.insert(key(&call), self.times.len());
        self.times.push(1);
        Line::New(call)
    }

    /// How often each of them was there, of those that were there more than once.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = Line> {
        let all = self.times.iter().enumerate();
        all.filter(|(_, times)| **times > 1)
            .map(|(kind, times)| Line::Times {
                kind,
                times: *times,
            })
    }
}

fn key(call: &Refused) -> Key {
    let Refused {
        process,
        call,
        arguments,
        answer,
        ..
    } = call.clone();
    (process, call, arguments, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &str, pid: u32) -> Refused {
        Refused {
            process: "app".to_owned(),
            pid,
            call: name.to_owned(),
            arguments: arguments.to_owned(),
            answer: "EPERM".to_owned(),
            reason: None,
        }
    }

    #[test]
    fn what_is_alike_is_counted() {
        let mut kinds = Kinds::default();
        assert!(kinds.count(call("mount", "a", 1)).is_some());
        assert!(kinds.count(call("mount", "a", 2)).is_none());
        assert!(kinds.count(call("mount", "b", 1)).is_some());
        let numbers: Vec<Line> = kinds.numbers().collect();
        assert_eq!(numbers, [Line::Times { kind: 0, times: 2 }]);
    }

    #[test]
    fn an_app_that_never_repeats_itself_takes_no_more_place() {
        let mut kinds = Kinds::default();
        let said = (0..100_000)
            .filter_map(|number| kinds.count(call("mount", &number.to_string(), 1)))
            .count();
        assert_eq!(said, OF_ONE_CALL + 1);
        let said = (0..100_000)
            .filter_map(|number| kinds.count(call(&number.to_string(), "", 1)))
            .count();
        assert!(said < MOST);
        let all: u64 = kinds.times.iter().sum();
        assert_eq!((kinds.times.len(), all), (MOST, 200_000), "each is counted");
    }
}
