//! The code that differs between processors: the entry point, the system call instruction, old call numbers.

use core::arch::{asm, global_asm};

#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {}", "ud2", sym crate::start);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "bl {}", "brk #1", sym crate::start);

/// Asks the kernel; the answer is a value or a negated error number.
///
/// # Safety
/// Every argument that the call reads as a pointer must be valid for what the call does with it.
#[cfg(target_arch = "x86_64")]
pub unsafe fn syscall(number: usize, a: [usize; 6]) -> isize {
    let answer: isize;
    // SAFETY: the x86_64 convention; the kernel clobbers rcx and r11; the caller vouches for the pointers.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => answer, in("rdi") a[0], in("rsi") a[1],
            in("rdx") a[2], in("r10") a[3], in("r8") a[4], in("r9") a[5], lateout("rcx") _, lateout("r11") _,
            options(nostack));
    }
    answer
}

/// Asks the kernel; the answer is a value or a negated error number.
///
/// # Safety
/// Every argument that the call reads as a pointer must be valid for what the call does with it.
#[cfg(target_arch = "aarch64")]
pub unsafe fn syscall(number: usize, a: [usize; 6]) -> isize {
    let answer: isize;
    // SAFETY: the aarch64 convention; the caller vouches for the pointers.
    unsafe {
        asm!("svc #0", in("x8") number, inlateout("x0") a[0] as isize => answer, in("x1") a[1], in("x2") a[2],
            in("x3") a[3], in("x4") a[4], in("x5") a[5], options(nostack));
    }
    answer
}

macro_rules! numbers {
    ($($name:ident $x86_64:literal $aarch64:literal,)*) => {
        /// System call numbers.
        pub mod nr {
            $(pub const $name: usize = if cfg!(target_arch = "x86_64") { $x86_64 } else { $aarch64 };)*
        }
    };
}

numbers! {
    READ 0 63, WRITE 1 64, CLOSE 3 57, MMAP 9 222, RT_SIGACTION 13 134, IOCTL 16 29, GETPID 39 172,
    SOCKET 41 198, SENDTO 44 206, SENDMSG 46 211, RECVMSG 47 212, SOCKETPAIR 53 199, CLONE 56 220,
    EXECVE 59 221, WAIT4 61 260, GETCWD 79 17, CHDIR 80 49, FCHDIR 81 50, UMASK 95 166, SETPGID 109 154,
    SETSID 112 157, SETGROUPS 116 159, GETPGID 121 155, CAPSET 126 91, PIVOT_ROOT 155 41, PRCTL 157 167,
    MOUNT 165 40, UMOUNT2 166 39, SETHOSTNAME 170 161, CLOCK_GETTIME 228 113, EXIT_GROUP 231 94,
    OPENAT 257 56, MKDIRAT 258 34, MKNODAT 259 33, UNLINKAT 263 35, SYMLINKAT 266 36, PPOLL 271 73,
    UNSHARE 272 97, DUP3 292 24, PRLIMIT64 302 261, SECCOMP 317 277, GETPRIORITY 140 141, SETPRIORITY 141 140,
    KEYCTL 250 219, STATX 332 291, PIDFD_SEND_SIGNAL 424 424, OPEN_TREE 428 428, MOVE_MOUNT 429 429,
    FSOPEN 430 430, FSCONFIG 431 431, FSMOUNT 432 432, PIDFD_OPEN 434 434, CLONE3 435 435, CLOSE_RANGE 436 436,
    OPENAT2 437 437, MOUNT_SETATTR 442 442,
}
