//! Process 1 of the sandbox: builds the root, starts the command, reaps, and takes everything with it.

use crate::protocol::{SetupStep, termination};
use crate::script::ScriptReader;
use crate::shared_status::{Failure, InStep, SharedStatus};
use crate::sys::{self, Ret};
use crate::{call, command, root};
use core::sync::atomic::Ordering::Relaxed;

const PR_SET_PDEATHSIG: usize = 1;
const PR_SET_DUMPABLE: usize = 4;

/// What the supervisor made for the init.
pub struct InitInputs {
    pub script: ScriptReader,
    /// The supervisor itself, to be watched.
    pub supervisor: i32,
    /// Where mount points that are made are told.
    pub mount_points: i32,
    /// The root's overlay, if the host made it.
    pub overlay: Option<i32>,
    /// Device nodes of the sandbox's own.
    pub devices: Option<i32>,
    pub stdin: i32,
    pub interactive: bool,
}

pub fn run(shared: &SharedStatus, inputs: InitInputs) -> ! {
    if let Err(failure) = run_init(shared, inputs) {
        shared.fail(&failure);
        sys::exit(1);
    }
    sys::exit(0)
}

fn run_init(shared: &SharedStatus, inputs: InitInputs) -> Result<(), Failure> {
    let InitInputs { mut script, supervisor, mount_points, overlay, devices, stdin, interactive } = inputs;
    const CLONE_NEWCGROUP: usize = 0x0200_0000;
    die_with(supervisor)?;
    // Only here, where its top is the group that this process is in.
    call!(UNSHARE, CLONE_NEWCGROUP).in_step(SetupStep::Namespaces)?;
    let devices = root::build(shared, &mut script, root::RootInputs { mount_points, overlay, devices })?;
    // Nothing inside may look into this process or borrow its capabilities.
    call!(PRCTL, PR_SET_DUMPABLE, 0usize).in_step(SetupStep::Fork)?;
    let (pid, _) = sys::fork(0).in_step(SetupStep::Fork)?;
    if pid == 0 {
        command::run(shared, &mut script, devices, stdin, interactive);
    }
    if interactive {
        // Nobody inside would ever continue a command that the terminal stopped. In another session than
        // its parent the command's group is an orphan, which the kernel does not stop.
        call!(SETSID).in_step(SetupStep::Terminal)?;
    }
    let _: Ret = call!(CLOSE_RANGE, 0usize, u32::MAX as usize, 0usize);
    reap(shared, pid)
}

/// Has the kernel kill this process when the supervisor dies; it may have died already.
fn die_with(supervisor: i32) -> Result<(), Failure> {
    call!(PRCTL, PR_SET_PDEATHSIG, 9usize).in_step(SetupStep::Namespaces)?;
    match sys::poll([(supervisor, 1)], 0).in_step(SetupStep::Namespaces)? {
        [true] => sys::exit(1),
        [false] => Ok(()),
    }
}

fn reap(shared: &SharedStatus, command: usize) -> Result<(), Failure> {
    loop {
        let (pid, status, _) = sys::wait(-1).in_step(SetupStep::Fork)?;
        if pid == command {
            if shared.termination.load(Relaxed) == termination::UNKNOWN {
                shared.status.store(u64::from(status), Relaxed);
                shared.termination.store(termination::ENDED, Relaxed);
            }
            return Ok(());
        }
    }
}
