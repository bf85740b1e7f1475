//! What a program tries in namespaces of its own, where it has every capability.

use crate::attacks::root_with;
use crate::outcome::{Outcome, refused};
use crate::raw;

/// Makes the namespaces that `flags` name (hexadecimal), maps the user into the new user namespace, and then
/// tries the rest of the words there, if there are any.
pub fn attempt(flags: &str, words: &[&str]) -> Outcome {
    let digits = flags.strip_prefix("0x").unwrap_or_default();
    let Ok(flags) = i64::from_str_radix(digits, 16) else {
        return refused("flags are hexadecimal");
    };
    root_with(flags)?;
    match *words {
        [] => Ok("entered".to_owned()),
        ["syscall", number, ref arguments @ ..] => raw::syscall(number, arguments),
        ["option", ref numbers @ ..] => raw::socket_option(numbers),
        _ => refused("no such attempt"),
    }
}
