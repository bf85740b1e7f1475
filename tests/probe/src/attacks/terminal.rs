//! The terminal of whoever started the app.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::attack::{Attack, Class, ROOT, attack, unshown};
use crate::outcome::{Outcome, Stop, refused};
use crate::sys::{Arg, call};

const TIOCSTI: i64 = 0x5412;
const TIOCLINUX: i64 = 0x541c;
const TIOCCONS: i64 = 0x541d;
const LEGACY: &str = "newer kernels refuse it to everybody by default";
const CONSOLE: &str = "only a console has it";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    unshown("tiocsti", Class::Terminal, "CVE-2017-5226", LEGACY, |_| {
        on_terminal(TIOCSTI)
    }),
    unshown(
        "tiocsti-bit-32",
        Class::Terminal,
        "high bits (CVE-2019-10063)",
        LEGACY,
        |_| on_terminal(TIOCSTI | 1 << 32),
    ),
    unshown(
        "tiocsti-all-high-bits",
        Class::Terminal,
        "high bits (CVE-2019-10063)",
        LEGACY,
        |_| on_terminal(TIOCSTI | -1 << 32),
    ),
    unshown(
        "tioclinux",
        Class::Terminal,
        "CVE-2023-28100",
        CONSOLE,
        |_| on_terminal(TIOCLINUX),
    ),
    unshown(
        "tioclinux-bit-32",
        Class::Terminal,
        "CVE-2023-28100",
        CONSOLE,
        |_| on_terminal(TIOCLINUX | 1 << 32),
    ),
    unshown(
        "tioccons",
        Class::Terminal,
        "takes the console's output",
        ROOT,
        |_| on_terminal(TIOCCONS),
    ),
    unshown(
        "steal-terminal",
        Class::Terminal,
        "TIOCSCTTY with the argument 1",
        ROOT,
        |_| {
            // On a terminal that is somebody else's: any of the host's that can be opened.
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open("/dev/tty0")?;
            call(libc::SYS_setsid, [])?;
            call(
                libc::SYS_ioctl,
                [Arg::N(file.as_raw_fd().into()), Arg::N(0x540e), Arg::N(1)],
            )?;
            Ok("a console".into())
        },
    ),
    attack(
        "host-s-terminals",
        Class::Terminal,
        "a terminal of its own",
        |t| {
            let name = t.path("terminal")?;
            let file = OpenOptions::new().read(true).write(true).open(&name)?;
            use std::os::unix::fs::MetadataExt;
            // Every instance of the file system numbers its own; the device's number tells them apart.
            if file.metadata()?.dev().to_string() == t.get("terminal.device")? {
                Ok(format!("{} is open", name.display()))
            } else {
                refused("a terminal of the sandbox's own")
            }
        },
    ),
    unshown("console", Class::Terminal, "no ttyN", ROOT, |_| {
        for name in [
            "/dev/tty0",
            "/dev/tty1",
            "/dev/console",
            "/dev/vcs",
            "/dev/ttyS0",
        ] {
            if File::open(name).is_ok() {
                return Ok(format!("{name} is open"));
            }
        }
        refused("no console can be opened")
    }),
    unshown(
        "hang-up",
        Class::Terminal,
        "takes terminals away",
        ROOT,
        |_| {
            call(libc::SYS_vhangup, [])?;
            Ok("hung up".into())
        },
    ),
    attack(
        "line-discipline",
        Class::Terminal,
        "kernel holes: n_gsm, n_hdlc (CVE-2017-2636)",
        |_| {
            let terminal = terminal()?;
            // The usual one is set again; that others can be loaded depends on the kernel.
            let fd = Arg::N(terminal.as_raw_fd().into());
            call(libc::SYS_ioctl, [fd, Arg::N(0x5423), Arg::Z(4)])?;
            Ok("a line discipline is set".into())
        },
    ),
];

/// A terminal of our own, as the controlling one.
fn terminal() -> Result<OwnedFd, Stop> {
    let keeper = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&keeper)?;
    unlockpt(&keeper)?;
    let name = ptsname(&keeper, Vec::new())?;
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_string_lossy().as_ref())?;
    // It hangs up when the other side is closed.
    std::mem::forget(keeper);
    let _ = call(libc::SYS_setsid, []);
    call(
        libc::SYS_ioctl,
        [
            Arg::N(terminal.as_raw_fd().into()),
            Arg::N(0x540e),
            Arg::N(0),
        ],
    )?;
    Ok(terminal.into())
}

fn on_terminal(request: i64) -> Outcome {
    let terminal = terminal()?;
    // What is no console answers ENOTTY to the requests of consoles.
    call(
        libc::SYS_ioctl,
        [
            Arg::N(terminal.as_raw_fd().into()),
            Arg::N(request),
            Arg::T("x"),
        ],
    )?;
    Ok("it was done".into())
}
