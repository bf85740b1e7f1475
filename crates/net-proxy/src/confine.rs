//! What this process gives up before it takes the first byte.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope,
};
use oz_confine::filter;
use oz_confine::proxy::{COMMON, allowed, no_cores};
use oz_core::plan::forward::Endpoint;
use oz_core::plan::{Comparison, SyscallPolicy};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Two for each connection, and what the event loop needs.
const FILES: u64 = 256;
/// AF_INET, AF_INET6.
const INTERNET: &[u64] = &[2, 10];

/// No file, no port but the target's if there is one, no abstract socket, no signal, no program, no privilege. What
/// this kernel's Landlock does not know is left to the list of system calls.
pub(crate) fn confine(target: Option<&Endpoint>) -> Result<()> {
    let files = Rlimit {
        current: Some(FILES),
        maximum: Some(FILES),
    };
    setrlimit(Resource::Nofile, files).context("cannot limit open files")?;
    no_cores().context("cannot refuse core dumps")?;
    oz_sys::privileges::set_inspectable(false).context("cannot hide")?;
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    let ruleset = match target {
        Some(Endpoint::Tcp(address)) => {
            ruleset.add_rule(NetPort::new(address.port(), AccessNet::ConnectTcp))?
        }
        Some(Endpoint::Udp(_) | Endpoint::Unix(_)) | None => ruleset,
    };
    // Also sets no_new_privs.
    ruleset.restrict_self().context("cannot confine itself")?;
    let program = filter::compile(&policy(target)).context("cannot make a syscall filter")?;
    oz_sys::seccomp::install(&program).context("cannot install a syscall filter")
}

/// What every proxy calls, and the kind of socket that leads to the target.
fn policy(target: Option<&Endpoint>) -> SyscallPolicy {
    let (families, also): (&[u64], &[&str]) = match target {
        Some(Endpoint::Tcp(_)) => (INTERNET, &[]),
        // The sockets of senders are bound, so that answers come.
        Some(Endpoint::Udp(_)) => (INTERNET, &["bind"]),
        // To look at the socket without following links.
        Some(Endpoint::Unix(_)) => (&[1], &["openat2"]),
        // It reads one socket that it has.
        None => (&[], &[]),
    };
    let names = COMMON.iter().flat_map(|group| group.names).chain(also);
    let is = Comparison::is;
    let sockets = families.iter().map(|family| is(0, *family)).collect();
    SyscallPolicy {
        name: "net-proxy".to_owned(),
        allow: allowed(names),
        conditional: BTreeMap::from([
            ("socket".to_owned(), sockets),
            // The event loop wakes itself by a pair of them.
            ("socketpair".to_owned(), vec![is(0, 1)]),
            ("prlimit64".to_owned(), vec![is(0, 0)]),
            // FIONBIO: do not wait.
            ("ioctl".to_owned(), vec![is(1, 0x5421)]),
        ]),
        refuse: vec!["open".to_owned(), "openat".to_owned()],
        answered: Default::default(),
        user_namespaces: false,
    }
}
