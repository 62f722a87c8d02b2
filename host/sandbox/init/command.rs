//! The child that becomes the command.

use crate::call;
use crate::devices;
use crate::protocol::SetupStep;
use crate::script::ScriptReader;
use crate::shared_status::{Failure, InStep, SharedStatus};
use crate::sys::{self, KernelBuffer, Ret};

pub fn run(
    shared: &SharedStatus,
    script: &mut ScriptReader,
    devices: i32,
    stdin: i32,
    interactive: bool,
) -> ! {
    let Err(failure) = become_command(script, devices, stdin, interactive);
    shared.fail(&failure);
    sys::exit(127)
}

fn become_command(
    script: &mut ScriptReader,
    devices: i32,
    stdin: i32,
    interactive: bool,
) -> Result<core::convert::Infallible, Failure> {
    open_session(stdin, interactive).in_step(SetupStep::Terminal)?;
    devices::open_null_streams(devices, script.word()).in_step(SetupStep::Streams)?;
    lower_priority(script.word());
    sys::chdir(script.text()).in_step(SetupStep::Cwd)?;
    for _ in 0..script.word() {
        let (resource, mut limit) = (script.size(), [script.word(), script.word()]);
        call!(PRLIMIT64, 0usize, resource, KernelBuffer(&mut limit), 0usize).in_step(SetupStep::Limits)?;
    }
    drop_capabilities(script.word()).in_step(SetupStep::Capabilities)?;
    (1..=64).for_each(|signal| sys::on_signal(signal, 0));
    let _: Ret = call!(UMASK, 0o022usize);
    call!(CLOSE_RANGE, 3usize, u32::MAX as usize, 0usize).in_step(SetupStep::Exec)?;
    filter_calls(script).in_step(SetupStep::Filter)?;
    execute(script)
}

fn open_session(stdin: i32, interactive: bool) -> Ret {
    const TIOCSPGRP: usize = 0x5410;
    if interactive {
        call!(SETPGID, 0usize, 0usize)?;
        let mut group = [call!(GETPID)? as u32];
        // Fails when it is not the terminal of this session, and then no foreground group is needed.
        let _: Ret = call!(IOCTL, stdin, TIOCSPGRP, KernelBuffer(&mut group));
    } else {
        call!(SETSID)?;
    }
    call!(DUP3, stdin, 0usize, 0usize)
}

/// Raises the niceness to `nice`, unless the host's own is higher: lowering it is not permitted.
fn lower_priority(nice: u64) {
    if nice == 0 {
        return;
    }
    // The system call returns 20 minus the niceness.
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
    call!(CAPSET, KernelBuffer(&mut header), KernelBuffer(&mut sets))?;
    for capability in (0..64).filter(|c| kept & (1 << c) != 0) {
        call!(PRCTL, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0usize, 0usize)?;
    }
    call!(PRCTL, PR_SET_NO_NEW_PRIVS, 1usize, 0usize, 0usize, 0usize)
}

/// Installs the system call filter of the script, for this process and its descendants.
fn filter_calls(script: &mut ScriptReader) -> Ret {
    const SECCOMP_SET_MODE_FILTER: usize = 1;
    // The filter reduces the kernel's interface. Secrets in caches of the processor are not its purpose, so the
    // kernel need not slow this process down.
    const SECCOMP_FILTER_FLAG_SPEC_ALLOW: usize = 4;
    let count = script.size();
    let instructions = sys::memory(count)?;
    instructions.iter_mut().for_each(|instruction| *instruction = script.word());
    let mut program = [count as u64, instructions.as_ptr() as u64];
    call!(SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, KernelBuffer(&mut program))
}

/// Tries one path after another, as a shell does with `PATH`. If all fail, the error of a file that exists is
/// reported.
fn execute(script: &mut ScriptReader) -> Result<core::convert::Infallible, Failure> {
    let candidates = script.texts().in_step(SetupStep::Exec)?;
    let arguments = script.texts().in_step(SetupStep::Exec)?;
    let environment = script.texts().in_step(SetupStep::Exec)?;
    let mut failure = Failure { step: SetupStep::Exec, detail: 0, errno: sys::ENOENT };
    let count = candidates.len() - 1;
    for (detail, candidate) in candidates[..count].iter().enumerate() {
        let path = *candidate as usize;
        let Err(errno) = call!(EXECVE, path, KernelBuffer(&mut *arguments), KernelBuffer(&mut *environment))
        else {
            continue;
        };
        if !matches!(errno, sys::ENOENT | sys::ENOTDIR) && failure.errno == sys::ENOENT {
            failure = Failure { detail, errno, ..failure };
        }
    }
    Err(failure)
}
