//! The system calls the init makes, with Rust's types. No allocation, no globals, no libc.

use core::ffi::CStr;

/// A value, or the kernel's error number.
pub type Ret<T = usize> = Result<T, i32>;

pub const ENOENT: i32 = 2;
pub const EINTR: i32 = 4;
const EAGAIN: i32 = 11;
pub const ENOTDIR: i32 = 20;
pub const EINVAL: i32 = 22;

/// The directory that relative paths start from.
pub const AT_FDCWD: i32 = -100;
const AT_EMPTY_PATH: usize = 0x1000;
const AT_RECURSIVE: usize = 0x8000;
const AT_REMOVEDIR: usize = 0x200;
pub const O_RDONLY: usize = 0;
pub const O_WRONLY: usize = 1;
pub const O_CREAT: usize = 0o100;
pub const O_EXCL: usize = 0o200;
pub const O_PATH: usize = 0o10_000_000;
pub const O_CLOEXEC: usize = 0o2_000_000;

/// An argument of a system call.
pub trait Arg {
    /// The register's content.
    fn arg(self) -> usize;
}
impl Arg for usize {
    fn arg(self) -> usize {
        self
    }
}
impl Arg for i32 {
    fn arg(self) -> usize {
        self as isize as usize
    }
}
impl Arg for &CStr {
    fn arg(self) -> usize {
        self.as_ptr() as usize
    }
}
/// A buffer that the kernel reads or fills; its size is another argument or fixed by the call.
pub struct KernelBuffer<'a, T: ?Sized>(pub &'a mut T);
impl<T: ?Sized> Arg for KernelBuffer<'_, T> {
    fn arg(self) -> usize {
        (&raw mut *self.0).cast::<u8>() as usize
    }
}

/// One system call; missing arguments are zero.
#[macro_export]
macro_rules! call {
    ($nr:ident $(, $arg:expr)* $(,)?) => {{
        let given = [$($crate::sys::Arg::arg($arg)),*];
        let mut all = [0usize; 6];
        let mut i = 0;
        while i < given.len() {
            all[i] = given[i];
            i += 1;
        }
        // SAFETY: pointers come from `&CStr` or `KernelBuffer`, alive until the call returns; the buffer's size is an
        // argument of the call or fixed by its contract.
        let answer = unsafe { $crate::arch::syscall($crate::arch::nr::$nr, all) };
        if answer < 0 { Err(-answer as i32) } else { Ok(answer as usize) }
    }};
}

/// Ends the process.
pub fn exit(code: i32) -> ! {
    loop {
        let _: Ret = call!(EXIT_GROUP, code);
    }
}

/// Zeroed private memory that lives as long as the process, in words of eight bytes.
pub fn memory(words: usize) -> Ret<&'static mut [u64]> {
    map(words, 0x22)
}

/// Zeroed memory that children share, in words of eight bytes.
pub fn shared_memory(words: usize) -> Ret<&'static mut [u64]> {
    map(words, 0x21)
}

fn map(words: usize, flags: usize) -> Ret<&'static mut [u64]> {
    let at = call!(MMAP, 0usize, words * 8, 3usize, flags, -1i32, 0usize)?;
    // SAFETY: the kernel just made this mapping for us alone, readable, writable, zeroed, page aligned,
    // `words * 8` bytes long; it is never unmapped.
    Ok(unsafe { core::slice::from_raw_parts_mut(at as *mut u64, words) })
}

pub fn open(path: &CStr, flags: usize) -> Ret<i32> {
    call!(OPENAT, AT_FDCWD, path, flags | O_CLOEXEC, 0usize).map(|fd| fd as i32)
}

/// Opens `path` below `directory` with `O_PATH`; refuses links and paths that lead out.
pub fn open_beneath(directory: i32, path: &CStr) -> Ret<i32> {
    const NO_OTHER_MOUNT_MAGICLINKS_SYMLINKS_BENEATH: u64 = 0x01 | 0x02 | 0x04 | 0x08;
    let mut how = [(O_PATH | O_CLOEXEC) as u64, 0, NO_OTHER_MOUNT_MAGICLINKS_SYMLINKS_BENEATH];
    open_how(directory, path, &mut how)
}

/// Removes the empty directory or the file `name` of `directory`; other kinds of entries stay.
pub fn remove(directory: i32, name: &CStr) {
    if let Err(ENOTDIR) = call!(UNLINKAT, directory, name, AT_REMOVEDIR) {
        let _: Ret = call!(UNLINKAT, directory, name, 0usize);
    }
}

