//! A system call by number, past libc's wrappers, as an exploit makes it.

use std::ffi::CString;
use std::io::Error;

use super::Attempt;

/// An argument: a number (`0x` for hexadecimal), `@text` for a pointer to text, `#size` for a
/// pointer to so many zero bytes.
enum Argument {
    Number(i64),
    Text(CString),
    Buffer(Vec<u8>),
}

impl Argument {
    fn parse(word: &str) -> Option<Self> {
        Some(if let Some(text) = word.strip_prefix('@') {
            Self::Text(CString::new(text).ok()?)
        } else if let Some(size) = word.strip_prefix('#') {
            Self::Buffer(vec![0; size.parse().ok()?])
        } else if let Some(digits) = word.strip_prefix("0x") {
            Self::Number(u64::from_str_radix(digits, 16).ok()?.cast_signed())
        } else {
            Self::Number(word.parse().ok()?)
        })
    }

    fn value(&mut self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.as_ptr() as i64,
            Self::Buffer(bytes) => bytes.as_mut_ptr() as i64,
        }
    }
}

/// Makes the call; a name of the error for the tests, its number for a person.
#[allow(
    unsafe_code,
    reason = "only the kernel's answer is wanted; nothing of ours depends on this process"
)]
pub fn syscall(number: &str, arguments: &[&str]) -> Attempt {
    let Some(Argument::Number(number)) = Argument::parse(number) else {
        return Err("no such number".to_owned());
    };
    let mut parsed: Vec<_> = arguments
        .iter()
        .map(|word| Argument::parse(word).ok_or("a bad argument"))
        .collect::<Result<_, _>>()?;
    let mut values: Vec<i64> = parsed.iter_mut().map(Argument::value).collect();
    values.resize(6, 0);
    let [a, b, c, d, e, f] = values[..] else {
        return Err("too many arguments".to_owned());
    };
    // SAFETY: none in general, which is the point: this process exists to make this one call and
    // then ends. Pointers among the arguments are to `parsed`, which lives on.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result == -1 {
        return Err(refusal(&Error::last_os_error()));
    }
    Ok(result.to_string())
}

/// Sets an option of a new socket to nothing: `FAMILY TYPE LEVEL OPTION`, all decimal.
#[allow(unsafe_code, reason = "as above")]
pub fn socket_option(numbers: &[&str]) -> Attempt {
    let parsed: Result<Vec<i32>, _> = numbers.iter().map(|word| word.parse()).collect();
    let Ok([family, kind, level, option]) = parsed.as_deref() else {
        return Err("four numbers".to_owned());
    };
    let value = [0u8; 256];
    // SAFETY: takes integers, and a buffer that is as long as it is said to be.
    let result = unsafe {
        let socket = libc::socket(*family, *kind, 0);
        if socket < 0 {
            return Err(format!("no socket: {}", Error::last_os_error()));
        }
        libc::setsockopt(socket, *level, *option, value.as_ptr().cast(), 256)
    };
    if result == 0 {
        Ok("set".to_owned())
    } else {
        Err(refusal(&Error::last_os_error()))
    }
}

/// An error by its name and its text.
pub fn refusal(error: &Error) -> String {
    format!("{} {error}", name(error.raw_os_error().unwrap_or(0)))
}

/// getpid through the interrupt of 32-bit programs, which has numbers of its own.
#[allow(unsafe_code, reason = "there is no other way to make it")]
pub fn getpid_of_32_bits() -> Attempt {
    let mut result: u64 = 20;
    // SAFETY: the call reads no memory and writes one register; the kernel saves the others.
    unsafe {
        std::arch::asm!("int 0x80", inout("rax") result, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    if result == u64::from(std::process::id()) {
        Ok(result.to_string())
    } else {
        Err(format!("{:x}", result))
    }
}

/// The errors that tests tell apart.
fn name(errno: i32) -> String {
    match errno {
        libc::EPERM => "EPERM".into(),
        libc::EACCES => "EACCES".into(),
        libc::ENOSYS => "ENOSYS".into(),
        libc::ENOENT => "ENOENT".into(),
        libc::EROFS => "EROFS".into(),
        libc::ESRCH => "ESRCH".into(),
        libc::EIO => "EIO".into(),
        libc::ENOSPC => "ENOSPC".into(),
        other => format!("errno-{other}"),
    }
}
