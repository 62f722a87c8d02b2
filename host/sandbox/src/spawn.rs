//! Starts sandboxes.
//!
//! No code of the host runs between fork and exec, which would be dangerous in a process with many threads: the
//! standard library starts the embedded init (`posix_spawn`, which does not copy the host's memory), and the init
//! does the rest in its own process.

use crate::cgroup::ControlGroup;
use crate::error::{SandboxError, failed};
use crate::overlay;
use crate::protocol::{HEADER, OVERLAY_FOLLOWS};
use crate::running::{CommandOutcome, Running};
use crate::script::{self, CompiledScript};
use crate::{InputSource, OutputTarget, Resource, RootSpec, SandboxCommand, check_arguments};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg,
    socketpair,
};
use rustix::termios::ttyname;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IoSlice, IsTerminal, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::OnceLock;

static INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/init"));

/// Starts `command` in `root` and returns at once; errors of setting up come from [`Running::wait`].
///
/// # Errors
/// [`SandboxError::BadSpec`], [`SandboxError::TooLong`], and [`SandboxError::Supervisor`] if not even a process could be made.
pub fn spawn(root: &RootSpec, command: &SandboxCommand) -> Result<Running, SandboxError> {
    let stack =
        command.limits.iter().rfind(|limit| limit.resource == Resource::Stack).map(|limit| limit.value);
    check_arguments(&command.argv, &command.environment, stack)?;
    let stdin = input(&command.stdin).map_err(failed("open the standard input"))?;
    let terminal = match command.stdin {
        InputSource::Terminal if stdin.is_terminal() => {
            Some(ttyname(&stdin, Vec::new()).map_err(|errno| failed("name the terminal")(errno.into()))?)
        }
        _ => None,
    };
    let terminal = terminal.as_ref().map(|name| Path::new(OsStr::from_bytes(name.as_bytes())));
    let group = ControlGroup::make();
    let script = script::compile(root, command, terminal, group.as_ref().map(ControlGroup::path))?;
    let overlay = if root.has_images() { Some(overlay::mount(root)?) } else { None };
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(|errno| failed("make the socket")(errno.into()))?;
    let image = image().map_err(|errno| failed("store the init")(errno.into()))?;
    let mut process = Process::new(format!("/proc/self/fd/{}", image.as_raw_fd()));
    process.arg0("spec-sandbox").env_clear().stdin(Stdio::from(theirs));
    process.stdout(output(&command.stdout).map_err(failed("open the standard output"))?);
    process.stderr(output(&command.stderr).map_err(failed("open the standard error"))?);
    let child = process.spawn().map_err(failed("start the supervisor"))?;
    // The builder still has the supervisor's end of the socket; the host may keep only its own.
    drop(process);
    let running = Running::new(child, UnixStream::from(ours), script, group);
    running.send(|socket, script| send(socket, script, stdin.as_fd(), overlay.as_ref()))?;
    Ok(running)
}

/// Runs `command` in `root` to its end.
///
/// # Errors
/// As [`spawn`] and [`Running::wait`].
pub fn run(root: &RootSpec, command: &SandboxCommand) -> Result<CommandOutcome, SandboxError> {
    spawn(root, command)?.wait()
}

fn input(input: &InputSource) -> io::Result<OwnedFd> {
    match input {
        InputSource::Null => Ok(File::open("/dev/null")?.into()),
        InputSource::Fd(fd) => fd.try_clone(),
        InputSource::Terminal => io::stdin().as_fd().try_clone_to_owned(),
    }
}

fn output(output: &OutputTarget) -> io::Result<Stdio> {
    Ok(match output {
        OutputTarget::Null => Stdio::null(),
        OutputTarget::Fd(fd) => fd.try_clone()?.into(),
        OutputTarget::Inherit => Stdio::inherit(),
    })
}

/// The init as a sealed file in memory, one for the whole process.
fn image() -> Result<BorrowedFd<'static>, Errno> {
    static IMAGE: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(image) = IMAGE.get() {
        return Ok(image.as_fd());
    }
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let image = match memfd_create("spec-sandbox-init", flags | MemfdFlags::EXEC) {
        // Linux before 6.3 does not know the flag; every such file can be executed there.
        Err(Errno::INVAL) => memfd_create("spec-sandbox-init", flags)?,
        image => image?,
    };
    let mut rest = INIT;
    while !rest.is_empty() {
        rest = &rest[rustix::io::write(&image, rest)?..];
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&image, seals)?;
    Ok(IMAGE.get_or_init(|| image).as_fd())
}

fn send(
    mut socket: &UnixStream,
    script: &CompiledScript,
    stdin: BorrowedFd<'_>,
    overlay: Option<&OwnedFd>,
) -> io::Result<()> {
    let follows = if overlay.is_some() { OVERLAY_FOLLOWS } else { 0 };
    let header: [u8; HEADER] = (script.bytes.len() as u64 | follows).to_le_bytes();
    send_with(socket, &header, stdin)?;
    if let Some(overlay) = overlay {
        send_with(socket, &[0], overlay.as_fd())?;
    }
    socket.write_all(&script.bytes)
}

fn send_with(socket: &UnixStream, bytes: &[u8], fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = [fd];
    control.push(SendAncillaryMessage::ScmRights(&fds));
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}
