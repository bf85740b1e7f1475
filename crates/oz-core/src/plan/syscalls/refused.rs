//! Calls that exist and are refused (EPERM), each with its reason, and those that no plan may allow.

/// Calls that programs probe for and give up on when told that they do not exist, so they are
/// refused instead.
pub const REFUSED: &[(&str, &str)] = &[
    ("acct", "writes what all processes do"),
    ("add_key", "key rings are not divided by namespaces"),
    ("adjtimex", "sets the clock"),
    ("bpf", "runs code in the kernel"),
    ("chroot", "confuses helpers about paths"),
    ("clock_adjtime", "sets the clock"),
    ("clock_settime", "sets the clock"),
    ("delete_module", "changes the kernel"),
    ("fanotify_init", "watches others"),
    ("finit_module", "changes the kernel"),
    ("fsconfig", "mounts"),
    ("fsmount", "mounts"),
    ("fsopen", "mounts"),
    ("fspick", "mounts"),
    ("init_module", "changes the kernel"),
    ("io_setup", "its places are counted for the whole machine"),
    ("kcmp", "compares objects of other processes"),
    ("kexec_file_load", "replaces the kernel"),
    ("kexec_load", "replaces the kernel"),
    ("keyctl", "key rings are not divided by namespaces"),
    ("migrate_pages", "moves memory of others"),
    ("mount", "mounts"),
    ("mount_setattr", "mounts"),
    ("move_mount", "mounts"),
    ("move_pages", "moves memory of others"),
    ("name_to_handle_at", "makes handles that go round paths"),
    ("open_by_handle_at", "opens files round paths"),
    ("open_tree", "mounts"),
    ("perf_event_open", "measures others, many holes"),
    ("pidfd_getfd", "takes descriptors of others"),
    ("pivot_root", "mounts"),
    ("process_madvise", "changes memory of others"),
    ("process_vm_readv", "reads memory of others"),
    ("process_vm_writev", "writes memory of others"),
    ("ptrace", "controls others"),
    ("quotactl", "changes file systems"),
    ("reboot", "ends the machine"),
    ("request_key", "key rings are not divided by namespaces"),
    ("set_mempolicy", "moves memory between nodes"),
    ("mbind", "moves memory between nodes"),
    ("setdomainname", "changes the namespace that init made"),
    ("sethostname", "changes the namespace that init made"),
    ("setns", "joins namespaces"),
    ("settimeofday", "sets the clock"),
    ("swapoff", "changes the machine's memory"),
    ("swapon", "changes the machine's memory"),
    ("syslog", "reads the kernel's log"),
    ("umount2", "mounts"),
    ("unshare", "makes namespaces"),
    ("userfaultfd", "stops the kernel where an attacker wants"),
    ("vhangup", "takes terminals away"),
];

/// Calls that exist for x86_64 only and reach the hardware or the kernel, or go round filters.
pub(super) const NEVER: &[(&str, &str)] = &[
    ("clone3", "its flags lie where no filter can see them"),
    ("fanotify_mark", "watches others"),
    ("io_uring_enter", "makes calls that no filter sees"),
    ("io_uring_register", "makes calls that no filter sees"),
    ("io_uring_setup", "makes calls that no filter sees"),
    ("ioperm", "reaches the hardware"),
    ("iopl", "reaches the hardware"),
    ("kexec_load", "replaces the kernel"),
    ("lookup_dcookie", "goes round paths"),
    ("modify_ldt", "goes round the loader, many holes"),
    ("nfsservctl", "changes the kernel"),
    ("open_tree_attr", "mounts"),
    ("quotactl_fd", "changes file systems"),
    ("uselib", "loads code by a way of its own"),
    ("vm86", "runs code by a way of its own"),
];

/// Of the refused calls, those that a browser's walls need, and why they do no harm there: no program
/// of the sandbox has a capability in the namespaces that are the sandbox's own.
pub const FOR_USER_NAMESPACES: &[(&str, &str)] = &[
    (
        "chroot",
        "renderers lock themselves into an empty directory; only mounts could lead out of the sandbox's root",
    ),
    ("unshare", "makes namespaces, of some kinds only"),
];

/// Of the refused calls, those that a profile may add all the same, and what it gives up.
pub(super) const NEGOTIABLE: &[(&str, &str)] = &[
    ("fanotify_init", "watching of whole mounts"),
    (
        "io_setup",
        "places for asynchronous input and output, of which the machine has 65536 in all",
    ),
    (
        "kcmp",
        "comparing of objects, for debuggers and some drivers",
    ),
    ("mbind", "placing of memory"),
    ("name_to_handle_at", "handles of files, for some indexers"),
    (
        "process_madvise",
        "advice about memory of other processes inside",
    ),
    (
        "process_vm_readv",
        "reading of memory of other processes inside, for debuggers",
    ),
    (
        "process_vm_writev",
        "writing of memory of other processes inside, for debuggers",
    ),
    ("ptrace", "control of other processes inside, for debuggers"),
    ("set_mempolicy", "placing of memory"),
];

/// Why no plan may allow the call, whatever its profile says.
pub fn is_never(name: &str) -> Option<&'static str> {
    let negotiable = NEGOTIABLE.iter().any(|(known, _)| *known == name);
    NEVER
        .iter()
        .chain(REFUSED.iter().filter(|_| !negotiable))
        .find(|(known, _)| *known == name)
        .map(|(_, reason)| *reason)
}
