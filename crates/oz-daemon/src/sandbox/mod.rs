//! One running sandbox as the rest of the daemon sees it.
//!
//! What happens to it happens in its own [`task`]; here is what can be asked of that task
//! and what it has published.

pub(crate) mod acted;
pub(crate) mod audio;
mod bus;
pub(crate) mod connection;
pub(crate) mod denials;
pub(crate) mod display;
pub(crate) mod explain;
mod fifo;
pub(crate) mod log;
pub(crate) mod moments;
pub(crate) mod network;
pub(crate) mod output;
mod processes;
pub(crate) mod proxy;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod saved;
pub(crate) mod spawn;
pub(crate) mod status;
pub(crate) mod task;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use oz_core::plan::{Clipboard, Forward, Mode, Plan, SandboxId, Service};
use oz_core::report::EnforcementReport;
use oz_core::said::Said;
use oz_core::wire::audio::Levels;
use oz_core::wire::display::Host;
use oz_core::wire::init::{ProcessId, Program, Stdio};
use oz_sys::namespaces;
use tokio::sync::{Notify, OnceCell, mpsc, oneshot, watch};

use crate::consent::Answer;
use crate::failure::{Failure, Result};
use crate::grants::open::Open;
use crate::grants::views::Kept;
use crate::grants::{Grant, Store};
use crate::portal::Turns;
use audio::Sound;
use denials::Denials;
use moments::Moments;
use status::StatusPipe;

/// Where a sandbox is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Init builds it.
    Starting,
    /// Programs can run in it.
    Running,
    /// It was asked to end.
    Stopping,
    /// It is gone; why, if it was not in order.
    Ended(Option<Failure>),
}

impl Phase {
    /// The word that the bus and `oz ps` show.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Ended(_) => "ended",
        }
    }
}

/// What its task can be asked to do.
pub(crate) enum Command {
    /// Run a program.
    Run(Box<Run>),
    /// Send a signal to a program's process group.
    Signal { process: ProcessId, signal: u8 },
    /// End in order, at the latest after the grace time.
    Stop { grace: Duration },
    /// End because of something outside: what programs that still run are told.
    Abandon(Failure),
    /// Let init send a connection to a socket that is served inside.
    Reach(Service),
    /// Write down what a later daemon needs to know.
    Save,
    /// The same, for somebody who waits for it.
    SaveAndSay(oneshot::Sender<()>),
}

/// A program to run.
pub(crate) struct Run {
    pub(crate) process: ProcessId,
    pub(crate) program: Program,
    pub(crate) stdio: Stdio,
    /// Its standard streams for [`Stdio::Pipes`].
    pub(crate) fds: Vec<OwnedFd>,
    /// Its file, unless it is found inside by its name.
    pub(crate) file: Option<OwnedFd>,
    /// Where its refused calls are answered, if somebody wants to know them.
    pub(crate) explain: Option<explain::Asked>,
    /// Told when it runs, with its terminal's other end.
    pub(crate) started: oneshot::Sender<Result<Option<OwnedFd>>>,
    /// Told when it ended.
    pub(crate) status: Option<StatusPipe>,
}

/// The sandbox's namespaces, for helpers that enter them.
#[derive(Debug)]
pub(crate) struct Namespaces {
    pub(crate) user: OwnedFd,
    pub(crate) mount: OwnedFd,
    pub(crate) net: OwnedFd,
    _pid: OwnedFd,
}

/// What changes while it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// Init's number in the host's pid namespace.
    pub(crate) pid: u32,
    /// Programs that were started on request: number and name.
    pub(crate) processes: Vec<(ProcessId, String)>,
    /// When the last of them ended; none while there are some, and before there were any.
    pub(crate) emptied: Option<Instant>,
    /// Windows on the host's screen.
    pub(crate) windows: u32,
    /// Which way what is copied or dragged may pass; absent: there are no windows.
    pub(crate) clipboard: Option<Clipboard>,
    /// Speaker and microphone.
    pub(crate) sound: Sound,
    /// How loud both are, while somebody looks.
    pub(crate) levels: Levels,
    /// The proxies that run, by number and start time.
    pub(crate) proxies: BTreeMap<Service, (i32, u64)>,
    /// What its network is made of, likewise.
    pub(crate) outside: BTreeMap<network::Outside, (i32, u64)>,
    /// Forwards that are open.
    pub(crate) forwards: Vec<Forward>,
}

