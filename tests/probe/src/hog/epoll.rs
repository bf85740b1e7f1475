//! Watches of epoll: in each process as many instances as files, each of which watches all the files.

use std::io::{BufRead, BufReader, Read, stdin};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::Attempt;
use crate::say;

/// More processes are not needed on any machine that tests run on.
const MOST: usize = 1500;
/// What a process needs beside.
const SPARE: u64 = 16;
/// More files would make a process slow rather than greedy.
const FILES: usize = 500;

/// Children that together have all that the user can have, and how many that is.
pub(super) fn watches() -> Result<(Vec<Child>, usize), String> {
    let (mut children, mut total) = (Vec::new(), 0);
    while children.len() < MOST {
        let child = Command::new("/proc/self/exe")
            .arg("watch-as-told")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        // There are no more processes to be had.
        let Ok(mut child) = child else { break };
        let mut line = String::new();
        let out = child.stdout.take().ok_or("no output")?;
        let read = BufReader::new(out).read_line(&mut line);
        let (word, count) = line.trim().split_once(' ').unwrap_or_default();
        let count: usize = count.parse().unwrap_or(0);
        if read.is_err() || count == 0 {
            let _ = child.kill();
            let _ = child.wait();
            break;
        }
        total += count;
        children.push(child);
        if word == "full" {
            break;
        }
    }
    Ok((children, total))
}

/// Watches as much as it can, says whether there was more to be had and how much it was, and keeps it until
/// its input ends.
pub fn watch_as_told() -> Attempt {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(1024);
    let half = usize::try_from(limit.saturating_sub(SPARE) / 2).unwrap_or(FILES);
    let half = half.min(FILES);
    let files: Vec<OwnedFd> = (0..half)
        .map_while(|_| eventfd(0, EventfdFlags::CLOEXEC).ok())
        .collect();
    let (mut instances, mut count) = (Vec::new(), 0_usize);
    let mut word = "more";
    'all: for _ in 0..half {
        let Ok(instance) = epoll::create(epoll::CreateFlags::CLOEXEC) else {
            break;
        };
        for file in &files {
            let data = epoll::EventData::new_u64(0);
            match epoll::add(&instance, file, data, epoll::EventFlags::IN) {
                Ok(()) => count += 1,
                Err(Errno::NOSPC) => {
                    word = "full";
                    instances.push(instance);
                    break 'all;
                }
                Err(_) => break,
            }
        }
        instances.push(instance);
    }
    say(&format!("{word} {count}"));
    let _ = stdin().read(&mut [0]);
    Ok("done".to_owned())
}
