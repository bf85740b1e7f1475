//! The audio proxy of one sandbox, and the gate that it keeps.

mod control;
mod watchers;

use std::sync::Arc;

use oz_core::denied::Denied;
use oz_core::plan::{Gate, Service};
use oz_core::wire::audio::{Config, Event, Levels, Microphone, Speaker};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::proxy::{Pipe, Program, Supervisor, Turn};
use super::{Command, Sandbox};
use crate::child::Child;
use crate::consent::{Answer, Question};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
pub(crate) use control::Control;
pub(crate) use watchers::{Watchers, unwatch, watch};

/// Name of the FIFO on which the proxy hears.
const CONTROL: &str = "audio-control";
/// Most streams that are counted.
const STREAMS: u32 = 10_000;
/// Commands that the gate decides on, by the protocol's names.
const RECORD: &str = "create-record-stream";
const PLAY: &str = "create-playback-stream";

pub(super) const PROGRAM: Program = Program {
    service: Service::Pulse,
    name: "audio-proxy",
    reports: "audio-reports",
};

/// What is known of a sandbox's sound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sound {
    /// What may pass; absent: there is no sound.
    pub(crate) gate: Option<Gate>,
    /// What the microphone hears flows to the app.
    pub(crate) microphone_in_use: bool,
    /// Streams that play, heard or not.
    pub(crate) playback: u32,
    /// Streams that record, heard or not.
    pub(crate) record: u32,
}

/// Serves a sandbox's sound server until the sandbox ends, by when the task that runs this is
/// aborted.
pub(super) async fn supervise(
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    mut supervisor: Supervisor,
) {
    let pipe = Pipe::of(&daemon.directories, &sandbox.id, CONTROL);
    let mut questions = JoinSet::new();
    loop {
        let proxy = match supervisor.turn().await {
            Ok(Turn::Earlier(proxy)) => match resume(&sandbox, &pipe) {
                Ok(()) => Ok(proxy),
                Err(error) => {
                    // It would go on with what it was told last.
                    proxy.kill();
                    Err(supervisor.untold(&error))
                }
            },
            Ok(Turn::Wanted) => {
                let started = start(&sandbox, &supervisor, &pipe);
                if sandbox.watchers.any() {
                    sandbox.control.tell(&sandbox);
                }
                started
            }
            Err(_) => return,
        };
        match proxy {
            Ok(proxy) => {
                let take = |event| take(&daemon, &sandbox, event, &mut questions);
                let hangs = sandbox.control.hangs();
                supervisor.follow(proxy, take, hangs).await;
                tracing::warn!("the audio proxy ended");
            }
            Err(error) => tracing::error!(error = error.line(), "no audio proxy"),
        }
        sandbox.control.disconnect();
        sandbox.publish(|published| {
            published.sound = Sound {
                gate: published.sound.gate,
                ..Sound::default()
            };
            published.levels = Levels::default();
        });
        let _ = sandbox.ask(Command::Save);
    }
}

fn start(sandbox: &Sandbox, supervisor: &Supervisor, pipe: &Pipe) -> Result<Child> {
    let untold = |error: std::io::Error| supervisor.untold(&error);
    // Whatever changes from here on waits in the pipe.
    let control = pipe.fresh().map_err(untold)?;
    sandbox.control.connect(pipe.writer().map_err(untold)?);
    let gate = sandbox.published().sound.gate;
    let (Some(gate), Some(server)) = (gate, &sandbox.sound_server) else {
        return Err(none(sandbox));
    };
    let config = Config {
        sandbox: sandbox.id.to_string(),
        app_name: sandbox.app_name(),
        host_socket: server.socket.clone(),
        cookie: server.cookie(),
        gate,
    };
    supervisor.start(&config, Some(control), None)
}

/// One that an earlier daemon started hears how the gate stands: the daemon may have died between
/// writing that down and saying it.
fn resume(sandbox: &Sandbox, pipe: &Pipe) -> std::io::Result<()> {
    sandbox.control.connect(pipe.writer()?);
    sandbox.control.tell(sandbox);
    Ok(())
}

