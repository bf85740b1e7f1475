//! A session between an app and a server that are only bytes.

use std::time::Duration;

use oz_core::wire::audio::{Gate, Microphone, Speaker};

use crate::rules::{self, App, Code};
use crate::session::{Ended, Offence};
use crate::shared::facility;
use crate::sim::{MICROPHONE, MONITOR, Scene, VERSION, playback_request, record_request};
use crate::wire::command as c;
use crate::wire::frame::{DESCRIPTOR, Descriptor, Outbox};
use crate::wire::props::Props;
use crate::wire::sample::Spec;
use crate::wire::tags::{INVALID, Out, Tags};

const OPEN: Gate = Gate {
    microphone: Microphone::On,
    speaker: Speaker::On,
    microphone_volume: 100,
    speaker_volume: 100,
};

fn microphone(microphone: Microphone) -> Gate {
    Gate { microphone, ..OPEN }
}

/// The first number of an answer, which must be one.
fn channel(answer: Option<(u32, Vec<u8>)>) -> u32 {
    let (command, body) = answer.expect("answered");
    assert_eq!(command, c::REPLY);
    Tags::new(&body).u32().unwrap()
}

fn code(answer: Option<(u32, Vec<u8>)>) -> Code {
    let (command, body) = answer.expect("answered");
    assert_eq!(command, c::ERROR);
    Code(Tags::new(&body).u32().unwrap())
}

fn record(scene: &mut Scene) -> u32 {
    let answer = scene.ask(c::CREATE_RECORD_STREAM, |out| {
        record_request(out, Spec::DEFAULT, INVALID);
    });
    channel(answer)
}

fn play(scene: &mut Scene) -> u32 {
    let answer = scene.ask(c::CREATE_PLAYBACK_STREAM, |out| {
        playback_request(out, Spec::DEFAULT);
    });
    channel(answer)
}

/// The host's number of its only stream that records.
fn host_channel(scene: &Scene) -> u32 {
    let all: Vec<u32> = scene.host.record.keys().copied().collect();
    assert_eq!(all.len(), 1);
    all[0]
}

#[test]
fn the_host_is_shown_our_cookie_and_no_shared_memory_is_offered() {
    let scene = Scene::ready(OPEN);
    let (command, body) = &scene.host.got[0];
    assert_eq!(*command, c::AUTH);
    let mut tags = Tags::new(body);
    assert_eq!(tags.u32(), Ok(VERSION));
    assert_eq!(tags.blob(), Ok([0xab; 256].as_slice()));
}

#[test]
fn the_app_is_offered_no_shared_memory_either() {
    let mut scene = Scene::new(OPEN);
    let tag = scene.send(c::AUTH, |out| {
        out.u32(0xc000_0000 | 40).blob(b"anything");
    });
    let mut reply = Out::command(c::REPLY, 0);
    reply.u32(0xc000_0000 | 99);
    let mut out = Outbox::default();
    out.packet(&reply.0);
    scene.host_writes(out.waiting());
    scene.pump();
    assert_eq!(scene.answer(tag), Some((c::REPLY, b"L\0\0\0\x23".to_vec())));
}

#[test]
fn every_command_is_answered_or_ends_the_connection_and_none_passes_that_should_not() {
    for command in 0..200 {
        let mut scene = Scene::ready(OPEN);
        let before = scene.host.got.len();
        let answer = scene.ask(command, |_| {});
        let rule = rules::of(command);
        match rule.map(|rule| rule.app) {
            None => assert_eq!(code(answer), Code::ACCESS, "{command}"),
            Some(App::Refuse(expected)) => assert_eq!(code(answer), expected, "{command}"),
            Some(App::Empty) => assert_eq!(answer, Some((c::REPLY, Vec::new()))),
            Some(App::Never) => {
                let never = Ended::Offence(Offence::Never);
                assert_eq!(scene.session.ended(), Some(never), "{command}");
            }
            // Answered, passed on, or malformed without arguments.
            Some(App::Take(_)) => {
                assert!(
                    answer.is_some() || scene.session.ended().is_some(),
                    "{command}"
                );
                continue;
            }
        }
        assert_eq!(scene.host.got.len(), before, "{command} reached the host");
    }
}

