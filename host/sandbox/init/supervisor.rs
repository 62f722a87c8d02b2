//! The process outside of the sandbox: receives the script, makes the namespaces, waits for the init and reports to
//! the host.

use crate::protocol::{
    HEADER, MESSAGE, OVERLAY_FOLLOWS, REPORT_WORDS, SetupStep, SupervisorReport, termination,
};
use crate::script::ScriptReader;
use crate::shared_status::{Failure, InStep, SharedStatus};
use crate::sys::{self, KernelBuffer, Ret};
use crate::{call, devices, init, mount_points};
use core::ffi::CStr;
use core::sync::atomic::Ordering::Relaxed;

const HOST: i32 = 0;
const POLLIN: u16 = 1;
const SIGKILL: usize = 9;
const CLONE_NEWUSER: usize = 0x1000_0000;

/// The options of the supervisor; the rest of the script is for the init.
struct SupervisorOptions {
    /// The overlay's work directory.
    work: i32,
    /// Device nodes of the sandbox's own.
    devices: Option<i32>,
    /// The folder of the sandbox's control group.
    group: Option<i32>,
    namespaces: usize,
    timeout_ns: u64,
    interactive: bool,
    stdin: i32,
    rest: ScriptReader,
}

pub fn run() -> ! {
    const PR_SET_NAME: usize = 15;
    let _: Ret = call!(PRCTL, PR_SET_NAME, c"spec-sandbox");
    let Ok(shared) = SharedStatus::new() else { sys::exit(71) };
    let start = sys::now();
    let report = match supervise(shared, start) {
        Ok(report) => report,
        Err(failure) => {
            shared.fail(&failure);
            SupervisorReport::default()
        }
    };
    answer(shared, SupervisorReport { wall_ns: sys::now() - start, ..report });
    sys::exit(0)
}

fn supervise(shared: &'static SharedStatus, start: u64) -> Result<SupervisorReport, Failure> {
    let (stdin, overlay, bytes) = receive().in_step(SetupStep::Receive)?;
    let options = prepare(ScriptReader::new(bytes), stdin)?;
    // The host did it before it made an overlay.
    if overlay.is_none() {
        remove_overlay_traces(options.work);
    }
    let (receiver, sender) = mount_points::channel().in_step(SetupStep::Namespaces)?;
    let own = call!(PIDFD_OPEN, call!(GETPID).in_step(SetupStep::Namespaces)?, 0usize)
        .in_step(SetupStep::Namespaces)? as i32;
    let (pid, child) = sys::fork_into(options.group, options.namespaces).in_step(SetupStep::Namespaces)?;
    if pid == 0 {
        let SupervisorOptions { rest: script, devices, stdin, interactive, .. } = options;
        init::run(
            shared,
            init::InitInputs {
                script,
                supervisor: own,
                mount_points: sender,
                overlay,
                devices,
                stdin,
                interactive,
            },
        );
    }
    overlay.into_iter().for_each(sys::close);
    let killed = wait_for_init(child, start, options.timeout_ns);
    let (_, _, usage) = sys::wait(pid as i32).in_step(SetupStep::Fork)?;
    if shared.termination.load(Relaxed) == termination::UNKNOWN {
        shared.termination.store(killed, Relaxed);
    }
    mount_points::remove_announced(receiver);
    if options.interactive {
        take_terminal(options.stdin);
    }
    let time = |at: usize| usage[at] * 1_000_000 + usage[at + 1];
    Ok(SupervisorReport {
        user_us: time(0),
        system_us: time(2),
        max_rss_kb: usage[4],
        ..SupervisorReport::default()
    })
}

/// Removes the mark that an earlier volatile overlay left in the work directory: with it the kernel would refuse this
/// one.
fn remove_overlay_traces(work: i32) {
    let traces = [(c"work/incompat/volatile", c"dirty"), (c"work/incompat", c"volatile")];
    for (directory, name) in traces {
        if let Ok(directory) = sys::open_beneath(work, directory) {
            sys::remove(directory, name);
            sys::close(directory);
        }
    }
}

/// Receives the command's standard input, the overlay if the host made it, and the script.
fn receive() -> Ret<(i32, Option<i32>, &'static [u8])> {
    const ALL: usize = 0x100;
    let mut header = [0u8; HEADER];
    let (got, stdin) = sys::receive_with_fd(HOST, &mut header, ALL)?;
    if got != HEADER {
        return Err(sys::EINVAL);
    }
    let header = u64::from_le_bytes(header);
    let overlay = match header & OVERLAY_FOLLOWS {
        0 => None,
        _ => Some(sys::receive_with_fd(HOST, &mut [0], ALL)?.1),
    };
    let len = (header & !OVERLAY_FOLLOWS) as usize;
    let words = sys::memory(len.div_ceil(8))?;
    // SAFETY: the same memory seen as bytes; `u64` has no padding and `u8` no alignment.
    let bytes = unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), len) };
    let mut filled = 0;
    while filled < len {
        match call!(READ, HOST, KernelBuffer(&mut bytes[filled..]), len - filled)? {
            0 => return Err(sys::EINVAL),
            more => filled += more,
        }
    }
    Ok((stdin, overlay, bytes))
}

