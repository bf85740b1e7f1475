//! An X server without a screen, and a window manager on it, if there is to be one.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::time::Instant;

use anyhow::{Context, Result};

use super::Parts;
use crate::session::Manager;
use crate::session::environment::{self, Places};

/// Any machine, in a file of Xau(3).
const ANY: u16 = 65535;

impl Manager {
    /// How it is started; empty for none.
    fn command(self) -> &'static [&'static str] {
        match self {
            Self::Openbox => &["openbox"],
            Self::Metacity => &["metacity"],
            Self::Mutter => &["mutter", "--x11"],
            Self::None => &[],
        }
    }

    /// What a desktop that has only this is called.
    pub(in crate::session) fn name(self) -> &'static str {
        self.command().first().copied().unwrap_or("none")
    }
}

impl Parts<'_> {
    pub(super) fn x11(&mut self, places: &Places<'_>, end: Instant) -> Result<()> {
        self.authority(places)?;
        let authority = places.authority();
        // It takes the first number that is free and says which.
        let words = [
            "Xvfb",
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1600x1000x24",
            "-nolisten",
            "tcp",
            // Or it begins anew, and lets nobody in meanwhile, when its first client goes.
            "-noreset",
            "-auth",
            &authority.to_string_lossy(),
        ];
        self.spawn("Xvfb", &words, environment::login(self.spec))?;
        let said = || {
            let log = fs::read_to_string(places.log("Xvfb")).ok()?;
            let number = log
                .lines()
                .find_map(|line| line.trim().parse::<u32>().ok())?;
            log.contains(&format!("{number}\n")).then_some(number)
        };
        self.until("Xvfb", "say its number", end, || said().is_some())?;
        let number = said().context("Xvfb said its number")?;
        fs::write(places.display(), format!(":{number}"))?;
        let mut ask = self.spec.user.command("xprop");
        ask.args(["-root", "_NET_SUPPORTING_WM_CHECK"])
            .env_clear()
            .envs(environment::desktop(self.spec));
        let ask = std::cell::RefCell::new(ask);
        let answer = || crate::sh::read_quietly(&mut ask.borrow_mut());
        // It says its number before it lets anybody in.
        self.until("Xvfb", "answer", end, || answer().is_ok())?;
        let manager = self.spec.manager;
        let [name, ..] = manager.command() else {
            return Ok(());
        };
        let environment = environment::desktop(self.spec);
        self.spawn(name, manager.command(), environment)?;
        self.until(name, "manage windows", end, || {
            answer().is_ok_and(|answer| answer.contains("window id"))
        })
    }

    /// Writes what opens the server, for nobody but the user.
    fn authority(&self, places: &Places<'_>) -> Result<()> {
        let mut cookie = [0; 16];
        fs::File::open("/dev/urandom")?.read_exact(&mut cookie)?;
        let mut bytes = ANY.to_be_bytes().to_vec();
        for word in [&b""[..], b"", b"MIT-MAGIC-COOKIE-1", &cookie] {
            bytes.extend(u16::try_from(word.len())?.to_be_bytes());
            bytes.extend(word);
        }
        let path = places.authority();
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        std::io::Write::write_all(&mut file, &bytes)?;
        let user = &self.spec.user;
        if user.drop {
            chown(&path, Some(user.uid), Some(user.gid))?;
        }
        Ok(())
    }
}
