//! Every command of the protocol up to version 35, what becomes of it, and why. What is not
//! listed does not exist.

use App::{Empty, Never, Refuse, Take};

/// What becomes of a command from the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// It is looked at, then passed on changed, or answered.
    Take(Request),
    /// It is answered with this error; the host does not see it.
    Refuse(Code),
    /// It is answered with an empty list; the host does not see it.
    Empty,
    /// Only a broken or hostile client sends it: the connection ends.
    Never,
}

/// What becomes of a command from the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// It is looked at, then passed on changed, or kept.
    Take(Event),
    /// The app does not see it.
    Drop,
}

/// An error as the protocol numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    /// Not allowed.
    pub const ACCESS: Self = Self(1);
    /// An argument makes no sense.
    pub const INVALID: Self = Self(3);
    /// There is no such thing.
    pub const NO_ENTITY: Self = Self(5);
    /// The other side cannot be spoken with.
    pub const VERSION: Self = Self(17);
    /// Too much of it.
    pub const TOO_LARGE: Self = Self(18);
    /// It exists, but not here.
    pub const NOT_SUPPORTED: Self = Self(19);
    /// The server has no such extension.
    pub const NO_EXTENSION: Self = Self(21);
    /// It existed once.
    pub const OBSOLETE: Self = Self(22);
}

/// What follows the channel in a request about a playback stream that is passed on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing.
    Channel,
    /// A truth value.
    Bool,
    /// A time.
    Time,
    /// A number.
    Number,
    /// The sizes of its buffer.
    Buffer,
}

/// What an app asks for.
#[expect(missing_docs, reason = "named like the commands")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Auth,
    ClientName,
    CreatePlayback,
    DeletePlayback,
    Playback(Shape),
    PlaybackName,
    PlaybackProps,
    RemovePlaybackProps,
    CreateRecord,
    DeleteRecord,
    CorkRecord,
    FlushRecord,
    RecordLatency,
    RecordBuffer,
    RecordRate,
    RecordName,
    RecordProps,
    RemoveRecordProps,
    ClientProps,
    RemoveClientProps,
    LookupSink,
    LookupSource,
    Stat,
    ServerInfo,
    SinkInfo { list: bool },
    SourceInfo { list: bool },
    ClientInfo { list: bool },
    SinkInputInfo { list: bool },
    SourceOutputInfo { list: bool },
    Subscribe,
    SinkInputVolume,
    SinkInputMute,
    SourceOutputVolume,
    SourceOutputMute,
}

/// What the host says.
#[expect(missing_docs, reason = "named like the commands")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Error,
    Reply,
    Playback,
    PlaybackKilled,
    PlaybackSuspended,
    PlaybackMoved,
    PlaybackEvent,
    PlaybackBuffer,
    RecordKilled,
    RecordSuspended,
    RecordMoved,
    RecordEvent,
    RecordBuffer,
    Subscription,
}

/// One command.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The protocol's name of it.
    pub name: &'static str,
    /// From the app.
    pub app: App,
    /// From the host.
    pub host: Host,
    /// Why.
    pub why: &'static str,
}

const fn rule(name: &'static str, app: App, host: Host, why: &'static str) -> Rule {
    Rule {
        name,
        app,
        host,
        why,
    }
}

/// The rule of a command, if there is such a command.
#[must_use]
pub fn of(command: u32) -> Option<&'static Rule> {
    TABLE.get(usize::try_from(command).ok()?)
}

