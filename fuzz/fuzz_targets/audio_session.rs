//! See `audio::session`.
#![no_main]

#[path = "../audio.rs"]
mod audio;

libfuzzer_sys::fuzz_target!(|data: &[u8]| audio::session(data));
