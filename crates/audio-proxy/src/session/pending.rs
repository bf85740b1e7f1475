//! Requests that the host has not answered.

/// What is done with the answer. `tag` is the app's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    /// It is passed on as it is.
    Pass {
        tag: u32,
    },
    /// It has no fields that matter, and nobody waits for it.
    Ours,
    Auth {
        tag: u32,
    },
    ClientName {
        tag: u32,
    },
    ServerInfo {
        tag: u32,
    },
    /// The default sink.
    Sink {
        tag: u32,
        list: bool,
    },
    SinkInputs {
        tag: u32,
    },
    Clients {
        tag: u32,
    },
    CreatePlayback {
        tag: u32,
    },
    DeletePlayback {
        tag: u32,
        channel: u32,
    },
    /// The default source, which may be a monitor...
    DefaultSource(Purpose),
    /// ...and then all sources, of which the first real one is taken.
    Sources(Purpose),
    /// A stream of the microphone for the record stream `channel`, at this source.
    CreateRecord {
        channel: u32,
        source: u32,
        corked: bool,
    },
    /// The end of the host's stream of `channel`.
    DeleteRecord {
        channel: u32,
    },
    /// The source to which the host's stream of `channel` was moved.
    Verify {
        channel: u32,
        source: u32,
    },
    /// The app had `base` bytes before this stream of the host.
    RecordLatency {
        tag: u32,
        base: i64,
    },
}

/// What a source is looked for for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be shown to the app.
    Show { tag: u32, list: bool },
    /// To know whether there is one.
    Presence,
    /// To record from.
    Record { channel: u32 },
}

impl Pending {
    /// The app's tag, if an app waits for just this answer.
    pub(super) fn tag(self) -> Option<u32> {
        match self {
            Self::Pass { tag }
            | Self::Auth { tag }
            | Self::ClientName { tag }
            | Self::ServerInfo { tag }
            | Self::Sink { tag, .. }
            | Self::SinkInputs { tag }
            | Self::Clients { tag }
            | Self::CreatePlayback { tag }
            | Self::DeletePlayback { tag, .. }
            | Self::RecordLatency { tag, .. } => Some(tag),
            _ => None,
        }
    }
}
