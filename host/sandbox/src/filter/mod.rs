//! The system calls that commands may not make.
//!
//! The list is like the default profiles of container runtimes: calls that change the machine, that make namespaces
//! and mounts, sockets that no namespace confines, and faked input to a terminal. Calls that are newer than the list
//! fail with ENOSYS. The filter is compiled once for the process, and the init installs it.

mod calls;
#[cfg(test)]
mod tests;

use calls::{
    Abi, CLONE3, FIRST_OF_ARM, FLAGS, IOCTL, LAST_KNOWN, NEW, OF_NAMESPACES, OF_THE_MACHINE, PERSONALITY,
    SOCKET, SystemCall,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;
const RET_ALLOW: u32 = 0x7fff_0000;
const RET_KILL_PROCESS: u32 = 0x8000_0000;
const RET_ERRNO: u32 = 0x0005_0000;

const NR: u32 = 0;
const ARCH: u32 = 4;

const LOAD: u16 = 0x20;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_GREATER: u16 = 0x25;
const JUMP_IF_NOT_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;

/// The filter as the kernel has it: one instruction a number.
pub(crate) fn program(user_namespaces: bool) -> &'static [u64] {
    static PROGRAMS: [OnceLock<Vec<u64>>; 2] = [const { OnceLock::new() }; 2];
    let pack = |instruction: &sock_filter| {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&instruction.code.to_ne_bytes());
        (bytes[2], bytes[3]) = (instruction.jt, instruction.jf);
        bytes[4..].copy_from_slice(&instruction.k.to_ne_bytes());
        u64::from_ne_bytes(bytes)
    };
    PROGRAMS[usize::from(user_namespaces)]
        .get_or_init(|| compile(&Abi::HERE, user_namespaces).iter().map(pack).collect())
}

/// One block for each binary interface; programs of any other are killed.
fn compile(abis: &[Abi], user_namespaces: bool) -> BpfProgram {
    let mut program = vec![statement(LOAD, ARCH)];
    for abi in abis {
        let block = block(*abi, user_namespaces);
        program.push(jump(JUMP_IF_EQUAL, abi.audit(), 1, 0));
        program.push(statement(
            JUMP,
            u32::try_from(block.len()).expect("a filter has at most 4096 instructions"),
        ));
        program.extend(block);
    }
    program.push(statement(RETURN, RET_KILL_PROCESS));
    program
}

/// Decides on a call of one interface.
fn block(abi: Abi, user_namespaces: bool) -> BpfProgram {
    let missing = statement(RETURN, RET_ERRNO | ENOSYS);
    let mut block = vec![statement(LOAD, NR)];
    if abi == Abi::Arm {
        block.extend([jump(JUMP_IF_NOT_LESS, FIRST_OF_ARM, 0, 1), statement(RETURN, RET_ALLOW)]);
    }
    // These are also the calls of x32, whose numbers have a bit of their own.
    block.extend([jump(JUMP_IF_GREATER, LAST_KNOWN, 0, 1), missing.clone()]);
    let clone3 = if user_namespaces { &[] } else { CLONE3 };
    for number in NEW.iter().chain(clone3).filter_map(|call| call.number(abi)) {
        block.extend([jump(JUMP_IF_EQUAL, number, 0, 1), missing.clone()]);
    }
    block.extend(binary_search(rules(abi, user_namespaces)));
    block
}

/// The number of rules that are compared one after the other. When a filter is installed, once for each command, the
/// kernel runs it for every system call, so it should be short.
const COMPARED_IN_ORDER: usize = 5;

