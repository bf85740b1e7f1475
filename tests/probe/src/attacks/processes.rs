//! Processes that are not the app's: the host's, or init and what else runs beside the app.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use crate::attack::{Attack, Class, KERNEL, attack, unshown};
use crate::outcome::{Outcome, first, refused, untried};
use crate::sys::{Arg, call, long_words};
use crate::target::Target;

const LOOK: &str = "/proc of others";
const CONTROL: &str = "ptrace and its like";
const CHANGE: &str = "limits and scheduling of others";
const SIGNAL: &str = "signals out";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack("see-host-processes", Class::Processes, LOOK, see),
    attack("stranger-s-environment", Class::Processes, LOOK, |t| {
        each(t, |pid| filled(&format!("/proc/{pid}/environ")))
    }),
    attack("stranger-s-root", Class::Processes, LOOK, |t| {
        each(t, |pid| listed(pid, "root"))
    }),
    attack("stranger-s-directory", Class::Processes, LOOK, |t| {
        each(t, |pid| listed(pid, "cwd"))
    }),
    attack("stranger-s-descriptors", Class::Processes, LOOK, |t| {
        each(t, |pid| listed(pid, "fd"))
    }),
    attack("stranger-s-open-file", Class::Processes, LOOK, |t| {
        each(t, |pid| {
            let mut last = refused("none");
            for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
                let path = entry?.path();
                // A pipe would be waited for.
                if !fs::metadata(&path).is_ok_and(|meta| meta.is_file()) {
                    continue;
                }
                last = t.read(&path);
                if last.is_ok() {
                    break;
                }
            }
            last
        })
    }),
    attack("stranger-s-mapped-files", Class::Processes, LOOK, |t| {
        each(t, |pid| listed(pid, "map_files"))
    }),
    attack(
        "stranger-s-program",
        Class::Processes,
        "/proc/self/exe (CVE-2019-5736)",
        |t| {
            each(t, |pid| {
                File::open(format!("/proc/{pid}/exe"))?;
                Ok(format!("the program of {pid} is open"))
            })
        },
    ),
    attack("stranger-s-memory-map", Class::Processes, LOOK, |t| {
        each(t, |pid| filled(&format!("/proc/{pid}/maps")))
    }),
    attack("stranger-s-system-call", Class::Processes, LOOK, |t| {
        each(t, |pid| filled(&format!("/proc/{pid}/syscall")))
    }),
    attack("read-stranger-s-memory", Class::Processes, CONTROL, |t| {
        each(t, |pid| {
            let file = File::open(format!("/proc/{pid}/mem"))?;
            file.read_at(&mut [0; 16], address(pid)?)?;
            Ok(format!("16 bytes of {pid}"))
        })
    }),
    attack("write-stranger-s-memory", Class::Processes, CONTROL, |t| {
        each(t, |pid| {
            let mut file = OpenOptions::new()
                .write(true)
                .open(format!("/proc/{pid}/mem"))?;
            // To have it open is enough; nothing is written.
            file.seek(SeekFrom::Start(0))?;
            file.flush()?;
            Ok(format!("the memory of {pid} is open"))
        })
    }),
    attack("process-vm-read", Class::Processes, CONTROL, |t| {
        each(t, |pid| across(libc::SYS_process_vm_readv, pid))
    }),
    attack("process-vm-write", Class::Processes, CONTROL, |t| {
        each(t, |pid| {
            // Nothing is written: no bytes are named.
            let zero = || Arg::N(0);
            let to = Arg::N(pid.into());
            call(
                libc::SYS_process_vm_writev,
                [to, zero(), zero(), zero(), zero(), zero()],
            )?;
            Ok(format!("{pid} can be written to"))
        })
    }),
    attack("ptrace-stranger", Class::Processes, CONTROL, |t| {
        each(t, |pid| {
            // PTRACE_SEIZE stops nobody.
            let arguments = [0x4206, pid.into(), 0, 0].map(Arg::N);
            call(libc::SYS_ptrace, arguments)?;
            Ok(format!("{pid} is traced"))
        })
    }),
    attack(
        "take-stranger-s-descriptor",
        Class::Processes,
        CONTROL,
        |t| {
            each(t, |pid| {
                let pidfd = call(libc::SYS_pidfd_open, [Arg::N(pid.into()), Arg::N(0)])?;
                call(libc::SYS_pidfd_getfd, [Arg::N(pidfd), Arg::N(0), Arg::N(0)])?;
                Ok(format!("descriptor 0 of {pid}"))
            })
        },
    ),
    attack("compare-with-stranger", Class::Processes, CONTROL, |t| {
        each(t, |pid| {
            let own = std::process::id().into();
            let arguments = [pid.into(), own, 1, 0, 0].map(Arg::N);
            call(libc::SYS_kcmp, arguments)?;
            Ok(format!("compared with {pid}"))
        })
    }),
    attack("robust-list-of-stranger", Class::Processes, CONTROL, |t| {
        each(t, |pid| {
            let arguments = [Arg::N(pid.into()), Arg::Z(8), Arg::Z(8)];
            call(libc::SYS_get_robust_list, arguments)?;
            Ok(format!("an address in {pid}"))
        })
    }),
    unshown(
        "advise-stranger-s-memory",
        Class::Processes,
        CONTROL,
        KERNEL,
        |t| {
            each(t, |pid| {
                let pidfd = call(libc::SYS_pidfd_open, [Arg::N(pid.into()), Arg::N(0)])?;
                let range = long_words(&[address(pid)? & !0xfff, 4096]);
                // MADV_COLD: harmless if it is done.
                let [flags, advice, one] = [0, 20, 1].map(Arg::N);
                call(
                    libc::SYS_process_madvise,
                    [Arg::N(pidfd), Arg::B(&range), one, advice, flags],
                )?;
                Ok(format!("memory of {pid} is cold"))
            })
        },
    ),
    unshown(
        "move-stranger-s-pages",
        Class::Processes,
        CONTROL,
        KERNEL,
        |t| {
            each(t, |pid| {
                let zero = || Arg::N(0);
                let who = Arg::N(pid.into());
                call(
                    libc::SYS_move_pages,
                    [who, zero(), zero(), zero(), zero(), zero()],
                )?;
                Ok(format!("asked of {pid}"))
            })
        },
    ),
    attack("limit-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            // RLIMIT_CORE to nothing: what can be set can be set lower.
            let none = long_words(&[0, 0]);
            let arguments = [Arg::N(pid.into()), Arg::N(4), Arg::B(&none), Arg::N(0)];
            call(libc::SYS_prlimit64, arguments)?;
            Ok(format!("a limit of {pid} is set"))
        })
    }),
    attack("schedule-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            // SCHED_BATCH
            let arguments = [Arg::N(pid.into()), Arg::N(3), Arg::Z(4)];
            call(libc::SYS_sched_setscheduler, arguments)?;
            Ok(format!("{pid} is scheduled otherwise"))
        })
    }),
    attack("pin-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            let first = long_words(&[1]);
            let arguments = [Arg::N(pid.into()), Arg::N(8), Arg::B(&first)];
            call(libc::SYS_sched_setaffinity, arguments)?;
            Ok(format!("{pid} runs on one processor"))
        })
    }),
    attack("slow-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            let arguments = [0, pid.into(), 19].map(Arg::N);
            call(libc::SYS_setpriority, arguments)?;
            Ok(format!("{pid} is nice"))
        })
    }),
    attack("slow-all-of-the-user", Class::Processes, CHANGE, |t| {
        if t.is_outside() {
            return each(t, |pid| {
                let arguments = [0, pid.into(), 19].map(Arg::N);
                call(libc::SYS_setpriority, arguments)?;
                Ok(format!("{pid} is nice, as all would be"))
            });
        }
        // PRIO_USER, oneself: everybody of the user's who can be seen.
        let arguments = [2, 0, 19].map(Arg::N);
        call(libc::SYS_setpriority, arguments)?;
        Ok("all are nice".into())
    }),
    attack("disk-priority-of-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            let arguments = [1, pid.into(), 0x6000].map(Arg::N);
            call(libc::SYS_ioprio_set, arguments)?;
            Ok(format!("{pid} waits for the disk"))
        })
    }),
    attack("kill-order-of-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            fs::write(format!("/proc/{pid}/oom_score_adj"), "1000")?;
            Ok(format!("{pid} is killed first"))
        })
    }),
    attack("forget-stranger-s-pages", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            fs::write(format!("/proc/{pid}/clear_refs"), "1")?;
            Ok(format!("{pid} was asked to"))
        })
    }),
    attack("rename-stranger", Class::Processes, CHANGE, |t| {
        each(t, |pid| {
            OpenOptions::new()
                .write(true)
                .open(format!("/proc/{pid}/coredump_filter"))?;
            Ok(format!("settings of {pid} are open"))
        })
    }),
    attack("signal-host", Class::Processes, SIGNAL, |t| {
        at_victim(t, |pid| {
            call(libc::SYS_kill, [Arg::N(pid), Arg::N(libc::SIGURG.into())])
        })
    }),
    attack("signal-host-thread", Class::Processes, SIGNAL, |t| {
        at_victim(t, |pid| {
            call(libc::SYS_tkill, [Arg::N(pid), Arg::N(libc::SIGURG.into())])
        })
    }),
    attack("signal-by-pidfd", Class::Processes, SIGNAL, |t| {
        at_victim(t, |pid| {
            let pidfd = call(libc::SYS_pidfd_open, [Arg::N(pid), Arg::N(0)])?;
            let arguments = [pidfd, libc::SIGURG.into(), 0, 0].map(Arg::N);
            call(libc::SYS_pidfd_send_signal, arguments)
        })
    }),
];