/// Whether a later daemon shall know of it.
fn take(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    event: Event,
    questions: &mut JoinSet<()>,
) -> bool {
    match event {
        Event::Levels(levels) => {
            if sandbox.watchers.any() {
                sandbox.publish(|published| published.levels = levels.capped());
            }
            return false;
        }
        Event::MicrophoneAsked => {
            while questions.try_join_next().is_some() {}
            if questions.is_empty() {
                let (daemon, sandbox) = (Arc::clone(daemon), Arc::clone(sandbox));
                let asked = async move { ask(&daemon, &sandbox).await };
                questions.spawn(tracing::Instrument::in_current_span(asked));
            }
        }
        Event::MicrophoneInUse { on } => {
            sandbox.publish(|published| published.sound.microphone_in_use = on);
        }
        Event::Streams { playback, record } => sandbox.publish(|published| {
            published.sound.playback = playback.min(STREAMS);
            published.sound.record = record.min(STREAMS);
        }),
        Event::ClientRefused { reason } => {
            tracing::info!("the audio proxy refused a client");
            sandbox.denied(Denied::Sound, reason.as_bytes(), 1);
        }
        Event::HostGone => tracing::info!("the host's sound server is gone"),
        Event::HostBack => tracing::info!("the host's sound server is back"),
        Event::Denied { command, count } => denied(sandbox, &command, count),
        Event::Ready | Event::Unknown => {}
    }
    true
}

/// A stream is refused by the gate, and all else because no app may do it.
fn denied(sandbox: &Arc<Sandbox>, command: &str, count: u32) {
    let gate = sandbox.published().sound.gate;
    let off = |is_off: fn(Gate) -> bool| gate.is_some_and(is_off);
    match command {
        RECORD if off(|gate| gate.microphone != Microphone::On) => {
            sandbox.denied(Denied::Microphone, b"", count);
        }
        PLAY if off(|gate| gate.speaker != Speaker::On) => {
            sandbox.denied(Denied::Speaker, b"", count);
        }
        _ => sandbox.denied(Denied::SoundCommand, command.as_bytes(), count),
    }
}

/// The answer holds for as long as the sandbox lives, unless the user changes it.
async fn ask(daemon: &Daemon, sandbox: &Arc<Sandbox>) {
    // The proxy does not say which program: several may wait for the one answer.
    let question = Question::microphone(b"");
    let answer = tokio::select! {
        biased;
        () = sandbox.control.decided(sandbox) => return,
        answer = daemon.consent.ask(sandbox, question) => answer,
    };
    let answer = match answer {
        Answer::Yes => Microphone::On,
        Answer::No(_) => Microphone::Off,
    };
    let answered = |gate: &mut Gate| {
        // Whoever changed it meanwhile has answered.
        if gate.microphone == Microphone::Ask {
            gate.microphone = answer;
        }
    };
    if let Err(error) = change(sandbox, answered).await {
        tracing::debug!(error = error.line(), "the answer came too late");
    }
}

/// Changes what may pass. When this returns, a later daemon knows of it and the proxy can.
pub(crate) async fn change(sandbox: &Sandbox, change: impl FnOnce(&mut Gate)) -> Result<()> {
    if sandbox.plan.audio.is_none() {
        return Err(none(sandbox));
    }
    sandbox.ready().await?;
    sandbox.publish(|published| {
        if let Some(gate) = &mut published.sound.gate {
            change(gate);
        }
    });
    let (saved, waiting) = oneshot::channel();
    sandbox.ask(Command::SaveAndSay(saved))?;
    waiting.await.map_err(|_| Failure::gone(&sandbox.id))?;
    sandbox.control.tell(sandbox);
    Ok(())
}

fn none(sandbox: &Sandbox) -> Failure {
    Failure::new(
        Kind::Refused,
        format!(
            "the sandbox {} has no sound: the session that started it has no place for a sound server",
            sandbox.id
        ),
        "Start the app from within a desktop session",
    )
}