#[test]
fn nothing_passes_before_the_introduction() {
    for command in 0..105 {
        let mut scene = Scene::new(OPEN);
        scene.ask(command, |_| {});
        assert!(scene.host.got.is_empty(), "{command}");
    }
}

#[test]
fn one_who_does_not_introduce_itself_is_thrown_out() {
    let mut scene = Scene::new(OPEN);
    scene.wait(Duration::from_secs(31));
    let silent = Ended::Offence(Offence::Silent);
    assert_eq!(scene.session.ended(), Some(silent));
}

#[test]
fn a_stream_of_the_microphone_cannot_move_and_names_its_source() {
    let mut scene = Scene::ready(OPEN);
    record(&mut scene);
    let (_, body) = scene.host.got.last().unwrap();
    let mut tags = Tags::new(body);
    tags.spec().unwrap();
    tags.map().unwrap();
    assert_eq!(tags.u32(), Ok(MICROPHONE));
    assert_eq!(tags.string(), Ok(None));
    tags.u32().unwrap();
    tags.bool().unwrap();
    tags.u32().unwrap();
    for _ in 0..5 {
        tags.bool().unwrap();
    }
    assert_eq!(tags.bool(), Ok(true), "never moved");
}

#[test]
fn without_a_microphone_there_is_no_stream() {
    let mut scene = Scene::ready(OPEN);
    scene.host.microphone = false;
    let answer = scene.ask(c::CREATE_RECORD_STREAM, |out| {
        record_request(out, Spec::DEFAULT, INVALID);
    });
    assert_eq!(code(answer), Code::NO_ENTITY);
    assert!(scene.host.record.is_empty());
}

#[test]
fn what_another_stream_plays_cannot_be_recorded() {
    let mut scene = Scene::ready(OPEN);
    let answer = scene.ask(c::CREATE_RECORD_STREAM, |out| {
        record_request(out, Spec::DEFAULT, 3);
    });
    assert_eq!(code(answer), Code::ACCESS);
}

#[test]
fn a_stream_that_was_moved_to_a_monitor_is_silent_and_ends() {
    let mut scene = Scene::ready(OPEN);
    let ours = record(&mut scene);
    let host = host_channel(&scene);
    scene.host_records(host, &[1; 400]);
    assert_eq!(scene.audio, [(ours, vec![1; 400])]);
    scene.audio.clear();
    scene.host_says(c::RECORD_STREAM_MOVED, |out| {
        out.u32(host).u32(MONITOR).string(Some(b"sink.monitor"));
        out.bool(false).u32(1).u32(1).usec(1);
    });
    // Before it is known what it hears.
    scene.host_writes(&{
        let mut out = Outbox::default();
        out.push(Descriptor::audio(host, 400), &[2; 400]);
        out.waiting().to_vec()
    });
    scene.pump();
    scene.host_records(host, &[2; 400]);
    assert!(scene.host.record.is_empty());
    scene.wait(Duration::from_millis(200));
    scene.pump();
    assert!(!scene.audio.is_empty(), "the app gets silence");
    assert!(
        scene
            .audio
            .iter()
            .all(|(_, audio)| audio.iter().all(|byte| *byte == 0))
    );
}

#[test]
fn a_stream_that_was_moved_to_another_microphone_goes_on() {
    let mut scene = Scene::ready(OPEN);
    let ours = record(&mut scene);
    let host = host_channel(&scene);
    scene.host_says(c::RECORD_STREAM_MOVED, |out| {
        out.u32(host).u32(MICROPHONE).string(Some(b"mic"));
        out.bool(false).u32(1).u32(1).usec(1);
    });
    scene.pump();
    scene.host_records(host, &[2; 400]);
    assert_eq!(scene.audio, [(ours, vec![2; 400])]);
}

