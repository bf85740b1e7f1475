//! `files-proxy`: one directory of the host in which one sandbox may change some files.

mod confine;
mod echo;
mod requests;
mod serve;
mod view;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::process::ExitCode;

use anyhow::{Context, bail};
use fuser::{INodeNo, Notifier, Session, SessionACL};
use oz_core::wire::files::{Answer, Name, Request};

use echo::{Echo, Watch};
use requests::Asked;
use serve::Shared;
use view::{ROOT, View};

/// Where the daemon's requests come in.
const LISTENER: i32 = 3;

fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("OZ_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .without_time()
        .init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the view ends");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    // Modes are what programs inside ask for; the kernel has applied their masks.
    rustix::process::umask(rustix::fs::Mode::empty());
    let echo = Echo::start().context("cannot start a second process")?;
    let listener = oz_sys::descriptors::inherited(LISTENER).context("no listening socket")?;
    let listener = UnixListener::from(listener);
    let first = requests::next(&listener).context("no request")?;
    let (shared, notifier, answer) = begin(&first, echo)?;
    first.answer(&answer)?;
    loop {
        let asked = requests::next(&listener).context("no request")?;
        if matches!(asked.request, Request::Serve { .. }) {
            tracing::warn!("the view is served already");
            continue;
        }
        let answer = grant(&shared, &notifier, names(&asked));
        if let Err(error) = asked.answer(&answer) {
            tracing::warn!(%error, "nobody waits for the answer");
        }
    }
}

fn names(asked: &Asked) -> &[Name] {
    let (Request::Serve { names, .. } | Request::Update { names }) = &asked.request;
    names
}

/// Serves the view from now on, on a thread of its own, until it is unmounted.
fn begin(first: &Asked, echo: Echo) -> anyhow::Result<(Shared, Notifier, Answer)> {
    let Request::Serve { sandbox, .. } = &first.request else {
        bail!("the first request is another one");
    };
    tracing::debug!(%sandbox, "begins");
    let fd = |index: usize| -> anyhow::Result<OwnedFd> {
        let fd = first.fds.get(index).context("a descriptor is missing")?;
        Ok(fd.try_clone()?)
    };
    let (device, mount, host, below) = (fd(0)?, fd(1)?, fd(2)?, fd(3)?);
    let watch = Watch::of(&host);
    confine::confine(&host, &below).context("cannot confine itself")?;
    let mut view = View::new(host, below);
    // Before anybody asks, so that the kernel has nothing to forget.
    let replaced = view.grant(names(first)).replaced;
    let shared = Shared::new(view, echo.process());
    let session = Session::from_fd(
        shared.clone(),
        device,
        SessionACL::Owner,
        fuser::Config::default(),
    )
    .context("the kernel does not begin the view")?;
    let notifier = session.notifier();
    std::thread::spawn(move || {
        let ended = session.run();
        tracing::debug!(?ended, "unmounted");
        // The sandbox has ended, or gives the view up.
        std::process::exit(i32::from(ended.is_err()));
    });
    let waiting = shared.clone();
    std::thread::spawn(move || waiting.serve_locks());
    // The kernel takes the root for somebody else's until it has asked once.
    let flags = rustix::fs::AtFlags::EMPTY_PATH | rustix::fs::AtFlags::STATX_FORCE_SYNC;
    rustix::fs::statx(
        mount.as_fd(),
        "",
        flags,
        rustix::fs::StatxFlags::BASIC_STATS,
    )
    .context("the view does not answer")?;
    if let Some(watch) = watch {
        echo.begin(&mount).context("the second process has ended")?;
        let shared = shared.clone();
        std::thread::spawn(move || watch.serve(&shared, &echo));
    }
    Ok((shared, notifier, Answer { replaced }))
}

/// Grants these names and no others, and makes the kernel forget what it knew: of names that were the sandbox's
/// own, what they stood for; of those that were granted only the content, for it asks about these each time.
///
/// It has to wait for whoever does something in the directory meanwhile, and if this process is killed then,
/// nobody ends that: so this is done where it must be, and views are ended by force.
fn grant(shared: &Shared, notifier: &Notifier, names: &[Name]) -> Answer {
    let changed = shared.with(|view| view.grant(names));
    for name in &changed.covered {
        // The kernel may have forgotten it already.
        let _ = notifier.inval_entry(INodeNo(ROOT), name);
    }
    for ino in changed.gone {
        let _ = notifier.inval_inode(INodeNo(ino), 0, 0);
    }
    Answer {
        replaced: changed.replaced,
    }
}
