//! Numbers of system calls on the machine that this was built for.

/// What `seccomp_data.arch` says for native calls.
#[cfg(target_arch = "x86_64")]
pub(super) const ARCHITECTURE: u32 = 0xc000_003e;
/// What `seccomp_data.arch` says for native calls.
#[cfg(target_arch = "aarch64")]
pub(super) const ARCHITECTURE: u32 = 0xc000_00b7;
/// What `seccomp_data.arch` says for native calls.
#[cfg(target_arch = "riscv64")]
pub(super) const ARCHITECTURE: u32 = 0xc000_00f3;

/// The number of a call, if this architecture has it: `open` exists on x86-64 only.
pub fn number(name: &str) -> Option<u32> {
    let number = name.parse::<syscalls::Sysno>().ok().map(|call| call.id());
    if number.is_none() {
        tracing::debug!(name, "no such system call on this architecture");
    }
    number.and_then(|number| u32::try_from(number).ok())
}

/// The number of a call, and whose numbers those are.
#[cfg(test)]
pub(crate) fn number_of(name: &str) -> Option<(u32, u32)> {
    Some((number(name)?, ARCHITECTURE))
}

/// The name of the call that has a number here, if it is one that is known.
pub fn name(number: u32) -> Option<&'static str> {
    let number = usize::try_from(number).ok()?;
    syscalls::Sysno::new(number).map(|call| call.name())
}
