//! Descriptors that no request takes, sent so slowly that they are found when somebody else is served. Alone in its
//! program: the proxy is a thread of it, and what is open there is what is counted.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use std::io::{ErrorKind, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::{Rig, memory};
use rustix::fs::MemfdFlags;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use wayland_client::protocol::wl_shm::{Format, WlShm};

/// Asks whether that was heard, with descriptors beside it; false if the connection has ended.
fn send(socket: &UnixStream, fd: &OwnedFd, strays: usize) -> bool {
    let fds = vec![fd.as_fd(); strays];
    // wl_display.sync of object 2, whose number is free again with the answer.
    let request: Vec<u8> = [1_u32, 12 << 16, 2]
        .into_iter()
        .flat_map(u32::to_ne_bytes)
        .collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(28))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&fds)));
    let data = [std::io::IoSlice::new(&request)];
    rustix::net::sendmsg(socket, &data, &mut ancillary, SendFlags::NOSIGNAL).is_ok()
}

/// Likewise, and waits for the answer.
fn sync_with(mut socket: &UnixStream, fd: &OwnedFd, strays: usize) -> bool {
    if !send(socket, fd, strays) {
        return false;
    }
    // Its callback is done, and its number free.
    let mut answer = [0; 24];
    match socket.read_exact(&mut answer) {
        Ok(()) => true,
        Err(error) => {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "no answer");
            false
        }
    }
}

/// The only one of this process.
fn alone() -> Rig {
    Rig::start(&[], |_| {}, |server| server.count_descriptors(true))
}

#[test]
fn who_sends_descriptors_that_nobody_takes_ends_and_nobody_who_is_served_meanwhile() {
    let fd = memory(MemfdFlags::empty(), b"x");
    // All at once.
    let rig = alone();
    let mut bystander = rig.app();
    let attacker = rig.socket();
    let sent = (0..300).take_while(|_| send(&attacker, &fd, 28)).count();
    assert!(sent > 4);
    attacker
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let ended = std::io::copy(&mut &attacker, &mut std::io::sink());
    let reset = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionReset;
    assert!(
        ended.as_ref().map_or_else(reset, |_| true),
        "the attacker stays"
    );
    bystander.sync().unwrap();
    rig.still_serves();
    drop((bystander, rig));

    // It is looked at every few turns: whoever is when there are too many must not be taken for who has sent them.
    for earlier in 0..8 {
        let rig = alone();
        let mut bystander = rig.app();
        let mut window = bystander.window();
        let attacker = rig.socket();
        for _ in 0..earlier {
            assert!(sync_with(&attacker, &fd, 0));
        }
        let mut sent = 0;
        while sync_with(&attacker, &fd, 7) {
            sent += 7;
            assert!(sent < 2000, "the attacker stays");
            // Somebody else is served all the time.
            for _ in 0..9 {
                window.surface.commit();
                bystander.sync().unwrap();
            }
        }
        assert!(sent > 100, "too strict: libraries may be ahead by some");
        bystander.draw(&mut window, 11);
        rig.still_serves();
    }

    nobody_is_taken_for_who_was_there_before_somebody_left(&fd);
    nothing_hides_behind_what_somebody_else_may_have(&fd);
}

/// Many have sent as many as may come with one message; after each somebody leaves, with whom all was once forgotten, and the
/// bystander is who is served next.
fn nobody_is_taken_for_who_was_there_before_somebody_left(fd: &OwnedFd) {
    let rig = alone();
    let mut bystander = rig.app();
    let mut window = bystander.window();
    let crowd = (1..12).map(|colour| {
        let attacker = rig.socket();
        assert!(sync_with(&attacker, fd, 28));
        let mut leaver = rig.app();
        leaver.sync().unwrap();
        drop(leaver);
        for _ in 0..9 {
            bystander.draw(&mut window, colour);
        }
        attacker
    });
    let crowd: Vec<_> = crowd.collect();
    bystander.draw(&mut window, 12);
    // Who sends more than the others is who goes.
    let more = (0..4).take_while(|_| sync_with(&crowd[5], fd, 7)).count();
    assert!(more < 4, "the attacker stays");
    for other in crowd.iter().enumerate().filter(|(at, _)| *at != 5) {
        assert!(sync_with(other.1, fd, 0), "{} is gone", other.0);
    }
    bystander.draw(&mut window, 13);
    rig.still_serves();
}

/// Buffers need no descriptors: thousands of somebody else's are no room for them.
fn nothing_hides_behind_what_somebody_else_may_have(fd: &OwnedFd) {
    let rig = alone();
    let mut bystander = rig.app();
    let mut window = bystander.window();
    let mut accomplice = rig.app();
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &common::picture(1, 16, 16));
    let size = i32::try_from(common::picture(1, 16, 16).len()).unwrap();
    let pool = accomplice
        .bind::<WlShm>(1)
        .create_pool(pixels.as_fd(), size, &accomplice.qh, ());
    let format = Format::Argb8888;
    let buffer = |_| pool.create_buffer(0, 16, 16, 64, format, &accomplice.qh, ());
    let _buffers: Vec<_> = (0..1000).map(buffer).collect();
    accomplice.sync().unwrap();
    let attacker = rig.socket();
    let sent = (0..100)
        .take_while(|_| sync_with(&attacker, fd, 28))
        .count();
    assert!(sent < 100, "the attacker stays");
    drop(accomplice);
    bystander.draw(&mut window, 14);
    rig.still_serves();
}
