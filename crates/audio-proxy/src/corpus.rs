//! The corpus of the fuzz targets, replayed: what was once found stays found.

#[path = "../../../fuzz/audio.rs"]
mod audio;

use std::path::{Path, PathBuf};

use crate::wire::command;
use crate::wire::frame::{Descriptor, Outbox};
use crate::wire::props::Props;
use crate::wire::sample::Spec;
use crate::wire::tags::{ChannelMap, Out, Volumes};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

#[test]
fn nothing_in_the_corpus_harms() {
    for (name, target) in audio::TARGETS {
        let directory = corpus().join(name);
        let mut seen = 0;
        for entry in std::fs::read_dir(&directory).unwrap() {
            target(&std::fs::read(entry.unwrap().path()).unwrap());
            seen += 1;
        }
        assert!(seen > 0, "{} is empty", directory.display());
    }
}

/// Every prefix of a seed, and every seed with one byte changed.
#[test]
fn damaged_seeds_harm_nobody() {
    for (name, bytes) in seeds() {
        let target = audio::TARGETS.iter().find(|(known, _)| *known == name);
        let (_, target) = target.unwrap();
        for at in 0..bytes.len().min(200) {
            target(&bytes[..at]);
            let mut damaged = bytes.clone();
            for value in [0, 0x7f, 0xff] {
                damaged[at] = value;
                target(&damaged);
            }
        }
    }
}

/// From which fuzzing starts. `OZ_WRITE_CORPUS=1` writes them.
#[test]
fn seeds_are_in_the_corpus() {
    for (number, (target, bytes)) in seeds().into_iter().enumerate() {
        let path = corpus().join(target).join(format!("seed-{number}"));
        if std::env::var_os("OZ_WRITE_CORPUS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let written = std::fs::read(&path).unwrap_or_default();
        assert_eq!(
            written,
            bytes,
            "{}: run with OZ_WRITE_CORPUS=1",
            path.display()
        );
    }
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut props = Props::default();
    props.stamp("media.name", "tone");
    let mut values = Out::command(command::AUTH, 1);
    values.u32(35).blob(&[7; 256]).props(&props);
    values
        .spec(Spec::DEFAULT.raw())
        .map(&ChannelMap::numbered(2));
    values
        .volumes(&Volumes::normal(2))
        .string(Some(b"x"))
        .bool(true);
    values
        .time((1, 2))
        .usec(3)
        .i64(4)
        .u8(5)
        .volume(6)
        .string(None);
    let mut frames = Outbox::default();
    frames.packet(&values.0);
    frames.push(Descriptor::audio(1, 64), &[3; 64]);
    let open = [0x0b, 100, 100, 0];
    // Record, let it happen, hear, close, wait, open, be moved to a monitor.
    let record = [8, 3, 1, 109, 6, 6, 6, 6, 12, 4, 1, 2, 3, 4];
    let toggles = [
        3, 8, 50, 50, 6, 6, 5, 20, 3, 11, 100, 100, 6, 6, 6, 13, 0, 6, 6,
    ];
    // Play, let it happen, mute.
    let play = [7, 3, 1, 109, 6, 6, 2, 101, 4, 1, 2, 3, 4, 4, 4, 9, 9];
    // Ask, and no answer for 26 seconds and more.
    let ask = [3, 10, 0, 0, 8, 3, 1, 109, 5, 255, 5, 255, 5, 255];
    // Cork, delete, subscribe, list.
    let requests = [
        10, 58, 0, 1, b'1', 6, 10, 6, 0, 0, 6, 1, 35, 5, b'L', 0, 0, 0, 0xff, 6, 1, 32, 0, 1, 20,
        0, 6,
    ];
    let join = |parts: &[&[u8]]| parts.concat();
    vec![
        ("audio_frame", join(&[&[3], frames.waiting()])),
        (
            "audio_frame",
            join(&[&[255], frames.waiting(), frames.waiting()]),
        ),
        ("audio_tags", values.0.clone()),
        ("audio_session", join(&[&open, &record, &toggles])),
        ("audio_session", join(&[&open, &play, &record])),
        ("audio_session", join(&[&open, &ask, &record])),
        ("audio_session", join(&[&open, &record, &requests])),
    ]
}
