//! Process 1 of the sandbox: builds the root, starts the command, reaps, and takes everything with it.

use crate::script::Script;
use crate::state::{At, Failure, State};
use crate::sys::{self, Ret};
use crate::wire::{Step, ending};
use crate::{call, command, root};
use core::sync::atomic::Ordering::Relaxed;

const PR_SET_PDEATHSIG: usize = 1;
const PR_SET_DUMPABLE: usize = 4;

/// What the supervisor made for the init.
pub struct Given {
    pub script: Script,
    /// The supervisor itself, to be watched.
    pub supervisor: i32,
    /// Where mount points that are made are told.
    pub made: i32,
    /// The root's overlay, if the host made it.
    pub overlay: Option<i32>,
    /// Device nodes of the sandbox's own.
    pub devices: Option<i32>,
    pub stdin: i32,
    pub interactive: bool,
}

pub fn run(state: &State, given: Given) -> ! {
    if let Err(failure) = live(state, given) {
        state.fail(&failure);
        sys::exit(1);
    }
    sys::exit(0)
}

fn live(state: &State, given: Given) -> Result<(), Failure> {
    let Given { mut script, supervisor, made, overlay, devices, stdin, interactive } = given;
    const CLONE_NEWCGROUP: usize = 0x0200_0000;
    die_with(supervisor)?;
    // Only here, where its top is the group that this process is in.
    call!(UNSHARE, CLONE_NEWCGROUP).at(Step::Namespaces)?;
    let devices = root::build(state, &mut script, root::Given { made, overlay, devices })?;
    // Nothing inside may look into this process or borrow its capabilities.
    call!(PRCTL, PR_SET_DUMPABLE, 0usize).at(Step::Fork)?;
    let (pid, _) = sys::fork(0).at(Step::Fork)?;
    if pid == 0 {
        command::run(state, &mut script, devices, stdin, interactive);
    }
    if interactive {
        // Nobody inside would ever continue a command that the terminal stopped. In another session than
        // its parent the command's group is an orphan, which the kernel does not stop.
        call!(SETSID).at(Step::Terminal)?;
    }
    let _: Ret = call!(CLOSE_RANGE, 0usize, u32::MAX as usize, 0usize);
    reap(state, pid)
}

/// Has the kernel kill this process when the supervisor dies; it may have died already.
fn die_with(supervisor: i32) -> Result<(), Failure> {
    call!(PRCTL, PR_SET_PDEATHSIG, 9usize).at(Step::Namespaces)?;
    match sys::poll([(supervisor, 1)], 0).at(Step::Namespaces)? {
        [true] => sys::exit(1),
        [false] => Ok(()),
    }
}

fn reap(state: &State, command: usize) -> Result<(), Failure> {
    loop {
        let (pid, status, _) = sys::wait(-1).at(Step::Fork)?;
        if pid == command {
            if state.ending.load(Relaxed) == ending::UNKNOWN {
                state.status.store(u64::from(status), Relaxed);
                state.ending.store(ending::ENDED, Relaxed);
            }
            return Ok(());
        }
    }
}
