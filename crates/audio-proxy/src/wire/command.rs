//! The numbers of the commands that are spoken of by name; the whole list is [`crate::rules::TABLE`].

#![expect(missing_docs, reason = "named like the commands")]

pub const ERROR: u32 = 0;
pub const REPLY: u32 = 2;
pub const CREATE_PLAYBACK_STREAM: u32 = 3;
pub const DELETE_PLAYBACK_STREAM: u32 = 4;
pub const CREATE_RECORD_STREAM: u32 = 5;
pub const DELETE_RECORD_STREAM: u32 = 6;
pub const AUTH: u32 = 8;
pub const SET_CLIENT_NAME: u32 = 9;
pub const GET_SERVER_INFO: u32 = 20;
pub const GET_SINK_INFO: u32 = 21;
pub const GET_SOURCE_INFO: u32 = 23;
pub const GET_SOURCE_INFO_LIST: u32 = 24;
pub const GET_CLIENT_INFO_LIST: u32 = 28;
pub const SUBSCRIBE: u32 = 35;
pub const LOAD_MODULE: u32 = 51;
pub const GET_RECORD_LATENCY: u32 = 57;
pub const CORK_RECORD_STREAM: u32 = 58;
pub const RECORD_STREAM_KILLED: u32 = 65;
pub const SUBSCRIBE_EVENT: u32 = 66;
pub const SET_RECORD_STREAM_BUFFER_ATTR: u32 = 73;
pub const UPDATE_RECORD_STREAM_SAMPLE_RATE: u32 = 75;
pub const RECORD_STREAM_MOVED: u32 = 79;
pub const SET_SOURCE_OUTPUT_VOLUME: u32 = 98;
pub const SET_SOURCE_OUTPUT_MUTE: u32 = 99;
pub const REGISTER_MEMFD_SHMID: u32 = 103;
pub const SEND_OBJECT_MESSAGE: u32 = 104;
