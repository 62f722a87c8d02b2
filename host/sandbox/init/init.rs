//! Process 1 of the sandbox: builds the root, starts the command, reaps, and takes everything with it.

use crate::script::Script;
use crate::state::{At, Failure, State};
use crate::sys::{self, Ret};
use crate::wire::{Step, ending};
use crate::{call, command, root};
use core::sync::atomic::Ordering::Relaxed;

const PR_SET_PDEATHSIG: usize = 1;
const PR_SET_DUMPABLE: usize = 4;

pub fn run(state: &State, mut script: Script, supervisor: i32, stdin: i32, interactive: bool) -> ! {
    if let Err(failure) = live(state, &mut script, supervisor, stdin, interactive) {
        state.fail(&failure);
        sys::exit(1);
    }
    sys::exit(0)
}

fn live(
    state: &State,
    script: &mut Script,
    supervisor: i32,
    stdin: i32,
    interactive: bool,
) -> Result<(), Failure> {
    die_with(supervisor)?;
    root::build(state, script)?;
    // Nothing inside may look into this process or borrow its capabilities.
    call!(PRCTL, PR_SET_DUMPABLE, 0usize).at(Step::Fork)?;
    let (pid, _) = sys::fork(0).at(Step::Fork)?;
    if pid == 0 {
        command::run(state, script, stdin, interactive);
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