/// The rules by the numbers of their commands.
#[rustfmt::skip]
pub const TABLE: [Rule; 105] = [
    /*   0 */ rule("error", Never, Host::Take(Event::Error),
        "the host says no"),
    /*   1 */ rule("timeout", Never, Host::Drop,
        "never on the wire: libpulse makes it up for itself"),
    /*   2 */ rule("reply", Never, Host::Take(Event::Reply),
        "the host answers"),
    /*   3 */ rule("create-playback-stream", Take(Request::CreatePlayback), Host::Drop,
        "to be heard; the gate and the user's mixer decide whether and where"),
    /*   4 */ rule("delete-playback-stream", Take(Request::DeletePlayback), Host::Drop,
        "its own stream only"),
    /*   5 */ rule("create-record-stream", Take(Request::CreateRecord), Host::Drop,
        "to hear; the gate decides, and it is always the microphone"),
    /*   6 */ rule("delete-record-stream", Take(Request::DeleteRecord), Host::Drop,
        "its own stream only"),
    /*   7 */ rule("exit", Refuse(Code::ACCESS), Host::Drop,
        "ends the host's server"),
    /*   8 */ rule("auth", Take(Request::Auth), Host::Drop,
        "the version; the cookie is ours, whatever the app sends"),
    /*   9 */ rule("set-client-name", Take(Request::ClientName), Host::Drop,
        "what the app says about itself, less what it should not"),
    /*  10 */ rule("lookup-sink", Take(Request::LookupSink), Host::Drop,
        "there is one name"),
    /*  11 */ rule("lookup-source", Take(Request::LookupSource), Host::Drop,
        "there is one name, or none"),
    /*  12 */ rule("drain-playback-stream", Take(Request::Playback(Shape::Channel)), Host::Drop,
        "its own stream only"),
    /*  13 */ rule("stat", Take(Request::Stat), Host::Drop,
        "asked to see whether the server lives; the figures are nobody's business"),
    /*  14 */ rule("get-playback-latency", Take(Request::Playback(Shape::Time)), Host::Drop,
        "its own stream only"),
    /*  15 */ rule("create-upload-stream", Refuse(Code::ACCESS), Host::Drop,
        "the cache of samples is the whole session's"),
    /*  16 */ rule("delete-upload-stream", Refuse(Code::ACCESS), Host::Drop,
        "the cache of samples is the whole session's"),
    /*  17 */ rule("finish-upload-stream", Refuse(Code::ACCESS), Host::Drop,
        "the cache of samples is the whole session's"),
    /*  18 */ rule("play-sample", Refuse(Code::ACCESS), Host::Drop,
        "the cache of samples is the whole session's"),
    /*  19 */ rule("remove-sample", Refuse(Code::ACCESS), Host::Drop,
        "the cache of samples is the whole session's"),
    /*  20 */ rule("get-server-info", Take(Request::ServerInfo), Host::Drop,
        "version and default format; not user, host and devices"),
    /*  21 */ rule("get-sink-info", Take(Request::SinkInfo { list: false }), Host::Drop,
        "the one sink, under a name of ours"),
    /*  22 */ rule("get-sink-info-list", Take(Request::SinkInfo { list: true }), Host::Drop,
        "the one sink, under a name of ours"),
    /*  23 */ rule("get-source-info", Take(Request::SourceInfo { list: false }), Host::Drop,
        "the one source, if there is one; never a monitor"),
    /*  24 */ rule("get-source-info-list", Take(Request::SourceInfo { list: true }), Host::Drop,
        "the one source, if there is one; never a monitor"),
    /*  25 */ rule("get-module-info", Refuse(Code::NO_ENTITY), Host::Drop,
        "modules are the host's; the app sees none"),
    /*  26 */ rule("get-module-info-list", Empty, Host::Drop,
        "modules are the host's; the app sees none"),
    /*  27 */ rule("get-client-info", Take(Request::ClientInfo { list: false }), Host::Drop,
        "clients of this sandbox"),
    /*  28 */ rule("get-client-info-list", Take(Request::ClientInfo { list: true }), Host::Drop,
        "clients of this sandbox"),
    /*  29 */ rule("get-sink-input-info", Take(Request::SinkInputInfo { list: false }), Host::Drop,
        "streams of this sandbox"),
    /*  30 */ rule("get-sink-input-info-list", Take(Request::SinkInputInfo { list: true }), Host::Drop,
        "streams of this sandbox"),
    /*  31 */ rule("get-source-output-info", Take(Request::SourceOutputInfo { list: false }), Host::Drop,
        "streams of this sandbox"),
    /*  32 */ rule("get-source-output-info-list", Take(Request::SourceOutputInfo { list: true }), Host::Drop,
        "streams of this sandbox"),
    /*  33 */ rule("get-sample-info", Refuse(Code::NO_ENTITY), Host::Drop,
        "the cache of samples is the whole session's"),
    /*  34 */ rule("get-sample-info-list", Empty, Host::Drop,
        "the cache of samples is the whole session's"),
    /*  35 */ rule("subscribe", Take(Request::Subscribe), Host::Drop,
        "events about what it can see"),
    /*  36 */ rule("set-sink-volume", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  37 */ rule("set-sink-input-volume", Take(Request::SinkInputVolume), Host::Drop,
        "streams of this sandbox"),
    /*  38 */ rule("set-source-volume", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  39 */ rule("set-sink-mute", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  40 */ rule("set-source-mute", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  41 */ rule("cork-playback-stream", Take(Request::Playback(Shape::Bool)), Host::Drop,
        "its own stream only"),
    /*  42 */ rule("flush-playback-stream", Take(Request::Playback(Shape::Channel)), Host::Drop,
        "its own stream only"),
    /*  43 */ rule("trigger-playback-stream", Take(Request::Playback(Shape::Channel)), Host::Drop,
        "its own stream only"),
    /*  44 */ rule("set-default-sink", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  45 */ rule("set-default-source", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  46 */ rule("set-playback-stream-name", Take(Request::PlaybackName), Host::Drop,
        "its own stream only"),
    /*  47 */ rule("set-record-stream-name", Take(Request::RecordName), Host::Drop,
        "its own stream only"),
    /*  48 */ rule("kill-client", Refuse(Code::ACCESS), Host::Drop,
        "for mixers; an app deletes its streams and closes its connection"),
    /*  49 */ rule("kill-sink-input", Refuse(Code::ACCESS), Host::Drop,
        "for mixers; an app deletes its streams and closes its connection"),
    /*  50 */ rule("kill-source-output", Refuse(Code::ACCESS), Host::Drop,
        "for mixers; an app deletes its streams and closes its connection"),
    /*  51 */ rule("load-module", Refuse(Code::ACCESS), Host::Drop,
        "runs code on the host: records monitors, opens ports, writes files"),
    /*  52 */ rule("unload-module", Refuse(Code::ACCESS), Host::Drop,
        "takes the host's devices away"),
    /*  53 */ rule("add-autoload", Refuse(Code::OBSOLETE), Host::Drop,
        "gone from every server that speaks version 13"),
    /*  54 */ rule("remove-autoload", Refuse(Code::OBSOLETE), Host::Drop,
        "gone from every server that speaks version 13"),
    /*  55 */ rule("get-autoload-info", Refuse(Code::OBSOLETE), Host::Drop,
        "gone from every server that speaks version 13"),
    /*  56 */ rule("get-autoload-info-list", Refuse(Code::OBSOLETE), Host::Drop,
        "gone from every server that speaks version 13"),
    /*  57 */ rule("get-record-latency", Take(Request::RecordLatency), Host::Drop,
        "its own stream only"),
    /*  58 */ rule("cork-record-stream", Take(Request::CorkRecord), Host::Drop,
        "its own stream only"),
    /*  59 */ rule("flush-record-stream", Take(Request::FlushRecord), Host::Drop,
        "its own stream only"),
    /*  60 */ rule("prebuf-playback-stream", Take(Request::Playback(Shape::Channel)), Host::Drop,
        "its own stream only"),
    /*  61 */ rule("request", Never, Host::Take(Event::Playback),
        "the pace of its own stream"),
    /*  62 */ rule("overflow", Never, Host::Take(Event::Playback),
        "the pace of its own stream"),
    /*  63 */ rule("underflow", Never, Host::Take(Event::Playback),
        "the pace of its own stream"),
    /*  64 */ rule("playback-stream-killed", Never, Host::Take(Event::PlaybackKilled),
        "the user ended its stream"),
    /*  65 */ rule("record-stream-killed", Never, Host::Take(Event::RecordKilled),
        "the user ended its stream, or the microphone is gone"),
    /*  66 */ rule("subscribe-event", Never, Host::Take(Event::Subscription),
        "about what it can see, less the rest"),
    /*  67 */ rule("move-sink-input", Refuse(Code::ACCESS), Host::Drop,
        "which device is used is the user's choice"),
    /*  68 */ rule("move-source-output", Refuse(Code::ACCESS), Host::Drop,
        "could move a stream of the microphone to a monitor"),
    /*  69 */ rule("set-sink-input-mute", Take(Request::SinkInputMute), Host::Drop,
        "streams of this sandbox"),
    /*  70 */ rule("suspend-sink", Refuse(Code::ACCESS), Host::Drop,
        "silences everybody"),
    /*  71 */ rule("suspend-source", Refuse(Code::ACCESS), Host::Drop,
        "deafens everybody"),
    /*  72 */ rule("set-playback-stream-buffer-attr", Take(Request::Playback(Shape::Buffer)), Host::Drop,
        "its own stream only"),
    /*  73 */ rule("set-record-stream-buffer-attr", Take(Request::RecordBuffer), Host::Drop,
        "its own stream only"),
    /*  74 */ rule("update-playback-stream-sample-rate", Take(Request::Playback(Shape::Number)), Host::Drop,
        "its own stream only"),
    /*  75 */ rule("update-record-stream-sample-rate", Take(Request::RecordRate), Host::Drop,
        "its own stream only"),
    /*  76 */ rule("playback-stream-suspended", Never, Host::Take(Event::PlaybackSuspended),
        "the device sleeps"),
    /*  77 */ rule("record-stream-suspended", Never, Host::Take(Event::RecordSuspended),
        "the device sleeps"),
    /*  78 */ rule("playback-stream-moved", Never, Host::Take(Event::PlaybackMoved),
        "new sizes of buffers; the device stays the one sink"),
    /*  79 */ rule("record-stream-moved", Never, Host::Take(Event::RecordMoved),
        "new sizes of buffers; where it went is checked first"),
    /*  80 */ rule("update-record-stream-proplist", Take(Request::RecordProps), Host::Drop,
        "what it says about its own stream, less what it should not"),
    /*  81 */ rule("update-playback-stream-proplist", Take(Request::PlaybackProps), Host::Drop,
        "what it says about its own stream, less what it should not"),
    /*  82 */ rule("update-client-proplist", Take(Request::ClientProps), Host::Drop,
        "what it says about itself, less what it should not"),
    /*  83 */ rule("remove-record-stream-proplist", Take(Request::RemoveRecordProps), Host::Drop,
        "never the stamp"),
    /*  84 */ rule("remove-playback-stream-proplist", Take(Request::RemovePlaybackProps), Host::Drop,
        "never the stamp"),
    /*  85 */ rule("remove-client-proplist", Take(Request::RemoveClientProps), Host::Drop,
        "never the stamp"),
    /*  86 */ rule("started", Never, Host::Take(Event::Playback),
        "the pace of its own stream"),
    /*  87 */ rule("extension", Refuse(Code::NO_EXTENSION), Host::Drop,
        "volumes and routes that the host remembers for every app"),
    /*  88 */ rule("get-card-info", Refuse(Code::NO_ENTITY), Host::Drop,
        "hardware is the host's; the app sees none"),
    /*  89 */ rule("get-card-info-list", Empty, Host::Drop,
        "hardware is the host's; the app sees none"),
    /*  90 */ rule("set-card-profile", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  91 */ rule("client-event", Never, Host::Drop,
        "carries properties of others; no known app listens"),
    /*  92 */ rule("playback-stream-event", Never, Host::Take(Event::PlaybackEvent),
        "the host asks it to pause, for a call"),
    /*  93 */ rule("record-stream-event", Never, Host::Take(Event::RecordEvent),
        "the host asks it to pause, for a call"),
    /*  94 */ rule("playback-buffer-attr-changed", Never, Host::Take(Event::PlaybackBuffer),
        "its own stream only"),
    /*  95 */ rule("record-buffer-attr-changed", Never, Host::Take(Event::RecordBuffer),
        "its own stream only"),
    /*  96 */ rule("set-sink-port", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  97 */ rule("set-source-port", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /*  98 */ rule("set-source-output-volume", Take(Request::SourceOutputVolume), Host::Drop,
        "streams of this sandbox"),
    /*  99 */ rule("set-source-output-mute", Take(Request::SourceOutputMute), Host::Drop,
        "streams of this sandbox"),
    /* 100 */ rule("set-port-latency-offset", Refuse(Code::ACCESS), Host::Drop,
        "the user's to choose"),
    /* 101 */ rule("enable-srbchannel", Never, Host::Drop,
        "shared memory, which was negotiated away"),
    /* 102 */ rule("disable-srbchannel", Never, Host::Drop,
        "shared memory, which was negotiated away"),
    /* 103 */ rule("register-memfd-shmid", Never, Host::Drop,
        "shared memory, which was negotiated away"),
    /* 104 */ rule("send-object-message", Refuse(Code::ACCESS), Host::Drop,
        "speaks to parts of the server, such as its bluetooth"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::command;

    #[test]
    fn every_command_has_one_name_and_a_reason() {
        let mut names: Vec<_> = TABLE.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        for rule in &TABLE {
            assert!(rule.why.len() > 10, "{} has no reason", rule.name);
        }
        assert!(of(105).is_none() && of(u32::MAX).is_none());
    }

    #[test]
    fn nothing_is_taken_from_both_sides() {
        for rule in &TABLE {
            let app = matches!(rule.app, Take(_));
            let host = matches!(rule.host, Host::Take(_));
            assert!(!(app && host), "{}", rule.name);
            assert!(
                !host || rule.app == Never,
                "{}: an app cannot say what a server says",
                rule.name
            );
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_protocol() {
        for (number, name) in [
            (command::ERROR, "error"),
            (command::REPLY, "reply"),
            (command::CREATE_PLAYBACK_STREAM, "create-playback-stream"),
            (command::CREATE_RECORD_STREAM, "create-record-stream"),
            (command::AUTH, "auth"),
            (command::GET_SERVER_INFO, "get-server-info"),
            (command::LOAD_MODULE, "load-module"),
            (command::SUBSCRIBE_EVENT, "subscribe-event"),
            (command::RECORD_STREAM_MOVED, "record-stream-moved"),
            (
                command::SET_SOURCE_OUTPUT_VOLUME,
                "set-source-output-volume",
            ),
            (command::REGISTER_MEMFD_SHMID, "register-memfd-shmid"),
            (command::SEND_OBJECT_MESSAGE, "send-object-message"),
        ] {
            assert_eq!(of(number).map(|rule| rule.name), Some(name));
        }
    }

    #[test]
    fn what_changes_the_host_is_refused() {
        let refused = [
            "exit",
            "load-module",
            "unload-module",
            "set-default-sink",
            "set-default-source",
            "set-sink-volume",
            "set-source-volume",
            "set-sink-mute",
            "set-source-mute",
            "suspend-sink",
            "suspend-source",
            "move-sink-input",
            "move-source-output",
            "kill-client",
            "kill-sink-input",
            "kill-source-output",
            "set-card-profile",
            "set-sink-port",
            "set-source-port",
            "set-port-latency-offset",
            "send-object-message",
            "create-upload-stream",
            "play-sample",
            "remove-sample",
        ];
        for name in refused {
            let rule = TABLE.iter().find(|rule| rule.name == name).unwrap();
            assert_eq!(rule.app, Refuse(Code::ACCESS), "{name}");
        }
    }
}
