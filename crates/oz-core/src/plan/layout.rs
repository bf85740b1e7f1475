//! Where things lie inside every sandbox.

use std::path::{Path, PathBuf};

/// What is Oz's own inside: read-only.
pub const OZ: &str = "/run/oz";

/// A read-only view of `live` in [`HostFacts::runtime`](super::HostFacts::runtime), in which the
/// daemon keeps `resolv.conf` and a link `localtime` that follow the host's, and [`GTK3_DIALOGS`].
pub const LIVE: &str = "/run/oz/live";

/// A module for apps of GTK 3, by which dialogs ask the portal that do not by themselves.
pub const GTK3_DIALOGS: &str = "/run/oz/live/gtk3-dialogs.so";

/// Name of the directory behind [`LIVE`], below the runtime directory of the daemon.
pub const LIVE_NAME: &str = "live";

/// Name of the directory of private homes, below the state directory of the daemon.
pub const HOMES_NAME: &str = "homes";

/// Name of the directory of what sandboxes wrote over copies, below the state directory of the daemon: one for each
/// name of a sandbox.
pub const COPIES_NAME: &str = "copies";

/// Name of the layers of the user's home in such a directory.
pub const COPIED_HOME: &str = "home";

/// Configuration of the private bus.
pub const BUS_CONFIG: &str = "/run/oz/bus.conf";

/// What the private bus starts by name.
pub const BUS_SERVICES: &str = "/run/oz/services";

/// Data of ours that comes before the system's in `XDG_DATA_DIRS`.
pub const DATA: &str = "/run/oz/share";

/// The name of the portals, which the bus proxy has on the private bus.
pub const PORTAL: &str = "org.freedesktop.portal.Desktop";

/// The program of the private bus.
pub const BUS_DAEMON: &str = "/usr/bin/dbus-daemon";

/// The X server inside, which makes Wayland windows of X windows.
pub const XWAYLAND: &str = "/usr/bin/Xwayland";

/// Where its clients look for its socket.
pub const X11: &str = "/tmp/.X11-unix";

/// Which of the servers there it is, as in `DISPLAY`.
pub const X11_DISPLAY: &str = ":0";

/// The secret that its clients show it.
pub const X11_COOKIE: &str = "/run/oz/xauthority";

/// Name of the compositor's socket in the runtime directory, as in `WAYLAND_DISPLAY`.
pub const WAYLAND: &str = "wayland-0";

/// Directory of the sound server's socket in the runtime directory, where its clients look for it.
pub const PULSE: &str = "pulse";

/// Configuration of sound clients.
pub const PULSE_CLIENT: &str = "/etc/pulse/client.conf";

/// What sound clients inside take for the server's cookie: no secret.
pub const PULSE_COOKIE: &str = "/run/oz/pulse-cookie";

/// Configuration of programs that know no sound server, only sound cards.
pub const ASOUND: &str = "/etc/asound.conf";

/// Where programs are found.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games:/usr/sbin:/sbin";

/// Device nodes that may be inside, each with its reason.
pub const DEVICES: &[(&str, &str)] = &[
    ("/dev/null", "swallows everything"),
    ("/dev/zero", "memory for old allocators"),
    ("/dev/full", "tests of a full disk"),
    ("/dev/random", "random numbers"),
    ("/dev/urandom", "random numbers"),
    (
        "/dev/tty",
        "the terminal of the session that opens it, if it has one",
    ),
];

/// What identifies the machine until it restarts: each sandbox is told another, new for each launch,
/// as a machine's is for each start. What a program has noted with it is stale as soon as its processes are.
pub const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Entries of /proc that are hidden, each with its reason.
pub const PROC_MASKS: &[(&str, &str)] = &[
    ("/proc/acpi", "hardware, and switches of it"),
    ("/proc/asound", "sound hardware"),
    ("/proc/bus", "devices by number"),
    ("/proc/cmdline", "identifies the installation"),
    ("/proc/config.gz", "which holes the kernel may have"),
    ("/proc/diskstats", "names disks, shows what others do"),
    ("/proc/driver", "hardware"),
    ("/proc/fs", "names disks, and switches of file systems"),
    ("/proc/interrupts", "shows each key press of the user"),
    ("/proc/iomem", "layout of memory"),
    ("/proc/ioports", "hardware"),
    ("/proc/irq", "hardware, and switches of it"),
    ("/proc/kallsyms", "layout of the kernel"),
    ("/proc/kcore", "all memory"),
    ("/proc/key-users", "key rings of all users"),
    ("/proc/keys", "key rings"),
    ("/proc/kmsg", "the kernel's log"),
    ("/proc/kpagecgroup", "use of memory by others"),
    ("/proc/kpagecount", "use of memory by others"),
    ("/proc/kpageflags", "use of memory by others"),
    ("/proc/latency_stats", "what others do"),
    ("/proc/mdstat", "names disks"),
    ("/proc/modules", "which holes the kernel may have"),
    ("/proc/mtrr", "hardware"),
    ("/proc/partitions", "names disks"),
    ("/proc/pressure", "what others do"),
    ("/proc/sched_debug", "names processes of others"),
    ("/proc/schedstat", "what others do"),
    ("/proc/scsi", "hardware, and switches of it"),
    ("/proc/slabinfo", "what others do"),
    ("/proc/softirqs", "shows each packet and tick"),
    ("/proc/swaps", "names disks"),
    ("/proc/sysrq-trigger", "commands to the kernel"),
    ("/proc/timer_list", "what others do"),
    ("/proc/vmallocinfo", "layout of the kernel"),
];

/// The user's runtime directory inside: `XDG_RUNTIME_DIR`.
pub fn runtime(uid: u32) -> PathBuf {
    format!("/run/user/{uid}").into()
}

/// The sound server's socket inside.
pub fn pulse_socket(uid: u32) -> PathBuf {
    runtime(uid).join(PULSE).join("native")
}

/// What `PULSE_SERVER` says inside.
pub fn pulse_server(uid: u32) -> String {
    format!("unix:{}", pulse_socket(uid).display())
}

/// Whether it is below a volume that was plugged in for this user: `/run/media/USER/VOLUME`.
pub fn is_on_a_volume(user: &str, path: &Path) -> bool {
    let volumes = Path::new("/run/media").join(user);
    path != volumes && path.starts_with(volumes)
}

/// The X server's socket inside.
pub fn x11_socket() -> PathBuf {
    Path::new(X11).join("X0")
}

/// What makes the private bus wait for the portals to come instead of saying that there are none.
pub fn portal_service() -> PathBuf {
    Path::new(BUS_SERVICES).join(format!("{PORTAL}.service"))
}

/// The program inside that serves the private bus; it gets the socket as descriptor 3.
pub fn bus_helper() -> Vec<String> {
    [
        BUS_DAEMON,
        "--nofork",
        "--nopidfile",
        "--nosyslog",
        "--config-file=/run/oz/bus.conf",
        "--address=systemd:",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The program inside that is the X server. It gets its socket as descriptor 3, a connection to the display proxy as 4, and as 5
/// one on which the proxy is its window manager.
///
/// It listens nowhere else, draws in memory, and goes ten seconds after its last client.
pub fn x11_helper() -> Vec<String> {
    [
        XWAYLAND,
        X11_DISPLAY,
        "-rootless",
        "-shm",
        "-terminate",
        "10",
        "-auth",
        X11_COOKIE,
        "-listenfd",
        "3",
        "-wm",
        "5",
    ]
    .map(str::to_owned)
    .to_vec()
}