/// Enters a user namespace with the one user and group that the host mapped, and a new session.
fn prepare(mut script: ScriptReader, stdin: i32) -> Result<SupervisorOptions, Failure> {
    let group = script.text();
    let group = if group.is_empty() { None } else { sys::open(group, sys::O_PATH).ok() };
    // Only root may change supplementary groups, and only root's must be dropped.
    let _: Ret = call!(SETGROUPS, 0usize, 0usize);
    // A new keyring, because the host's session keyring may have keys.
    const KEYCTL_JOIN_SESSION_KEYRING: usize = 1;
    let _: Ret = call!(KEYCTL, KEYCTL_JOIN_SESSION_KEYRING, 0usize);
    let _: Ret = call!(UMASK, 0usize);
    // Only real root may make nodes, and not in every container; otherwise the host's nodes are used.
    let devices = if script.word() != 0 { devices::make().ok() } else { None };
    call!(UNSHARE, CLONE_NEWUSER).in_step(SetupStep::UserNamespace)?;
    write_file(c"/proc/self/setgroups", c"deny").in_step(SetupStep::IdMap)?;
    write_file(c"/proc/self/uid_map", script.text()).in_step(SetupStep::IdMap)?;
    write_file(c"/proc/self/gid_map", script.text()).in_step(SetupStep::IdMap)?;
    let work = sys::open(script.text(), sys::O_PATH).in_step(SetupStep::Work)?;
    let namespaces = script.size();
    let timeout_ns = script.word();
    let interactive = script.word() != 0;
    if interactive {
        // SIGINT, SIGQUIT, SIGTSTP, SIGTTIN and SIGTTOU are meant for the command.
        [2, 3, 20, 21, 22].into_iter().for_each(|signal| sys::on_signal(signal, 1));
    } else {
        call!(SETSID).in_step(SetupStep::Terminal)?;
    }
    Ok(SupervisorOptions { work, devices, group, namespaces, timeout_ns, interactive, stdin, rest: script })
}

fn write_file(path: &CStr, text: &CStr) -> Ret {
    let fd = sys::open(path, sys::O_WRONLY)?;
    let done = call!(WRITE, fd, text, text.count_bytes());
    sys::close(fd);
    done
}

/// Waits until the init ended; kills it at the time limit or when the host closed its end of the socket.
fn wait_for_init(child: i32, start: u64, timeout_ns: u64) -> u64 {
    let deadline = start.saturating_add(timeout_ns);
    loop {
        let left = deadline.saturating_sub(sys::now());
        let why = match sys::poll([(child, POLLIN), (HOST, POLLIN)], left) {
            Err(sys::EINTR) => continue,
            Ok([true, _]) => return termination::UNKNOWN,
            Ok([false, false]) => termination::TIMED_OUT,
            Ok([false, true]) | Err(_) => termination::CANCELLED,
        };
        let _: Ret = call!(PIDFD_SEND_SIGNAL, child, SIGKILL, 0usize, 0usize);
        return why;
    }
}

/// Makes the host's process group the foreground group of the terminal again.
fn take_terminal(terminal: i32) {
    const TIOCSPGRP: usize = 0x5410;
    if let Ok(group) = call!(GETPGID, 0usize) {
        let mut group = [group as u32];
        let _: Ret = call!(IOCTL, terminal, TIOCSPGRP, KernelBuffer(&mut group));
    }
}

/// Sends the report to the host, if it still exists.
fn answer(shared: &SharedStatus, report: SupervisorReport) {
    const MSG_NOSIGNAL: usize = 0x4000;
    let load = |word: &core::sync::atomic::AtomicU64| word.load(Relaxed);
    let mut message = [0u8; MESSAGE];
    let len = shared.message(&mut message);
    let report = SupervisorReport {
        termination: load(&shared.termination),
        status: load(&shared.status),
        step: load(&shared.step),
        op: load(&shared.op),
        detail: load(&shared.detail),
        errno: load(&shared.errno),
        message: len as u64,
        ..report
    };
    let mut words = report.words();
    let _: Ret =
        call!(SENDTO, HOST, KernelBuffer(&mut words), REPORT_WORDS * 8, MSG_NOSIGNAL, 0usize, 0usize);
    if len > 0 {
        let _: Ret = call!(SENDTO, HOST, KernelBuffer(&mut message), len, MSG_NOSIGNAL, 0usize, 0usize);
    }
}
