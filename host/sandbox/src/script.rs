//! Compiles a root and a command into the script that the init follows.

use crate::error::SandboxError;
use crate::protocol::{self, SetupStep, SupervisorReport, flag, null, op};
use crate::remedy::remedy;
use crate::{InputSource, Layer, Mount, MountKind, OutputTarget, RootSpec, SandboxCommand, Subtree, filter};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use spec_model::LayerForm;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const NEW_NET: u64 = 0x4000_0000;
/// New mount, host name, IPC and process namespaces. The init makes that of control groups itself, in the sandbox's
/// own group.
const NAMESPACES: u64 = 0x0002_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000;
const CORE_DUMP_SIZE: u64 = 4;
/// Too small for a core file; it is the only limit at which the kernel does not start a handler of the host
/// (`core_pattern`).
const NO_CORE_DUMP: u64 = 1;
/// Parts of `/proc` that their owner can write. The owner is the host's user 0, who may be the user of the sandbox.
const READ_ONLY_OF_PROC: [&str; 5] = ["sys", "irq", "bus", "fs", "mtrr"];
/// Parts of `/proc` that describe the whole machine and are not meant for all of its users.
const MASKED_OF_PROC: [&str; 18] = [
    "acpi",
    "asound",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "latency_stats",
    "pagetypeinfo",
    "sched_debug",
    "scsi",
    "slabinfo",
    "sysrq-trigger",
    "timer_list",
    "vmallocinfo",
    "vmcore",
];
const MAX_NICE: u8 = 19;

/// A script, and the paths that the numbers in the init's reports refer to.
#[derive(Debug)]
pub(crate) struct CompiledScript {
    pub(crate) bytes: Vec<u8>,
    /// The path of each instruction; the last one is that of the command.
    pub(crate) subjects: Vec<PathBuf>,
    /// Layers in the overlay's order, the highest first.
    pub(crate) layers: Vec<PathBuf>,
    /// The paths at which the program is looked for.
    pub(crate) candidates: Vec<PathBuf>,
    pub(crate) work: PathBuf,
    pub(crate) cwd: PathBuf,
    pub(crate) program: String,
}

impl CompiledScript {
    /// The error that the init reported while it followed this script.
    pub(crate) fn error(&self, report: &SupervisorReport, message: &str) -> SandboxError {
        let Some((step, text)) = SetupStep::ALL.get(report.step as usize).copied() else {
            return SandboxError::Lost;
        };
        let errno = Errno::from_raw_os_error(report.errno as i32);
        let (source, remedy) = (io::Error::from(errno), remedy(step, errno));
        let subject = self.subjects.get(report.op as usize).cloned().unwrap_or_default();
        let detail = report.detail as usize;
        match step {
            SetupStep::UserNamespace | SetupStep::IdMap | SetupStep::Namespaces => {
                SandboxError::UserNamespace { step: text, source, remedy }
            }
            SetupStep::Overlay | SetupStep::Layer | SetupStep::Upper | SetupStep::Work => {
                let path = match step {
                    SetupStep::Layer => self.layers.get(detail).cloned().unwrap_or_default(),
                    SetupStep::Work => self.work.clone(),
                    _ => subject,
                };
                let message = message.trim().to_owned();
                SandboxError::Overlay { step: text, path, source, message, remedy }
            }
            SetupStep::Cwd => SandboxError::Cwd { path: self.cwd.clone(), source },
            SetupStep::Exec if errno == Errno::NOENT => {
                let (program, tried) = (self.program.clone(), self.candidates.clone());
                SandboxError::CommandNotFound { program, tried }
            }
            SetupStep::Exec => {
                let path = self.candidates.get(detail).cloned().unwrap_or_default();
                SandboxError::CommandNotExecutable { path, source }
            }
            _ => SandboxError::Setup { step: text, path: subject, source, remedy },
        }
    }
}

/// Script under construction.
#[derive(Default)]
struct ScriptWriter {
    bytes: Vec<u8>,
    instructions: Vec<u8>,
    subjects: Vec<PathBuf>,
}

