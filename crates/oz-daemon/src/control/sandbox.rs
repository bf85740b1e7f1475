//! `org.oz.Sandbox1`: one running sandbox.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::colour::Colour;
use oz_core::plan::{Access, Bind, Clipboard, Forward, Gate, Service};
use oz_core::report::Line;
use oz_core::wire::audio::Microphone;
use oz_core::wire::display::{Host, X11};
use zbus::object_server::SignalEmitter;
use zbus::{Connection, DeserializeDict, OwnedFd, OwnedObjectPath, SerializeDict, Type};

use super::sound;
use crate::clock;
use crate::consent::Subject;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::grants::change::{self, Wanted};
use crate::grants::{Grant, Lifetime, Origin, Shown, access_word};
use crate::notice;
use crate::sandbox::audio::{self, Sound};
use crate::sandbox::denials::Denial;
use crate::sandbox::display;
use crate::sandbox::network::forwards;
use crate::sandbox::{Command, Published, Sandbox};

/// The object of a sandbox.
pub(crate) struct SandboxObject {
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
}

/// A file that a sandbox holds.
#[derive(Clone, Debug, PartialEq, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct File {
    path: Vec<u8>,
    access: &'static str,
    origin: &'static str,
    since: u64,
    /// When it ends by itself, in seconds since 1970; 0 if it does not.
    until: u64,
    /// Later sandboxes of the profile get it as well.
    lasting: bool,
    /// Why it holds it: a sentence without its full stop.
    why: &'static str,
    /// A directory that the sandbox had and that is another now to whoever opens it by its path, because the
    /// file is served in it; empty if there is none.
    covers: Vec<u8>,
}

/// What was taken back and is open still: its path, since when (seconds since 1970), and in which processes,
/// by the host's number and short name.
type StillOpen = (Vec<u8>, u64, Vec<(u32, Vec<u8>)>);

/// Something that it was refused.
#[derive(Clone, Debug, PartialEq, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Refusal {
    /// As in `oz_core::denied`.
    kind: &'static str,
    /// What it was about, fit to show; may be empty.
    subject: String,
    count: u32,
    /// Seconds since 1970.
    first: u64,
    /// Likewise.
    last: u64,
    /// What it wanted: a sentence.
    what: &'static str,
    /// Why it did not get it: a sentence.
    why: &'static str,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let entry = denial.denied.entry();
        Self {
            kind: entry.name,
            subject: denial.subject,
            count: denial.count,
            first: denial.first,
            last: denial.last,
            what: entry.what,
            why: entry.why,
        }
    }
}

/// A wall of a sandbox, in words.
#[derive(Clone, Debug, PartialEq, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Wall {
    wall: String,
    /// `required`, `wanted` or `no`.
    asked: String,
    /// `enforced`, `partly` or `not`.
    state: String,
    why: String,
}

impl From<&Line> for Wall {
    fn from(line: &Line) -> Self {
        Self {
            wall: line.wall.to_string(),
            asked: line.asked.to_string(),
            state: line.state.to_string(),
            why: line.why.clone(),
        }
    }
}

/// Options of `AddFiles`.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields)]
struct AddOptions {
    write: Option<bool>,
    /// Take them back after so many seconds.
    seconds: Option<u32>,
    /// Give them to later sandboxes of the profile as well.
    lasting: Option<bool>,
    /// Where the person did that: `cli`, which it is without it, or `panel`.
    origin: Option<String>,
}

/// Options of `Stop`.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields)]
pub(super) struct StopOptions {
    /// How long programs may take to end, instead of what the profile says.
    pub(super) grace_ms: Option<u32>,
}

/// What the bus shows of a sandbox, to find out what has changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picture {
    state: &'static str,
    published: Published,
    files: Vec<File>,
    still_open: Vec<StillOpen>,
    denials: Vec<Denial>,
}

impl SandboxObject {
    pub(super) fn new(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>) -> Self {
        Self { daemon, sandbox }
    }