/// Opens `path` below `root` with `O_PATH`; `/` and `..` in it and in links are resolved inside `root`.
pub fn open_in_root(root: i32, path: &CStr) -> Ret<i32> {
    const RESOLVE_IN_ROOT: u64 = 0x10;
    const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
    let mut how = [(O_PATH | O_CLOEXEC) as u64, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS];
    open_how(root, path, &mut how)
}

/// While something is renamed or mounted anywhere on the machine the kernel cannot resolve `..` safely and returns
/// EAGAIN (`openat2(2)`). So the call is repeated, up to a limit.
fn open_how(directory: i32, path: &CStr, how: &mut [u64; 3]) -> Ret<i32> {
    const MOST_TRIES: usize = 10_000;
    let mut opened = Err(EAGAIN);
    for _ in 0..MOST_TRIES {
        opened = call!(OPENAT2, directory, path, KernelBuffer(&mut *how), 24usize).map(|fd| fd as i32);
        if opened != Err(EAGAIN) {
            break;
        }
    }
    opened
}

pub fn close(fd: i32) {
    let _: Ret = call!(CLOSE, fd);
}

pub fn chdir(path: &CStr) -> Ret {
    call!(CHDIR, path)
}

/// The status of an open file.
pub struct Stat {
    pub directory: bool,
    pub device: u64,
    pub inode: u64,
}

pub fn stat(fd: i32) -> Ret<Stat> {
    const TYPE_AND_INODE: usize = 0x1 | 0x100;
    let mut statx = [0u32; 64];
    call!(STATX, fd, c"", AT_EMPTY_PATH, TYPE_AND_INODE, KernelBuffer(&mut statx))?;
    let word = |low: usize, high: usize| u64::from(statx[high]) << 32 | u64::from(statx[low]);
    let directory = statx[7] & 0o170_000 == 0o040_000;
    Ok(Stat { directory, device: word(35, 34), inode: word(8, 9) })
}

/// A detached copy of the mounts at and below `path`.
pub fn open_tree(dir: i32, path: &CStr) -> Ret<i32> {
    const OPEN_TREE_CLONE: usize = 1;
    let flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;
    call!(OPEN_TREE, dir, path, flags).map(|fd| fd as i32)
}

pub const ATTR_RDONLY: u64 = 1;
pub const ATTR_NOSUID: u64 = 2;
pub const ATTR_NODEV: u64 = 4;
pub const ATTR_NOEXEC: u64 = 8;

/// Adds attributes to the mount `fd`, and to the mounts below it if `below`.
pub fn protect(fd: i32, attributes: u64, below: bool) -> Ret {
    const MS_PRIVATE: u64 = 1 << 18;
    let mut attr = [attributes, 0, MS_PRIVATE, 0];
    let flags = AT_EMPTY_PATH | if below { AT_RECURSIVE } else { 0 };
    call!(MOUNT_SETATTR, fd, c"", flags, KernelBuffer(&mut attr), 32usize)
}

/// Attaches the detached mount `fd` on `place`, an open directory or file.
pub fn attach(fd: i32, place: i32) -> Ret {
    const BOTH_EMPTY_PATHS: usize = 0x04 | 0x40;
    call!(MOVE_MOUNT, fd, c"", place, c"", BOTH_EMPTY_PATHS)
}

pub fn fsopen(kind: &CStr) -> Ret<i32> {
    call!(FSOPEN, kind, 1usize).map(|fd| fd as i32)
}

pub fn fs_flag(fs: i32, key: &CStr) -> Ret {
    call!(FSCONFIG, fs, 0usize, key, 0usize, 0usize)
}

pub fn fs_set(fs: i32, key: &CStr, value: &CStr) -> Ret {
    call!(FSCONFIG, fs, 1usize, key, value, 0usize)
}

/// Makes the file system that `fs` describes and a detached mount of it; closes `fs`.
pub fn fs_mount(fs: i32, attributes: u64) -> Ret<i32> {
    call!(FSCONFIG, fs, 6usize, 0usize, 0usize, 0usize)?;
    let mount = call!(FSMOUNT, fs, 1usize, attributes as usize)?;
    close(fs);
    Ok(mount as i32)
}

