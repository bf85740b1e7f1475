//! Interfaces of the kernel that no app needs, tried past libc.

use crate::attack::{Attack, Class, KERNEL, ROOT, attack, unshown};
use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call, words};

const SURFACE: &str = "kernel holes: unknown calls are denied";
const OTHER_ABI: &str = "x32, int80: filters that know one numbering";
const CLOCK: &str = "the machine's clock";
const MACHINE: &str = "the whole machine";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack("io-uring", Class::Syscalls, SURFACE, |_| {
        call(libc::SYS_io_uring_setup, [Arg::N(8), Arg::Z(120)])?;
        Ok("a ring".into())
    }),
    attack(
        "key-ring",
        Class::Syscalls,
        "key rings are not in namespaces",
        |_| {
            let id = call(libc::SYS_keyctl, [Arg::N(0), Arg::N(-3), Arg::N(0)])?;
            Ok(format!("key ring {id}"))
        },
    ),
    attack(
        "add-key",
        Class::Syscalls,
        "key rings are not in namespaces",
        |_| {
            let [kind, name, data] = ["user", "oz-probe", "x"].map(Arg::T);
            call(libc::SYS_add_key, [kind, name, data, Arg::N(1), Arg::N(-2)])?;
            Ok("a key".into())
        },
    ),
    unshown(
        "request-key",
        Class::Syscalls,
        "starts a program of root's",
        KERNEL,
        |_| {
            let [kind, name, data] = ["user", "oz-probe-none", "x"].map(Arg::T);
            call(libc::SYS_request_key, [kind, name, data, Arg::N(-2)])?;
            Ok("a key".into())
        },
    ),
    attack(
        "persistent-key-ring",
        Class::Syscalls,
        "key rings are not in namespaces",
        |_| {
            // KEYCTL_JOIN_SESSION_KEYRING
            call(libc::SYS_keyctl, [Arg::N(1), Arg::N(0)])?;
            Ok("a session key ring".into())
        },
    ),
    unshown("bpf", Class::Syscalls, SURFACE, ROOT, |_| {
        // BPF_MAP_CREATE of an array of one number.
        let map = words(&[2, 4, 4, 1]);
        call(libc::SYS_bpf, [Arg::N(0), Arg::B(&map), Arg::N(16)])?;
        Ok("a map".into())
    }),
    unshown("perf", Class::Syscalls, SURFACE, KERNEL, |_| {
        // A software clock of our own, in user space only: what is allowed to most.
        let mut attributes = words(&[1, 112, 0, 0]);
        attributes.resize(112, 0);
        attributes[40] = 0b110_0000;
        let [own, any, none, flags] = [0, -1, -1, 0].map(Arg::N);
        call(
            libc::SYS_perf_event_open,
            [Arg::B(&attributes), own, any, none, flags],
        )?;
        Ok("a counter".into())
    }),
    attack("userfaultfd", Class::Syscalls, SURFACE, |_| {
        // UFFD_USER_MODE_ONLY: for everybody.
        call(libc::SYS_userfaultfd, [Arg::N(1)])?;
        Ok("a descriptor".into())
    }),
    attack("ptrace-me", Class::Syscalls, SURFACE, |_| {
        call(
            libc::SYS_ptrace,
            [Arg::N(0), Arg::N(0), Arg::N(0), Arg::N(0)],
        )?;
        Ok("traced".into())
    }),
    attack("modify-ldt", Class::Syscalls, SURFACE, |_| {
        call(libc::SYS_modify_ldt, [Arg::N(0), Arg::Z(64), Arg::N(64)])?;
        Ok("read".into())
    }),
    attack(
        "personality-no-randomisation",
        Class::Syscalls,
        "personality",
        |_| {
            call(libc::SYS_personality, [Arg::N(0x4_0000)])?;
            Ok("addresses are not random".into())
        },
    ),
    attack(
        "personality-executable-memory",
        Class::Syscalls,
        "personality",
        |_| {
            call(libc::SYS_personality, [Arg::N(0x40_0000)])?;
            Ok("everything readable is executable".into())
        },
    ),
    attack(
        "personality-address-zero",
        Class::Syscalls,
        "personality",
        |_| {
            call(libc::SYS_personality, [Arg::N(0x10_0000)])?;
            Ok("page zero is mapped".into())
        },
    ),
    attack(
        "seccomp-listener",
        Class::Syscalls,
        "filters above ours (CVE-2022-30594)",
        |_| {
            // SECCOMP_SET_MODE_FILTER with a listener and one instruction that allows everything.
            let allow = [6_u8, 0, 0, 0, 0, 0, 0xff, 0x7f];
            let program = [
                words(&[1, 0]),
                (allow.as_ptr() as u64).to_ne_bytes().to_vec(),
            ]
            .concat();
            let _ = call(
                libc::SYS_prctl,
                [Arg::N(38), Arg::N(1), Arg::N(0), Arg::N(0), Arg::N(0)],
            );
            call(libc::SYS_seccomp, [Arg::N(1), Arg::N(8), Arg::B(&program)])?;
            Ok("a listener".into())
        },
    ),
    attack("fanotify", Class::Syscalls, "watches others", |_| {
        // FAN_REPORT_FID: for everybody.
        call(libc::SYS_fanotify_init, [Arg::N(0x200), Arg::N(0)])?;
        Ok("a group".into())
    }),
    attack("place-memory", Class::Syscalls, SURFACE, |_| {
        call(libc::SYS_set_mempolicy, [Arg::N(0), Arg::N(0), Arg::N(0)])?;
        Ok("a policy".into())
    }),
    attack("file-system-types", Class::Syscalls, SURFACE, |_| {
        let count = call(libc::SYS_sysfs, [Arg::N(3)])?;
        Ok(format!("{count} kinds of file systems"))
    }),
    unshown("secret-memory", Class::Syscalls, SURFACE, KERNEL, |_| {
        call(libc::SYS_memfd_secret, [Arg::N(0)])?;
        Ok("a descriptor".into())
    }),
    unshown("io-ports", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_ioperm, [Arg::N(0x80), Arg::N(1), Arg::N(1)])?;
        Ok("a port".into())
    }),
    unshown("io-privilege", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_iopl, [Arg::N(3)])?;
        Ok("all ports".into())
    }),
    unshown("kernel-log", Class::Syscalls, "syslog", KERNEL, |_| {
        // SYSLOG_ACTION_SIZE_BUFFER asks for least.
        let size = call(libc::SYS_syslog, [Arg::N(10), Arg::N(0), Arg::N(0)])?;
        Ok(format!("{size} bytes of log"))
    }),
    unshown("load-module", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_init_module, [Arg::Z(8), Arg::N(8), Arg::T("")])?;
        Ok("loaded".into())
    }),
    unshown("load-module-file", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_finit_module, [Arg::N(0), Arg::T(""), Arg::N(0)])?;
        Ok("loaded".into())
    }),
    unshown("unload-module", Class::Syscalls, MACHINE, ROOT, |_| {
        call(
            libc::SYS_delete_module,
            [Arg::T("oz-probe-none"), Arg::N(0x800)],
        )?;
        Ok("unloaded".into())
    }),
    unshown("kexec", Class::Syscalls, MACHINE, ROOT, |_| {
        call(
            libc::SYS_kexec_load,
            [Arg::N(0), Arg::N(0), Arg::N(0), Arg::N(0)],
        )?;
        Ok("loaded".into())
    }),
    unshown("kexec-file", Class::Syscalls, MACHINE, ROOT, |_| {
        let [kernel, initrd, length] = [-1, -1, 0].map(Arg::N);
        call(
            libc::SYS_kexec_file_load,
            [kernel, initrd, length, Arg::T(""), Arg::N(4)],
        )?;
        Ok("loaded".into())
    }),
    unshown("reboot", Class::Syscalls, MACHINE, ROOT, |_| {
        // Only what the keys Ctrl-Alt-Del do: harmless if it is done.
        let magic = [0xfee1_dead, 672_274_793, 0].map(Arg::N);
        call(libc::SYS_reboot, magic)?;
        Ok("the keys are changed".into())
    }),
    unshown("swap-on", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_swapon, [Arg::T("/tmp/oz-probe-swap"), Arg::N(0)])?;
        Ok("on".into())
    }),
    unshown("swap-off", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_swapoff, [Arg::T("/tmp/oz-probe-swap")])?;
        Ok("off".into())
    }),
    unshown("quota", Class::Syscalls, MACHINE, ROOT, |_| {
        // Q_SYNC of everything needs nothing but a kernel that has quotas.
        call(
            libc::SYS_quotactl,
            [Arg::N(0x8000_0100), Arg::N(0), Arg::N(0), Arg::N(0)],
        )?;
        Ok("asked".into())
    }),
    unshown("accounting", Class::Syscalls, MACHINE, ROOT, |_| {
        call(libc::SYS_acct, [Arg::T("/tmp/oz-probe-acct")])?;
        Ok("on".into())
    }),
    unshown("set-time", Class::Syscalls, CLOCK, ROOT, |_| {
        call(libc::SYS_settimeofday, [Arg::N(0), Arg::Z(8)])?;
        Ok("the time zone is set".into())
    }),
    unshown("set-clock", Class::Syscalls, CLOCK, ROOT, |_| {
        call(libc::SYS_clock_settime, [Arg::N(0), Arg::Z(16)])?;
        Ok("set".into())
    }),
    unshown("adjust-clock", Class::Syscalls, CLOCK, ROOT, |_| {
        // ADJ_TICK of 10000, which it is anyway.
        let mut timex = words(&[0x4000]);
        timex.resize(208, 0);
        timex[88..90].copy_from_slice(&10_000_u16.to_ne_bytes());
        call(libc::SYS_clock_adjtime, [Arg::N(0), Arg::B(&timex)])?;
        Ok("adjusted".into())
    }),
    unshown("x32-call", Class::Syscalls, OTHER_ABI, KERNEL, |_| {
        same_pid(call(0x4000_0027, [])?)
    }),
    attack("int80-call", Class::Syscalls, OTHER_ABI, |_| {
        same_pid(crate::raw::int80_getpid())
    }),
    unshown(
        "future-call",
        Class::Syscalls,
        SURFACE,
        "there is none yet",
        |_| {
            call(2000, [])?;
            Ok("it exists".into())
        },
    ),
    unshown(
        "capabilities-of-init",
        Class::Syscalls,
        SURFACE,
        ROOT,
        |_| {
            // PR_CAP_AMBIENT_RAISE of CAP_SYS_ADMIN.
            let arguments = [47, 2, 21, 0, 0].map(Arg::N);
            call(libc::SYS_prctl, arguments)?;
            Ok("raised".into())
        },
    ),
    attack(
        "virtual-memory-of-kernel",
        Class::Syscalls,
        "PR_SET_MM_MAP_SIZE",
        |_| {
            // PR_SET_MM, PR_SET_MM_MAP_SIZE: how programs disguise themselves.
            let mut size = [0; 4];
            let [option, sub] = [35, 15].map(Arg::N);
            call(
                libc::SYS_prctl,
                [option, sub, Arg::Out(&mut size), Arg::N(0), Arg::N(0)],
            )?;
            Ok("its own map can be changed".into())
        },
    ),
];

fn same_pid(answer: i64) -> Outcome {
    if answer == i64::from(std::process::id()) {
        Ok("it answers".into())
    } else {
        refused(format!("it answers {answer}"))
    }
}