/// A sandbox.
pub(crate) struct Sandbox {
    pub(crate) id: SandboxId,
    pub(crate) plan: Plan,
    /// Whether a further launch of the profile may run in it.
    pub(crate) joinable: bool,
    /// What people call it, once somebody has asked.
    called: OnceLock<String>,
    /// What shows its windows, if anything does.
    host: Mutex<Option<Host>>,
    /// Where the sound goes, if there is any.
    pub(crate) sound_server: Option<oz_host::sound::Server>,
    /// Lets the first window take the focus.
    pub(crate) activation_token: Option<String>,
    /// What tells its drags from others'.
    pub(crate) token: String,
    pub(crate) started: SystemTime,
    /// When what of its launch had happened; nothing of an earlier daemon's.
    pub(crate) moments: Moments,
    /// Files of the user that it holds; locked while they change, which takes a helper's time.
    pub(crate) grants: tokio::sync::Mutex<Store>,
    /// Whose turn it is to show a dialog.
    pub(crate) dialogs: Turns,
    /// Likewise to open a link.
    pub(crate) links: Turns,
    /// A proxy that serves some of them has ended.
    pub(crate) files_proxy_ended: Arc<Notify>,
    /// Other files end by themselves now, or other ones.
    pub(crate) lifetimes_changed: Notify,
    /// Something that was taken back is open still.
    pub(crate) open_changed: Notify,
    pub(crate) namespaces: OnceLock<Namespaces>,
    pub(crate) forwards: network::forwards::Forwards,
    /// The unit of the service manager that it is in, if there is one.
    pub(crate) scope: Option<String>,
    /// Where programs write that nobody waits for.
    pub(crate) output: output::Output,
    /// How its audio proxy is told what may pass.
    pub(crate) control: audio::Control,
    /// Who looks at how loud it is.
    pub(crate) watchers: audio::Watchers,
    /// How its display proxy is told what has become of files.
    pub(crate) display: display::Control,
    /// What it was refused.
    denials: Mutex<Denials>,
    /// Its windows that dialogs can be put in front of.
    pub(crate) parents: display::Parents,
    /// Something that the bus shows has changed.
    pub(crate) changed: Notify,
    published: Mutex<Published>,
    /// How far its walls hold, from when it is built.
    report: Mutex<Option<EnforcementReport>>,
    /// What [`Self::grants`] was after the last change: for whoever must not wait for a change.
    files: Mutex<Arc<[Grant]>>,
    /// The same for its views.
    views: Mutex<Vec<Kept>>,
    /// Whether it may have protected places and a network, once somebody was asked.
    pub(crate) secrets: OnceCell<Answer>,
    /// What was taken back and is open still, as far as that can be seen.
    still_open: Mutex<Arc<[Open]>>,
    phase: watch::Sender<Phase>,
    commands: mpsc::UnboundedSender<Command>,
    next_process: AtomicU64,
}

/// The other end of [`Sandbox`]'s requests, for its task.
pub(crate) type Commands = mpsc::UnboundedReceiver<Command>;

/// What a sandbox is made with.
pub(crate) struct Birth {
    pub(crate) plan: Plan,
    pub(crate) joinable: bool,
    pub(crate) host: Option<Host>,
    pub(crate) sound_server: Option<oz_host::sound::Server>,
    pub(crate) activation_token: Option<String>,
    pub(crate) token: String,
    pub(crate) started: SystemTime,
    pub(crate) moments: Moments,
    pub(crate) next_process: ProcessId,
    pub(crate) scope: Option<String>,
    /// What an earlier daemon was told by an init that no app could have changed yet.
    pub(crate) report: Option<EnforcementReport>,
}

