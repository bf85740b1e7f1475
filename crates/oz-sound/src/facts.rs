//! The server's lists.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use libpulse_binding::callbacks::ListResult;
use libpulse_binding::context::introspect::{SinkInputInfo, SourceOutputInfo};
use libpulse_binding::proplist::{Proplist, properties};
use libpulse_binding::volume::{ChannelVolumes, Volume};

use crate::server::{Error, Server};

/// The property by which the audio proxy says whose stream it is; the app cannot set it.
const SANDBOX: &str = "oz.sandbox";

/// What there is at one moment. Names of streams and programs come from apps: whoever shows them
/// makes them safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where sound can go.
    pub sinks: Vec<Device>,
    /// Where sound can come from; what a sink plays is a source too.
    pub sources: Vec<Device>,
    /// Name of the sink that is meant when none is named.
    pub default_sink: Option<String>,
    /// Name of the source that is meant when none is named.
    pub default_source: Option<String>,
    /// Who plays.
    pub playing: Vec<Stream>,
    /// Who records.
    pub recording: Vec<Stream>,
}

/// A sink or a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its number, until it is taken out.
    pub index: u32,
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub description: String,
    /// It is not heard, or does not hear.
    pub muted: bool,
    /// The loudest channel in percent.
    pub volume: u32,
    /// Number of the sink whose sound this source is; absent for a microphone, and for sinks.
    pub monitors: Option<u32>,
}

/// A stream to a sink or from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its number.
    pub index: u32,
    /// What the sandbox is called whose stream it is; absent for programs of the host.
    pub sandbox: Option<String>,
    /// What the program is called.
    pub program: Option<String>,
    /// What it says that it plays or records.
    pub title: Option<String>,
    /// Number of its sink or source.
    pub device: u32,
    /// It is paused.
    pub corked: bool,
    /// It is not heard, or does not hear.
    pub muted: bool,
    /// The loudest channel in percent; absent if it has no volume of its own.
    pub volume: Option<u32>,
}

impl Facts {
    /// Those of a sandbox's streams that play.
    pub fn playing_of(&self, sandbox: &str) -> impl Iterator<Item = &Stream> {
        of(&self.playing, sandbox)
    }

    /// Those of a sandbox's streams that record.
    pub fn recording_of(&self, sandbox: &str) -> impl Iterator<Item = &Stream> {
        of(&self.recording, sandbox)
    }
}

fn of<'a>(streams: &'a [Stream], sandbox: &str) -> impl Iterator<Item = &'a Stream> {
    streams
        .iter()
        .filter(move |stream| stream.sandbox.as_deref() == Some(sandbox))
}

impl Server {
    /// Asks for all lists.
    pub fn facts(&mut self) -> Result<Facts, Error> {
        let facts = Rc::new(RefCell::new(Facts::default()));
        let pending = Rc::new(Cell::new(5));
        let lists = self.context.introspect();

        let ended = countdown(&pending);
        let to = Rc::clone(&facts);
        let _server = lists.get_server_info(move |info| {
            let mut facts = to.borrow_mut();
            facts.default_sink = info.default_sink_name.as_deref().map(str::to_owned);
            facts.default_source = info.default_source_name.as_deref().map(str::to_owned);
            ended();
        });
        let ended = countdown(&pending);
        let to = Rc::clone(&facts);
        let _sinks = lists.get_sink_info_list(move |item| match item {
            ListResult::Item(sink) => to.borrow_mut().sinks.push(Device {
                index: sink.index,
                name: text(sink.name.as_ref()),
                description: text(sink.description.as_ref()),
                muted: sink.mute,
                volume: percent(&sink.volume),
                monitors: None,
            }),
            ListResult::End | ListResult::Error => ended(),
        });
        let ended = countdown(&pending);
        let to = Rc::clone(&facts);
        let _sources = lists.get_source_info_list(move |item| match item {
            ListResult::Item(source) => to.borrow_mut().sources.push(Device {
                index: source.index,
                name: text(source.name.as_ref()),
                description: text(source.description.as_ref()),
                muted: source.mute,
                volume: percent(&source.volume),
                monitors: source.monitor_of_sink,
            }),
            ListResult::End | ListResult::Error => ended(),
        });
        let ended = countdown(&pending);
        let to = Rc::clone(&facts);
        let _playing = lists.get_sink_input_info_list(move |item| match item {
            ListResult::Item(info) => to.borrow_mut().playing.push(Stream::from(info)),
            ListResult::End | ListResult::Error => ended(),
        });
        let ended = countdown(&pending);
        let to = Rc::clone(&facts);
        let _recording = lists.get_source_output_info_list(move |item| match item {
            ListResult::Item(info) => to.borrow_mut().recording.push(Stream::from(info)),
            ListResult::End | ListResult::Error => ended(),
        });
        self.wait(|| pending.get() == 0)?;
        Ok(facts.take())
    }
}

fn countdown(pending: &Rc<Cell<u32>>) -> impl Fn() + 'static {
    let pending = Rc::clone(pending);
    move || pending.set(pending.get().saturating_sub(1))
}

impl From<&SinkInputInfo<'_>> for Stream {
    fn from(info: &SinkInputInfo<'_>) -> Self {
        Self {
            index: info.index,
            sandbox: info.proplist.get_str(SANDBOX),
            program: program(&info.proplist),
            title: info.proplist.get_str(properties::MEDIA_NAME),
            device: info.sink,
            corked: info.corked,
            muted: info.mute,
            volume: info.has_volume.then(|| percent(&info.volume)),
        }
    }
}

impl From<&SourceOutputInfo<'_>> for Stream {
    fn from(info: &SourceOutputInfo<'_>) -> Self {
        Self {
            index: info.index,
            sandbox: info.proplist.get_str(SANDBOX),
            program: program(&info.proplist),
            title: info.proplist.get_str(properties::MEDIA_NAME),
            device: info.source,
            corked: info.corked,
            muted: info.mute,
            volume: info.has_volume.then(|| percent(&info.volume)),
        }
    }
}

fn program(list: &Proplist) -> Option<String> {
    list.get_str(properties::APPLICATION_NAME)
}

fn text(name: Option<&Cow<'_, str>>) -> String {
    name.map(|name| name.to_string()).unwrap_or_default()
}

fn percent(volumes: &ChannelVolumes) -> u32 {
    let normal = u64::from(Volume::NORMAL.0);
    let loudest = u64::from(volumes.max().0);
    u32::try_from((loudest * 100 + normal / 2) / normal).unwrap_or(u32::MAX)
}
