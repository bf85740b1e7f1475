//! From policy to instructions.

use std::collections::BTreeMap;

use oz_core::plan::{Comparison, Operator, SyscallPolicy};

use super::FilterError;
use super::numbers::{ARCHITECTURE, number};

pub(super) const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
pub(super) const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
pub(super) const IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
pub(super) const IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
pub(super) const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
pub(super) const RETURN: u16 = 0x06; // BPF_RET | BPF_K

pub(super) const ALLOW: u32 = 0x7fff_0000;
pub(super) const KILL: u32 = 0x8000_0000;
pub(super) const REFUSED: u32 = 0x0005_0000 | 1; // EPERM
/// No error and nothing done.
pub(super) const DONE: u32 = 0x0005_0000;
pub(super) const ABSENT: u32 = 0x0005_0000 | 38; // ENOSYS

const NUMBER_OFFSET: u32 = 0;
const ARCHITECTURE_OFFSET: u32 = 4;
const ARGUMENTS_OFFSET: u32 = 16;
const KERNEL_LIMIT: usize = 4096;

/// Set in the numbers of x32 calls.
#[cfg(target_arch = "x86_64")]
const X32: u32 = 0x4000_0000;

/// One instruction of classic BPF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) code: u16,
    pub(super) jt: u8,
    pub(super) jf: u8,
    pub(super) k: u32,
}

impl Instruction {
    const fn plain(code: u16, k: u32) -> Self {
        Self {
            code,
            jt: 0,
            jf: 0,
            k,
        }
    }

    pub(super) fn encode(self) -> u64 {
        u64::from(self.code) << 48
            | u64::from(self.jt) << 40
            | u64::from(self.jf) << 32
            | u64::from(self.k)
    }
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    Always(u32),
    Rules(Vec<Instruction>),
}

pub(super) fn assemble(policy: &SyscallPolicy) -> Result<Vec<Instruction>, FilterError> {
    let ranges = ranges(verdicts(policy)?);
    let mut program = vec![
        Instruction::plain(LOAD, ARCHITECTURE_OFFSET),
        Instruction {
            jt: 1,
            ..Instruction::plain(IF_EQUAL, ARCHITECTURE)
        },
        Instruction::plain(RETURN, KILL),
        Instruction::plain(LOAD, NUMBER_OFFSET),
    ];
    program.extend(search(&ranges));
    if program.len() > KERNEL_LIMIT {
        return Err(FilterError::Limit(policy.name.clone()));
    }
    Ok(program)
}

/// A call that is listed twice gets the stricter verdict.
fn verdicts(policy: &SyscallPolicy) -> Result<BTreeMap<u32, Verdict>, FilterError> {
    let mut verdicts = BTreeMap::new();
    for call in policy.allow.iter().filter_map(|name| number(name)) {
        verdicts.insert(call, Verdict::Always(ALLOW));
    }
    for (name, rules) in &policy.conditional {
        let mut instructions = Vec::new();
        for rule in policy.answered.get(name).into_iter().flatten() {
            instructions.extend(rule_of(name, rule, DONE)?);
        }
        instructions.extend(rules_of(name, rules)?);
        if let Some(call) = number(name) {
            verdicts.insert(call, Verdict::Rules(instructions));
        }
    }
    for call in policy.refuse.iter().filter_map(|name| number(name)) {
        verdicts.insert(call, Verdict::Always(REFUSED));
    }
    Ok(verdicts)
}

/// Covers all numbers: each range begins where it says and ends where the next begins.
fn ranges(verdicts: BTreeMap<u32, Verdict>) -> Vec<(u32, Verdict)> {
    let mut ranges = vec![(0, Verdict::Always(ABSENT))];
    let mut push = |start: u32, verdict: Verdict| match ranges.last_mut() {
        Some((last, old)) if *last == start => *old = verdict,
        Some((_, old)) if *old == verdict => {}
        _ => ranges.push((start, verdict)),
    };
    let mut next = 0;
    for (call, verdict) in verdicts {
        if call > next {
            push(next, Verdict::Always(ABSENT));
        }
        push(call, verdict);
        next = call + 1;
    }
    push(next, Verdict::Always(ABSENT));
    #[cfg(target_arch = "x86_64")]
    {
        push(X32, Verdict::Always(KILL));
        // -1 is no call of anybody's.
        push(u32::MAX, Verdict::Always(ABSENT));
    }
    ranges
}

