//! Lists of files that cross: read whole, capped and in time, then shown to the daemon, which says
//! what has become of each file.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_core::uri::{self, Item};
use oz_core::wire::display::{Event, FILES_MAX, asked};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use tracing::{debug, info};

use super::drag::Offer;
use crate::fds;
use crate::policy;
use crate::session::Session;

/// How long who has a list may take to say it.
const READING: Duration = Duration::from_secs(5);
/// How long the daemon may take: the user may be asked, who has a minute, and files be mounted.
const ASKING: Duration = Duration::from_secs(90);
/// Lists of one client at a time; further ones are empty.
const AT_ONCE: usize = 8;

/// What a list is for.
#[derive(Debug)]
pub(crate) enum Of {
    /// It was dropped on a window: the app's offer, and the token of the sandbox that it is from.
    Drop { app: Offer, source: Option<String> },
    /// Somebody outside reads what the app drags.
    Out { to: OwnedFd },
}

/// The lists that are under way.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    reading: Vec<Reading>,
    asked: Vec<Asked>,
}

#[derive(Debug)]
struct Reading {
    from: OwnedFd,
    bytes: Vec<u8>,
    until: Instant,
    of: Of,
}

#[derive(Debug)]
struct Asked {
    list: u64,
    items: Vec<Item>,
    until: Instant,
    of: Of,
}

/// How reading goes.
enum Step {
    More,
    Whole,
    /// It has no end that is worth waiting for.
    Never,
}

impl Lists {
    /// How many descriptors [`Self::poll`] adds.
    pub(crate) fn polled(&self) -> usize {
        self.reading.len()
    }

    pub(crate) fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.extend(
            self.reading
                .iter()
                .map(|reading| PollFd::new(&reading.from, PollFlags::IN)),
        );
    }

    /// Descriptors that it holds.
    pub(crate) fn fds(&self) -> usize {
        2 * self.reading.len() + self.asked.len()
    }

    /// When something is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let reading = self.reading.iter().map(|reading| reading.until);
        reading
            .chain(self.asked.iter().map(|asked| asked.until))
            .min()
    }
}

impl Reading {
    fn step(&mut self) -> Step {
        let mut buffer = [0; 16_384];
        loop {
            match rustix::io::read(&self.from, &mut buffer) {
                Ok(0) => return Step::Whole,
                Ok(count) if self.bytes.len() + count > policy::LIST_MAX => return Step::Never,
                Ok(count) => self.bytes.extend_from_slice(&buffer[..count]),
                Err(Errno::AGAIN) => return Step::More,
                Err(Errno::INTR) => {}
                Err(_) => return Step::Never,
            }
        }
    }
}

impl Session {
    /// Begins to read a list.
    pub(crate) fn read_list(&mut self, from: OwnedFd, of: Of) {
        let lists = &self.lists;
        let full = lists.reading.len() + lists.asked.len() >= AT_ONCE;
        if full || rustix::io::ioctl_fionbio(&from, true).is_err() {
            self.end_list(&[], of);
            return;
        }
        self.lists.reading.push(Reading {
            from,
            bytes: Vec::new(),
            until: Instant::now() + READING,
            of,
        });
    }

    /// Reads where poll saw something.
    pub(crate) fn run_lists(&mut self, ready: &[PollFlags]) {
        let mut ready = ready.iter();
        let mut over = Vec::new();
        let mut index = 0;
        while index < self.lists.reading.len() {
            let idle = ready.next().is_none_or(|flags| flags.is_empty());
            let step = if idle {
                Step::More
            } else {
                self.lists.reading[index].step()
            };
            match step {
                Step::More => index += 1,
                Step::Whole => over.push((self.lists.reading.remove(index), true)),
                Step::Never => over.push((self.lists.reading.remove(index), false)),
            }
        }
        for (reading, whole) in over {
            if whole {
                self.ask_about(&reading.bytes, reading.of);
            } else {
                info!("a list of files is too long, or broken");
                self.end_list(&[], reading.of);
            }
        }
    }

    /// Asks the daemon what becomes of the files of a list.
    fn ask_about(&mut self, text: &[u8], of: Of) {
        let mut items = uri::list(text);
        let clipboard = self.shared.clipboard.get();
        let links = match &of {
            Of::Drop { .. } => clipboard.lets_in(),
            Of::Out { .. } => clipboard.lets_out(),
        };
        items.retain(|item| links || matches!(item, Item::File(_)));
        if items.len() > FILES_MAX {
            info!(files = items.len(), "a list has too many files");
            items.clear();
        }
        let is_file = |item: &Item| match item {
            Item::File(path) => Some(path.clone()),
            Item::Link(_) => None,
        };
        let paths: Vec<OsBytes> = items.iter().filter_map(is_file).collect();
        if paths.is_empty() {
            self.end_list(&items, of);
            return;
        }
        let list = self.shared.next_list();
        let mut events = asked(list, &paths);
        events.push(match &of {
            Of::Drop { source, .. } => Event::Dropped {
                list,
                source: source.clone(),
            },
            Of::Out { .. } => Event::Leaving { list },
        });
        self.lists.asked.push(Asked {
            list,
            items,
            until: Instant::now() + ASKING,
            of,
        });
        if !self.shared.report.post(&events) {
            debug!("the daemon cannot be asked about files");
            self.answered_list(list, &[]);
        }
    }

    /// The daemon's answer, one entry for each file; what is missing is none. False if nothing here waits for it.
    pub(crate) fn answered_list(&mut self, list: u64, paths: &[Option<OsBytes>]) -> bool {
        let asked = &mut self.lists.asked;
        let Some(at) = asked.iter().position(|asked| asked.list == list) else {
            return false;
        };
        let Asked { items, of, .. } = asked.remove(at);
        let mut paths = paths.iter();
        let become_of = |item: Item| match item {
            Item::File(_) => paths.next().cloned().flatten().map(Item::File),
            link => Some(link),
        };
        let items: Vec<Item> = items.into_iter().filter_map(become_of).collect();
        self.end_list(&items, of);
        true
    }

    fn end_list(&mut self, items: &[Item], of: Of) {
        let text = uri::text(items);
        match of {
            Of::Drop { app, .. } => self.files_known(&app, text),
            Of::Out { to } => self.deliver(&text, to),
        }
    }

    /// Gives up what has not come in time.
    pub(crate) fn give_up_lists(&mut self, now: Instant) {
        let late = |until: Instant| until <= now;
        let reading = std::mem::take(&mut self.lists.reading);
        let (gone, kept): (Vec<_>, _) = reading.into_iter().partition(|one| late(one.until));
        self.lists.reading = kept;
        for reading in gone {
            info!("a list of files does not come");
            self.end_list(&[], reading.of);
        }
        let asked = self.lists.asked.iter();
        let gone = asked.filter(|asked| late(asked.until));
        let gone: Vec<u64> = gone.map(|asked| asked.list).collect();
        for list in gone {
            info!("the daemon does not say what becomes of files");
            self.answered_list(list, &[]);
        }
    }

    /// Writes a text into somebody's pipe, as it is read.
    pub(crate) fn deliver(&mut self, text: &str, to: OwnedFd) {
        if text.is_empty() {
            return;
        }
        let written = fds::own_memory("list", text.len() as u64).and_then(|memory| {
            fds::write_at(std::os::fd::AsFd::as_fd(&memory), text.as_bytes(), 0)?;
            Ok(memory)
        });
        match written {
            Ok(memory) => self.transfer(memory, to, None),
            Err(error) => debug!(%error, "no memory for a list"),
        }
    }
}
