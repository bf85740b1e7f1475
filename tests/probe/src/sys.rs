//! System calls past libc's wrappers, as an exploit makes them.

use std::ffi::CString;
use std::io::{Error, Result};

/// An argument of a system call.
pub enum Arg<'a> {
    /// A number.
    N(i64),
    /// A pointer to text that ends with NUL.
    T(&'a str),
    /// A pointer to so many zero bytes, which may be written to.
    Z(usize),
    /// A pointer to bytes; the kernel may write to a copy of them.
    B(&'a [u8]),
    /// A pointer to where the answer goes.
    Out(&'a mut [u8]),
}

/// What an argument points to, kept while the call runs.
enum Held<'a> {
    Number(i64),
    Text(CString),
    Bytes(Vec<u8>),
    Out(&'a mut [u8]),
}

impl Held<'_> {
    fn value(&mut self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.as_ptr() as i64,
            Self::Bytes(bytes) => bytes.as_mut_ptr() as i64,
            Self::Out(bytes) => bytes.as_mut_ptr() as i64,
        }
    }
}

/// Makes a system call by number.
#[allow(
    unsafe_code,
    reason = "only the kernel's answer is wanted; nothing of ours depends on this process"
)]
pub fn call<const K: usize>(number: i64, arguments: [Arg<'_>; K]) -> Result<i64> {
    let mut held = arguments.map(|argument| match argument {
        Arg::N(number) => Held::Number(number),
        Arg::T(text) => Held::Text(CString::new(text).unwrap_or_default()),
        Arg::Z(size) => Held::Bytes(vec![0; size]),
        Arg::B(bytes) => Held::Bytes(bytes.to_vec()),
        Arg::Out(bytes) => Held::Out(bytes),
    });
    let mut values = [0; 6];
    for (value, held) in values.iter_mut().zip(&mut held) {
        *value = held.value();
    }
    let [a, b, c, d, e, f] = values;
    // SAFETY: none in general, which is the point: this process exists to make a few such calls
    // and then ends. Pointers among the arguments are to `held`, which lives on.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result == -1 {
        return Err(Error::last_os_error());
    }
    Ok(result)
}

/// A call that makes a process: the child ends at once, the parent learns its pid.
pub fn forking<const K: usize>(number: i64, arguments: [Arg<'_>; K]) -> Result<i64> {
    let pid = call(number, arguments)?;
    if pid == 0 {
        let _ = call(libc::SYS_exit_group, [Arg::N(0)]);
    }
    Ok(pid)
}

/// The structure of a few kernel interfaces: numbers of 32 bits, one after the other.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// The same with 64 bits.
pub fn long_words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}
