//! Syscall filters.

use std::io;

use crate::check;

/// Installs a filter on the calling thread for good; it must have no_new_privs.
///
/// Each instruction is `code` in the top 16 bits, then `jt`, `jf` (8 bits each), then `k`.
pub fn install(filter: &[u64]) -> io::Result<()> {
    let instructions: Vec<libc::sock_filter> = filter.iter().map(|&i| unpack(i)).collect();
    let program = libc::sock_fprog {
        len: u16::try_from(instructions.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        filter: instructions.as_ptr().cast_mut(),
    };
    // SAFETY: the kernel copies `len` instructions, which it does not change, and checks them.
    check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program,
        )
    })?;
    Ok(())
}

#[allow(clippy::cast_possible_truncation)] // each field is cut out on purpose
fn unpack(instruction: u64) -> libc::sock_filter {
    libc::sock_filter {
        code: (instruction >> 48) as u16,
        jt: (instruction >> 40) as u8,
        jf: (instruction >> 32) as u8,
        k: instruction as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_unpacked_from_the_top() {
        let instruction = unpack(0x0015_01ff_c000_003e);
        assert_eq!((instruction.code, instruction.jt), (0x15, 1));
        assert_eq!((instruction.jf, instruction.k), (0xff, 0xc000_003e));
    }

    #[test]
    fn a_filter_that_the_kernel_does_not_accept_is_an_error() {
        assert!(install(&[]).is_err());
        assert!(install(&[0xffff_0000_0000_0000]).is_err());
    }
}
