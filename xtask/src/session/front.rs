//! The front: makes the directory, starts the supervisor, waits, and clears up after it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, getpid, kill_process, set_child_subreaper};

use super::environment::Places;
use super::interrupts::Interrupts;
use super::{FileSystem, Host, Manager, Sound, Spec, dirs, newer, processes};
use crate::extension::{self, Form};
use crate::user::User;
use crate::{sh, stage};

/// A session to run.
pub(crate) struct Request {
    /// The staged prefix; the session gets its own links to it.
    pub(crate) prefix: PathBuf,
    pub(crate) host: Host,
    /// If the host is an X server.
    pub(crate) manager: Manager,
    pub(crate) audio: Option<Sound>,
    /// With a network of its own.
    pub(crate) internet: bool,
    /// On what the home is.
    pub(crate) home_on: Option<FileSystem>,
    pub(crate) keep_on_failure: bool,
    pub(crate) timeout: Option<Duration>,
    /// Programs to bring into the session; the first is put before the command. They lie in
    /// `$OZ_TEST_PROGRAMS` then.
    pub(crate) bring: Vec<PathBuf>,
    pub(crate) command: Vec<OsString>,
    /// Where the command starts, if the user can go there; else in its home.
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
    /// Files to keep: where they are beneath the session's directory, and where to copy them.
    pub(crate) collect: Vec<(PathBuf, PathBuf)>,
    /// Where stdout and stderr of the command go, instead of ours.
    pub(crate) output: Option<fs::File>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            prefix: PathBuf::new(),
            host: Host::Sway,
            manager: Manager::default(),
            audio: Some(Sound::Pulseaudio),
            internet: false,
            home_on: None,
            keep_on_failure: false,
            timeout: None,
            bring: Vec::new(),
            command: Vec::new(),
            cwd: None,
            environment: Vec::new(),
            collect: Vec::new(),
            output: None,
        }
    }
}

/// How a session ended.
pub(crate) struct Outcome {
    /// The exit status as a shell would say it; 124 after a time-out, 125 without a session.
    pub(crate) code: u8,
    /// Whether somebody asked us to stop.
    pub(crate) interrupted: bool,
    /// The directory, if it was kept.
    pub(crate) kept: Option<PathBuf>,
    /// The ends of the desktop's logs, if the command failed.
    pub(crate) logs: Vec<(String, String)>,
}

/// Runs a session to its end. Must be called on the main thread: the supervisor dies with it.
pub(crate) fn run(mut request: Request) -> Result<Outcome> {
    let interrupts = Interrupts::hold()?;
    // The user must be able to read what we put there, whatever the umask of root is.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let user = User::ordinary()?;
    make_x11_dir(&user);
    // The second net: if the supervisor is killed, what it held becomes ours.
    set_child_subreaper(Some(getpid())).context("cannot become a child subreaper")?;
    let root = dirs::make(&user)?;
    let result = prepare(&root, &user, &request)
        .and_then(|()| supervised(&root, &user, &mut request, &interrupts));
    let all_ended = processes::end_descendants();
    let failed = !matches!(result, Ok((0, _)));
    let logs = if failed { log_tails(&root) } else { Vec::new() };
    for (from, to) in &request.collect {
        let from = root.join(from);
        if from.is_file() {
            fs::copy(&from, to).with_context(|| format!("cannot write {}", to.display()))?;
        }
    }
    let kept = (request.keep_on_failure && failed).then(|| root.clone());
    if kept.is_none() {
        dirs::remove(&root)?;
    }
    if !all_ended {
        bail!("some processes of the session would not end");
    }
    let (code, interrupted) = result?;
    Ok(Outcome {
        code,
        interrupted,
        kept,
        logs,
    })
}

