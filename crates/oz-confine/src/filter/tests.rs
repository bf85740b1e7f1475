//! What the programs decide, by the interpreter of the instructions that they use.

use std::collections::BTreeMap;

use oz_core::plan::{Comparison, Operator, SyscallPolicy};
use oz_sys::seccomp::Call;
use proptest::prelude::*;
use rustix::net::{AddressFamily, SocketType};

use super::assemble::{ABSENT, ALLOW, DONE, Instruction, KILL, REFUSED, assemble};
use super::numbers::{ARCHITECTURE, number};
use super::{Decision, FilterError, Filters, compile, decide, name};

fn run(program: &[Instruction], architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let program: Vec<u64> = program.iter().map(|step| step.encode()).collect();
    let call = Call {
        number,
        architecture,
        arguments,
    };
    decide::run(&program, &call).expect("it comes to an end")
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
fn the_interpreter_says_what_the_kernel_says() {
    let needed = "close exit exit_group futex munmap madvise rt_sigprocmask sigaltstack";
    let policy = SyscallPolicy {
        allow: needed.split(' ').map(str::to_owned).collect(),
        ..policy()
    };
    let program = compile(&policy).expect("compiles");
    let sockets = [
        (AddressFamily::UNIX, SocketType::STREAM),
        (AddressFamily::INET, SocketType::STREAM),
        (AddressFamily::INET, SocketType::DGRAM),
        (AddressFamily::NETLINK, SocketType::RAW),
    ];
    let decided = sockets.map(|(family, kind)| {
        let mut call = Call {
            number: number("socket").expect("known"),
            architecture: ARCHITECTURE,
            arguments: [0; 6],
        };
        call.arguments[0] = family.as_raw().into();
        call.arguments[1] = kind.as_raw().into();
        decide(&program, &call)
    });
    let kernel = std::thread::spawn(move || {
        rustix::thread::set_no_new_privs(true).expect("no privileges");
        oz_sys::seccomp::install(&program).expect("installed");
        sockets.map(
            |(family, kind)| match rustix::net::socket(family, kind, None) {
                Ok(_) => Decision::Allow,
                Err(error) => Decision::Errno(error.raw_os_error().try_into().expect("small")),
            },
        )
    });
    assert_eq!(decided, kernel.join().expect("no panic"));
    let refused = Decision::Errno(1);
    assert_eq!(
        decided,
        [Decision::Allow, Decision::Allow, refused, refused]
    );
}

#[test]
fn what_makes_no_sense_kills() {
    let call = Call {
        number: 0,
        architecture: ARCHITECTURE,
        arguments: [0; 6],
    };
    for program in [
        &[][..],
        &[u64::MAX],
        &[0x0005_0000_ffff_ffff],
        &[0x0020_0000_0000_0008],
    ] {
        assert_eq!(decide(program, &call), Decision::Kill, "{program:x?}");
    }
}

#[test]
fn numbers_have_the_names_that_lists_use() {
    let ptrace = number("ptrace").expect("known");
    assert_eq!(name(ptrace), Some("ptrace"));
    assert_eq!(name(100_000), None);
}

#[test]
fn a_policy_is_compiled_once() {
    let filters = Filters::default();
    let first = filters.programs(&policy()).expect("compiles");
    let second = filters.programs(&policy()).expect("compiles");
    assert!(std::sync::Arc::ptr_eq(&first.programs, &second.programs));
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
