//! What was seen of programs while they were trained. It is what hostile programs said, so nobody here looks into it: it is
//! kept in Oz's own state, which no app can write, and given to the worker that folds it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use oz_core::learn::{Folded, MOST_FOLDED, MOST_LOG, MOST_RUNS};
use oz_core::profile::measure::Choice;
use serde::{Deserialize, Serialize};

use crate::{environment, small, worker};

/// Under what a program was trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The program's path, or what the user called it.
    pub command: String,
    /// Its profile.
    pub profile: Option<String>,
    /// Without one, the template that fits.
    pub template: Option<Choice>,
}

/// The trainings of one program.
#[derive(Clone, Debug)]
pub struct Training(PathBuf);

/// Name of the file about what it is.
const BASE: &str = "base.json";
/// Name of the list of what was given.
const GIVEN: &str = "given.json";
/// A longer one is none of ours.
const MOST_BASE: u64 = 16 << 10;

impl Training {
    /// That of a name, which has to be one that profiles have.
    pub fn of(name: &str) -> Self {
        Self(environment::state().join("oz/learn").join(name))
    }

    /// Under what it was trained; none if it was not.
    pub fn base(&self) -> Option<Base> {
        serde_json::from_slice(&small::read(&self.0.join(BASE), MOST_BASE).ok()?).ok()
    }

    /// A file for the next run. Of more than are kept the oldest goes, and all that were under something else.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn begin(&self, base: &Base) -> io::Result<File> {
        if self.base().is_some_and(|old| old != *base) {
            self.forget()?;
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)?;
        small::replace(&self.0.join(BASE), &serde_json::to_vec(base)?, 0o600)?;
        let runs = self.runs()?;
        for run in runs.iter().rev().skip(MOST_RUNS - 1) {
            fs::remove_file(self.log(*run))?;
        }
        let next = runs.last().map_or(1, |last| last + 1);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.log(next))
    }

    /// Keeps what the user gave to a run.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn give(&self, paths: &[PathBuf]) -> io::Result<()> {
        let mut all = self.given();
        all.extend(paths.iter().map(|path| path.to_string_lossy().into_owned()));
        all.sort();
        all.dedup();
        small::replace(&self.0.join(GIVEN), &serde_json::to_vec(&all)?, 0o600)
    }

    /// All that the user gave to its runs.
    pub fn given(&self) -> Vec<String> {
        let text = small::read(&self.0.join(GIVEN), MOST_LOG).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn log(&self, run: u64) -> PathBuf {
        self.0.join(format!("{run}.log"))
    }

    /// Numbers of the runs that are kept, in order.
    fn runs(&self) -> io::Result<Vec<u64>> {
        let mut runs = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_suffix(".log")?.parse::<u64>().ok());
            runs.extend(number);
        }
        runs.sort_unstable();
        Ok(runs)
    }

    /// What all runs come to; read by the worker.
    ///
    /// # Errors
    /// Nobody read them.
    pub fn fold(&self) -> Result<Folded, worker::Error> {
        let failed = |_: io::Error| worker::Error::Failed;
        let all = self.together().map_err(failed)?;
        let home = environment::home().unwrap_or_else(|| "/".into());
        let said = worker::run("fold", home.as_os_str(), all, MOST_FOLDED)?;
        let folded: Folded = serde_json::from_slice(&said).map_err(|_| worker::Error::Failed)?;
        folded
            .is_sane()
            .then_some(folded)
            .ok_or(worker::Error::TooMuch)
    }

    /// How many things were seen in the last run so far. Nothing is read of them.
    pub fn seen(&self) -> usize {
        let last = self.runs().ok().and_then(|runs| runs.last().copied());
        let log = last.and_then(|last| File::open(self.log(last)).ok());
        let (mut buffer, mut count) = ([0; 64 << 10], 0);
        let mut log = log.map(|log| log.take(MOST_LOG));
        while let Some(Ok(read @ 1..)) = log.as_mut().map(|log| log.read(&mut buffer)) {
            count += buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        }
        count
    }

    /// All runs in one file without a name.
    fn together(&self) -> io::Result<File> {
        let path = self.0.join("all");
        let _ = fs::remove_file(&path);
        let mut all = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        fs::remove_file(&path)?;
        for run in self.runs()? {
            io::copy(&mut File::open(self.log(run))?.take(MOST_LOG), &mut all)?;
            // One that was cut off ends here.
            all.write_all(b"\n")?;
        }
        all.rewind()?;
        Ok(all)
    }

    /// Forgets all of it; whether there was something.
    ///
    /// # Errors
    /// It is still there.
    pub fn forget(&self) -> io::Result<bool> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            done => done.map(|()| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_runs_are_kept_and_those_under_something_else_are_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let training = Training(directory.path().join("learn/app"));
        let base = |profile: &str| Base {
            command: "app".to_owned(),
            profile: Some(profile.to_owned()),
            template: None,
        };
        assert_eq!(training.base(), None);
        for number in 0..MOST_RUNS + 3 {
            let mut log = training.begin(&base("one")).expect("begun");
            write!(log, "{number}").expect("written");
        }
        assert_eq!(training.runs().expect("listed").len(), MOST_RUNS);
        assert_eq!(training.seen(), 0);
        let mut text = String::new();
        training
            .together()
            .expect("read")
            .read_to_string(&mut text)
            .expect("text");
        assert!(text.starts_with("3\n") && text.ends_with("10\n"), "{text}");
        drop(training.begin(&base("two")).expect("begun"));
        assert_eq!(
            (training.runs().expect("listed"), training.base()),
            (vec![1], Some(base("two")))
        );
        assert!(training.forget().expect("gone") && !training.forget().expect("was gone"));
    }
}
