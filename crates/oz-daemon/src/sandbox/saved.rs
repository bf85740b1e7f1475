//! What a later daemon needs to take a sandbox over, in the sandbox's runtime directory.
//!
//! The encoding is binary because paths of grants are any bytes.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use oz_core::plan::{self, Clipboard, Forward, Plan, SandboxId, Service};
use oz_core::report::EnforcementReport;
use oz_core::wire::display::Host;
use oz_core::wire::init::{Nonce, ProcessId};
use oz_host::inits::{self, Init};
use oz_host::sound::Server;
use serde::{Deserialize, Serialize};

use crate::directories::{self, Directories};
use crate::failure::{Failure, Result};
use crate::grants::Grant;
use crate::grants::open::Open;
use crate::grants::views::Kept;
use crate::sandbox::audio::Sound;
use crate::sandbox::network::Outside;
use crate::sandbox::record::{self, Record};
use crate::sandbox::{Birth, Sandbox};

/// Name of the file.
const FILE: &str = "state";
/// Version of its encoding, but for that of what it has of [`oz_core`]: [`plan::VERSION`] is also in it.
const VERSION: u32 = 10;

/// Everything.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    version: u32,
    pub(crate) plan: Plan,
    pub(crate) nonce: Nonce,
    /// Init, by number and start time.
    pub(crate) init: Option<(i32, u64)>,
    joinable: bool,
    host: Option<Host>,
    /// The sound server's socket, and where its cookie may lie.
    sound_server: Option<(PathBuf, Vec<PathBuf>)>,
    started: u64,
    next_process: ProcessId,
    /// Programs that run, with their names.
    pub(crate) processes: Vec<(ProcessId, String)>,
    pub(crate) windows: u32,
    pub(crate) clipboard: Option<Clipboard>,
    pub(crate) sound: Sound,
    /// What shows the windows and plays the sound.
    pub(crate) proxies: BTreeMap<Service, (i32, u64)>,
    /// What its network is made of.
    pub(crate) outside: BTreeMap<Outside, (i32, u64)>,
    pub(crate) forwards: Vec<Forward>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) views: Vec<Kept>,
    /// What was taken back and was open still.
    pub(crate) still_open: Vec<Open>,
    token: String,
    scope: Option<String>,
    report: Option<EnforcementReport>,
}

impl Saved {
    /// A picture of a running sandbox.
    pub(crate) fn of(sandbox: &Sandbox, nonce: Nonce, init: Option<(i32, u64)>) -> Self {
        let published = sandbox.published();
        Self {
            version: VERSION,
            plan: sandbox.plan.clone(),
            nonce,
            init,
            joinable: sandbox.joinable,
            host: sandbox.host(),
            sound_server: sandbox
                .sound_server
                .as_ref()
                .map(|server| (server.socket.clone(), server.cookies.clone())),
            started: sandbox.started_unix(),
            // Room for what is started before the next picture.
            next_process: sandbox.process_count() + 1_000_000,
            processes: published.processes,
            windows: published.windows,
            clipboard: published.clipboard,
            sound: published.sound,
            proxies: published.proxies,
            outside: published.outside,
            forwards: published.forwards,
            grants: sandbox.files().to_vec(),
            views: sandbox.views(),
            still_open: sandbox.still_open().to_vec(),
            token: sandbox.token.clone(),
            scope: sandbox.scope.clone(),
            report: sandbox.report(),
        }
    }

    /// How a sandbox is made of it again.
    pub(crate) fn birth(&self) -> Birth {
        Birth {
            plan: self.plan.clone(),
            joinable: self.joinable,
            host: self.host.clone(),
            sound_server: self
                .sound_server
                .clone()
                .map(|(socket, cookies)| Server { socket, cookies }),
            activation_token: None,
            token: self.token.clone(),
            started: UNIX_EPOCH + Duration::from_secs(self.started),
            moments: Default::default(),
            next_process: self.next_process,
            scope: self.scope.clone(),
            report: self.report.clone(),
        }
    }

    pub(crate) fn write(&self, directories: &Directories) -> Result<()> {
        let path = directories.sandboxes();
        let directory = directories::make_beneath(&path, self.plan.id.as_str().as_ref())?;
        let init = self
            .init
            .map_or_else(String::new, |(pid, start)| Init(pid, start).line());
        let written = postcard::to_stdvec(self)
            .map_err(std::io::Error::other)
            .and_then(|bytes| directories::replace(directory.as_fd(), FILE, &bytes))
            .and_then(|()| {
                let record = self.record().text();
                directories::replace(directory.as_fd(), record::FILE, record.as_bytes())
            })
            .and_then(|()| directories::replace(directory.as_fd(), inits::FILE, init.as_bytes()));
        written.map_err(|error| Failure::host("write the state beneath", &path, &error))
    }

    /// The part that every version understands.
    fn record(&self) -> Record {
        let helpers = self.proxies.values().chain(self.outside.values()).copied();
        let views = self.views.iter().map(|view| view.process);
        Record {
            profile: self.plan.profile.clone(),
            processes: helpers.chain(views).collect(),
        }
    }

    /// Reads one that an earlier daemon left; `None` if it left nothing that is understood: this
    /// version's init is one that can be spoken to.
    pub(crate) fn read(directories: &Directories, id: &SandboxId) -> Option<Self> {
        let path = directories.sandboxes().join(id.as_str()).join(FILE);
        let bytes = std::fs::read(path).ok()?;
        // Both come first, in all versions.
        let (versions, _) = postcard::take_from_bytes::<(u32, u32)>(&bytes).ok()?;
        if versions != (VERSION, plan::VERSION) {
            return None;
        }
        let saved: Self = postcard::from_bytes(&bytes).ok()?;
        (saved.plan.id == *id).then_some(saved)
    }
}
