//! What a program tries in namespaces of its own, where it has every capability.

use std::io::Error;

use super::{Attempt, raw};

/// Makes the namespaces that `flags` name (hexadecimal), maps the user into the new user namespace, and then
/// tries the rest of the words there, if there are any.
pub fn attempt(flags: &str, words: &[&str]) -> Attempt {
    let flags = flags
        .strip_prefix("0x")
        .and_then(|digits| i32::from_str_radix(digits, 16).ok())
        .ok_or("flags are hexadecimal")?;
    enter(flags)?;
    match *words {
        [] => Ok("entered".to_owned()),
        ["syscall", number, ref arguments @ ..] => raw::syscall(number, arguments),
        ["option", ref numbers @ ..] => raw::socket_option(numbers),
        _ => Err("no such attempt".to_owned()),
    }
}

#[allow(
    unsafe_code,
    reason = "there is no safe call for it, and this process has one thread"
)]
fn enter(flags: i32) -> Result<(), String> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    // SAFETY: takes an integer; the process has one thread and shares its descriptors with nobody.
    if unsafe { libc::unshare(flags) } != 0 {
        return Err(raw::refusal(&Error::last_os_error()));
    }
    let write = |name: &str, text: String| {
        let path = format!("/proc/self/{name}");
        std::fs::write(&path, text).map_err(|error| format!("{} {path}", raw::refusal(&error)))
    };
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("0 {} 1", uid.as_raw()))?;
    write("gid_map", format!("0 {} 1", gid.as_raw()))
}
