//! What would tell this host from others.

use std::fs;
use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::Pairs;

/// Everything but what was made for the attacks.
pub fn gather() -> std::io::Result<Pairs> {
    let uname = rustix::system::uname();
    let read = |path: &str| {
        fs::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let uid = rustix::process::getuid().as_raw().to_string();
    let runtime = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
    let bus = crate::bus::id(&Path::new(&runtime).join("bus"));
    let all = [
        ("bus.id", bus.unwrap_or_default()),
        ("hostname", uname.nodename().to_string_lossy().into_owned()),
        ("release", uname.release().to_string_lossy().into_owned()),
        ("machine-id", read("/etc/machine-id")),
        ("boot-id", read("/proc/sys/kernel/random/boot_id")),
        ("cmdline", read("/proc/cmdline")),
        ("mac", macs().join(" ")),
        ("addresses", addresses().join(" ")),
        ("interfaces", interfaces().join(" ")),
        ("neighbours", neighbours(&read("/proc/net/arp")).join(" ")),
        ("gateway", gateway().unwrap_or_default()),
        (
            "resolver",
            word_after(&read("/etc/resolv.conf"), "nameserver"),
        ),
        ("disk", disk(&read("/proc/partitions"))),
        ("accounts", accounts(&read("/etc/passwd"), &uid).join(" ")),
        ("cgroups", cgroups(&read("/proc/self/cgroup")).join(" ")),
        ("processor", processor(&read("/proc/cpuinfo"))),
        ("memory", word_after(&read("/proc/meminfo"), "MemTotal:")),
        ("booted", word_after(&read("/proc/stat"), "btime")),
        (
            "disk.blocks",
            rustix::fs::statvfs("/usr")?.f_blocks.to_string(),
        ),
        (
            "system",
            line(&read("/etc/os-release"), "VERSION_CODENAME="),
        ),
        ("programs", fs::read_dir("/usr/bin")?.count().to_string()),
        ("user", std::env::var("USER").unwrap_or_default()),
        ("uid", uid),
    ];
    Ok(all
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect())
}

/// A terminal of the host's, which lives as long as the descriptor.
pub fn terminal() -> std::io::Result<(File, Pairs)> {
    let keeper = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&keeper)?;
    unlockpt(&keeper)?;
    let name = ptsname(&keeper, Vec::new())?.to_string_lossy().into_owned();
    let device = OpenOptions::new().read(true).open(&name)?.metadata()?.dev();
    let pairs = vec![
        ("terminal".into(), name),
        ("terminal.device".into(), device.to_string()),
    ];
    Ok((File::from(keeper), pairs))
}

/// The address that others would use.
pub fn lan() -> Option<Ipv4Addr> {
    // No packet is sent by this; the kernel only chooses the route and with it the address.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_loopback() => Some(address),
        _ => None,
    }
}

/// Addresses and the interfaces that they are on.
pub fn addresses_v6() -> Vec<(Ipv6Addr, u32)> {
    let table = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let row = |line: &str| {
        let mut fields = line.split_whitespace();
        let address = u128::from_str_radix(fields.next()?, 16).ok()?;
        let interface = u32::from_str_radix(fields.next()?, 16).ok()?;
        Some((Ipv6Addr::from_bits(address), interface))
    };
    table.lines().filter_map(row).collect()
}

fn addresses() -> Vec<String> {
    let six = addresses_v6().into_iter().map(|(address, _)| address);
    let six = six
        .filter(|address| !address.is_loopback())
        .map(|address| address.to_string());
    lan()
        .map(|address| address.to_string())
        .into_iter()
        .chain(six)
        .collect()
}

fn interfaces() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/net")
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "lo").collect()
}

fn macs() -> Vec<String> {
    let read = |name: &String| fs::read_to_string(format!("/sys/class/net/{name}/address")).ok();
    let all = interfaces();
    let texts = all
        .iter()
        .filter_map(read)
        .map(|text| text.trim().to_owned());
    texts
        .filter(|mac| mac.len() == 17 && mac != "00:00:00:00:00:00")
        .collect()
}

/// The addresses of hardware in the table of neighbours.
fn neighbours(table: &str) -> Vec<String> {
    let column = |line: &str| line.split_whitespace().nth(3).map(str::to_owned);
    let all = table.lines().skip(1).filter_map(column);
    all.filter(|mac| mac != "00:00:00:00:00:00").collect()
}

fn gateway() -> Option<String> {
    let table = fs::read_to_string("/proc/net/route").ok()?;
    let row = table
        .lines()
        .find(|line| line.split('\t').nth(1) == Some("00000000"))?;
    let number = u32::from_str_radix(row.split('\t').nth(2)?, 16).ok()?;
    Some(Ipv4Addr::from(number.swap_bytes()).to_string())
}

fn word_after(text: &str, start: &str) -> String {
    let rest = text
        .lines()
        .find_map(|line| line.strip_prefix(start))
        .unwrap_or_default();
    rest.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn line(text: &str, start: &str) -> String {
    text.lines()
        .find(|line| line.starts_with(start))
        .unwrap_or_default()
        .to_owned()
}

fn disk(partitions: &str) -> String {
    let last = partitions
        .lines()
        .last()
        .and_then(|line| line.split_whitespace().last());
    last.map(|name| format!("/dev/{name}")).unwrap_or_default()
}

/// Names of others than the user, root and nobody.
fn accounts(passwd: &str, uid: &str) -> Vec<String> {
    let fields = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let others = fields.filter(|fields| {
        let number = fields.get(2).copied().unwrap_or_default();
        !["0", "65534", uid].contains(&number)
    });
    others
        .filter_map(|fields| fields.first().map(|name| (*name).to_owned()))
        .collect()
}

fn cgroups(table: &str) -> Vec<String> {
    let named = |line: &&str| !line.ends_with(":/");
    table
        .lines()
        .filter(named)
        .filter(|line| !line.contains(' '))
        .map(str::to_owned)
        .collect()
}

/// The longest word of the processor's name: the one that says most.
fn processor(cpuinfo: &str) -> String {
    let name = line(cpuinfo, "model name");
    let words = name
        .split(':')
        .nth(1)
        .unwrap_or_default()
        .split_whitespace();
    words
        .max_by_key(|word| word.len())
        .unwrap_or_default()
        .to_owned()
}