    /// Whether it shows just this sandbox.
    pub(super) fn is_of(&self, sandbox: &Arc<Sandbox>) -> bool {
        Arc::ptr_eq(&self.sandbox, sandbox)
    }

    pub(super) fn picture(&self) -> Picture {
        Picture {
            state: self.sandbox.phase().word(),
            published: self.sandbox.published(),
            files: self.list(),
            still_open: self.open(),
            denials: self.sandbox.denials(),
        }
    }

    fn gate(&self) -> Option<Gate> {
        self.sandbox.published().sound.gate
    }

    fn open(&self) -> Vec<StillOpen> {
        let open = self.sandbox.still_open();
        let said = open.iter().map(|open| {
            let path = open.path.as_bytes().to_vec();
            (path, open.since, open.processes.clone())
        });
        said.collect()
    }

    fn list(&self) -> Vec<File> {
        let views = self.sandbox.views();
        let covers = |grant: &Grant| {
            let directory = grant.path.as_path().parent();
            let covered = views.iter().filter_map(|view| view.covers());
            let mut covered = covered.filter(|_| grant.shown == Shown::View);
            let covered = covered.find(|covered| Some(covered.as_path()) == directory);
            covered.map_or(Vec::new(), |path| path.as_bytes().to_vec())
        };
        let file = |grant: &Grant| File {
            path: grant.path.as_bytes().to_vec(),
            access: access_word(grant.access),
            origin: grant.origin.word(),
            since: grant.since,
            until: grant.ends().unwrap_or(0),
            lasting: grant.lifetime == Lifetime::Lasting,
            why: grant.origin.why(),
            covers: covers(grant),
        };
        let shared = |bind: &Bind| File {
            path: OsBytes::from(bind.path.as_path()).as_bytes().to_vec(),
            access: access_word(bind.access),
            origin: "profile",
            since: self.sandbox.started_unix(),
            until: 0,
            lasting: true,
            why: "the profile of the app says so",
            covers: Vec::new(),
        };
        let shares = self.sandbox.plan.shares().map(shared);
        shares
            .chain(self.sandbox.files().iter().map(file))
            .collect()
    }
}

