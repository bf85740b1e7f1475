//! Asking the real mount helper.

use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use oz_core::plan::Access;
use oz_core::wire::mount::{Answer, Grant, Granted, Identity, Refusal, Request};
use oz_core::wire::{Reader, encode, frame};

use super::{Sandbox, spawn_ordinary};

/// What a path is now, symlinks not followed.
pub fn grant(path: &Path, access: Access) -> Grant {
    let stat = std::fs::symlink_metadata(path).expect("it exists");
    Grant {
        path: path.into(),
        identity: Identity {
            device: stat.dev(),
            inode: stat.ino(),
            directory: stat.is_dir(),
        },
        access,
        hide: Vec::new(),
    }
}

/// What the helper may call, as a daemon gives it.
pub fn list() -> std::os::fd::OwnedFd {
    let program = oz_confine::helpers::mount().expect("compiles");
    let bytes: Vec<u8> = program.into_iter().flat_map(u64::to_ne_bytes).collect();
    oz_sys::memory::memfd_sealed(&bytes).expect("made")
}

impl Sandbox {
    pub fn change(&self, request: &Request) -> Vec<Result<Granted, Refusal>> {
        let (ours, theirs) = UnixStream::pair().expect("pair");
        let binary = env!("CARGO_BIN_EXE_oz-mount");
        let list = list();
        let helper = spawn_ordinary(binary, &[], &[(theirs.as_fd(), 3), (list.as_fd(), 4)]);
        drop(theirs);
        let bytes = encode(request, 2).expect("encodes");
        let fds = [self.namespaces[0].as_fd(), self.namespaces[1].as_fd()];
        oz_sys::socket::send_frame(&ours, &bytes, &fds).expect("sent");
        let mut reader = Reader::<std::os::fd::OwnedFd>::new(frame::MAX_UNTRUSTED);
        let mut buffer = [0; 4096];
        let answer: Answer = loop {
            if let Some(frame) = reader.next().expect("valid") {
                break frame.decode().expect("decodes");
            }
            let (length, fds) = oz_sys::socket::recv(&ours, &mut buffer).expect("received");
            assert_ne!(length, 0, "the helper answers");
            reader.push(&buffer[..length], fds);
        };
        helper.wait().expect("it ends");
        answer.results
    }

    pub fn add(&self, grants: Vec<Grant>) -> Vec<Result<Granted, Refusal>> {
        self.change(&Request::Add(grants))
    }

    pub fn add_one(&self, path: &Path, access: Access) -> Result<Granted, Refusal> {
        self.add(vec![grant(path, access)])
            .pop()
            .expect("one answer")
    }

    pub fn take(&self, granted: Granted) -> Result<Granted, Refusal> {
        let mut results = self.change(&Request::Remove(vec![granted]));
        results.pop().expect("one answer")
    }
}
