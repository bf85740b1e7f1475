//! Clicks that have started a program in the sandbox: each lets one window have the focus, of whichever client. What
//! programs know of a click is a name of the daemon's, so that none learns a token of the host that is another's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Clicks that are remembered; a further one makes the first be forgotten.
const MOST: usize = 16;
/// How long a program may take to show its window.
const LASTS: Duration = Duration::from_secs(60);

/// The clicks that no window has had the focus for.
#[derive(Debug, Default)]
pub(crate) struct Activations(VecDeque<Click>);

#[derive(Debug)]
struct Click {
    token: String,
    host: String,
    until: Instant,
}

impl Activations {
    /// There was one.
    pub(crate) fn add(&mut self, token: String, host: String) {
        self.0.truncate(MOST - 1);
        self.0.push_front(Click {
            token,
            host,
            until: Instant::now() + LASTS,
        });
    }

    /// The host's token of a click, for the one window that has the focus for it.
    pub(crate) fn take(&mut self, token: &str) -> Option<String> {
        let now = Instant::now();
        self.0.retain(|click| click.until > now);
        let at = self.0.iter().position(|click| click.token == token)?;
        self.0.remove(at).map(|click| click.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_good_for_one_window_and_so_many_are_remembered() {
        let mut clicks = Activations::default();
        for number in 0..=MOST {
            clicks.add(format!("inside-{number}"), format!("host-{number}"));
        }
        assert_eq!(
            clicks.take("inside-0"),
            None,
            "it was the first of too many"
        );
        assert_eq!(clicks.take("inside-1").as_deref(), Some("host-1"));
        assert_eq!(clicks.take("inside-1"), None);
        assert_eq!(clicks.take("host-2"), None);
    }
}
