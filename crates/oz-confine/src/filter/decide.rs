//! What a compiled program says of a call, as the kernel would find it.

use oz_sys::seccomp::Call;

use super::assemble::{AND, IF_AT_LEAST, IF_EQUAL, JUMP, LOAD, RETURN};

/// What a program says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The call is made.
    Allow,
    /// It fails with this error number; with 0 it seems to have been made.
    Errno(u16),
    /// The process is killed.
    Kill,
}

const RET_ACTION: u32 = 0xffff_0000;
const RET_ALLOW: u32 = 0x7fff_0000;
const RET_ERRNO: u32 = 0x0005_0000;
const RET_DATA: u32 = 0x0000_ffff;

/// Interprets a program of [`compile`](super::compile). Whatever it cannot make sense of kills, as in the kernel.
pub fn decide(program: &[u64], call: &Call) -> Decision {
    match run(program, call) {
        Some(RET_ALLOW) => Decision::Allow,
        Some(value) if value & RET_ACTION == RET_ERRNO => {
            Decision::Errno(u16::try_from(value & RET_DATA).unwrap_or(u16::MAX))
        }
        _ => Decision::Kill,
    }
}

/// The value that the program returns; `None` if it is none of ours.
pub(super) fn run(program: &[u64], call: &Call) -> Option<u32> {
    let mut accumulator = 0;
    let mut at = 0_usize;
    loop {
        let step = *program.get(at)?;
        let [_, code, jt, jf, k @ ..] = step.to_be_bytes();
        let k = u32::from_be_bytes(k);
        at += 1;
        let branch = |holds| usize::from(if holds { jt } else { jf });
        match u16::from(code) {
            LOAD => accumulator = word(call, k)?,
            AND => accumulator &= k,
            IF_EQUAL => at += branch(accumulator == k),
            IF_AT_LEAST => at += branch(accumulator >= k),
            JUMP => at = at.checked_add(usize::try_from(k).ok()?)?,
            RETURN => return Some(k),
            _ => return None,
        }
    }
}

/// 32 bits of what the kernel shows to filters, `struct seccomp_data`.
fn word(call: &Call, offset: u32) -> Option<u32> {
    #[allow(clippy::cast_possible_truncation)] // the halves are cut out on purpose
    let halves = |number: u64| [number as u32, (number >> 32) as u32];
    match offset {
        0 => Some(call.number),
        4 => Some(call.architecture),
        16..64 if offset.is_multiple_of(4) => {
            let (index, half) = ((offset - 16) / 8, (offset / 4) % 2);
            let argument = call.arguments.get(usize::try_from(index).ok()?)?;
            Some(halves(*argument)[usize::try_from(half).ok()?])
        }
        // The instruction pointer, which no program of ours looks at.
        _ => None,
    }
}
