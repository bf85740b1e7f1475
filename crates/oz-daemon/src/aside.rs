//! Work that a file system which does not answer can hold up for ever, on a thread of its own.
//!
//! Nobody can take back what a thread waits for in the kernel; so there are only so many, and nothing else
//! runs on them. What an app can bring about is counted for its sandbox: neither one that knows of a dead file system, nor all
//! of them together, takes the threads on which the person's own files are looked at.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use oz_core::plan::SandboxId;
use oz_host::resolve;
use tokio::sync::{Notify, oneshot};

/// Most at a time...
const MOST: usize = 64;
/// ...of them for sandboxes...
const SANDBOXES: usize = 32;
/// ...and for one of them.
const EACH: usize = 4;
/// What a look at files needs.
const STACK: usize = 256 << 10;

static RUNNING: Mutex<Running> = Mutex::new(Running {
    all: 0,
    of: BTreeMap::new(),
});

/// Some work has ended.
static ENDED: Notify = Notify::const_new();

/// How many run.
#[derive(Debug, Default)]
struct Running {
    all: usize,
    /// Those that sandboxes have brought about.
    of: BTreeMap<SandboxId, usize>,
}

impl Running {
    /// Whether one more may run.
    fn begin(&mut self, of: Option<&SandboxId>) -> bool {
        if self.all >= MOST {
            return false;
        }
        if let Some(id) = of {
            let own = self.own(id);
            if own >= EACH || self.of.values().sum::<usize>() >= SANDBOXES {
                return false;
            }
            self.of.insert(id.clone(), own + 1);
        }
        self.all += 1;
        true
    }

    fn own(&self, id: &SandboxId) -> usize {
        self.of.get(id).copied().unwrap_or(0)
    }

    fn end(&mut self, of: Option<&SandboxId>) {
        self.all -= 1;
        let Some(id) = of else { return };
        let left = self.of.remove(id).unwrap_or(0).saturating_sub(1);
        if left > 0 {
            self.of.insert(id.clone(), left);
        }
    }
}

/// Counts one as long as it runs.
struct Turn(Option<SandboxId>);

impl Turn {
    fn take(of: Option<&SandboxId>) -> Option<Self> {
        running().begin(of).then(|| Self(of.cloned()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        running().end(self.0.as_ref());
        ENDED.notify_waiters();
    }
}

/// Waits until not all hangs that an app may have hanging.
pub(crate) async fn room(of: &SandboxId) {
    loop {
        let mut ended = std::pin::pin!(ENDED.notified());
        ended.as_mut().enable();
        if running().own(of) < EACH {
            return;
        }
        ended.await;
    }
}

fn running() -> std::sync::MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the work comes to, unless that takes longer, or too much else hangs already. `of` is the sandbox whose app has brought
/// it about, if one has.
pub(crate) async fn within<T: Send + 'static>(
    of: Option<&SandboxId>,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let Some(turn) = Turn::take(of) else {
        let_go(work);
        return None;
    };
    let (tell, told) = oneshot::channel();
    let run = move || {
        let _turn = turn;
        // Who asked may be gone.
        let _ = tell.send(work());
    };
    Builder::new().stack_size(STACK).spawn(run).ok()?;
    tokio::time::timeout(limit, told).await.ok()?.ok()
}

/// Something that is let go of aside, unless it is taken: to close a descriptor asks its file system too.
#[derive(Debug)]
pub(crate) struct Careful<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Careful<T> {
    pub(crate) fn new(what: T) -> Self {
        Self(Some(what))
    }

    /// For whoever lets go of it aside.
    pub(crate) fn take(mut self) -> Option<T> {
        self.0.take()
    }
}

impl Careful<OwnedFd> {
    /// All that one of our own programs sent.
    pub(crate) fn all(fds: Vec<Self>) -> Vec<OwnedFd> {
        fds.into_iter().filter_map(Self::take).collect()
    }
}

/// Descriptors from somebody hostile, if none is of a file system: they can be looked at and closed anywhere.
pub(crate) fn of_no_file_system(fds: Vec<Careful<OwnedFd>>) -> Option<Vec<OwnedFd>> {
    let mut all = fds.iter().filter_map(|fd| fd.0.as_ref());
    let is_safe = all.all(|fd| !resolve::is_of_a_file_system(fd.as_fd()));
    is_safe.then(|| Careful::all(fds))
}

impl<T: Send + 'static> Drop for Careful<T> {
    fn drop(&mut self) {
        if let Some(what) = self.0.take() {
            let_go(what);
        }
    }
}