/// Binary search for the range that the loaded number is in.
fn search(ranges: &[(u32, Verdict)]) -> Vec<Instruction> {
    let [.., (_, last)] = ranges else {
        return vec![Instruction::plain(RETURN, ABSENT)];
    };
    if ranges.len() == 1 {
        return match last {
            Verdict::Always(action) => vec![Instruction::plain(RETURN, *action)],
            Verdict::Rules(instructions) => instructions.clone(),
        };
    }
    let (below, above) = ranges.split_at(ranges.len() / 2);
    let bound = above[0].0;
    let below = search(below);
    let mut program = Vec::new();
    match u8::try_from(below.len()) {
        Ok(jt) => program.push(Instruction {
            jt,
            ..Instruction::plain(IF_AT_LEAST, bound)
        }),
        // A conditional jump reaches 255 instructions; beyond that it takes a second step.
        Err(_) => {
            program.push(Instruction {
                jf: 1,
                ..Instruction::plain(IF_AT_LEAST, bound)
            });
            let distance = u32::try_from(below.len()).unwrap_or(u32::MAX);
            program.push(Instruction::plain(JUMP, distance));
        }
    }
    program.extend(below);
    program.extend(search(above));
    program
}

/// All rules of one call: one must match.
fn rules_of(name: &str, rules: &[Vec<Comparison>]) -> Result<Vec<Instruction>, FilterError> {
    let mut program = Vec::new();
    for rule in rules {
        program.extend(rule_of(name, rule, ALLOW)?);
    }
    program.push(Instruction::plain(RETURN, REFUSED));
    Ok(program)
}

/// Where a comparison goes on.
#[derive(Clone, Copy)]
enum Go {
    /// To the next instruction.
    On,
    /// To the next comparison of the rule.
    Holds,
    /// To the next rule.
    Fails,
}

/// One rule: all its comparisons must hold.
fn rule_of(name: &str, rule: &[Comparison], verdict: u32) -> Result<Vec<Instruction>, FilterError> {
    // Steps with the two ways on from each, and the index at which their comparison ends.
    let mut steps = Vec::new();
    for comparison in rule {
        if comparison.argument > 5 {
            return Err(FilterError::Argument(name.to_owned(), comparison.argument));
        }
        let comparison = steps_of(comparison);
        let end = steps.len() + comparison.len();
        steps.extend(
            comparison
                .into_iter()
                .map(|(step, yes, no)| (step, yes, no, end)),
        );
    }
    // Behind the last step comes the verdict.
    let fail = steps.len() + 1;
    let too_long = || FilterError::TooLong(name.to_owned());
    let mut program = Vec::new();
    for (index, (mut step, yes, no, end)) in steps.into_iter().enumerate() {
        let distance = |go| match go {
            Go::On => 0,
            Go::Holds => end - index - 1,
            Go::Fails => fail - index - 1,
        };
        step.jt = u8::try_from(distance(yes)).map_err(|_| too_long())?;
        step.jf = u8::try_from(distance(no)).map_err(|_| too_long())?;
        program.push(step);
    }
    program.push(Instruction::plain(RETURN, verdict));
    Ok(program)
}

fn steps_of(comparison: &Comparison) -> Vec<(Instruction, Go, Go)> {
    let (mask, value, equal) = match comparison.operator {
        Operator::Equal(value) => (u64::MAX, value, true),
        Operator::NotEqual(value) => (u64::MAX, value, false),
        Operator::MaskedEqual { mask, value } => (mask, value, true),
    };
    let low = ARGUMENTS_OFFSET + 8 * u32::from(comparison.argument);
    let mut halves = vec![(low, half(mask), half(value))];
    if !comparison.low32 {
        halves.push((low + 4, half(mask >> 32), half(value >> 32)));
    }
    let last = halves.len() - 1;
    let mut steps = Vec::new();
    for (index, (offset, mask, value)) in halves.into_iter().enumerate() {
        steps.push((Instruction::plain(LOAD, offset), Go::On, Go::On));
        if mask != u32::MAX {
            steps.push((Instruction::plain(AND, mask), Go::On, Go::On));
        }
        let (yes, no) = match (equal, index == last) {
            (true, true) => (Go::Holds, Go::Fails),
            (true, false) => (Go::On, Go::Fails),
            (false, true) => (Go::Fails, Go::Holds),
            (false, false) => (Go::On, Go::Holds),
        };
        steps.push((Instruction::plain(IF_EQUAL, value), yes, no));
    }
    steps
}

fn half(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
