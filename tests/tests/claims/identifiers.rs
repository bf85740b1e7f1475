//! What would tell this machine from others.

use oz_e2e::Session;
use oz_e2e::claim::{cannot, works_outside};
use oz_e2e::cli::sandboxed_sh;

#[test]
fn cannot_read_the_machine_id() {
    let _session = Session::begin();
    for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
        let host = works_outside("cat /etc/machine-id").text();
        let inside = sandboxed_sh(&format!("cat {path}")).run().text();
        assert!(!host.is_empty() && inside != host, "{path}: {inside}");
    }
}

#[test]
fn cannot_learn_the_host_name() {
    let _session = Session::begin();
    let host = works_outside("uname -n").text();
    for script in [
        "uname -n",
        "cat /etc/hostname",
        "cat /proc/sys/kernel/hostname",
        "cat /etc/hosts",
    ] {
        let inside = sandboxed_sh(script).run().text();
        assert!(
            !inside.split_whitespace().any(|word| word == host),
            "{script}: {inside}"
        );
    }
}

#[test]
fn cannot_look_at_the_hardware() {
    let _session = Session::begin();
    cannot("ls /sys/block | grep .");
    cannot("ls /sys/class/net | grep -v '^lo$'");
    cannot("ls /sys/bus/pci/devices | grep .");
    for path in [
        "/sys/class/dmi/id",
        "/sys/firmware",
        "/sys/kernel/debug",
        "/sys/fs/cgroup",
        "/sys/kernel/security",
    ] {
        sandboxed_sh(&format!("ls {path} | grep ."))
            .run()
            .refused_inside();
    }
    let devices = sandboxed_sh("cd /dev && find . -type c -o -type b | sort | tr '\\n' ' '")
        .run()
        .ok()
        .text();
    let allowed = ["full", "null", "ptmx", "random", "tty", "urandom", "zero"];
    for device in devices.split_whitespace() {
        let name = device.trim_start_matches("./");
        assert!(
            allowed.contains(&name) || name.starts_with("pts/"),
            "{device} in {devices}"
        );
    }
}

#[test]
fn cannot_read_what_proc_tells_of_the_kernel() {
    let _session = Session::begin();
    cannot("head -c 1 /proc/cmdline | grep .");
    for path in [
        "/proc/kcore",
        "/proc/kallsyms",
        "/proc/keys",
        "/proc/config.gz",
        "/proc/sysrq-trigger",
        "/proc/timer_list",
        "/proc/sched_debug",
        "/proc/scsi/scsi",
        "/proc/key-users",
        "/proc/modules",
        "/proc/interrupts",
        "/proc/diskstats",
        "/proc/partitions",
    ] {
        sandboxed_sh(&format!("head -c 64 {path} | grep -q ."))
            .run()
            .refused_inside();
    }
}

#[test]
fn cannot_change_kernel_settings() {
    let _session = Session::begin();
    let writable =
        "find /proc/sys /proc/irq /proc/bus /sys -type f -writable 2>/dev/null | head -3 | grep .";
    sandboxed_sh(writable).run().refused_inside();
}

#[test]
fn cannot_tell_by_the_boot_id_which_machine_this_is() {
    let _session = Session::begin();
    let script = "cat /proc/sys/kernel/random/boot_id";
    let host = works_outside(script).text();
    let [one, other] = [(); 2].map(|()| sandboxed_sh(script).run().ok().text());
    assert_eq!((one.len(), other.len()), (36, 36), "{one} {other}");
    assert!(one != host && other != host && one != other);
}

#[test]
fn has_a_machine_id_of_its_profile_s_own_wherever_it_looks() {
    let _session = Session::begin();
    let script = "cat /etc/machine-id /var/lib/dbus/machine-id";
    let host = works_outside("cat /etc/machine-id").text();
    let inside = sandboxed_sh(script).run().ok().text();
    let ids: Vec<&str> = inside.lines().collect();
    assert!(
        ids.len() == 2 && ids[0] == ids[1] && ids[0] != host,
        "{inside}"
    );
    assert_eq!(sandboxed_sh(script).run().ok().text(), inside, "it stays");
}
