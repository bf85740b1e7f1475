//! What the programs decide, by a small interpreter of the instructions that they use.

use std::collections::BTreeMap;

use oz_core::plan::{Comparison, Operator, SyscallPolicy};
use proptest::prelude::*;

use super::assemble::{
    ABSENT, ALLOW, AND, DONE, IF_AT_LEAST, IF_EQUAL, Instruction, JUMP, KILL, LOAD, REFUSED,
    RETURN, assemble,
};
use super::numbers::{ARCHITECTURE, number};
use super::{FilterError, Filters};

fn run(program: &[Instruction], arch: u32, call: u32, arguments: [u64; 6]) -> u32 {
    let mut data = [0; 64];
    data[..4].copy_from_slice(&call.to_ne_bytes());
    data[4..8].copy_from_slice(&arch.to_ne_bytes());
    for (index, argument) in arguments.iter().enumerate() {
        data[16 + 8 * index..24 + 8 * index].copy_from_slice(&argument.to_le_bytes());
    }
    let mut accumulator = 0;
    let mut at = 0;
    loop {
        let step = program[at];
        at += 1;
        let mut branch = |holds| at += usize::from(if holds { step.jt } else { step.jf });
        match step.code {
            LOAD => {
                let offset = step.k as usize;
                accumulator =
                    u32::from_ne_bytes(data[offset..offset + 4].try_into().expect("four bytes"));
            }
            AND => accumulator &= step.k,
            IF_EQUAL => branch(accumulator == step.k),
            IF_AT_LEAST => branch(accumulator >= step.k),
            JUMP => at += step.k as usize,
            RETURN => return step.k,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

fn native(program: &[Instruction], name: &str, arguments: [u64; 6]) -> u32 {
    run(
        program,
        ARCHITECTURE,
        number(name).expect("known"),
        arguments,
    )
}

fn compare(argument: u8, low32: bool, operator: Operator) -> Comparison {
    Comparison {
        argument,
        low32,
        operator,
    }
}

fn policy() -> SyscallPolicy {
    SyscallPolicy {
        name: "test".into(),
        allow: ["read", "write", "close", "no_such_call"]
            .map(String::from)
            .into(),
        conditional: BTreeMap::from([
            (
                "ioctl".to_owned(),
                vec![vec![
                    compare(1, true, Operator::NotEqual(0x5412)),
                    compare(1, true, Operator::NotEqual(0x541c)),
                ]],
            ),
            (
                "socket".to_owned(),
                vec![
                    vec![compare(0, false, Operator::Equal(1))],
                    vec![
                        compare(0, false, Operator::Equal(2)),
                        compare(
                            1,
                            false,
                            Operator::MaskedEqual {
                                mask: 0xf,
                                value: 1,
                            },
                        ),
                    ],
                ],
            ),
        ]),
        refuse: vec!["ptrace".into()],
        answered: BTreeMap::from([(
            "ioctl".to_owned(),
            vec![vec![compare(1, true, Operator::Equal(0x5480))]],
        )]),
        user_namespaces: false,
    }
}

#[test]
fn what_is_not_listed_does_not_exist_and_what_is_refused_is_not_permitted() {
    let program = assemble(&policy()).expect("assembles");
    assert_eq!(native(&program, "read", [0; 6]), ALLOW);
    assert_eq!(native(&program, "ptrace", [0; 6]), REFUSED);
    assert_eq!(native(&program, "bpf", [0; 6]), ABSENT);
    assert_eq!(run(&program, ARCHITECTURE, u32::MAX, [0; 6]), ABSENT);
}

#[test]
fn calls_of_other_architectures_and_of_x32_kill() {
    let program = assemble(&policy()).expect("assembles");
    let read = number("read").expect("known");
    assert_eq!(run(&program, 0x4000_0003, read, [0; 6]), KILL);
    assert_eq!(
        run(&program, ARCHITECTURE, read | 0x4000_0000, [0; 6]),
        KILL
    );
    // Programs ask whether there are filters by a call that never exists.
    assert_eq!(run(&program, ARCHITECTURE, u32::MAX, [0; 6]), ABSENT);
}

#[test]
fn tiocsti_is_refused_also_with_high_bits_set() {
    let program = assemble(&policy()).expect("assembles");
    let ioctl = |request| native(&program, "ioctl", [0, request, 0, 0, 0, 0]);
    assert_eq!(ioctl(0x5401), ALLOW);
    assert_eq!(ioctl(0x5412), REFUSED);
    assert_eq!(ioctl(0xdead_0000_0000_5412), REFUSED);
    assert_eq!(ioctl(0x541c), REFUSED);
    assert_eq!(ioctl(0x5480), DONE, "answered before all else");
}

#[test]
fn one_rule_must_match_with_all_its_comparisons() {
    let program = assemble(&policy()).expect("assembles");
    let socket = |family, kind| native(&program, "socket", [family, kind, 0, 0, 0, 0]);
    assert_eq!(socket(1, 5), ALLOW);
    assert_eq!(socket(2, 1 | 0x80000), ALLOW);
    assert_eq!(socket(2, 2), REFUSED);
    assert_eq!(socket(1 | 1 << 32, 5), REFUSED, "all 64 bits count");
    assert_eq!(socket(16, 3), REFUSED);
}

#[test]
fn a_bad_rule_is_an_error_not_a_hole() {
    let mut bad = policy();
    bad.conditional.insert(
        "socket".into(),
        vec![vec![compare(6, false, Operator::Equal(0))]],
    );
    assert_eq!(
        assemble(&bad),
        Err(FilterError::Argument("socket".into(), 6))
    );
    bad.conditional.insert(
        "socket".into(),
        vec![vec![compare(0, false, Operator::Equal(0)); 100]],
    );
    assert_eq!(assemble(&bad), Err(FilterError::TooLong("socket".into())));
}

#[test]
fn a_policy_is_compiled_once() {
    let filters = Filters::default();
    let first = filters.program(&policy()).expect("compiles");
    let second = filters.program(&policy()).expect("compiles");
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

proptest! {
    #[test]
    fn every_number_gets_the_verdict_of_its_list(
        allow in prop::collection::btree_set(0u32..460, 0..300),
        refuse in prop::collection::btree_set(0u32..460, 0..60),
        probe in 0u32..600,
    ) {
        let name = |call: &u32| syscalls::Sysno::new(*call as usize).map(|s| s.name().to_owned());
        let program = assemble(&SyscallPolicy {
            name: "p".into(),
            allow: allow.iter().filter_map(name).collect(),
            conditional: BTreeMap::new(),
            refuse: refuse.iter().filter_map(name).collect(),
            answered: BTreeMap::new(),
            user_namespaces: false,
        }).expect("assembles");
        let exists = name(&probe).is_some();
        let expected = if exists && refuse.contains(&probe) {
            REFUSED
        } else if exists && allow.contains(&probe) {
            ALLOW
        } else {
            ABSENT
        };
        prop_assert_eq!(run(&program, ARCHITECTURE, probe, [0; 6]), expected);
    }
}
