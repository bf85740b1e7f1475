//! What the demo shows, step by step, each with the command that a person would type.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use super::{desk, paper};
use crate::sh;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Put the windows beside each other (on a desktop that nobody else uses)
    #[arg(long)]
    arrange: bool,
    /// Where the screenshot goes
    #[arg(long)]
    screenshot: PathBuf,
}

/// The files of the demo, in a directory of the home that is removed in the end.
struct Files {
    dir: PathBuf,
    letter: PathBuf,
    report: PathBuf,
    notes: PathBuf,
}

/// The demo as it goes.
struct Show {
    /// The sandboxes that it started.
    started: Vec<String>,
    /// What did not go as it should.
    wrong: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let home = PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?);
    let files = Files::make(&home)?;
    if args.arrange {
        // A home of our own has no secret yet.
        fs::create_dir_all(home.join(".ssh"))?;
        fs::write(home.join(".ssh/id_ed25519"), "the private key\n")?;
    }
    let mut show = Show {
        started: Vec::new(),
        wrong: Vec::new(),
    };
    let outcome = show.go(args, &files, &home);
    for id in std::mem::take(&mut show.started) {
        show.step("", &["stop", &id]);
    }
    fs::remove_dir_all(&files.dir)?;
    outcome?;
    for wrong in &show.wrong {
        println!("NOT AS IT SHOULD BE: {wrong}");
    }
    Ok(if show.wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Files {
    fn make(home: &Path) -> Result<Self> {
        let dir = home.join("oz-demo");
        fs::create_dir(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let files = Self {
            letter: dir.join("letter.txt"),
            report: dir.join("report.pdf"),
            notes: dir.join("notes.txt"),
            dir,
        };
        fs::write(
            &files.letter,
            "Dear reader,\n\nthis file is all that gedit has of your home.\n",
        )?;
        fs::write(
            &files.report,
            paper::pdf(&["A report", "Evince sees this file, and no other."]),
        )?;
        fs::write(&files.notes, "added while it runs\n")?;
        Ok(files)
    }
}

/// How often the screen is looked at until it holds still.
const LOOKS: usize = 8;

impl Show {
    fn go(&mut self, args: &Args, files: &Files, home: &Path) -> Result<()> {
        let letter = files.letter.to_string_lossy();
        let report = files.report.to_string_lossy();
        let notes = files.notes.to_string_lossy();
        let ssh = home.join(".ssh");
        let ssh = ssh.to_string_lossy();

        let gedit = self.open("An editor, with one document", &["gedit", &letter], args, 0)?;
        self.open("A viewer, with a PDF", &["evince", &report], args, 1)?;
        self.open("A terminal", &["foot"], args, 2)?;
        self.open("A GTK 4 app", &["gtk4-demo"], args, 3)?;

        self.step("What runs", &["ps"]);
        self.step("What the editor holds", &["files", &gedit]);
        self.step("A running app gets a file", &["add", &gedit, &notes]);
        self.step("", &["files", &gedit]);

        println!("\n# Outside, the keys are there\n$ ls {ssh}");
        let outside = Command::new("ls").arg(&*ssh).status()?.success();
        let inside = self.run("Inside, they are not", &["run", "--", "ls", &ssh])?;
        if outside && inside {
            self.wrong.push(format!("{ssh} can be seen inside"));
        }
        self.picture(args)
    }

    /// Starts an app and waits for its window.
    fn open(&mut self, about: &str, app: &[&str], args: &Args, place: usize) -> Result<String> {
        let before = desk::windows();
        let words = [&["run", "--detach"], app].concat();
        self.announce(about, &words);
        let id = sh::read(Command::new("oz").args(&words).stdin(Stdio::null()))?;
        let id = id.lines().last().unwrap_or_default().trim().to_owned();
        if id.is_empty() {
            bail!("`oz run --detach {}` named no sandbox", app.join(" "));
        }
        println!("{id}");
        self.started.push(id.clone());
        match before {
            Some(before) => match desk::new_window(&before) {
                Some(window) if args.arrange => desk::arrange(&window, place),
                Some(_) => {}
                None => self
                    .wrong
                    .push(format!("{} opened no window", app.join(" "))),
            },
            None => std::thread::sleep(std::time::Duration::from_secs(2)),
        }
        Ok(id)
    }

    fn announce(&self, about: &str, words: &[&str]) {
        if !about.is_empty() {
            println!("\n# {about}");
        }
        println!("$ {}", sh::shown(Command::new("oz").args(words)));
    }

    /// Runs `oz` with its output shown; whether it succeeded.
    fn run(&self, about: &str, words: &[&str]) -> Result<bool> {
        self.announce(about, words);
        let mut oz = Command::new("oz");
        Ok(oz
            .args(words)
            .stdin(Stdio::null())
            .status()
            .context("cannot start oz")?
            .success())
    }

    /// The same where failing is wrong.
    fn step(&mut self, about: &str, words: &[&str]) {
        match self.run(about, words) {
            Ok(true) => {}
            Ok(false) => self.wrong.push(format!("`oz {}` failed", words.join(" "))),
            Err(error) => self.wrong.push(format!("{error:#}")),
        }
    }

    fn picture(&mut self, args: &Args) -> Result<()> {
        println!("\n# What it looks like");
        let mut before = None;
        let mut taken = false;
        // Windows that have just appeared get the time to draw themselves; one in which something moves is taken as it is.
        for _ in 0..LOOKS {
            std::thread::sleep(std::time::Duration::from_secs(2));
            let grim = Command::new("grim")
                .arg(&args.screenshot)
                .stderr(Stdio::null())
                .status();
            taken = grim.is_ok_and(|status| status.success());
            let now = fs::read(&args.screenshot).ok();
            if !taken || now == before {
                break;
            }
            before = now;
        }
        if !taken {
            if args.arrange {
                self.wrong.push("no screenshot could be taken".to_owned());
            }
            println!("(no screenshot: this compositor does not let programs take one)");
        }
        Ok(())
    }
}