fn number(to: &mut Vec<u8>, number: u64) {
    to.extend_from_slice(&number.to_le_bytes());
}

fn text(to: &mut Vec<u8>, text: impl AsRef<OsStr>) {
    let bytes = text.as_ref().as_bytes();
    number(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
    to.push(0);
}

fn texts<S: AsRef<OsStr>>(to: &mut Vec<u8>, list: impl ExactSizeIterator<Item = S>) {
    number(to, list.len() as u64);
    list.for_each(|item| text(to, item));
}

/// Checks root and command, and writes the script. `terminal` is the device of the command's terminal, `group` the
/// folder of its control group.
pub(crate) fn compile(
    root: &RootSpec,
    command: &SandboxCommand,
    terminal: Option<&Path>,
    group: Option<&Path>,
) -> Result<CompiledScript, SandboxError> {
    check(root, command)?;
    let mut writer = ScriptWriter::default();
    writer.preamble(root, command, terminal.is_some(), group);
    writer.root(root, command, terminal);
    number(&mut writer.bytes, writer.subjects.len() as u64);
    writer.bytes.append(&mut writer.instructions);
    let candidates = candidates(command);
    writer.command(command, &candidates);
    writer.subjects.push(candidates.first().cloned().unwrap_or_default());
    Ok(CompiledScript {
        bytes: writer.bytes,
        subjects: writer.subjects,
        layers: root.layers.iter().rev().map(|layer| layer.path().to_owned()).collect(),
        candidates,
        work: root.work.clone(),
        cwd: command.cwd.clone(),
        program: command.argv[0].to_string_lossy().into_owned(),
    })
}

fn check(root: &RootSpec, command: &SandboxCommand) -> Result<(), SandboxError> {
    let bad = |what: String| Err(SandboxError::BadSpec { what });
    if root.layers.is_empty() || root.layers.len() > RootSpec::MAX_LAYERS {
        let (have, most) = (root.layers.len(), RootSpec::MAX_LAYERS);
        return bad(format!("a root needs 1 to {most} layers, this one has {have}"));
    }
    let inside =
        root.mounts.iter().map(|mount| &mount.path).chain(root.made_directories()).chain([&command.cwd]);
    if let Some(path) = outside(root).chain(inside.map(PathBuf::as_path)).find(|path| !path.is_absolute()) {
        return bad(format!("{} is not an absolute path", path.display()));
    }
    if command.argv.first().is_none_or(|program| program.is_empty()) {
        return bad("the command is empty".into());
    }
    let devices = |mount: &Mount| matches!(mount.kind, MountKind::Dev { .. });
    if null_streams(command) != 0 && !root.mounts.iter().any(devices) {
        return bad("a command without input or output needs the devices (MountKind::Dev) in its root".into());
    }
    let variables = command.environment.iter().flat_map(|(name, value)| [name, value]);
    let paths = outside(root).map(Path::as_os_str);
    let all = command.argv.iter().chain(variables).map(|text| text.as_os_str()).chain(paths);
    if let Some(text) = all.into_iter().find(|text| text.as_bytes().contains(&0)) {
        return bad(format!("{text:?} contains a NUL byte"));
    }
    Ok(())
}

/// The paths of the host that the root uses.
fn outside(root: &RootSpec) -> impl Iterator<Item = &Path> {
    let others = [&root.upper, &root.work].into_iter().chain(&root.contents).map(PathBuf::as_path);
    root.layers.iter().map(Layer::path).chain(others)
}

/// The paths at which the program may be, as `execvp` would try them.
fn candidates(command: &SandboxCommand) -> Vec<PathBuf> {
    let program = &command.argv[0];
    if program.as_bytes().contains(&b'/') {
        return vec![program.into()];
    }
    let path = command.environment.iter().find(|(name, _)| name == "PATH");
    path.map(|(_, value)| std::env::split_paths(value).map(|dir| dir.join(program)).collect())
        .unwrap_or_default()
}

/// The standard streams that are the sandbox's own null device.
fn null_streams(command: &SandboxCommand) -> u64 {
    let bit = |is_null: bool, bit: u64| if is_null { bit } else { 0 };
    bit(matches!(command.stdin, InputSource::Null), null::STDIN)
        | bit(matches!(command.stdout, OutputTarget::Null), null::STDOUT)
        | bit(matches!(command.stderr, OutputTarget::Null), null::STDERR)
}

impl ScriptWriter {
    fn preamble(
        &mut self,
        root: &RootSpec,
        command: &SandboxCommand,
        interactive: bool,
        group: Option<&Path>,
    ) {
        let to = &mut self.bytes;
        text(to, group.unwrap_or(Path::new("")));
        number(to, geteuid().is_root().into());
        text(to, format!("{} {} 1", command.uid, geteuid().as_raw()));
        text(to, format!("{} {} 1", command.gid, getegid().as_raw()));
        text(to, &root.work);
        number(to, NAMESPACES | if command.network { 0 } else { NEW_NET });
        number(to, command.timeout.map_or(u64::MAX, |limit| limit.as_nanos().try_into().unwrap_or(u64::MAX)));
        number(to, interactive.into());
    }

    fn instruction(&mut self, op: u64, subject: impl Into<PathBuf>, operands: &[&dyn Operand]) {
        number(&mut self.instructions, op);
        operands.iter().for_each(|operand| operand.write(&mut self.instructions));
        self.subjects.push(subject.into());
    }

    fn root(&mut self, root: &RootSpec, command: &SandboxCommand, terminal: Option<&Path>) {
        self.overlay(root);
        // Before the mounts, so that they are kept; after them too, as they may lie in one.
        root.made_directories().for_each(|path| self.instruction(op::DIRECTORY, path, &[path]));
        root.mounts.iter().for_each(|mount| self.mount(mount, terminal));
        root.made_directories().for_each(|path| self.instruction(op::DIRECTORY, path, &[path]));
        if root.read_only {
            root.directories.iter().for_each(|path| self.instruction(op::REBIND, path, &[&0, path]));
            self.instruction(op::READ_ONLY_ROOT, "/", &[]);
        }
        // Inner ones first: a bind mount of a directory over itself includes the mounts below with their flags.
        root.subtrees.iter().rev().for_each(|subtree| self.subtree(subtree));
        self.instruction(op::HOSTNAME, &command.hostname, &[&command.hostname]);
        if !command.network {
            self.instruction(op::LOOPBACK, "lo", &[]);
        }
    }

    fn overlay(&mut self, root: &RootSpec) {
        if root.has_images() {
            return self.instruction(op::GIVEN_OVERLAY, &root.upper, &[&root.upper]);
        }
        let contents = root.contents.clone().unwrap_or_default();
        let classic = u64::from(root.classic_overlay);
        self.instruction(op::OVERLAY, &root.upper, &[&classic, &root.upper, &root.work, &contents]);
        number(&mut self.instructions, root.layers.len() as u64);
        for layer in root.layers.iter().rev() {
            number(&mut self.instructions, u64::from(layer.form() == LayerForm::Metacopy));
            text(&mut self.instructions, layer.path());
        }
    }

    fn subtree(&mut self, Subtree { path, writable }: &Subtree) {
        match (path.as_os_str() == "/", writable) {
            (true, true) => {}
            (true, false) => self.instruction(op::READ_ONLY_ROOT, "/", &[]),
            (false, true) => self.instruction(op::REBIND, path, &[&flag::ALONE, path]),
            (false, false) => self.instruction(op::REBIND, path, &[&(flag::ALONE | flag::READ_ONLY), path]),
        }
    }

    fn mount(&mut self, Mount { path, kind }: &Mount, terminal: Option<&Path>) {
        match kind {
            MountKind::Bind { source, writable } => {
                let flags = if *writable { 0 } else { flag::READ_ONLY };
                self.instruction(op::BIND, source, &[&flags, source, path]);
            }
            MountKind::Tmpfs { size } => self.tmpfs("1777", *size, path),
            MountKind::Proc => {
                self.instruction(op::PROC, path, &[path]);
                for part in READ_ONLY_OF_PROC.map(|name| path.join(name)) {
                    self.instruction(op::REBIND, &part, &[&(flag::READ_ONLY | flag::OPTIONAL), &part]);
                }
                for part in MASKED_OF_PROC.map(|name| path.join(name)) {
                    self.instruction(op::MASK, &part, &[&part]);
                }
            }
            MountKind::Dev { shm_size } => self.devices(path, *shm_size, terminal),
        }
    }

    fn tmpfs(&mut self, mode: &str, size: u64, path: &Path) {
        self.instruction(op::TMPFS, path, &[&mode, &size.to_string(), &path]);
    }

    fn devices(&mut self, dev: &Path, shm_size: u64, terminal: Option<&Path>) {
        self.instruction(op::DEVICES, dev, &[&dev]);
        for device in &protocol::DEVICES {
            let name = OsStr::from_bytes(device.name.to_bytes());
            let (source, flags) =
                (Path::new("/dev").join(name), flag::DEVICES | flag::READ_ONLY | flag::HOST_DEVICE);
            self.instruction(op::BIND, &source, &[&flags, &source, &dev.join(name)]);
        }
        if let Some(terminal) = terminal {
            // Programs find the name of their terminal by this path only.
            let flags = flag::DEVICES | flag::READ_ONLY;
            self.instruction(op::BIND, terminal, &[&flags, &terminal, &dev.join("console")]);
        }
        self.instruction(op::DEVPTS, dev.join("pts"), &[&dev.join("pts")]);
        // Its mode is that of the sandbox of BuildStream, where it is a folder of the only user.
        self.tmpfs("755", shm_size, &dev.join("shm"));
        let links = [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")];
        for (name, number) in links {
            let target = format!("/proc/self/fd{number}");
            self.instruction(op::SYMLINK, dev.join(name), &[&target, &dev, &name]);
        }
        self.instruction(op::SYMLINK, dev.join("ptmx"), &[&"pts/ptmx", &dev, &"ptmx"]);
        // Builds on BuildStream's sandbox have it. What it points at is masked.
        self.instruction(op::SYMLINK, dev.join("core"), &[&"/proc/kcore", &dev, &"core"]);
    }

    fn command(&mut self, command: &SandboxCommand, candidates: &[PathBuf]) {
        let to = &mut self.bytes;
        number(to, null_streams(command));
        number(to, u64::from(command.nice.min(MAX_NICE)));
        text(to, &command.cwd);
        number(to, command.limits.len() as u64 + 1);
        let limits = command.limits.iter().map(|limit| (limit.resource as u64, limit.value));
        for (resource, value) in limits.chain([(CORE_DUMP_SIZE, NO_CORE_DUMP)]) {
            [resource, value, value].into_iter().for_each(|word| number(to, word));
        }
        number(to, command.capabilities.0);
        let filter = filter::program(command.user_namespaces);
        number(to, filter.len() as u64);
        filter.iter().for_each(|instruction| number(to, *instruction));
        texts(to, candidates.iter());
        texts(to, command.argv.iter());
        let variable = |(name, value): &(std::ffi::OsString, std::ffi::OsString)| {
            let mut variable = name.clone();
            variable.push("=");
            variable.push(value);
            variable
        };
        texts(to, command.environment.iter().map(variable));
    }
}

/// An operand of an instruction.
trait Operand {
    fn write(&self, to: &mut Vec<u8>);
}

impl Operand for u64 {
    fn write(&self, to: &mut Vec<u8>) {
        number(to, *self);
    }
}

macro_rules! text_operands {
    ($($kind:ty),*) => {$(
        impl Operand for $kind {
            fn write(&self, to: &mut Vec<u8>) {
                text(to, self);
            }
        }
    )*};
}
text_operands!(PathBuf, &Path, String, &str);
