//! Init and everybody else.

use std::path::Path;

use oz_core::report::Wall;

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Processes,
        claim: "its init cannot be looked into",
        run: |_| {
            let open = ["mem", "environ", "maps", "syscall"];
            let opened = open.iter().filter(|name| {
                let file = std::fs::File::open(format!("/proc/1/{name}"));
                // Some can be opened by everybody, and read by few.
                file.is_ok_and(|mut file| {
                    std::io::Read::read(&mut file, &mut [0]).is_ok_and(|n| n > 0)
                })
            });
            let links = ["exe", "root", "cwd", "ns/mnt", "ns/user", "fd/0"];
            let followed = links
                .iter()
                .filter(|name| std::fs::read_link(format!("/proc/1/{name}")).is_ok());
            let all = opened.chain(followed).map(|name| (*name).to_owned());
            Verdict::nothing(&all.collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Processes,
        claim: "the first process that it sees is the sandbox's init",
        run: |_| match std::fs::read_to_string("/proc/1/comm") {
            Ok(name) if name.trim_end() == "oz-init" => Verdict::holds("oz-init"),
            Ok(name) => Verdict::broken(name.trim_end().to_owned()),
            Err(error) => Verdict::broken(error.to_string()),
        },
    },
    Trial {
        wall: Wall::Processes,
        claim: "its own /proc is of its own pid namespace",
        run: |_| {
            let own = rustix::process::getpid().as_raw_nonzero().to_string();
            match std::fs::read_link("/proc/self") {
                Ok(link) if link == Path::new(&own) => Verdict::holds(own),
                Ok(link) => Verdict::broken(link.display().to_string()),
                Err(error) => Verdict::broken(error.to_string()),
            }
        },
    },
];