/// Decides by the number of the call in the accumulator: a binary search that ends in a few rules.
fn binary_search(mut rules: RulesByCall) -> BpfProgram {
    if rules.len() <= COMPARED_IN_ORDER {
        return refused(rules);
    }
    let middle = *rules.keys().nth(rules.len() / 2).expect("there are more than a few rules");
    let (high, low) = (binary_search(rules.split_off(&middle)), binary_search(rules));
    let middle = u32::try_from(middle).expect("numbers of calls are small");
    let over_low = u32::try_from(low.len()).expect("a filter has at most 4096 instructions");
    let mut program = vec![jump(JUMP_IF_NOT_LESS, middle, 0, 1), statement(JUMP, over_low)];
    program.extend(low);
    program.extend(high);
    program
}

/// The rules as `seccompiler` compiles them, without its check of the interface, which was checked before.
fn refused(rules: RulesByCall) -> BpfProgram {
    let refuse = SeccompAction::Errno(EPERM);
    let arch = if cfg!(target_arch = "x86_64") { TargetArch::x86_64 } else { TargetArch::aarch64 };
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch);
    let program =
        filter.and_then(BpfProgram::try_from).expect("the rules are constant, and tests compile them");
    let look = [
        statement(LOAD, ARCH),
        jump(JUMP_IF_EQUAL, Abi::HERE[0].audit(), 1, 0),
        statement(RETURN, RET_KILL_PROCESS),
    ];
    program.strip_prefix(&look).expect("seccompiler looks at the interface first, and tests see it").to_vec()
}

type RulesByCall = BTreeMap<i64, Vec<SeccompRule>>;

fn rules(abi: Abi, user_namespaces: bool) -> RulesByCall {
    let mut rules = RulesByCall::new();
    let mut refuse = |calls: &[SystemCall], of: &dyn Fn() -> Vec<SeccompRule>| {
        rules.extend(calls.iter().filter_map(|call| Some((i64::from(call.number(abi)?), of()))));
    };
    refuse(OF_THE_MACHINE, &Vec::new);
    if !user_namespaces {
        refuse(OF_NAMESPACES, &Vec::new);
        refuse(FLAGS, &namespaces);
    }
    refuse(SOCKET, &sockets);
    refuse(IOCTL, &terminal_input);
    refuse(PERSONALITY, &personalities);
    rules
}

/// Flags for new namespaces.
fn namespaces() -> Vec<SeccompRule> {
    // Mount, cgroup, host name, IPC, user, process, network.
    let flags = [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
    flags.map(|flag| all([(0, SeccompCmpOp::MaskedEq(flag), flag)])).into()
}

/// Domains other than UNIX, IPv4, IPv6 and netlink, and netlink protocols other than that for routes and interfaces.
fn sockets() -> Vec<SeccompRule> {
    const NETLINK: u64 = 16;
    let others = [1, 2, 10, NETLINK].map(|domain| (0, SeccompCmpOp::Ne, domain));
    vec![all(others), all([(0, SeccompCmpOp::Eq, NETLINK), (2, SeccompCmpOp::Ne, 0)])]
}

/// `TIOCSTI` fakes typing on the terminal, `TIOCLINUX` pastes.
fn terminal_input() -> Vec<SeccompRule> {
    [0x5412, 0x541c].map(|request| all([(1, SeccompCmpOp::Eq, request)])).into()
}

/// Personalities other than the usual one and that of 32-bit programs, each also with `UNAME26`, and the query.
fn personalities() -> Vec<SeccompRule> {
    let known = [0, 0x0008, 0x2_0000, 0x2_0008, 0xffff_ffff];
    vec![all(known.map(|personality| (0, SeccompCmpOp::Ne, personality)))]
}

/// A rule that all conditions hold, for arguments of which the kernel uses the lower half.
fn all<const N: usize>(conditions: [(u8, SeccompCmpOp, u64); N]) -> SeccompRule {
    let condition = |(argument, operator, value)| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
            .expect("a call has six arguments, and these are among them")
    };
    SeccompRule::new(conditions.map(condition).into()).expect("there is a condition")
}

fn statement(code: u16, k: u32) -> sock_filter {
    jump(code, k, 0, 0)
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}