fn prepare(root: &Path, user: &User, request: &Request) -> Result<()> {
    let prefix = Places(root).prefix();
    dirs::link_tree(&request.prefix, &prefix)?;
    if prefix.join(stage::SERVICE_FILE).exists() {
        stage::write_units(&prefix, &prefix, false)?;
    }
    let mut command = request.command.clone();
    let brought = root.join("brought");
    fs::create_dir(&brought)?;
    for (n, program) in request.bring.iter().enumerate() {
        let place = brought.join(program.file_name().context("a program without a name")?);
        dirs::link(program, &place)?;
        if n == 0 {
            command.insert(0, place.into());
        }
    }
    let mut extra_environment = request.environment.clone();
    if !request.bring.is_empty() {
        let brought = brought.to_string_lossy().into_owned();
        extra_environment.push(("OZ_TEST_PROGRAMS".to_owned(), brought));
    }
    let shell_root = match request.host {
        Host::GnomeNewer => Some(newer::ready()?),
        Host::Sway | Host::Gnome | Host::X11 => None,
    };
    if shell_root.is_some() && prefix.join(stage::SERVICE_FILE).exists() {
        extension::place(&prefix, Form::Modules)?;
    }
    let spec = Spec {
        shell_root,
        root: root.to_owned(),
        user: user.clone(),
        host: request.host,
        manager: request.manager,
        audio: request.audio,
        internet: request.internet,
        home_on: request.home_on,
        command,
        cwd: match &request.cwd {
            Some(dir) if enterable(dir, user) => dir.clone(),
            _ => Places(root).home(),
        },
        extra_environment,
    };
    fs::write(root.join("spec.json"), serde_json::to_vec_pretty(&spec)?)?;
    Ok(())
}

/// The last lines of each log that has any.
fn log_tails(root: &Path) -> Vec<(String, String)> {
    let mut tails = Vec::new();
    for entry in fs::read_dir(root.join("log"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let tail = super::desktop::log_tail(&entry.path());
        if !tail.is_empty() {
            tails.push((entry.file_name().to_string_lossy().into_owned(), tail));
        }
    }
    tails.sort();
    tails
}

fn enterable(dir: &Path, user: &User) -> bool {
    sh::succeeds(user.command("test").arg("-x").arg(dir))
}

/// Starts the supervisor and waits for it; its exit status, and whether we were interrupted.
fn supervised(
    root: &Path,
    user: &User,
    request: &mut Request,
    interrupts: &Interrupts,
) -> Result<(u8, bool)> {
    // This very program even if a build has meanwhile replaced the file.
    let exe = format!("/proc/{}/exe", getpid());
    let mut command = if user.drop {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private"]);
        command.args(request.internet.then_some("--net"));
        command.args(["--", &exe]);
        command
    } else {
        Command::new(exe)
    };
    let (timeout, output) = (request.timeout, request.output.take());
    command.arg("__supervise").arg(root.join("spec.json"));
    if let Some(file) = output {
        command
            .stderr(file.try_clone()?)
            .stdout(file)
            .stdin(Stdio::null());
    }
    let mut child = command.spawn().context("cannot start the supervisor")?;
    drop(command);
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .context("a pid")?;
    let end = timeout.map(|time| Instant::now() + time);
    let mut timed_out = false;
    let mut asked = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        timed_out |= end.is_some_and(|end| Instant::now() >= end);
        if !asked && (timed_out || interrupts.came().is_some()) {
            asked = true;
            kill_process(pid, Signal::TERM)?;
        }
        interrupts.sleep(Duration::from_millis(200));
    };
    let code = match (interrupts.came(), status.code(), status.signal()) {
        _ if timed_out => 124,
        (Some(signal), ..) => 128 + signal,
        (_, Some(code), _) => u8::try_from(code).unwrap_or(1),
        (_, _, Some(signal)) => 128 + u8::try_from(signal).unwrap_or(0),
        _ => 1,
    };
    Ok((code, interrupts.came().is_some()))
}

/// wlroots and Xwayland of the first user would make it theirs, and no other's X would start.
fn make_x11_dir(user: &User) {
    let dir = Path::new("/tmp/.X11-unix");
    if user.drop && fs::create_dir(dir).is_ok() {
        // It matters only for X11 apps, which say so themselves.
        let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o1777));
    }
}
