//! Clients that no library writes, at a real server: the offender pays, nobody else.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use audio_proxy::wire::command;
use audio_proxy::wire::frame::{Descriptor, Outbox};
use audio_proxy::wire::props::Props;
use audio_proxy::wire::tags::Out;
use common::meter::Tone;
use common::{OPEN, PATIENCE, Rig, until};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

/// A client that writes what it likes.
struct Client(UnixStream);

impl Client {
    fn connect(rig: &Rig) -> Self {
        let stream = UnixStream::connect(&rig.proxy.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    /// One that has introduced itself.
    fn introduced(rig: &Rig) -> Self {
        let mut client = Self::connect(rig);
        client.send(command::AUTH, |out| {
            // With the bits that offer shared memory.
            out.u32(0xc000_0000 | 35).blob(&[0; 256]);
        });
        assert_eq!(client.packet(), b"L\0\0\0\x02L\0\0\0\x01L\0\0\0\x23");
        client.send(command::SET_CLIENT_NAME, |out| {
            out.props(&Props::default());
        });
        client.packet();
        client
    }

    fn send(&mut self, command: u32, write: impl FnOnce(&mut Out)) {
        let mut packet = Out::command(command, 1);
        write(&mut packet);
        let mut out = Outbox::default();
        out.packet(&packet.0);
        self.0.write_all(out.waiting()).unwrap();
    }

    fn packet(&mut self) -> Vec<u8> {
        let mut head = [0; 20];
        self.0.read_exact(&mut head).unwrap();
        let [a, b, c, d, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([a, b, c, d]) as usize];
        self.0.read_exact(&mut payload).unwrap();
        payload
    }

    /// Waits until the connection was closed at the other end.
    fn expect_end(mut self) {
        let mut rest = [0; 4096];
        while let Ok(count) = self.0.read(&mut rest) {
            if count == 0 {
                return;
            }
        }
    }
}

/// A program of the sandbox that behaves is heard.
fn others_are_heard(rig: &Rig) {
    let heard = rig.host.speaker();
    let _tone = Tone::start(rig.inside(&Tone::words(None)));
    heard.until_loud("another app");
    assert!(rig.proxy.lives());
}

#[test]
fn frames_that_cannot_be_end_their_sender_only() {
    let rig = Rig::pulse(OPEN);
    let oversized = Descriptor {
        length: u32::MAX as usize,
        ..Descriptor::packet(1)
    };
    let audio = Descriptor::audio(3, 64 << 20);
    let mut shared = Descriptor::packet(16).bytes();
    shared[16] = 0x80;
    for bytes in [
        oversized.bytes(),
        audio.bytes(),
        [0; 20],
        [0xff; 20],
        shared,
    ] {
        for mut client in [Client::connect(&rig), Client::introduced(&rig)] {
            client.0.write_all(&bytes).unwrap();
            client.expect_end();
        }
    }
    for command in [
        command::REGISTER_MEMFD_SHMID,
        command::SUBSCRIBE_EVENT,
        command::REPLY,
    ] {
        let mut client = Client::introduced(&rig);
        client.send(command, |_| {});
        client.expect_end();
    }
    others_are_heard(&rig);
}

#[test]
fn one_that_does_not_wait_for_answers_gets_them_all() {
    let rig = Rig::pulse(OPEN);
    let mut client = Client::connect(&rig);
    let mut out = Outbox::default();
    let mut auth = Out::command(command::AUTH, 0);
    auth.u32(35).blob(&[0; 256]);
    out.packet(&auth.0);
    let mut name = Out::command(command::SET_CLIENT_NAME, 1);
    name.props(&Props::default());
    out.packet(&name.0);
    for tag in 2..2000 {
        out.packet(&Out::command(command::GET_SERVER_INFO, tag).0);
    }
    let all = out.waiting().to_vec();
    let mut writer = client.0.try_clone().unwrap();
    let thread = std::thread::spawn(move || writer.write_all(&all).unwrap());
    let mut tags: Vec<u8> = Vec::new();
    for _ in 0..2000 {
        tags.extend_from_slice(&client.packet()[6..10]);
    }
    thread.join().unwrap();
    let expected: Vec<u8> = (0..2000u32).flat_map(u32::to_be_bytes).collect();
    assert_eq!(tags, expected);
}

#[test]
fn descriptors_that_are_sent_along_are_not_kept() {
    let rig = Rig::pulse(OPEN);
    let client = Client::introduced(&rig);
    let name = "sent-along";
    let file = rustix::fs::memfd_create(name, rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    // The proxy is a thread of this process, and so are those of the other tests.
    let open = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap();
        let links = all.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
        links
            .filter(|link| link.to_string_lossy().contains(name))
            .count()
    };
    let packet = Out::command(command::GET_SERVER_INFO, 2);
    let mut out = Outbox::default();
    out.packet(&packet.0);
    for _ in 0..50 {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let files = [file.as_fd(); 16];
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&files)));
        let bytes = [IoSlice::new(out.waiting())];
        rustix::net::sendmsg(&client.0, &bytes, &mut ancillary, SendFlags::NOSIGNAL).unwrap();
    }
    let mut client = client;
    for _ in 0..50 {
        client.packet();
    }
    assert_eq!(open(), 1);
    others_are_heard(&rig);
}

#[test]
fn one_that_floods_and_never_reads_keeps_nobody_from_being_heard() {
    let rig = Rig::pulse(OPEN);
    let mut client = Client::introduced(&rig);
    client.0.set_nonblocking(true).unwrap();
    let mut out = Outbox::default();
    for _ in 0..1000 {
        out.packet(&Out::command(command::GET_CLIENT_INFO_LIST, 3).0);
    }
    let flood = out.waiting().to_vec();
    let mut written = 0;
    until("nobody listens to it any more", || {
        let mut full = false;
        for _ in 0..100 {
            match client.0.write(&flood[written % flood.len()..]) {
                Ok(count) => written += count,
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                    full = true;
                    break;
                }
            }
        }
        full && {
            std::thread::sleep(std::time::Duration::from_millis(200));
            let next = &flood[written % flood.len()..];
            client.0.write(next).map(|count| written += count).is_err()
        }
    });
    assert!(written < 64 << 20, "{written} bytes were taken");
    others_are_heard(&rig);
}

#[test]
fn connections_of_a_sandbox_leave_room_for_the_host_s() {
    let rig = Rig::pulse(OPEN);
    let crowd: Vec<UnixStream> = (0..200)
        .filter_map(|_| UnixStream::connect(&rig.proxy.socket).ok())
        .collect();
    let heard = rig.host.speaker();
    let tone = Tone::start(rig.host.program(&Tone::words(None)));
    heard.until_loud("a program of the host");
    // Two at once would be as loud as their phases have it.
    drop(tone);
    drop(crowd);
    others_are_heard(&rig);
}
