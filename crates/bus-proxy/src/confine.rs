//! What the bus proxy gives up before it has read anything from an app: all but the two sockets that it holds.
//!
//! It makes no connection of its own, so it calls less than other proxies do: the session's bus is a socket in the file system
//! as well, which the kernel's Landlock tells from others from Linux 7.1 on only.

use std::collections::BTreeMap;

use anyhow::Context;
use oz_confine::filter;
use oz_confine::proxy::{COMMON, Group, allowed, no_cores};
use oz_core::plan::{Comparison, SyscallPolicy};
use oz_sys::seccomp;
use rustix::process::{Resource, Rlimit};

/// What it calls beyond what every proxy does.
const ALSO: &[Group] = &[Group {
    reason: "says on the bus who it is",
    names: &["getegid", "geteuid", "getgid", "getuid"],
}];

/// What other proxies call and it does not: it connects to nobody, and nobody to it.
const NEVER: &[&str] = &["accept", "accept4", "connect", "signalfd4"];

/// No file, no connection, no program, no signal to others.
pub fn confine() -> anyhow::Result<()> {
    no_cores()?;
    // What apps leave on its way is small.
    let memory = Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    rustix::process::setrlimit(Resource::Data, memory)?;
    rustix::thread::set_no_new_privs(true)?;
    let extent = oz_confine::landlock::nothing(&[])?;
    tracing::debug!(state = %extent.state, why = extent.why, "confined");
    let program = filter::compile(&policy()).context("cannot make a syscall filter")?;
    seccomp::install(&program).context("cannot install a syscall filter")
}

/// Most memory of its own, in bytes: all messages that it may hold at a time, many times over.
const MEMORY: u64 = 128 << 20;

fn policy() -> SyscallPolicy {
    let names = COMMON.iter().chain(ALSO).flat_map(|group| group.names);
    let names = names.filter(|name| !NEVER.contains(name));
    let is = Comparison::is;
    let refused = ["open", "openat", "socket"].into_iter();
    let refused = refused.chain(NEVER.iter().copied());
    SyscallPolicy {
        name: "bus-proxy".to_owned(),
        allow: allowed(names),
        conditional: BTreeMap::from([
            // FIONBIO: do not wait.
            ("ioctl".to_owned(), vec![is(1, 0x5421)]),
            // AF_UNIX: the event loop has a pair of its own.
            ("socketpair".to_owned(), vec![is(0, 1)]),
        ]),
        refuse: refused.map(str::to_owned).collect(),
        answered: BTreeMap::new(),
        user_namespaces: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn it_opens_nothing_and_connects_to_nobody_and_what_it_holds_goes_on() {
        let path = std::env::temp_dir().join(format!("oz-bus-proxy-{}", std::process::id()));
        let _listener = UnixListener::bind(&path).expect("bound");
        let place = path.clone();
        let attempt = move || {
            let file = File::open("/etc/passwd").is_ok();
            let socket = UnixStream::connect(&place).is_ok();
            let program = std::process::Command::new("/bin/true").status().is_ok();
            [file, socket, program]
        };
        assert_eq!(attempt(), [true; 3]);
        let (mut one, mut other) = UnixStream::pair().expect("a pair");
        // The walls are a thread's own.
        let confined = std::thread::spawn(move || {
            confine().expect("confined");
            one.write_all(b"hi").expect("written");
            let mut heard = [0; 2];
            other.read_exact(&mut heard).expect("read");
            (attempt(), heard)
        });
        let (attempts, heard) = confined.join().expect("no panic");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!((attempts, &heard), ([false; 3], b"hi"));
    }
}