#[test]
fn the_app_does_not_notice_that_its_stream_ended_and_was_made_again() {
    let mut scene = Scene::ready(OPEN);
    let ours = record(&mut scene);
    let first = host_channel(&scene);
    scene.host_records(first, &[1; 400]);
    scene.gate(microphone(Microphone::Off));
    scene.pump();
    assert!(scene.host.record.is_empty());
    // What was under way is not heard any more.
    scene.audio.clear();
    scene.host_records(first, &[1; 400]);
    assert!(scene.audio.is_empty());
    scene.wait(Duration::from_secs(1));
    scene.pump();
    let silence: usize = scene.audio.iter().map(|(_, audio)| audio.len()).sum();
    assert!(silence > 10_000 && scene.audio.iter().all(|(channel, _)| *channel == ours));

    scene.gate(OPEN);
    scene.pump();
    let second = host_channel(&scene);
    assert_ne!(first, second);
    scene.audio.clear();
    scene.host_records(second, &[3; 400]);
    assert_eq!(scene.audio.last(), Some(&(ours, vec![3; 400])));

    // The host counts from nothing again; the app does not.
    let tag = scene.send(c::GET_RECORD_LATENCY, |out| {
        out.u32(ours).time((1, 2));
    });
    let waiting = scene.session.host().1.waiting().to_vec();
    let mut asked = Tags::new(&waiting[DESCRIPTOR..]);
    asked.u32().unwrap();
    let host_tag = asked.u32().unwrap();
    scene.session.host().1.written(waiting.len());
    let mut reply = Out::command(c::REPLY, host_tag);
    reply.usec(0).usec(0).bool(true).time((1, 2)).time((1, 3));
    reply.i64(400).i64(400);
    let mut out = Outbox::default();
    out.packet(&reply.0);
    scene.host_writes(out.waiting());
    scene.pump();
    let (_, body) = scene.answer(tag).unwrap();
    let mut tags = Tags::new(&body);
    tags.usec().unwrap();
    tags.usec().unwrap();
    tags.bool().unwrap();
    tags.time().unwrap();
    tags.time().unwrap();
    let total = i64::try_from(400 + silence + 400).unwrap();
    assert_eq!((tags.i64(), tags.i64()), (Ok(total), Ok(total)));
}

#[test]
fn toggles_faster_than_the_host_leave_at_most_one_stream() {
    let mut scene = Scene::ready(OPEN);
    record(&mut scene);
    for round in 0..1000u32 {
        let open = round % 2 == 1;
        scene.gate(if open {
            OPEN
        } else {
            microphone(Microphone::Silent)
        });
        for _ in 0..round % 4 {
            scene.step();
        }
        assert!(scene.host.record.len() <= 1);
    }
    scene.pump();
    assert_eq!(scene.host.record.len(), 1);
    scene.gate(microphone(Microphone::Off));
    scene.pump();
    assert!(scene.host.record.is_empty());
}

#[test]
fn a_stream_that_ends_while_the_host_makes_it_ends_there_too() {
    for steps in 0..6 {
        let mut scene = Scene::ready(microphone(Microphone::Silent));
        let ours = record(&mut scene);
        scene.gate(OPEN);
        for _ in 0..steps {
            scene.step();
        }
        let answer = scene.ask(c::DELETE_RECORD_STREAM, |out| {
            out.u32(ours);
        });
        assert_eq!(answer, Some((c::REPLY, Vec::new())));
        scene.pump();
        assert!(scene.host.record.is_empty(), "after {steps} steps");
        assert_eq!(scene.shared.record, 0);
    }
}

#[test]
fn what_waits_for_the_user_is_given_up_in_time() {
    let mut scene = Scene::ready(microphone(Microphone::Ask));
    let tag = scene.send(c::CREATE_RECORD_STREAM, |out| {
        record_request(out, Spec::DEFAULT, INVALID);
    });
    scene.pump();
    assert!(scene.session.asks());
    assert_eq!(scene.answer(tag), None);
    scene.wait(Duration::from_secs(24));
    assert!(scene.session.asks());
    scene.wait(Duration::from_secs(2));
    scene.pump();
    assert!(!scene.session.asks());
    assert_eq!(code(scene.answer(tag)), Code::ACCESS);
}

