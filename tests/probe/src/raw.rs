//! A system call by number with arguments from the command line.

use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call};

/// An argument: a number (`0x` for hexadecimal), `@text` for a pointer to text, `#size` for a
/// pointer to so many zero bytes.
fn parse(word: &str) -> Option<Arg<'_>> {
    Some(if let Some(text) = word.strip_prefix('@') {
        Arg::T(text)
    } else if let Some(size) = word.strip_prefix('#') {
        Arg::Z(size.parse().ok()?)
    } else if let Some(digits) = word.strip_prefix("0x") {
        Arg::N(u64::from_str_radix(digits, 16).ok()?.cast_signed())
    } else {
        Arg::N(word.parse().ok()?)
    })
}

/// Makes the call.
pub fn syscall(number: &str, arguments: &[&str]) -> Outcome {
    let Some(Arg::N(number)) = parse(number) else {
        return refused("no such number");
    };
    let mut all = [const { Arg::N(0) }; 6];
    if arguments.len() > all.len() {
        return refused("too many arguments");
    }
    for (place, word) in all.iter_mut().zip(arguments) {
        match parse(word) {
            Some(argument) => *place = argument,
            None => return refused("a bad argument"),
        }
    }
    Ok(call(number, all)?.to_string())
}

/// Sets an option of a new socket to nothing: `FAMILY TYPE LEVEL OPTION`, all decimal.
pub fn socket_option(numbers: &[&str]) -> Outcome {
    let parsed: Result<Vec<i64>, _> = numbers.iter().map(|word| word.parse()).collect();
    let Ok([family, kind, level, option]) = parsed.as_deref() else {
        return refused("four numbers");
    };
    let socket = call(libc::SYS_socket, [*family, *kind, 0].map(Arg::N));
    let Ok(socket) = socket else {
        return refused("no socket");
    };
    let [socket, level, option, size] = [socket, *level, *option, 256].map(Arg::N);
    call(
        libc::SYS_setsockopt,
        [socket, level, option, Arg::Z(256), size],
    )?;
    Ok("set".to_owned())
}

/// getpid through the interrupt of 32-bit programs, which has numbers of its own.
#[allow(unsafe_code, reason = "there is no other way to make it")]
pub fn int80_getpid() -> i64 {
    let mut result: i64 = 20;
    // SAFETY: the call reads no memory and writes one register; the kernel saves the others.
    unsafe {
        std::arch::asm!("int 0x80", inout("rax") result, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    result
}