/// The first stranger with whom it works.
fn each(target: &Target, act: impl Fn(u32) -> Outcome) -> Outcome {
    let strangers = target.strangers();
    if strangers.is_empty() {
        return untried("nobody is there");
    }
    first(strangers.into_iter().map(act))
}

fn see(target: &Target) -> Outcome {
    let nonce = target.nonce()?;
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path().join("cmdline");
        if fs::read(&path).is_ok_and(|line| String::from_utf8_lossy(&line).contains(nonce)) {
            return Ok(format!("{} is the host's", path.display()));
        }
    }
    refused("no process of the host's")
}

fn filled(path: &str) -> Outcome {
    match fs::read(path)?.len() {
        0 => refused("empty"),
        size => Ok(format!("{size} bytes of {path}")),
    }
}

fn listed(pid: u32, what: &str) -> Outcome {
    let path = format!("/proc/{pid}/{what}/");
    match fs::read_dir(&path)?.count() {
        0 => refused("empty"),
        count => Ok(format!("{count} names in {path}")),
    }
}

/// An address that the process has mapped.
fn address(pid: u32) -> std::io::Result<u64> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let start = maps.split('-').next().unwrap_or_default();
    Ok(u64::from_str_radix(start, 16).unwrap_or(0x40_0000))
}

fn across(number: i64, pid: u32) -> Outcome {
    let mut bytes = [0_u8; 16];
    let local = long_words(&[bytes.as_mut_ptr() as u64, 16]);
    let remote = long_words(&[address(pid).unwrap_or(0x40_0000), 16]);
    let one = || Arg::N(1);
    let [to, flags] = [pid.into(), 0].map(Arg::N);
    call(
        number,
        [to, Arg::B(&local), one(), Arg::B(&remote), one(), flags],
    )?;
    Ok(format!("16 bytes of {pid}"))
}

/// Only the host's victim counts: its number may be that of somebody of our own.
fn at_victim(target: &Target, act: impl Fn(i64) -> std::io::Result<i64>) -> Outcome {
    let victim: i64 = target.get("victim")?.parse().unwrap_or(-1);
    if victim <= 1 {
        return untried("no victim");
    }
    act(victim)?;
    let line = fs::read(format!("/proc/{victim}/cmdline")).unwrap_or_default();
    if line.is_empty() {
        return Ok("somebody unseen got it".into());
    }
    target.recognised("who got it", &line)
}
