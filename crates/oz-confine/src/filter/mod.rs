//! The syscall policy of a plan as one classic BPF program.
//!
//! A policy tells three refusals apart: what is not listed does not exist (ENOSYS), what is
//! listed as refused or whose arguments match no rule is not permitted (EPERM), another
//! architecture's calls kill. `seccompiler` has two verdicts a program, so the program is made
//! here: a binary search over ranges of call numbers, which also answers in 8 comparisons where
//! a list takes 300.
//!
//! x32 calls are another architecture's, by numbers of their own.

mod assemble;
mod decide;
mod numbers;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use oz_core::plan::SyscallPolicy;

pub use decide::{Decision, decide};
#[cfg(test)]
pub(crate) use numbers::number_of;
pub use numbers::{name, number};

/// Compiled programs of the policies that were used last.
#[derive(Default)]
pub struct Filters {
    known: Mutex<Vec<(SyscallPolicy, Programs)>>,
}

/// What a policy becomes: instructions as [`oz_sys::seccomp::install`] takes them.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Of the programs of a sandbox.
    pub programs: Arc<[u64]>,
    /// Of its init, beneath that.
    pub init: Arc<[u64]>,
    /// Of its X server.
    pub x_server: Arc<[u64]>,
}

/// Why a policy has no program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FilterError {
    /// A jump would be too far.
    #[error("the rules for system call {0} are too long")]
    TooLong(String),
    /// No call has so many.
    #[error("a rule for system call {0} compares argument {1}, and there are six")]
    Argument(String, u8),
    /// Too many rules in all.
    #[error("the syscall list {0} makes a program over the kernel's limit of 4096 instructions")]
    Limit(String),
}

/// The program of a policy: instructions as [`oz_sys::seccomp::install`] takes them.
pub fn compile(policy: &SyscallPolicy) -> Result<Vec<u64>, FilterError> {
    let program = assemble::assemble(policy)?;
    Ok(program
        .into_iter()
        .map(assemble::Instruction::encode)
        .collect())
}

impl Filters {
    /// How many programs are kept.
    const KEPT: usize = 16;

    /// As [`compile`], [`helpers::init`](crate::helpers::init) and [`helpers::x_server`](crate::helpers::x_server), once for
    /// each policy.
    pub fn programs(&self, policy: &SyscallPolicy) -> Result<Programs, FilterError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, programs)) = known.iter().find(|(other, _)| other == policy) {
            return Ok(programs.clone());
        }
        let programs = Programs {
            programs: compile(policy)?.into(),
            init: crate::helpers::init(policy)?.into(),
            x_server: match known.first() {
                // Whatever the policy, it is the same.
                Some((_, programs)) => Arc::clone(&programs.x_server),
                None => crate::helpers::x_server()?.into(),
            },
        };
        if known.len() == Self::KEPT {
            known.remove(0);
        }
        known.push((policy.clone(), programs.clone()));
        Ok(programs)
    }
}
