//! Using up what the kernel counts for the user as a whole.

mod descriptors;
mod epoll;
mod locks;
mod others;

use std::time::Duration;

use crate::say;

pub use descriptors::{pass, starve};
pub use epoll::watch_as_told;

/// What became of it, and what there is to say.
type Attempt = Result<String, String>;

/// Enough for every program with the usual limit to be refused.
const MANY: usize = 3000;

/// Takes all that it gets, says how much that is, and keeps it for so many seconds.
pub fn attempt(what: &str, seconds: &str) -> Attempt {
    let seconds = seconds.parse().map_err(|_| "not a number".to_owned())?;
    let keep = |count: usize| {
        say(&format!("ok {count}"));
        std::thread::sleep(Duration::from_secs(seconds));
    };
    match what {
        // Leaves them on their way.
        "descriptors" => {
            let (_sockets, count) = descriptors::leave_on_their_way();
            keep(count);
        }
        "inotify" => {
            let watchers = others::watchers();
            keep(watchers.len());
        }
        // Watches of epoll.
        "epoll" => {
            let (_children, count) = epoll::watches()?;
            keep(count);
        }
        // Pages in pipes.
        "pipes" => {
            let (_pipes, pages) = others::pipes();
            keep(pages);
        }
        "locks" => {
            let (_files, count) = locks::locks()?;
            keep(count);
        }
        // Pages of shared memory that belong to nobody.
        "memory" => {
            let (_files, mebibytes) = others::memory();
            keep(mebibytes);
        }
        _ => return Err("no such quota".to_owned()),
    }
    Ok("done".to_owned())
}