#[zbus::interface(name = "org.oz.Sandbox1", introspection_docs = false)]
impl SandboxObject {
    #[zbus(property(emits_changed_signal = "const"))]
    fn id(&self) -> String {
        self.sandbox.id.to_string()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn profile(&self) -> String {
        self.sandbox.plan.profile.clone()
    }

    /// By which a person knows it again, as in CSS: `#1a5fb4`.
    #[zbus(property(emits_changed_signal = "const"))]
    fn colour(&self) -> String {
        Colour::of_profile(&self.sandbox.plan.profile).to_string()
    }

    /// By what Oz marks its windows: `border` (and the name before the title), `title`, `none`.
    #[zbus(property(emits_changed_signal = "const"))]
    fn mark(&self) -> String {
        let display = self.sandbox.plan.display.as_ref();
        display.map_or_else(String::new, |display| display.mark.word().to_owned())
    }

    /// It writes over copies of the user's files: `org.oz.Copies1` says what.
    #[zbus(property(emits_changed_signal = "const"))]
    fn copies(&self) -> bool {
        self.sandbox.plan.overlays().next().is_some()
    }

    /// Seconds since 1970.
    #[zbus(property(emits_changed_signal = "const"))]
    fn started(&self) -> u64 {
        self.sandbox.started_unix()
    }

    /// What of its launch had happened so many microseconds after it was asked for: `spawned`, `planned`,
    /// `sent`, `born`, `started`, `built`. Empty if an earlier daemon launched it.
    #[zbus(property(emits_changed_signal = "false"))]
    fn launch_moments(&self) -> Vec<(String, u64)> {
        let list = self.sandbox.moments.list();
        let said = list
            .iter()
            .map(|(moment, at)| (moment.word().to_owned(), *at));
        said.collect()
    }

    /// `starting`, `running` or `stopping`.
    #[zbus(property)]
    fn state(&self) -> String {
        self.sandbox.phase().word().to_owned()
    }

    /// Init, in the host's pid namespace; 0 before it exists.
    #[zbus(property)]
    fn pid(&self) -> u32 {
        self.sandbox.published().pid
    }

    /// The process that its windows come from, in the host's pid namespace, as a compositor is told by the kernel;
    /// 0 while there is none. It is the sandbox's own, and no other windows come from it.
    #[zbus(property)]
    fn display_pid(&self) -> u32 {
        display_pid(&self.sandbox.published())
    }

    /// Programs that were started on request: number and name.
    #[zbus(property)]
    fn processes(&self) -> Vec<(u64, String)> {
        self.sandbox.published().processes
    }

    /// Files of the user that it was given.
    #[zbus(property)]
    fn files(&self) -> Vec<File> {
        self.list()
    }

    /// Files that were taken back and that programs have open still, as far as that can be seen. They can go on with
    /// those; nothing new can be opened.
    #[zbus(property)]
    fn still_open(&self) -> Vec<StillOpen> {
        self.open()
    }

    /// What it was refused, the last of all first; of each kind the last few, each once with its count.
    #[zbus(property)]
    fn denials(&self) -> Vec<Refusal> {
        let denials = self.sandbox.denials();
        denials.into_iter().map(Refusal::from).collect()
    }

    /// It was refused something for the first time, at least among what `Denials` has: kind, subject, count.
    #[zbus(signal)]
    async fn denied(
        emitter: &SignalEmitter<'_>,
        kind: &str,
        subject: &str,
        count: u32,
    ) -> zbus::Result<()>;

    /// How far each wall holds; empty before it is built.
    #[zbus(property)]
    fn enforcement(&self) -> Vec<Wall> {
        let report = self.sandbox.report();
        let lines = report.iter().flat_map(|report| &report.lines);
        lines.map(Wall::from).collect()
    }

    /// What it was built from, as JSON.
    #[zbus(out_args("plan"))]
    fn plan(&self) -> Result<String> {
        super::manager::plan_json(&self.sandbox.plan)
    }

    /// Which network it has: `none` or `internet`.
    #[zbus(property(emits_changed_signal = "const"))]
    fn network(&self) -> String {
        self.sandbox.plan.network.mode.word().to_owned()
    }

    /// What leads through the wall of its network, as `oz forward` takes it.
    #[zbus(property)]
    fn forwards(&self) -> Vec<String> {
        let forwards = self.sandbox.published().forwards;
        forwards.iter().map(Forward::to_string).collect()
    }

    /// Opens one more.
    async fn add_forward(&self, forward: &str) -> Result<()> {
        self.sandbox.ready().await?;
        forwards::open(&self.daemon, &self.sandbox, understood(forward)?).await
    }

    /// Closes one, and the connections through it.
    async fn remove_forward(&self, forward: &str) -> Result<()> {
        self.sandbox.ready().await?;
        forwards::close(&self.sandbox, &understood(forward)?).await
    }

    /// Which way what is copied or dragged may pass: `off`, `in`, `out` or `both`; `none` if there are no windows.
    #[zbus(property)]
    fn clipboard(&self) -> String {
        let clipboard = self.sandbox.published().clipboard;
        clipboard.map_or("none", Clipboard::word).to_owned()
    }

    #[zbus(property)]
    async fn set_clipboard(&self, direction: String) -> Result<()> {
        let found = Clipboard::ALL
            .into_iter()
            .find(|one| one.word() == direction);
        let clipboard = found.ok_or_else(|| {
            Failure::new(
                Kind::InvalidArgument,
                "that is not a direction of the clipboard",
                "Use off, in, out or both",
            )
        })?;
        display::set_clipboard(&self.sandbox, clipboard).await
    }

    /// Has its windows go to the X server of this name, if it is one of this machine. The file opens it; empty: the one in the home.
    #[zbus(name = "AttachToX11")]
    async fn attach_to_x11(&self, display: &str, authority: &str) -> Result<()> {
        let authority = if authority.starts_with('/') {
            PathBuf::from(authority)
        } else {
            self.sandbox.plan.user.home.join(".Xauthority")
        };
        let server = X11::named(display, Some(authority)).ok_or_else(|| {
            Failure::new(
                Kind::InvalidArgument,
                "that is no X server of this machine",
                "Use a name such as :0",
            )
        })?;
        display::attach(&self.daemon, &self.sandbox, Host::X11(server)).await
    }

    /// Has its windows go to the Wayland compositor that listens at this path.
    async fn attach(&self, display: &str) -> Result<()> {
        if !display.starts_with('/') {
            return Err(Failure::new(
                Kind::InvalidArgument,
                "the socket of the compositor is not an absolute path",
                "Use a path such as /run/user/1000/wayland-1",
            ));
        }
        display::attach(&self.daemon, &self.sandbox, Host::Wayland(display.into())).await
    }

    #[zbus(property)]
    fn window_count(&self) -> u32 {
        self.sandbox.published().windows
    }

    /// `off`, `silent`, `ask` or `on`; `none` if there is no sound.
    #[zbus(property)]
    fn microphone(&self) -> String {
        sound::microphone_word(self.gate()).to_owned()
    }

    #[zbus(property)]
    async fn set_microphone(&self, state: String) -> Result<()> {
        let state = sound::microphone(&state)?;
        if state == Microphone::Ask {
            self.daemon
                .consent
                .ask_again(&self.sandbox.id, Subject::Microphone);
        }
        audio::change(&self.sandbox, |gate| gate.microphone = state).await
    }

    /// `off`, `silent` or `on`; `none` if there is no sound.
    #[zbus(property)]
    fn speaker(&self) -> String {
        sound::speaker_word(self.gate()).to_owned()
    }

    #[zbus(property)]
    async fn set_speaker(&self, state: String) -> Result<()> {
        let state = sound::speaker(&state)?;
        audio::change(&self.sandbox, |gate| gate.speaker = state).await
    }

    /// Percent.
    #[zbus(property)]
    fn microphone_volume(&self) -> u8 {
        self.gate().map_or(0, |gate| gate.microphone_volume)
    }

    #[zbus(property)]
    async fn set_microphone_volume(&self, percent: u8) -> Result<()> {
        let percent = sound::volume(percent)?;
        audio::change(&self.sandbox, |gate| gate.microphone_volume = percent).await
    }

    /// Percent.
    #[zbus(property)]
    fn speaker_volume(&self) -> u8 {
        self.gate().map_or(0, |gate| gate.speaker_volume)
    }

    #[zbus(property)]
    async fn set_speaker_volume(&self, percent: u8) -> Result<()> {
        let percent = sound::volume(percent)?;
        audio::change(&self.sandbox, |gate| gate.speaker_volume = percent).await
    }

    /// What the microphone hears flows to the app at this moment.
    #[zbus(property)]
    fn microphone_in_use(&self) -> bool {
        self.sandbox.published().sound.microphone_in_use
    }

    /// Has `Levels` said to whoever asks, or not any more; it ends by itself with the asker's connection.
    fn watch_levels(
        &self,
        on: bool,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> Result<()> {
        let nobody = || Failure::new(Kind::Refused, "a call comes from nobody", "");
        let name = header.sender().ok_or_else(nobody)?.as_str();
        if on {
            return audio::watch(&self.sandbox, bus, name);
        }
        audio::unwatch(&self.sandbox, name);
        Ok(())
    }

    /// How loud it is, while somebody watches: the loudest of the last moment that went to the speaker, and of what came from
    /// the microphone, in thousandths. It stays until the next is said.
    #[zbus(signal)]
    async fn levels(emitter: &SignalEmitter<'_>, speaker: u16, microphone: u16)
    -> zbus::Result<()>;

    /// Streams that play, heard or not.
    #[zbus(property)]
    fn playback_streams(&self) -> u32 {
        self.sandbox.published().sound.playback
    }

    /// Streams that record, heard or not.
    #[zbus(property)]
    fn record_streams(&self) -> u32 {
        self.sandbox.published().sound.record
    }

    /// Shows files, opened with O_PATH; returns their paths, which are the same inside.
    #[zbus(out_args("paths"))]
    async fn add_files(&self, files: Vec<OwnedFd>, options: AddOptions) -> Result<Vec<Vec<u8>>> {
        self.sandbox.ready().await?;
        let access = if options.write == Some(true) {
            Access::Write
        } else {
            Access::Read
        };
        let lifetime = self.lifetime(&options)?;
        let origin = options.origin.as_deref().unwrap_or("cli");
        let origin = Origin::of_person(origin).ok_or_else(|| {
            let what = format!("nobody adds files by way of {origin:?}");
            Failure::new(Kind::InvalidArgument, what, "`cli` and `panel` are known")
        })?;
        let resolved = change::resolve(files.into_iter().map(Into::into).collect()).await?;
        let wanted = resolved.into_iter().map(|resolved| Wanted {
            resolved,
            access,
            origin,
            lifetime,
            since: None,
        });
        let paths = change::add(&self.daemon, &self.sandbox, wanted.collect()).await?;
        Ok(paths.iter().map(|path| path.as_bytes().to_vec()).collect())
    }

    /// Takes files back, by the paths that `Files` shows: the file itself may be gone.
    #[zbus(out_args("paths"))]
    async fn remove_files(&self, paths: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        self.sandbox.ready().await?;
        let paths: Vec<OsBytes> = paths.into_iter().map(OsBytes::from).collect();
        let removed = change::remove(&self.daemon, &self.sandbox, &paths).await?;
        Ok(removed
            .iter()
            .map(|path| path.as_bytes().to_vec())
            .collect())
    }

    /// Ends it, in order if it can, and returns when it is gone.
    async fn stop(&self, options: StopOptions) -> Result<()> {
        let grace = options.grace_ms.unwrap_or(self.sandbox.plan.life.grace_ms);
        self.sandbox.stop(Duration::from_millis(grace.into())).await
    }

    /// Sends a signal to a program's process group.
    fn signal(&self, process: u64, signal: i32) -> Result<()> {
        let signal = u8::try_from(signal)
            .ok()
            .filter(|signal| (1..=64).contains(signal));
        let signal = signal.ok_or_else(|| {
            Failure::new(
                Kind::InvalidArgument,
                "that is not a signal's number",
                "Use 1 to 64",
            )
        })?;
        self.sandbox.ask(Command::Signal { process, signal })
    }
}

impl SandboxObject {
    /// How long files are to be held.
    fn lifetime(&self, options: &AddOptions) -> Result<Lifetime> {
        let invalid = |what: &str, remedy: &str| Failure::new(Kind::InvalidArgument, what, remedy);
        match (options.seconds, options.lasting.unwrap_or(false)) {
            (None, false) => Ok(Lifetime::Sandbox),
            (Some(0), _) => Err(invalid("no time is no time", "Give at least a second")),
            (Some(_), true) => Err(invalid(
                "a file is given for some time or for good, not both",
                "Leave one of them out",
            )),
            (Some(seconds), false) => Ok(Lifetime::Until(clock::now() + u64::from(seconds))),
            (None, true) if self.is_of_an_app()? => Ok(Lifetime::Lasting),
            (None, true) => Err(Failure::new(
                Kind::Refused,
                format!(
                    "{} runs a command by the template {}, which has nothing for good",
                    self.sandbox.id, self.sandbox.plan.profile
                ),
                "Give it files without --lasting, or write a profile for the command",
            )),
        }
    }

    /// Whether later sandboxes of its profile are of the same app.
    fn is_of_an_app(&self) -> Result<bool> {
        let profiles = self.daemon.profiles()?;
        let names = profiles.catalogue.names();
        Ok(names.contains(&self.sandbox.plan.profile.as_str()))
    }

    async fn announce_sound(
        &self,
        emitter: &SignalEmitter<'_>,
        now: &Sound,
        shown: &Sound,
    ) -> zbus::Result<()> {
        let part = |sound: &Sound, of: fn(Gate) -> u8| sound.gate.map(of);
        if sound::microphone_word(now.gate) != sound::microphone_word(shown.gate) {
            self.microphone_changed(emitter).await?;
        }
        if sound::speaker_word(now.gate) != sound::speaker_word(shown.gate) {
            self.speaker_changed(emitter).await?;
        }
        if part(now, |gate| gate.microphone_volume) != part(shown, |gate| gate.microphone_volume) {
            self.microphone_volume_changed(emitter).await?;
        }
        if part(now, |gate| gate.speaker_volume) != part(shown, |gate| gate.speaker_volume) {
            self.speaker_volume_changed(emitter).await?;
        }
        if now.microphone_in_use != shown.microphone_in_use {
            self.microphone_in_use_changed(emitter).await?;
        }
        if now.playback != shown.playback {
            self.playback_streams_changed(emitter).await?;
        }
        if now.record != shown.record {
            self.record_streams_changed(emitter).await?;
        }
        Ok(())
    }
}

fn display_pid(published: &Published) -> u32 {
    let proxy = published.proxies.get(&Service::Wayland);
    proxy.map_or(0, |(pid, _)| u32::try_from(*pid).unwrap_or(0))
}

fn understood(forward: &str) -> Result<Forward> {
    let understood = forward.parse();
    understood.map_err(|error: String| {
        let (what, remedy) = error.split_once('\n').unwrap_or((&error, ""));
        Failure::new(Kind::InvalidArgument, what, remedy)
    })
}

/// Says what has changed since the last time.
pub(super) async fn announce(
    bus: &Connection,
    path: &OwnedObjectPath,
    shown: &mut Picture,
) -> zbus::Result<()> {
    let object = bus
        .object_server()
        .interface::<_, SandboxObject>(path)
        .await?;
    let emitter: &SignalEmitter<'_> = object.signal_emitter();
    let object = object.get().await;
    let now = object.picture();
    if now.state != shown.state {
        object.state_changed(emitter).await?;
        // Known from when it runs.
        object.enforcement_changed(emitter).await?;
    }
    if now.published.pid != shown.published.pid {
        object.pid_changed(emitter).await?;
    }
    if display_pid(&now.published) != display_pid(&shown.published) {
        object.display_pid_changed(emitter).await?;
    }
    if now.published.processes != shown.published.processes {
        object.processes_changed(emitter).await?;
    }
    if now.published.clipboard != shown.published.clipboard {
        object.clipboard_changed(emitter).await?;
    }
    if now.published.windows != shown.published.windows {
        object.window_count_changed(emitter).await?;
    }
    object
        .announce_sound(emitter, &now.published.sound, &shown.published.sound)
        .await?;
    if now.published.levels != shown.published.levels {
        let levels = now.published.levels;
        SandboxObject::levels(emitter, levels.speaker, levels.microphone).await?;
    }
    if now.published.forwards != shown.published.forwards {
        object.forwards_changed(emitter).await?;
    }
    if now.files != shown.files {
        object.files_changed(emitter).await?;
    }
    if now.still_open != shown.still_open {
        object.still_open_changed(emitter).await?;
    }
    if now.denials != shown.denials {
        object.denials_changed(emitter).await?;
        for new in object.sandbox.new_denials() {
            let kind = new.denied.entry().name;
            SandboxObject::denied(emitter, kind, &new.subject, new.count).await?;
            notice::denied(&object.daemon, &object.sandbox, &new);
        }
    }
    *shown = now;
    Ok(())
}