/// Sends `bytes` with the descriptor `fd`, without waiting.
pub fn send_with_fd(socket: i32, bytes: &mut [u8], fd: i32) -> Ret {
    const DONTWAIT_NOSIGNAL: usize = 0x40 | 0x4000;
    // A `struct cmsghdr` of 20 bytes, SOL_SOCKET, SCM_RIGHTS.
    let mut control = [20, 1 << 32 | 1, fd as u32 as u64];
    let mut part = [(&raw mut *bytes).cast::<u8>() as u64, bytes.len() as u64];
    let mut message = [0, 0, (&raw mut part) as u64, 1, (&raw mut control) as u64, 24, 0];
    call!(SENDMSG, socket, KernelBuffer(&mut message), DONTWAIT_NOSIGNAL)
}

/// Receives bytes and the descriptor that comes with them: how many bytes, the descriptor.
pub fn receive_with_fd(socket: i32, bytes: &mut [u8], flags: usize) -> Ret<(usize, i32)> {
    const CLOEXEC: usize = 0x4000_0000;
    let mut control = [0u64; 4];
    let mut part = [(&raw mut *bytes).cast::<u8>() as u64, bytes.len() as u64];
    let mut message = [0, 0, (&raw mut part) as u64, 1, (&raw mut control) as u64, 32, 0];
    let got = call!(RECVMSG, socket, KernelBuffer(&mut message), CLOEXEC | flags)?;
    if control[0] < 20 { Err(EINVAL) } else { Ok((got, control[2] as u32 as i32)) }
}

/// Forks into the given namespaces; zero for the child. With it a pidfd of the child, for the parent.
pub fn fork(namespaces: usize) -> Ret<(usize, i32)> {
    const CLONE_PIDFD: usize = 0x1000;
    const SIGCHLD: usize = 17;
    let mut pidfd = [-1i32];
    let pid =
        call!(CLONE, namespaces | CLONE_PIDFD | SIGCHLD, 0usize, KernelBuffer(&mut pidfd), 0usize, 0usize)?;
    Ok((pid, pidfd[0]))
}

/// As [`fork`], with the child in the control group whose folder is `group`, if the kernel permits that.
pub fn fork_into(group: Option<i32>, namespaces: usize) -> Ret<(usize, i32)> {
    const CLONE_PIDFD: usize = 0x1000;
    const CLONE_INTO_CGROUP: usize = 0x2_0000_0000;
    const SIGCHLD: u64 = 17;
    let Some(group) = group else { return fork(namespaces) };
    let mut pidfd = [-1i32];
    // A `struct clone_args`: flags, where the pidfd goes, the signal at the end, and as the last one the group.
    let mut arguments = [0u64; 11];
    arguments[0] = (namespaces | CLONE_PIDFD | CLONE_INTO_CGROUP) as u64;
    arguments[1] = (&raw mut pidfd) as u64;
    arguments[4] = SIGCHLD;
    arguments[10] = group as u64;
    match call!(CLONE3, KernelBuffer(&mut arguments), size_of_val(&arguments)) {
        Ok(pid) => Ok((pid, pidfd[0])),
        Err(_) => fork(namespaces),
    }
}

/// Nanoseconds of the monotonic clock.
pub fn now() -> u64 {
    let mut time = [0u64; 2];
    let _: Ret = call!(CLOCK_GETTIME, 1usize, KernelBuffer(&mut time));
    time[0] * 1_000_000_000 + time[1]
}

/// Waits for a child: its pid, its wait status, and the kernel's `struct rusage` as words.
pub fn wait(pid: i32) -> Ret<(usize, u32, [u64; 18])> {
    let (mut status, mut usage) = ([0u32], [0u64; 18]);
    loop {
        match call!(WAIT4, pid, KernelBuffer(&mut status), 0usize, KernelBuffer(&mut usage)) {
            Err(EINTR) => {}
            other => return other.map(|pid| (pid, status[0], usage)),
        }
    }
}

/// Polls `fds`, each as `fd | events << 32`, for at most `nanoseconds`; which of them reported something.
pub fn poll<const N: usize>(fds: [(i32, u16); N], nanoseconds: u64) -> Ret<[bool; N]> {
    let mut table = fds.map(|(fd, events)| fd as u32 as u64 | u64::from(events) << 32);
    let mut time = [nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000];
    call!(PPOLL, KernelBuffer(&mut table), N, KernelBuffer(&mut time), 0usize, 8usize)?;
    Ok(table.map(|entry| entry >> 48 != 0))
}

/// Sets what `signal` does: 0 the default, 1 nothing.
pub fn on_signal(signal: usize, handler: u64) {
    let mut action = [handler, 0, 0, 0];
    let _: Ret = call!(RT_SIGACTION, signal, KernelBuffer(&mut action), 0usize, 8usize);
}
