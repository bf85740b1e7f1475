//! Control groups of version 2, by which a service manager divides the machine: only read here, by what
//! the kernel says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use oz_core::plan::Limits;
use oz_core::report::State;

/// The control group of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// As in `/proc/PID/cgroup`.
    path: PathBuf,
    /// Where its files lie.
    directory: PathBuf,
}

/// How far a limit holds, and by what or why not.
pub type Seen = (State, String);

impl Group {
    /// The group of a process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let list = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let none = || io::Error::other("this machine has no control groups of version 2");
        let path = path(&list).ok_or_else(none)?;
        let (root, place) = hierarchy(&mounts).ok_or_else(none)?;
        let below = path
            .strip_prefix(&root)
            .ok()
            .filter(|below| !below.starts_with(".."))
            .ok_or_else(|| io::Error::other("its control group is out of sight"))?;
        Ok(Self {
            directory: place.join(below),
            path,
        })
    }

    /// The user's part of the hierarchy, in which the user's service manager makes groups, by a process
    /// in it or by where systemd has it.
    pub fn of_manager(uid: u32) -> io::Result<Self> {
        let own = Self::of(std::process::id())?;
        let unit = format!("user@{uid}.service");
        let above = |group: &Self| {
            let levels = group.path.ancestors().zip(group.directory.ancestors());
            let mut levels = levels.filter(|(path, _)| path.ends_with(&unit));
            levels.next().map(|(path, directory)| Self {
                path: path.to_owned(),
                directory: directory.to_owned(),
            })
        };
        if let Some(group) = above(&own) {
            return Ok(group);
        }
        let depth = own.path.components().count().saturating_sub(1);
        let top = own
            .directory
            .ancestors()
            .nth(depth)
            .unwrap_or(&own.directory);
        let below = format!("user.slice/user-{uid}.slice/{unit}");
        let group = Self {
            path: Path::new("/").join(&below),
            directory: top.join(&below),
        };
        match group.directory.try_exists()? {
            true => Ok(group),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// What all that is in it takes of memory at this moment, in bytes.
    pub fn memory_current(&self) -> Option<u64> {
        let text = fs::read_to_string(self.directory.join("memory.current")).ok()?;
        text.trim().parse().ok()
    }

    /// The last part of its path: the name of the unit that it belongs to.
    pub fn unit(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }

    /// What it can be limited in.
    pub fn controllers(&self) -> io::Result<Vec<String>> {
        let list = fs::read_to_string(self.directory.join("cgroup.controllers"))?;
        Ok(list.split_whitespace().map(str::to_owned).collect())
    }

    /// Whether it is limited in memory as a plan says.
    pub fn memory(&self, limits: &Limits) -> Seen {
        let mib = |bytes: u64| bytes >> 20;
        let most = match self.limit("memory.max", limits.total_memory) {
            Ok(most) => most,
            Err(why) => return (State::Not, why),
        };
        match self.limit("memory.swap.max", limits.total_swap()) {
            Ok(swap) => (
                State::Enforced,
                format!("{} MiB, and {} MiB of swap", mib(most), mib(swap)),
            ),
            Err(why) => (State::Partly, format!("{} MiB; of swap: {why}", mib(most))),
        }
    }

    /// Whether it has the part of the processor that a plan says.
    pub fn processor(&self, limits: &Limits) -> Seen {
        match self.number("cpu.weight") {
            Ok(Some(weight)) if weight == u64::from(limits.cpu_weight) => {
                (State::Enforced, format!("a weight of {weight}"))
            }
            Ok(weight) => {
                let weight = weight.map_or_else(|| "none".to_owned(), |weight| weight.to_string());
                let wanted = limits.cpu_weight;
                (
                    State::Not,
                    format!("its weight is {weight} instead of {wanted}"),
                )
            }
            Err(why) => (State::Not, why),
        }
    }

    /// Whether it is limited in tasks as a plan says.
    pub fn tasks(&self, limits: &Limits) -> Seen {
        match self.limit("pids.max", limits.processes.into()) {
            Ok(most) => (State::Enforced, format!("{most} tasks")),
            Err(why) => (State::Not, why),
        }
    }

    /// The limit that a file says, which is to be no more than this.
    fn limit(&self, file: &str, most: u64) -> Result<u64, String> {
        match self.number(file)? {
            Some(limit) if limit <= most => Ok(limit),
            Some(limit) => Err(format!("{file} is {limit} instead of {most}")),
            None => Err(format!("{file} says that there is no limit")),
        }
    }

    /// The number in a file; none for no limit.
    fn number(&self, file: &str) -> Result<Option<u64>, String> {
        let text =
            fs::read_to_string(self.directory.join(file)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    let controller = file.split('.').next().unwrap_or_default();
                    format!("the service manager has no controller {controller:?} to give")
                }
                _ => format!("{file} cannot be read: {error}"),
            })?;
        match text.trim() {
            "max" => Ok(None),
            number => match number.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(format!("{file} says {number:?}")),
            },
        }
    }
}

