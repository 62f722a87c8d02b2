//! Process 1 of the sandbox: builds the root, starts the command and reaps processes. When it ends, the kernel kills
//! everything in the sandbox.

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
    /// A descriptor of the supervisor, whose end is noticed.
    pub supervisor: i32,
    /// The channel for mount points that were made.
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
    // Here, because the group that this process is in now becomes the root of the namespace.
    call!(UNSHARE, CLONE_NEWCGROUP).in_step(SetupStep::Namespaces)?;
    let devices = root::build(shared, &mut script, root::RootInputs { mount_points, overlay, devices })?;
    // Nothing inside may look into this process or borrow its capabilities.
    call!(PRCTL, PR_SET_DUMPABLE, 0usize).in_step(SetupStep::Fork)?;
    let (pid, _) = sys::fork(0).in_step(SetupStep::Fork)?;
    if pid == 0 {
        command::run(shared, &mut script, devices, stdin, interactive);
    }
    if interactive {
        // Nothing inside would continue a command that the terminal stopped. In another session than its parent the
        // command's process group is orphaned, and the kernel does not stop orphaned groups.
        call!(SETSID).in_step(SetupStep::Terminal)?;
    }
    let _: Ret = call!(CLOSE_RANGE, 0usize, u32::MAX as usize, 0usize);
    reap(shared, pid)
}

/// Asks the kernel to kill this process when the supervisor dies, which may have happened already.
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
