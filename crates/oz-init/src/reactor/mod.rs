//! Init at work: it serves the daemon, starts programs and helpers, and buries the dead.
//!
//! One loop over everything that can happen. It wakes up for nothing else: there is a deadline only
//! while a stop, a resting helper or a settling end waits for one.

mod connection;
mod daemon;
mod end;
mod events;
mod helpers;
mod history;
mod life;
mod programs;
mod reap;

use std::mem;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Instant;

use oz_core::wire::Reader;
use oz_core::wire::init::{FromInit, Stage};

use crate::failure::{At, Failure};
use crate::inside::Inside;

use connection::Connection;
use end::Stopping;
use helpers::Helper;
use history::History;
use life::Watch;
use programs::Running;

/// All state of a running sandbox.
struct Reactor {
    inside: Inside,
    /// The daemon, while it lives.
    daemon: Option<Connection>,
    /// Somebody who has connected and not yet shown the nonce.
    stranger: Option<Connection>,
    /// A later daemon would find this sandbox.
    findable: bool,
    /// Readable when a child has ended.
    children: OwnedFd,
    programs: Vec<Running>,
    helpers: Vec<Helper>,
    history: History,
    watch: Watch,
    stopping: Option<Stopping>,
    /// Set when nothing keeps the sandbox any more.
    over: bool,
}

/// Serves until the sandbox ends.
pub fn run(mut inside: Inside, control: OwnedFd) -> ExitCode {
    let children = match oz_sys::signals::block_all_and_watch_children() {
        Ok(children) => children,
        Err(_) => return ExitCode::FAILURE,
    };
    let more = mem::replace(&mut inside.more, Reader::new(0));
    let helpers = Helper::take(&mut inside.listeners);
    let mut reactor = Reactor {
        inside,
        daemon: Some(Connection::with(control, more)),
        stranger: None,
        findable: false,
        children,
        programs: Vec::new(),
        helpers,
        history: History::default(),
        watch: Watch::default(),
        stopping: None,
        over: false,
    };
    // What was asked for along with the sandbox is on its way before the daemon, which shares the
    // processors with it, has something to do.
    reactor.hear_daemon();
    reactor.tell_ready();
    // Nothing that comes from inside has been looked at so far: a program may run by now, and init has not
    // turned to it yet. Whoever waits for that program waits for nothing of this.
    // As little waits for what this takes as for that: what reading and checking the plan took is free now.
    oz_sys::memory::give_back();
    if let Err(failure) = reactor.confine() {
        reactor.tell(&failure.message(None), Vec::new());
        reactor.over = true;
    }
    while !reactor.over && !reactor.is_forsaken() {
        if let Err(failure) = reactor.turn() {
            reactor.tell(&failure.message(None), Vec::new());
            break;
        }
    }
    reactor.tell(&FromInit::Ending, Vec::new());
    if let Some(daemon) = reactor.daemon.take() {
        daemon.finish();
    }
    // What is left of the sandbox the kernel kills with its first process.
    ExitCode::SUCCESS
}

impl Reactor {
    /// From here on init can call only what is listed. Programs inherit that, and have it as well.
    fn confine(&mut self) -> Result<(), Failure> {
        let filter = mem::take(&mut self.inside.own_filter);
        oz_sys::seccomp::install(&filter).at(Stage::Filter, "init's own")
    }

    /// Nobody is left who knows of the sandbox, and nobody will come.
    fn is_forsaken(&self) -> bool {
        self.daemon.is_none() && !self.findable
    }

    /// Waits for something to happen and deals with it.
    fn turn(&mut self) -> Result<(), Failure> {
        let events = self.wait().at(Stage::Execute, "poll")?;
        for event in events {
            self.deal_with(event);
        }
        self.check_deadlines(Instant::now());
        Ok(())
    }
}