#[test]
fn a_muted_app_plays_silence_and_a_quiet_one_half() {
    let mut scene = Scene::ready(OPEN);
    let ours = play(&mut scene);
    let loud = 1000i16.to_le_bytes().repeat(4);
    for (speaker, volume, expected) in [
        (Speaker::On, 100, 1000i16),
        (Speaker::On, 50, 500),
        (Speaker::Silent, 100, 0),
        (Speaker::Off, 100, 0),
    ] {
        scene.gate(Gate {
            speaker,
            speaker_volume: volume,
            ..OPEN
        });
        scene.host.heard.clear();
        scene.plays(ours, &loud);
        assert_eq!(scene.host.heard, expected.to_le_bytes().repeat(4));
    }
    // No whole samples, no such stream.
    scene.host.heard.clear();
    scene.plays(ours, &[1; 3]);
    scene.plays(ours + 1, &loud);
    assert!(scene.host.heard.is_empty());
}

#[test]
fn short_reads_at_every_byte_change_nothing() {
    let mut out = Outbox::default();
    let mut auth = Out::command(c::AUTH, 1);
    auth.u32(VERSION).blob(&[0; 256]);
    out.packet(&auth.0);
    let mut name = Out::command(c::SET_CLIENT_NAME, 2);
    name.props(&Props::default());
    out.packet(&name.0);
    let mut create = Out::command(c::CREATE_PLAYBACK_STREAM, 3);
    playback_request(&mut create, Spec::DEFAULT);
    out.packet(&create.0);
    let stream = out.waiting().to_vec();
    for cut in 0..=stream.len() {
        let mut scene = Scene::new(OPEN);
        scene.app_writes(&stream[..cut]);
        scene.pump();
        scene.app_writes(&stream[cut..]);
        scene.pump();
        assert_eq!(scene.host.playback.len(), 1, "cut at {cut}");
        assert_eq!(scene.session.ended(), None);
    }
}

#[test]
fn quotas_hold_and_are_given_back() {
    let mut scene = Scene::ready(OPEN);
    let mut made = Vec::new();
    for _ in 0..crate::quota::RECORD {
        made.push(record(&mut scene));
    }
    let answer = scene.ask(c::CREATE_RECORD_STREAM, |out| {
        record_request(out, Spec::DEFAULT, INVALID);
    });
    assert_eq!(code(answer), Code::TOO_LARGE);
    scene.ask(c::DELETE_RECORD_STREAM, |out| {
        out.u32(made[0]);
    });
    record(&mut scene);
    for _ in 0..crate::quota::PLAYBACK {
        play(&mut scene);
    }
    let answer = scene.ask(c::CREATE_PLAYBACK_STREAM, |out| {
        playback_request(out, Spec::DEFAULT);
    });
    assert_eq!(code(answer), Code::TOO_LARGE);
    let Scene {
        session, shared, ..
    } = &mut scene;
    session.close(shared);
    assert_eq!((shared.record, shared.playback), (0, 0));
    assert!(shared.sink_inputs.is_empty() && shared.source_outputs.is_empty());
}

#[test]
fn one_that_floods_and_never_reads_is_not_listened_to() {
    let mut scene = Scene::ready(OPEN);
    for _ in 0..100_000 {
        scene.send(c::LOAD_MODULE, |out| {
            out.string(Some(b"x"));
        });
        if !scene.session.hears_app() {
            break;
        }
    }
    assert!(!scene.session.hears_app());
    assert!(scene.session.app().1.waiting().len() < 2 * crate::quota::BACKLOG);
    scene.pump();
    assert!(scene.session.hears_app());
}

#[test]
fn the_source_comes_and_goes_with_the_gate() {
    let mut scene = Scene::ready(OPEN);
    scene.ask(c::SUBSCRIBE, |out| {
        out.u32(1 << facility::SOURCE);
    });
    scene.answers.clear();
    scene.gate(microphone(Microphone::Off));
    scene.pump();
    let event = |scene: &Scene| {
        let (command, _, body) = scene.answers.first().expect("told").clone();
        assert_eq!(command, c::SUBSCRIBE_EVENT);
        Tags::new(&body).u32().unwrap()
    };
    assert_eq!(event(&scene), facility::SOURCE | facility::REMOVE);
    scene.answers.clear();
    scene.gate(OPEN);
    scene.pump();
    assert_eq!(event(&scene), facility::SOURCE | facility::NEW);
}