/// The line of version 2 in `/proc/PID/cgroup`.
fn path(list: &str) -> Option<PathBuf> {
    let line = list.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(PathBuf::from(line))
}

/// Which group is at the top of the mounted hierarchy, and where it is mounted: fields 4 and 5 of
/// `/proc/PID/mountinfo`, whose type comes behind a lone hyphen.
fn hierarchy(mounts: &str) -> Option<(PathBuf, PathBuf)> {
    mounts.lines().find_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        let is_ours = file_system.split(' ').next() == Some("cgroup2");
        is_ours.then(|| (root.into(), place.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            processes: 100,
            open_files: 64,
            memory: None,
            total_memory: 1 << 30,
            cpu_weight: 50,
        }
    }

    /// A group that says this.
    fn group(files: &[(&str, &str)]) -> (Group, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(directory.path().join(name), text).expect("written");
        }
        let group = Group {
            path: "/a/b.scope".into(),
            directory: directory.path().to_owned(),
        };
        (group, directory)
    }

    #[test]
    fn a_limit_holds_if_the_kernel_says_as_much_or_less() {
        let (good, _directory) = group(&[
            ("memory.max", "1073741824\n"),
            ("memory.swap.max", "0\n"),
            ("cpu.weight", "50\n"),
            ("pids.max", "99\n"),
        ]);
        assert_eq!(good.memory(&limits()).0, State::Enforced);
        assert_eq!(good.processor(&limits()).0, State::Enforced);
        assert_eq!(good.tasks(&limits()).0, State::Enforced);
        assert_eq!(good.unit(), "b.scope");
    }

    #[test]
    fn what_is_more_or_unlimited_or_not_there_does_not_hold() {
        let (more, _more) = group(&[
            ("memory.max", "1073741825\n"),
            ("cpu.weight", "100\n"),
            ("pids.max", "101\n"),
        ]);
        let (unlimited, _unlimited) = group(&[("memory.max", "max\n"), ("pids.max", "max\n")]);
        let (without, _without) = group(&[]);
        let (nonsense, _nonsense) = group(&[("memory.max", "much\n"), ("cpu.weight", "\n")]);
        for group in [&more, &unlimited, &without, &nonsense] {
            assert_eq!(group.memory(&limits()).0, State::Not, "{group:?}");
            assert_eq!(group.processor(&limits()).0, State::Not, "{group:?}");
            assert_eq!(group.tasks(&limits()).0, State::Not, "{group:?}");
        }
        assert!(without.memory(&limits()).1.contains("\"memory\""));
    }

    #[test]
    fn unlimited_swap_is_a_limit_in_part() {
        for swap in ["max", "1073741824"] {
            let (group, _directory) = group(&[("memory.max", "4096"), ("memory.swap.max", swap)]);
            assert_eq!(group.memory(&limits()).0, State::Partly);
        }
    }

    #[test]
    fn the_hierarchy_of_version_2_is_found_among_the_others() {
        let list = "3:memory:/user\n1:name=systemd:/x\n0::/user.slice/b.scope\n";
        assert_eq!(path(list), Some("/user.slice/b.scope".into()));
        assert_eq!(path("3:memory:/user\n"), None);
        let mounts = "30 24 0:27 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro\n\
                      35 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 30 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw\n";
        let expected = ("/".into(), "/sys/fs/cgroup/unified".into());
        assert_eq!(hierarchy(mounts), Some(expected));
        assert_eq!(hierarchy("30 24 0:27 / /proc rw - proc proc rw\n"), None);
    }
}
