//! Files that say who the user is and which machine this is; nothing of the host's is in them.

use std::fmt::Write;
use std::path::Path;

use super::root::{Shape, file};
use crate::plan::{HostFacts, Op};

/// The shell, if the host has it.
pub(super) const BASH: &str = "/usr/bin/bash";

/// User and group of everything whose owner does not exist inside.
const NOBODY: u32 = 65534;

/// Who the user is.
pub(super) fn of_user(facts: &HostFacts, ops: &mut Vec<Op>) {
    let user = &facts.user;
    let name = login(facts);
    let (uid, gid, home) = (user.uid, user.gid, user.home.display());
    let shell = shell(facts);
    ops.extend([
        file(
            "/etc/passwd",
            format!("{name}:x:{uid}:{gid}::{home}:{shell}\nnobody:x:{NOBODY}:{NOBODY}::/nonexistent:/usr/sbin/nologin\n"),
        ),
        file("/etc/group", format!("{name}:x:{gid}:\nnogroup:x:{NOBODY}:\n")),
        file("/etc/nsswitch.conf", NSSWITCH.to_owned()),
    ]);
}

/// What the machine is for this app.
pub(super) fn of_sandbox(shape: &Shape<'_>, ops: &mut Vec<Op>) {
    let hostname = shape.hostname;
    let machine_id = machine_id(&shape.profile.name, shape.facts.user.uid);
    ops.extend([
        file(
            "/etc/hosts",
            format!("127.0.0.1 localhost {hostname}\n::1 localhost ip6-localhost ip6-loopback\n"),
        ),
        file("/etc/hostname", format!("{hostname}\n")),
        file("/etc/machine-id", machine_id),
    ]);
}

/// Files and nothing else: the services behind other sources are not inside.
const NSSWITCH: &str = "\
passwd: files
group: files
shadow: files
hosts: files dns
networks: files
protocols: files
services: files
ethers: files
rpc: files
";

/// The login name where a colon-separated file can hold it.
pub(super) fn login(facts: &HostFacts) -> &str {
    let name = facts.user.name.as_str();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !name.is_empty() && name.bytes().all(allowed) {
        name
    } else {
        "user"
    }
}

pub(super) fn shell(facts: &HostFacts) -> &'static str {
    if facts.paths.contains_key(Path::new(BASH)) {
        "/bin/bash"
    } else {
        "/bin/sh"
    }
}

/// The same for each launch of a profile, so that programs recognise what they have kept in a home that
/// lasts; another for each profile, so that two apps cannot find out that they share a machine; and the
/// same on all machines, so that it tells nothing of this one. A random one for each launch would be
/// taken for a new machine each time, and make programs throw away or duplicate what they keep.
fn machine_id(profile: &str, uid: u32) -> String {
    // FNV-1a, 128 bits: it need not be secret, only not the host's.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in format!("oz machine-id {uid} {profile}").bytes() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    let mut id = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(id, "{hash:032x}");
    id
}