impl Sandbox {
    pub(crate) fn new(birth: Birth) -> (Arc<Self>, Commands) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let published = Published {
            clipboard: birth.plan.display.as_ref().map(|display| display.clipboard),
            sound: Sound {
                gate: birth.plan.audio,
                ..Sound::default()
            },
            ..Published::default()
        };
        let sandbox = Self {
            id: birth.plan.id.clone(),
            plan: birth.plan,
            joinable: birth.joinable,
            called: OnceLock::new(),
            host: Mutex::new(birth.host),
            sound_server: birth.sound_server,
            activation_token: birth.activation_token,
            token: birth.token,
            started: birth.started,
            moments: birth.moments,
            grants: Default::default(),
            dialogs: Default::default(),
            links: Default::default(),
            files_proxy_ended: Default::default(),
            lifetimes_changed: Notify::new(),
            open_changed: Notify::new(),
            namespaces: OnceLock::new(),
            forwards: Default::default(),
            report: Mutex::new(birth.report),
            scope: birth.scope,
            output: Default::default(),
            control: Default::default(),
            watchers: Default::default(),
            display: Default::default(),
            denials: Default::default(),
            parents: Default::default(),
            changed: Notify::new(),
            published: Mutex::new(published),
            files: Default::default(),
            views: Default::default(),
            secrets: OnceCell::new(),
            still_open: Default::default(),
            phase: watch::Sender::new(Phase::Starting),
            commands,
            next_process: AtomicU64::new(birth.next_process),
        };
        (Arc::new(sandbox), receiver)
    }

    /// What people call it: the app's name, on one line and capped; with the sandbox's own, unless it is the first of the
    /// profile, whose own is the profile's.
    pub(crate) fn called(&self) -> &str {
        let of_app = || called(self.app_name().as_deref(), &self.id, &self.plan.profile);
        self.called.get_or_init(of_app)
    }

    /// The app's name as its desktop entry has it; none if it has no entry.
    pub(crate) fn app_name(&self) -> Option<String> {
        let id = self.plan.display.as_ref()?.app_id.as_ref()?;
        oz_host::desktop::find(id)?.name
    }

    /// Seconds since 1970 at which it was started.
    pub(crate) fn started_unix(&self) -> u64 {
        crate::clock::unix(self.started)
    }

    /// What shows its windows.
    pub(crate) fn host(&self) -> Option<Host> {
        self.host
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Another does from now on.
    pub(crate) fn set_host(&self, host: Host) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Some(host);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Since when nothing runs in it of what was started, so that it will end, unless that has left something running.
    pub(crate) fn emptied(&self) -> Option<Instant> {
        let lasts = self.plan.life.keep && self.phase() == Phase::Running;
        self.published().emptied.filter(|_| !lasts)
    }

    pub(crate) fn published(&self) -> Published {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes what is published and says so.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut Published)) {
        change(
            &mut self
                .published
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.changed.notify_one();
    }

    /// How far its walls hold; none before it is built.
    pub(crate) fn report(&self) -> Option<EnforcementReport> {
        self.report
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says how far its walls hold now.
    pub(crate) fn publish_report(&self, report: EnforcementReport) {
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        self.changed.notify_one();
    }

    /// The files that it holds.
    pub(crate) fn files(&self) -> Arc<[Grant]> {
        Arc::clone(&self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Its views as a later daemon needs to know them.
    pub(crate) fn views(&self) -> Vec<Kept> {
        self.views
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says which files it holds now.
    pub(crate) fn publish_files(&self, store: &Store) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = store.list().into();
        let views = store.views().iter().map(|view| view.kept().clone());
        *self.views.lock().unwrap_or_else(PoisonError::into_inner) = views.collect();
        self.changed.notify_one();
        self.lifetimes_changed.notify_one();
    }

    /// What was taken back and is open still.
    pub(crate) fn still_open(&self) -> Arc<[Open]> {
        let open = self.still_open.lock();
        Arc::clone(&open.unwrap_or_else(PoisonError::into_inner))
    }

    /// Says what is open still.
    pub(crate) fn publish_still_open(&self, now: Vec<Open>) {
        let open = self.still_open.lock();
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        if **open == *now {
            return;
        }
        *open = now.into();
        drop(open);
        self.changed.notify_one();
        self.open_changed.notify_one();
        // A later daemon shall know of it. If it has ended meanwhile there is nothing to save.
        let _ = self.ask(Command::Save);
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.send_replace(phase);
        self.changed.notify_one();
    }

    /// A number for a program; none is given twice.
    pub(crate) fn next_process(&self) -> ProcessId {
        self.next_process.fetch_add(1, Ordering::Relaxed)
    }

    /// What a later daemon begins to count with.
    pub(crate) fn process_count(&self) -> ProcessId {
        self.next_process.load(Ordering::Relaxed)
    }

    /// Asks the task; an error means that the sandbox has ended.
    pub(crate) fn ask(&self, command: Command) -> Result<()> {
        self.commands
            .send(command)
            .map_err(|_| Failure::gone(&self.id))
    }

    /// Waits until programs can run in it. The task has a deadline for that, so this ends.
    pub(crate) async fn ready(&self) -> Result<()> {
        let mut phase = self.phase.subscribe();
        let phase = phase.wait_for(|phase| *phase != Phase::Starting).await;
        match phase.as_deref() {
            Ok(Phase::Running) => Ok(()),
            Ok(Phase::Ended(Some(failure))) => Err(failure.clone()),
            _ => Err(Failure::gone(&self.id)),
        }
    }

    /// Ends it in order and waits for that; the task kills what does not go.
    pub(crate) async fn stop(&self, grace: Duration) -> Result<()> {
        let mut phase = self.phase.subscribe();
        if self.ask(Command::Stop { grace }).is_err() {
            return Ok(());
        }
        let ended = phase.wait_for(|phase| matches!(phase, Phase::Ended(_)));
        match tokio::time::timeout(grace + task::KILL_AFTER * 2 + task::GONE, ended).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::hangs(&self.id)),
        }
    }

    /// Waits until it is asked to end, or has ended.
    pub(crate) async fn leaving(&self) {
        let mut phase = self.phase.subscribe();
        let _ = phase
            .wait_for(|phase| matches!(phase, Phase::Stopping | Phase::Ended(_)))
            .await;
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) {
        let mut phase = self.phase.subscribe();
        let _ = phase
            .wait_for(|phase| matches!(phase, Phase::Ended(_)))
            .await;
    }
}

fn called(app: Option<&str>, id: &SandboxId, profile: &str) -> String {
    /// Most characters of an app's name.
    const NAME: usize = 60;
    match app.and_then(|name| Said::new(name.as_bytes(), NAME)) {
        Some(name) if id.as_str() == profile => name.as_str().to_owned(),
        Some(name) => format!("{} ({id})", name.as_str()),
        None => id.to_string(),
    }
}

impl Namespaces {
    /// In the order of [`oz_core::wire::init::FromInit::Ready`].
    ///
    /// Helpers of the host enter them with what they should show, so they must be a sandbox's: a user
    /// namespace right below the daemon's own, which init cannot have but one of, and what belongs to it. In
    /// one that init has made since, it could undo what a helper does there. The network is the daemon's own if
    /// the plan says so, and never else.
    pub(crate) fn new([user, mount, net, pid]: [OwnedFd; 4], mode: Mode) -> io::Result<Self> {
        let belongs = |namespace: &OwnedFd, to: BorrowedFd<'_>| {
            namespaces::same(namespaces::owner(namespace)?, to)
        };
        let ours = |kind: &str| std::fs::File::open(format!("/proc/self/ns/{kind}"));
        let mut are_of_one_sandbox = belongs(&user, ours("user")?.as_fd())?;
        for namespace in [&mount, &pid] {
            are_of_one_sandbox &= belongs(namespace, user.as_fd())?;
        }
        are_of_one_sandbox &= match mode {
            Mode::Host => namespaces::same(&net, ours("net")?)?,
            Mode::None | Mode::Internet => belongs(&net, user.as_fd())?,
        };
        if !are_of_one_sandbox {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self {
            user,
            mount,
            net,
            _pid: pid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn people_read_the_name_of_the_app_and_which_one_it_is_if_it_is_not_the_first() {
        let id = |name: &str| SandboxId::try_from(name.to_owned()).expect("an id");
        let (first, second) = (id("firefox"), id("firefox-2"));
        let name = Some("Firefox\nESR");
        assert_eq!(called(name, &first, "firefox"), "Firefox ESR");
        assert_eq!(called(name, &second, "firefox"), "Firefox ESR (firefox-2)");
        assert_eq!(called(None, &second, "firefox"), "firefox-2");
        assert_eq!(called(Some("\u{202e}"), &first, "firefox"), "firefox");
    }

    #[test]
    fn only_namespaces_of_a_sandbox_are_taken_for_its_own() {
        let host = |kind: &str| {
            File::open(format!("/proc/self/ns/{kind}"))
                .expect("opens")
                .into()
        };
        let of_the_host = ["user", "mnt", "net", "pid"].map(host);
        assert!(Namespaces::new(of_the_host, Mode::None).is_err());
        let of_the_host = ["user", "mnt", "net", "pid"].map(host);
        assert!(Namespaces::new(of_the_host, Mode::Host).is_err());
        let something = [(); 4].map(|()| File::open("/dev/null").expect("opens").into());
        assert!(Namespaces::new(something, Mode::None).is_err());
    }
}
