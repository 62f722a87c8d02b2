//! The child that becomes the command.

use crate::call;
use crate::devices;
use crate::script::Script;
use crate::state::{At, Failure, State};
use crate::sys::{self, Ret, Room};
use crate::wire::Step;

pub fn run(state: &State, script: &mut Script, devices: i32, stdin: i32, interactive: bool) -> ! {
    let Err(failure) = become_command(script, devices, stdin, interactive);
    state.fail(&failure);
    sys::exit(127)
}

fn become_command(
    script: &mut Script,
    devices: i32,
    stdin: i32,
    interactive: bool,
) -> Result<core::convert::Infallible, Failure> {
    open_session(stdin, interactive).at(Step::Terminal)?;
    devices::open_null_streams(devices, script.word()).at(Step::Streams)?;
    step_back(script.word());
    sys::chdir(script.text()).at(Step::Cwd)?;
    for _ in 0..script.word() {
        let (resource, mut limit) = (script.size(), [script.word(), script.word()]);
        call!(PRLIMIT64, 0usize, resource, Room(&mut limit), 0usize).at(Step::Limits)?;
    }
    drop_capabilities(script.word()).at(Step::Capabilities)?;
    (1..=64).for_each(|signal| sys::on_signal(signal, 0));
    let _: Ret = call!(UMASK, 0o022usize);
    call!(CLOSE_RANGE, 3usize, u32::MAX as usize, 0usize).at(Step::Exec)?;
    filter_calls(script).at(Step::Filter)?;
    execute(script)
}

fn open_session(stdin: i32, interactive: bool) -> Ret {
    const TIOCSPGRP: usize = 0x5410;
    if interactive {
        call!(SETPGID, 0usize, 0usize)?;
        let mut group = [call!(GETPID)? as u32];
        // Fails on something that is no terminal of ours, which then needs no foreground group.
        let _: Ret = call!(IOCTL, stdin, TIOCSPGRP, Room(&mut group));
    } else {
        call!(SETSID)?;
    }
    call!(DUP3, stdin, 0usize, 0usize)
}

/// Leaves the processor to others. A lower niceness than the host's is not ours to take.
fn step_back(nice: u64) {
    if nice == 0 {
        return;
    }
    // The kernel answers with 20 minus the niceness.
    let own = call!(GETPRIORITY, 0usize, 0usize).map_or(0, |answer| 20u64.saturating_sub(answer as u64));
    let _: Ret = call!(SETPRIORITY, 0usize, 0usize, nice.max(own) as usize);
}

/// Keeps the capabilities in the mask `kept`, in every set, and gives up all others for good.
fn drop_capabilities(kept: u64) -> Ret {
    const PR_CAPBSET_DROP: usize = 24;
    const PR_SET_NO_NEW_PRIVS: usize = 38;
    const PR_CAP_AMBIENT: usize = 47;
    const PR_CAP_AMBIENT_RAISE: usize = 2;
    const VERSION_3: u64 = 0x2008_0522;
    for capability in (0..64).filter(|c| kept & (1 << c) == 0) {
        match call!(PRCTL, PR_CAPBSET_DROP, capability) {
            Err(sys::EINVAL) => break,
            other => other?,
        };
    }
    let (low, high) = (kept & 0xffff_ffff, kept >> 32);
    // Effective and permitted, inheritable: for the low halves, then for the high ones.
    let mut header = [VERSION_3];
    let mut sets = [low as u32, low as u32, low as u32, high as u32, high as u32, high as u32];
    call!(CAPSET, Room(&mut header), Room(&mut sets))?;
    for capability in (0..64).filter(|c| kept & (1 << c) != 0) {
        call!(PRCTL, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0usize, 0usize)?;
    }
    call!(PRCTL, PR_SET_NO_NEW_PRIVS, 1usize, 0usize, 0usize, 0usize)
}

/// Has the kernel refuse calls by the filter in the script, for this process and all that come of it.
fn filter_calls(script: &mut Script) -> Ret {
    const SECCOMP_SET_MODE_FILTER: usize = 1;
    // The filter is about what the kernel offers, not about secrets that speculation could show to other processes.
    const SECCOMP_FILTER_FLAG_SPEC_ALLOW: usize = 4;
    let count = script.size();
    let instructions = sys::memory(count)?;
    instructions.iter_mut().for_each(|instruction| *instruction = script.word());
    let mut program = [count as u64, instructions.as_ptr() as u64];
    call!(SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, Room(&mut program))
}

/// Tries one path after another, as a shell goes through `PATH`. Of several errors the one of a file that
/// is there counts.
fn execute(script: &mut Script) -> Result<core::convert::Infallible, Failure> {
    let candidates = script.texts().at(Step::Exec)?;
    let arguments = script.texts().at(Step::Exec)?;
    let environment = script.texts().at(Step::Exec)?;
    let mut failure = Failure { step: Step::Exec, detail: 0, errno: sys::ENOENT };
    let count = candidates.len() - 1;
    for (detail, candidate) in candidates[..count].iter().enumerate() {
        let path = *candidate as usize;
        let Err(errno) = call!(EXECVE, path, Room(&mut *arguments), Room(&mut *environment)) else {
            continue;
        };
        if !matches!(errno, sys::ENOENT | sys::ENOTDIR) && failure.errno == sys::ENOENT {
            failure = Failure { detail, errno, ..failure };
        }
    }
    Err(failure)
}
