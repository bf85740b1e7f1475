//! Giving up capabilities for good.

use std::io;

use rustix::process::DumpableBehavior;
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets};

use crate::check;

/// The calling thread has no capability and can get none: every set is empty, the bounding set
/// too, user id 0 means nothing, and no program that it executes gains anything.
///
/// The thread must have `CAP_SETPCAP` in its user namespace.
pub fn drop_all() -> io::Result<()> {
    empty_bounding_set()?;
    drop_own()
}

/// What no program that the calling thread executes can ever gain: any capability. Those that the thread has, it keeps.
///
/// The thread must have `CAP_SETPCAP` in its user namespace.
pub fn empty_bounding_set() -> io::Result<()> {
    for capability in 0..64 {
        match drop_from_bounding_set(capability) {
            Ok(()) => {}
            // The number after the last one that this kernel knows.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) && capability > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The rest of [`drop_all`], for whoever has emptied the bounding set before.
pub fn drop_own() -> io::Result<()> {
    rustix::thread::set_capabilities_secure_bits(
        CapabilitiesSecureBits::NO_ROOT
            | CapabilitiesSecureBits::NO_ROOT_LOCKED
            | CapabilitiesSecureBits::NO_SETUID_FIXUP
            | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
            | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED,
    )?;
    rustix::thread::clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

/// By number: a kernel may know more capabilities than this code has names for.
fn drop_from_bounding_set(capability: libc::c_ulong) -> io::Result<()> {
    // SAFETY: takes integers only.
    check(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }.into())?;
    Ok(())
}

/// Whether other processes of the user may look into this one, by ptrace or by /proc.
pub fn set_inspectable(yes: bool) -> io::Result<()> {
    Ok(rustix::process::set_dumpable_behavior(if yes {
        DumpableBehavior::Dumpable
    } else {
        DumpableBehavior::NotDumpable
    })?)
}

/// The version of Landlock that the kernel has; an error if it has none or was started without.
pub fn landlock_version() -> io::Result<u32> {
    const VERSION: libc::c_ulong = 1;
    // SAFETY: with this flag there are no rules to be read, and no pointer.
    let version = check(unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0,
            VERSION,
        )
    })?;
    u32::try_from(version).map_err(io::Error::other)
}
