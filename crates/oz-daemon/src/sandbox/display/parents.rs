//! Windows of a sandbox that dialogs of the host can be put in front of.
//!
//! An app knows such a window by a name that its display proxy has made up, and says that name to the portal; the host's
//! name is known to the proxy and here. A name that is not among those of the app's own sandbox is none.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// Most that are known; the oldest is forgotten for a new one.
const MOST: usize = 128;
/// Longest name of the host's.
const NAME_MAX: usize = 256;
/// How long a name may take to come that an app has got already: the proxy says it here first, by another way.
const PATIENCE: Duration = Duration::from_millis(300);

/// Those of one sandbox.
#[derive(Default)]
pub(crate) struct Parents {
    /// Our name and the host's.
    known: Mutex<VecDeque<(String, String)>>,
    news: Notify,
}

impl Parents {
    /// What the host calls a window, if the app's name of it means one.
    pub(crate) async fn of_host(&self, name: &str) -> Option<String> {
        let known = async {
            loop {
                let mut news = std::pin::pin!(self.news.notified());
                news.as_mut().enable();
                if let Some(host) = self.find(name) {
                    return host;
                }
                news.await;
            }
        };
        tokio::time::timeout(PATIENCE, known).await.ok()
    }

    fn find(&self, name: &str) -> Option<String> {
        let known = self.known();
        let found = known.iter().find(|(ours, _)| ours == name);
        found.map(|(_, host)| host.clone())
    }

    /// The proxy names one.
    pub(super) fn add(&self, name: String, host: String) {
        let is_name = |name: &str, most: usize| {
            (1..=most).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_name(&name, NAME_MAX) || !is_name(&host, NAME_MAX) {
            tracing::warn!("the display proxy names a window by no name");
            return;
        }
        let mut known = self.known();
        if known.len() >= MOST {
            known.pop_front();
        }
        known.push_back((name, host));
        drop(known);
        self.news.notify_waiters();
    }

    pub(super) fn remove(&self, name: &str) {
        self.known().retain(|(ours, _)| ours != name);
    }

    /// The proxy is gone, and its windows with it.
    pub(super) fn clear(&self) {
        self.known().clear();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, String)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_name_means_a_window_as_long_as_it_is_there_and_no_other_does() {
        let parents = Parents::default();
        parents.add("ours".to_owned(), "theirs".to_owned());
        assert_eq!(parents.of_host("ours").await.as_deref(), Some("theirs"));
        for forged in ["theirs", "", "our", "OURS"] {
            assert_eq!(parents.of_host(forged).await, None, "{forged}");
        }
        parents.remove("ours");
        assert_eq!(parents.of_host("ours").await, None);
        let late = async {
            tokio::task::yield_now().await;
            parents.add("late".to_owned(), "theirs".to_owned());
        };
        let (found, ()) = tokio::join!(parents.of_host("late"), late);
        assert_eq!(found.as_deref(), Some("theirs"));
        parents.clear();
        assert_eq!(parents.of_host("late").await, None);
    }

    #[test]
    fn a_proxy_that_names_windows_for_ever_is_remembered_up_to_a_point() {
        let parents = Parents::default();
        for number in 0..10_000 {
            parents.add(number.to_string(), "x".to_owned());
        }
        parents.add("a\nb".to_owned(), "x".to_owned());
        parents.add("long".to_owned(), "x".repeat(NAME_MAX + 1));
        assert_eq!(parents.known().len(), MOST);
        assert_eq!(parents.find("0"), None);
        assert_eq!(parents.find("9999").as_deref(), Some("x"));
    }
}
