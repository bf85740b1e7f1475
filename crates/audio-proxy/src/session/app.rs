//! What the app asks for.

use crate::rules::{self, App, Code, Request, Shape};
use crate::session::{Offence, Phase, Session, Turn};
use crate::shared::Shared;
use crate::wire::tags::Tags;

/// One request of the app.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The command's number.
    pub(super) command: u32,
    /// By which the app knows the answer.
    pub(super) tag: u32,
    /// What follows the tag, as it came.
    pub(super) body: &'a [u8],
}

impl<'a> Asked<'a> {
    pub(super) fn tags(self) -> Tags<'a> {
        Tags::new(self.body)
    }
}

impl Session {
    pub(super) fn app_packet(
        &mut self,
        turn: &mut Turn<'_>,
        payload: &[u8],
    ) -> Result<(), Offence> {
        let mut tags = Tags::new(payload);
        let (command, tag) = (tags.u32()?, tags.u32()?);
        let asked = Asked {
            command,
            tag,
            body: &payload[tags.position()..],
        };
        let Some(rule) = rules::of(command) else {
            self.deny(turn.shared, "unknown", tag, Code::ACCESS);
            return Ok(());
        };
        match rule.app {
            App::Never => Err(Offence::Never),
            App::Refuse(code) => {
                self.deny(turn.shared, rule.name, tag, code);
                Ok(())
            }
            App::Take(Request::Auth) if self.phase == Phase::New => {
                self.authenticate(turn.shared, asked)
            }
            // Once is enough: a second one would change the version under the host's answers.
            App::Take(Request::Auth) => {
                self.deny(turn.shared, rule.name, tag, Code::ACCESS);
                Ok(())
            }
            _ if self.phase != Phase::Ready => {
                self.deny(turn.shared, rule.name, tag, Code::ACCESS);
                Ok(())
            }
            App::Empty => {
                asked.tags().end()?;
                self.reply(tag, |_| {});
                Ok(())
            }
            App::Take(request) => self.take(turn, request, asked),
        }
    }

    /// Refuses a command, and says so.
    pub(super) fn deny(&mut self, shared: &mut Shared, name: &'static str, tag: u32, code: Code) {
        *shared.denied.entry(name).or_default() += 1;
        self.refuse(tag, code);
    }

    fn take(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        match request {
            // Handled before anything else is.
            Request::Auth => Ok(()),
            Request::ClientName => self.client_name(turn.shared, asked),
            Request::ClientProps => self.client_props(turn.shared, asked),
            Request::RemoveClientProps => self.remove_props(asked, None),
            Request::ClientInfo { list } => self.client_info(turn.shared, asked, list),
            Request::ServerInfo => self.server_info(asked),
            Request::Stat => self.stat(asked),
            Request::Subscribe => self.subscribe(turn.shared, asked),

            Request::LookupSink => self.lookup_sink(asked),
            Request::LookupSource => self.lookup_source(turn.shared, asked),
            Request::SinkInfo { list } => self.sink_info(asked, list),
            Request::SourceInfo { list } => self.source_info(turn.shared, asked, list),

            Request::CreatePlayback => self.create_playback(turn.shared, asked),
            Request::DeletePlayback => self.delete_playback(asked),
            Request::Playback(shape) => self.playback_request(asked, shape),
            Request::PlaybackName => self.playback_name(asked),
            Request::PlaybackProps => self.playback_props(turn.shared, asked),
            Request::RemovePlaybackProps => self.remove_playback_props(asked),
            Request::SinkInputInfo { list } => self.sink_input_info(turn.shared, asked, list),
            Request::SinkInputVolume => self.sink_input_volume(turn.shared, asked),
            Request::SinkInputMute => self.sink_input_mute(turn.shared, asked),

            Request::CreateRecord => self.create_record(turn, asked),
            Request::DeleteRecord => self.delete_record(turn.shared, asked),
            Request::CorkRecord => self.cork_record(turn, asked),
            Request::FlushRecord => self.flush_record(asked),
            Request::RecordLatency => self.record_latency(asked),
            Request::RecordBuffer => self.record_buffer(asked),
            Request::RecordRate => self.record_rate(turn.shared, asked),
            Request::RecordName => self.record_name(turn.shared, asked),
            Request::RecordProps => self.record_props(turn.shared, asked),
            Request::RemoveRecordProps => self.remove_record_props(turn.shared, asked),
            Request::SourceOutputInfo { list } => self.source_output_info(turn.shared, asked, list),
            Request::SourceOutputVolume => self.source_output_volume(turn.shared, asked),
            Request::SourceOutputMute => self.source_output_mute(turn.shared, asked),
        }
    }
}

/// Reads what follows the channel; all that matters is that it has the right form.
pub(super) fn check(tags: &mut Tags<'_>, shape: Shape, version: u32) -> Result<(), Offence> {
    match shape {
        Shape::Channel => {}
        Shape::Bool => drop(tags.bool()?),
        Shape::Time => drop(tags.time()?),
        Shape::Number => drop(tags.u32()?),
        Shape::Buffer => {
            for _ in 0..4 {
                tags.u32()?;
            }
            tags.bool()?;
            if version >= 14 {
                tags.bool()?;
            }
        }
    }
    Ok(tags.end()?)
}

/// Most keys that are removed at once.
const KEYS_MAX: usize = 64;

/// Reads keys up to the end; those that an app may not set are left out.
pub(super) fn keys<'a>(tags: &mut Tags<'a>) -> Result<Vec<&'a str>, Offence> {
    let mut keys = Vec::new();
    while let Some(key) = tags.string()? {
        if let Ok(key) = str::from_utf8(key)
            && crate::rewrite::stamp::may_say(key)
            && keys.len() < KEYS_MAX
        {
            keys.push(key);
        }
    }
    tags.end()?;
    Ok(keys)
}
