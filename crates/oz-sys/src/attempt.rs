//! What a sandboxed app must not be able to do, to be tried by what checks sandboxes.
//!
//! Every attempt is harmless to the process and to the machine should it succeed: calls get zeros
//! instead of pointers, so that a kernel that lets them through finds their arguments wrong.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use crate::check;

/// A call of [`CALLS`].
#[derive(Debug)]
pub struct Call {
    /// As the kernel has it.
    pub name: &'static str,
    number: libc::c_long,
    first: libc::c_long,
    /// What it returns is a descriptor.
    opens: bool,
}

macro_rules! calls {
    ($($name:literal $number:ident $first:literal $opens:literal;)+) => {
        &[$(Call { name: $name, number: libc::$number, first: $first, opens: $opens },)+]
    };
}

/// Calls that can be tried: with zeros behind their first argument none of them reads or writes memory
/// of the caller, stops it, or changes anything.
pub const CALLS: &[Call] = calls! {
    "add_key" SYS_add_key 0 false;
    "bpf" SYS_bpf 0 false;
    "chroot" SYS_chroot 0 false;
    "clone3" SYS_clone3 0 false;
    "fanotify_init" SYS_fanotify_init 0 true;
    "fsopen" SYS_fsopen 0 false;
    "fspick" SYS_fspick 0 false;
    "io_uring_setup" SYS_io_uring_setup 0 false;
    "kcmp" SYS_kcmp 0 false;
    "keyctl" SYS_keyctl 0 false;
    "mount" SYS_mount 0 false;
    "mount_setattr" SYS_mount_setattr 0 false;
    "move_mount" SYS_move_mount 0 false;
    "name_to_handle_at" SYS_name_to_handle_at 0 false;
    "open_by_handle_at" SYS_open_by_handle_at 0 false;
    "open_tree" SYS_open_tree 0 false;
    "perf_event_open" SYS_perf_event_open 0 false;
    "pidfd_getfd" SYS_pidfd_getfd -1 false;
    "pivot_root" SYS_pivot_root 0 false;
    "process_vm_readv" SYS_process_vm_readv 0 false;
    "process_vm_writev" SYS_process_vm_writev 0 false;
    // PTRACE_PEEKTEXT; zero would be PTRACE_TRACEME, which changes the caller.
    "ptrace" SYS_ptrace 1 false;
    "request_key" SYS_request_key 0 false;
    "setns" SYS_setns -1 false;
    "umount2" SYS_umount2 0 false;
    "userfaultfd" SYS_userfaultfd 0 true;
};

/// Makes the call. An error is the kernel's answer, or the filter's.
pub fn call(call: &Call) -> io::Result<()> {
    const ZERO: libc::c_long = 0;
    // SAFETY: only entries of `CALLS` exist, whose fields nobody else can make; see there.
    let result = unsafe { libc::syscall(call.number, call.first, ZERO, ZERO, ZERO, ZERO, ZERO) };
    let result = check(result)?;
    if call.opens
        && let Ok(fd) = i32::try_from(result)
    {
        // SAFETY: the call has just made it.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    }
    Ok(())
}

/// A call that no kernel has: what is not listed must look like it.
pub fn unknown_call() -> io::Result<()> {
    // SAFETY: the number is beyond all that kernels know, and there are no arguments.
    check(unsafe { libc::syscall(0x0fff_fff0) })?;
    Ok(())
}

/// Asks the kernel for the process id as a program for 32 bits does.
#[cfg(target_arch = "x86_64")]
pub fn call_of_32_bits() -> io::Result<()> {
    const GETPID: i64 = 20;
    let mut result = GETPID;
    // SAFETY: getpid takes no argument and changes nothing; the kernel saves all registers but rax, and
    // r8 to r11, which it may clear.
    unsafe {
        std::arch::asm!("int 0x80", inout("rax") result, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    match i32::try_from(result) {
        Ok(error) if error < 0 => Err(io::Error::from_raw_os_error(-error)),
        _ => Ok(()),
    }
}

/// Puts a byte into the input of a terminal, by this number of the request, whose high bits the
/// kernel ignores.
pub fn type_into(terminal: impl AsFd, high_bits: u32) -> io::Result<()> {
    terminal_request(terminal, libc::TIOCSTI, high_bits)
}

/// Asks the console about its selection, by which what is selected can be pasted into a terminal.
pub fn ask_console(terminal: impl AsFd) -> io::Result<()> {
    terminal_request(terminal, libc::TIOCLINUX, 0)
}

fn terminal_request(terminal: impl AsFd, request: u64, high_bits: u32) -> io::Result<()> {
    // TIOCL_GETSHIFTSTATE for the one, a line feed of nobody's for the other: one byte, maybe written.
    let mut byte: [u8; 8] = [6, 0, 0, 0, 0, 0, 0, 0];
    let request = request | u64::from(high_bits) << 32;
    let fd = terminal.as_fd().as_raw_fd();
    // SAFETY: both requests read or write at most one byte at the pointer, which is to a local.
    check(unsafe { libc::syscall(libc::SYS_ioctl, fd, request, byte.as_mut_ptr()) })?;
    Ok(())
}

/// Most Landlock domains that the kernel puts around a process, one in another.
pub const MOST_DOMAINS: u32 = 16;

/// Puts Landlock domains around the calling process until the kernel refuses, and says how many that were: all
/// of [`MOST_DOMAINS`] if there was none before. The process cannot make character devices afterwards.
pub fn fill_up_with_domains() -> io::Result<u32> {
    const MAKE_CHAR: u64 = 1 << 6;
    rustix::thread::set_no_new_privs(true)?;
    // The rights that the rules are about, of files; none is given back by a rule.
    let handled: u64 = MAKE_CHAR;
    // SAFETY: the kernel reads eight bytes, which are a local's.
    let rules = check(unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            &raw const handled,
            size_of::<u64>(),
            0,
        )
    })?;
    let rules = i32::try_from(rules).map_err(io::Error::other)?;
    // SAFETY: the call has just made it.
    let rules = unsafe { OwnedFd::from_raw_fd(rules) };
    for number in 0..MOST_DOMAINS {
        // SAFETY: takes a descriptor and flags.
        let made =
            check(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) });
        match made {
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(libc::E2BIG) => return Ok(number),
            Err(error) => return Err(error),
        }
    }
    Ok(MOST_DOMAINS)
}
