//! Runs the filter with an interpreter of its instructions, for all interfaces on any machine.

use super::calls::{Abi, SystemCall};
use super::*;

const ALL: [Abi; 4] = [Abi::X86_64, Abi::Aarch64, Abi::X86, Abi::Arm];
const REFUSED: u32 = RET_ERRNO | EPERM;
const MISSING: u32 = RET_ERRNO | ENOSYS;

/// The filter's decision on a call.
fn decide(program: &[sock_filter], audit: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let mut data = [0u32; 16];
    (data[0], data[1]) = (number, audit);
    for (at, argument) in arguments.into_iter().enumerate() {
        (data[4 + 2 * at], data[5 + 2 * at]) = (argument as u32, (argument >> 32) as u32);
    }
    let (mut at, mut accumulator) = (0, 0);
    loop {
        let sock_filter { code, jt, jf, k } = &program[at];
        at += 1;
        let skip = |yes: bool| usize::from(if yes { *jt } else { *jf });
        match *code {
            LOAD => accumulator = data[*k as usize / 4],
            JUMP => at += *k as usize,
            JUMP_IF_EQUAL => at += skip(accumulator == *k),
            JUMP_IF_GREATER => at += skip(accumulator > *k),
            JUMP_IF_NOT_LESS => at += skip(accumulator >= *k),
            0x54 => accumulator &= k,
            RETURN => return *k,
            other => panic!("no instruction {other:#x}"),
        }
    }
}

fn one(list: &[SystemCall], name: &str) -> SystemCall {
    *list.iter().find(|call| call.name == name).expect("it is in the list")
}

#[test]
fn listed_calls_are_refused_in_every_interface() {
    for abi in ALL {
        for user_namespaces in [false, true] {
            let program = compile(&[abi], user_namespaces);
            assert!(program.len() < 4096, "{}", program.len());
            let says = |call: &SystemCall| Some(decide(&program, abi.audit(), call.number(abi)?, [0; 6]));
            let within = |call: &SystemCall| says(call).is_some_and(|said| said == RET_ALLOW);
            assert!(OF_THE_MACHINE.iter().filter_map(says).all(|said| said == REFUSED), "{abi:?}");
            assert!(
                OF_NAMESPACES
                    .iter()
                    .filter(|call| call.number(abi).is_some())
                    .all(|call| within(call) == user_namespaces)
            );
            assert!(NEW.iter().filter_map(says).all(|said| said == MISSING), "{abi:?}");
            assert_eq!(says(&CLONE3[0]) == Some(MISSING), !user_namespaces);
        }
    }
}

#[test]
fn what_is_not_listed_is_permitted_up_to_the_newest() {
    let lists = [OF_THE_MACHINE, OF_NAMESPACES, NEW, CLONE3, SOCKET, FLAGS, IOCTL, PERSONALITY];
    for abi in ALL {
        let program = compile(&[abi], false);
        let listed: Vec<u32> =
            lists.iter().flat_map(|list| list.iter().filter_map(|call| call.number(abi))).collect();
        for number in (0..=LAST_KNOWN).filter(|number| !listed.contains(number)) {
            assert_eq!(decide(&program, abi.audit(), number, [u64::MAX; 6]), RET_ALLOW, "{abi:?} {number}");
        }
        assert_eq!(decide(&program, abi.audit(), LAST_KNOWN + 1, [0; 6]), MISSING);
        let set_tls = decide(&program, abi.audit(), 0x000f_0005, [0; 6]);
        assert_eq!(set_tls, if abi == Abi::Arm { RET_ALLOW } else { MISSING });
    }
}

#[test]
fn arguments_are_looked_at() {
    let (kernel, wide) = (1 << 32, 0xffff_ffff_0000_0000);
    let table: &[(&[SystemCall], &str, [u64; 3], bool)] = &[
        (SOCKET, "socket", [1, 1, 0], true),
        (SOCKET, "socket", [wide | 1, 1, 0], true),
        (SOCKET, "socket", [2, 2, 17], true),
        (SOCKET, "socket", [10, 1, 6], true),
        (SOCKET, "socket", [16, 3, 0], true),
        (SOCKET, "socket", [16, 3, 9], false),
        (SOCKET, "socket", [38, 5, 0], false),
        (SOCKET, "socket", [40, 1, 0], false),
        (SOCKET, "socket", [kernel | 40, 1, 0], false),
        (SOCKET, "socket", [0, 1, 0], false),
        (SOCKET, "socketpair", [1, 5, 0], true),
        (SOCKET, "socketpair", [30, 5, 0], false),
        (FLAGS, "clone", [0x0120_0011, 0, 0], true),
        (FLAGS, "clone", [0x003d_0f00, 0, 0], true),
        (FLAGS, "clone", [0x1000_0011, 0, 0], false),
        (FLAGS, "clone", [0x0002_0000, 0, 0], false),
        (FLAGS, "unshare", [0x0600, 0, 0], true),
        (FLAGS, "unshare", [0x1000_0000, 0, 0], false),
        (FLAGS, "unshare", [0x4000_0600, 0, 0], false),
        (IOCTL, "ioctl", [0, 0x5401, 0], true),
        (IOCTL, "ioctl", [0, 0x5412, 0], false),
        (IOCTL, "ioctl", [0, wide | 0x5412, 0], false),
        (IOCTL, "ioctl", [0, 0x541c, 0], false),
        (PERSONALITY, "personality", [0, 0, 0], true),
        (PERSONALITY, "personality", [8, 0, 0], true),
        (PERSONALITY, "personality", [0xffff_ffff, 0, 0], true),
        (PERSONALITY, "personality", [0x0004_0000, 0, 0], false),
    ];
    for abi in ALL {
        let program = compile(&[abi], false);
        for (list, name, [a, b, c], permitted) in table {
            let number = one(list, name).number(abi).expect("every interface has it");
            let said = decide(&program, abi.audit(), number, [*a, *b, *c, 0, 0, 0]);
            assert_eq!(said == RET_ALLOW, *permitted, "{abi:?} {name} {a:#x} {b:#x} {c:#x}");
        }
    }
}

#[test]
fn one_program_serves_both_interfaces_and_no_third() {
    let program = compile(&Abi::HERE, false);
    let keyctl = one(OF_THE_MACHINE, "keyctl");
    for abi in ALL {
        let number = keyctl.number(abi).expect("every interface has it");
        let expect = if Abi::HERE.contains(&abi) { REFUSED } else { RET_KILL_PROCESS };
        assert_eq!(decide(&program, abi.audit(), number, [0; 6]), expect, "{abi:?}");
    }
    // x32: the interface of x86_64 with a bit in the number.
    if cfg!(target_arch = "x86_64") {
        assert_eq!(decide(&program, Abi::X86_64.audit(), 0x4000_0000 | 250, [0; 6]), MISSING);
    }
}