/// Drops something on a thread that nobody waits for, one after the other.
fn let_go<T: Send + 'static>(what: T) {
    static LAST: LazyLock<Option<SyncSender<Box<dyn Send>>>> = LazyLock::new(|| {
        let (sender, receiver) = sync_channel::<Box<dyn Send>>(MOST);
        let run = move || receiver.into_iter().for_each(drop);
        let started = Builder::new().stack_size(STACK).spawn(run);
        started.is_ok().then_some(sender)
    });
    let what: Box<dyn Send> = Box::new(what);
    let left = match &*LAST {
        Some(last) => last.try_send(what).err().map(|error| match error {
            std::sync::mpsc::TrySendError::Full(what)
            | std::sync::mpsc::TrySendError::Disconnected(what) => what,
        }),
        None => Some(what),
    };
    if let Some(left) = left {
        tracing::warn!("what a dead file system holds is kept for good");
        std::mem::forget(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn what_hangs_holds_nobody_up() {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let moment = Duration::from_millis(50);
        let hangs = move || ended.recv().is_ok();
        assert_eq!(within(None, moment, hangs).await, None);
        assert_eq!(within(None, Duration::from_secs(20), || 7).await, Some(7));
        drop(end);
    }

    #[test]
    fn what_hangs_when_it_is_let_go_of_holds_nobody_up() {
        struct Hangs(std::sync::mpsc::Receiver<()>);
        impl Drop for Hangs {
            fn drop(&mut self) {
                let _ = self.0.recv();
            }
        }
        let (end, ended) = std::sync::mpsc::channel::<()>();
        drop(Careful::new(Hangs(ended)));
        // More than wait behind it.
        for _ in 0..MOST + 10 {
            drop(Careful::new(String::from("x")));
        }
        assert_eq!(Careful::new(7).take(), Some(7));
        drop(end);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_app_that_has_all_hang_that_it_may_waits_until_some_of_it_ends() {
        let id = SandboxId::try_from("hog".to_owned()).expect("an id");
        let mut turns: Vec<_> = (0..EACH).map(|_| Turn::take(Some(&id))).collect();
        assert!(turns.iter().all(Option::is_some));
        let (mut waiting, moment) = (std::pin::pin!(room(&id)), Duration::from_millis(50));
        let waited = tokio::time::timeout(moment, waiting.as_mut()).await;
        assert!(waited.is_err(), "there is no room");
        room(&SandboxId::try_from("other".to_owned()).expect("an id")).await;
        turns.pop();
        waiting.await;
    }

    #[test]
    fn sockets_and_terminals_are_of_no_file_system_and_files_are() {
        let (one, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let open = |path: &str| OwnedFd::from(std::fs::File::open(path).expect("opens"));
        let received = |fds: Vec<OwnedFd>| fds.into_iter().map(Careful::new).collect();
        let harmless = vec![
            one.into(),
            open("/proc/self/ns/net"),
            open("/dev/null"),
            rustix::process::pidfd_open(
                rustix::process::getpid(),
                rustix::process::PidfdFlags::empty(),
            )
            .expect("opens"),
        ];
        let taken = of_no_file_system(received(harmless));
        assert_eq!(taken.expect("all are harmless").len(), 4);
        for file in ["/", "/etc/passwd"] {
            let mixed = vec![other.try_clone().expect("cloned").into(), open(file)];
            assert!(of_no_file_system(received(mixed)).is_none(), "{file}");
        }
    }

    #[test]
    fn what_apps_have_hang_leaves_room_for_others_and_for_the_person() {
        let id = |number: usize| SandboxId::try_from(format!("app-{number}")).expect("an id");
        let mut running = Running::default();
        let hog = id(0);
        let own = (0..100).filter(|_| running.begin(Some(&hog))).count();
        assert_eq!(own, EACH);
        let others = (1..100).filter(|number| running.begin(Some(&id(*number))));
        assert_eq!(others.count(), SANDBOXES - EACH);
        let person = (0..100).filter(|_| running.begin(None)).count();
        assert_eq!(person, MOST - SANDBOXES);
        // What has answered after all makes room again.
        running.end(Some(&hog));
        assert!(running.begin(Some(&hog)) && !running.begin(Some(&hog)));
        running.end(None);
        assert!(running.begin(None) && !running.begin(None));
    }
}
