//! The walls that a browser has put up between itself and the pages that it shows.

use anyhow::{Context, Result, ensure};
use oz_e2e::processes::{self, Process};
use oz_e2e::wait;

/// A browser and what shows its pages.
pub struct Walls {
    /// The process that has the windows.
    pub main: Process,
    /// Those that a page can attack.
    pub renderers: Vec<Process>,
}

/// The processes of the one browser that runs, whose executable is `program`; its renderers say
/// `mark` on their command lines.
pub fn of(program: &str, mark: &str) -> Walls {
    wait::within(wait::LONG, "a browser with renderers", || {
        let all: Vec<Process> = processes::of_session()
            .into_iter()
            .filter(|process| process.runs(program) && is_inside(process))
            .collect();
        let (renderers, others): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|process| process.command.contains(mark));
        // Its first process is the oldest one.
        let main = others.into_iter().min_by_key(|process| process.start)?;
        (!renderers.is_empty()).then_some(Walls { main, renderers })
    })
}

fn is_inside(process: &Process) -> bool {
    // `oz run` may have the browser's name on its command line, but is in our pid namespace.
    process.namespace("pid") != std::fs::read_link("/proc/self/ns/pid").ok()
}

impl Walls {
    /// Fails unless each renderer is in namespaces of these kinds that are not the browser's, under a filter
    /// more than the browser, and in the browser's mount namespace.
    pub fn differ_in(&self, kinds: &[&str]) -> Result<()> {
        for renderer in &self.renderers {
            for kind in kinds {
                let (own, main) = (renderer.namespace(kind), self.main.namespace(kind));
                ensure!(
                    own.is_some() && main.is_some() && own != main,
                    "{renderer} is in the browser's own {kind} namespace: {own:?} {main:?}"
                );
            }
            let mounts = renderer.namespace("mnt");
            ensure!(mounts.is_some() && mounts == self.main.namespace("mnt"));
            let (own, main) = (filters(renderer)?, filters(&self.main)?);
            ensure!(
                own > main,
                "{renderer} has {own} filters, the browser {main}"
            );
        }
        Ok(())
    }
}

fn filters(process: &Process) -> Result<u32> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp_filters:"));
    Ok(line.context("the kernel counts filters")?.trim().parse()?)
}
