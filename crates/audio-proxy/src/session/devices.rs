//! The one sink and the one source.

use oz_core::wire::audio::Microphone;

use super::app::Asked;
use super::pending::{Pending, Purpose};
use super::{Offence, Session, Turn};
use crate::rewrite::device::{Device, INDEX, Kind};
use crate::rules::Code;
use crate::shared::{Shared, facility};
use crate::wire::command;
use crate::wire::tags::{INVALID, Malformed, Tags};

impl Session {
    pub(super) fn lookup_sink(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let name = tags.string()?;
        tags.end()?;
        self.looked_up(asked.tag, Kind::Sink.is_meant(INVALID, name));
        Ok(())
    }

    pub(super) fn lookup_source(
        &mut self,
        shared: &Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let name = tags.string()?;
        tags.end()?;
        let there = shared.gate.microphone != Microphone::Off;
        self.looked_up(asked.tag, there && Kind::Source.is_meant(INVALID, name));
        Ok(())
    }

    fn looked_up(&mut self, tag: u32, found: bool) {
        if found {
            self.reply(tag, |out| {
                out.u32(INDEX);
            });
        } else {
            self.refuse(tag, Code::NO_ENTITY);
        }
    }

    pub(super) fn sink_info(&mut self, asked: Asked<'_>, list: bool) -> Result<(), Offence> {
        if !self.means(asked, list, Kind::Sink)? {
            return Ok(());
        }
        let pending = Pending::Sink {
            tag: asked.tag,
            list,
        };
        // An answer with one device and a list of one have the same form.
        self.ask(command::GET_SINK_INFO, pending, |out| {
            out.u32(INVALID).string(Some(Kind::Sink.wildcard()));
        });
        Ok(())
    }

    /// Whether the request is about our device; else it was answered.
    fn means(&mut self, asked: Asked<'_>, list: bool, kind: Kind) -> Result<bool, Offence> {
        let mut tags = asked.tags();
        let meant = list || kind.is_meant(tags.u32()?, tags.string()?);
        tags.end()?;
        if !meant {
            self.refuse(asked.tag, Code::NO_ENTITY);
        }
        Ok(meant)
    }

    pub(super) fn sink_known(&mut self, tag: u32, mut tags: Tags<'_>) -> Result<(), Malformed> {
        let sink = Device::read(&mut tags, Kind::Sink, self.version)?;
        tags.end()?;
        let version = self.version;
        self.reply(tag, |out| sink.write(out, Kind::Sink, version));
        Ok(())
    }

    pub(super) fn source_info(
        &mut self,
        shared: &Shared,
        asked: Asked<'_>,
        list: bool,
    ) -> Result<(), Offence> {
        if !self.means(asked, list, Kind::Source)? {
            return Ok(());
        }
        let purpose = Purpose::Show {
            tag: asked.tag,
            list,
        };
        match shared.gate.microphone {
            Microphone::Off => self.show_source(asked.tag, list, None),
            _ => self.find_source(purpose),
        }
        Ok(())
    }

    fn show_source(&mut self, tag: u32, list: bool, source: Option<&Device>) {
        let version = self.version;
        match source {
            Some(source) => self.reply(tag, |out| source.write(out, Kind::Source, version)),
            None if list => self.reply(tag, |_| {}),
            None => self.refuse(tag, Code::NO_ENTITY),
        }
    }

    /// Starts to find the source that the app may have: the default one, or if that is a monitor
    /// the first that is not.
    pub(super) fn find_source(&mut self, purpose: Purpose) {
        let pending = Pending::DefaultSource(purpose);
        self.ask(command::GET_SOURCE_INFO, pending, |out| {
            out.u32(INVALID).string(Some(Kind::Source.wildcard()));
        });
    }

    pub(super) fn default_source(
        &mut self,
        turn: &mut Turn<'_>,
        purpose: Purpose,
        tags: Option<Tags<'_>>,
    ) -> Result<(), Malformed> {
        let source = match tags {
            Some(mut tags) => Some(Device::read(&mut tags, Kind::Source, self.version)?),
            None => None,
        };
        match source {
            Some(source) if source.monitor.is_none() => {
                self.found_source(turn, purpose, Some(&source));
            }
            _ => self.ask(
                command::GET_SOURCE_INFO_LIST,
                Pending::Sources(purpose),
                |_| {},
            ),
        }
        Ok(())
    }

    pub(super) fn sources(
        &mut self,
        turn: &mut Turn<'_>,
        purpose: Purpose,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let mut found = None;
        while !tags.is_empty() && found.is_none() {
            let source = Device::read(&mut tags, Kind::Source, self.version)?;
            found = Some(source).filter(|source| source.monitor.is_none());
        }
        self.found_source(turn, purpose, found.as_ref());
        Ok(())
    }

    pub(super) fn found_source(
        &mut self,
        turn: &mut Turn<'_>,
        purpose: Purpose,
        source: Option<&Device>,
    ) {
        let microphone = turn.shared.gate.microphone;
        // What is silent needs no device.
        let imaginary = Device::imaginary();
        let shown = match microphone {
            Microphone::Off => None,
            Microphone::Silent => source.or(Some(&imaginary)),
            Microphone::Ask | Microphone::On => source,
        };
        match purpose {
            Purpose::Show { tag, list } => self.show_source(tag, list, shown),
            Purpose::Presence => {
                self.looking = false;
                self.tell_source(shown.is_some());
            }
            Purpose::Record { channel } => {
                self.record_from(turn, channel, source.map(|source| source.index));
            }
        }
    }

    /// Looks whether the app sees a source now, if it wants to hear of it.
    pub(super) fn look_for_source(&mut self, shared: &Shared) {
        if self.subscribed & 1 << facility::SOURCE == 0 {
            return;
        }
        match shared.gate.microphone {
            Microphone::Off => self.tell_source(false),
            Microphone::Silent => self.tell_source(true),
            _ if self.looking => {}
            _ => {
                self.looking = true;
                self.find_source(Purpose::Presence);
            }
        }
    }

    fn tell_source(&mut self, there: bool) {
        if let Some(before) = self.source_told
            && before != there
        {
            let what = if there {
                facility::NEW
            } else {
                facility::REMOVE
            };
            self.tell(facility::SOURCE | what, INDEX);
            self.tell(facility::SERVER | facility::CHANGE, INVALID);
        }
        self.source_told = Some(there);
    }
}
