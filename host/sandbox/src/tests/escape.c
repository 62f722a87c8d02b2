// Tries one thing that a command in a sandbox must not be able to do, and prints what came of it: the name of the error,
// or "done".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static long call(long number, long a, long b, long c, long d, long e) { return syscall(number, a, b, c, d, e); }
#define CALL(number, ...) CALL_(number, __VA_ARGS__, 0, 0, 0, 0, 0)
#define CALL_(number, a, b, c, d, e, ...) call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static int nothing(void *unused) { (void)unused; return 0; }

static long in_child(int flags) {
    static char stack[65536];
    int pid = clone(nothing, stack + sizeof stack, flags | SIGCHLD, NULL);
    return pid < 0 ? -1 : waitpid(pid, NULL, 0) > 0 ? 0 : -1;
}

// A process may look at its own children, as debuggers do.
static long trace_child(void) {
    int pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(7);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) return -1;
    if (ptrace(PTRACE_CONT, pid, 0, 0) < 0 || waitpid(pid, &status, 0) != pid) return -1;
    return WEXITSTATUS(status) == 7 ? 0 : -1;
}

static long read_memory_of_first(void) {
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    return process_vm_readv(1, &here, 1, &there, 1, 0);
}

static long connect_abstract(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(fd, (void *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static long connect_loopback(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&address, sizeof address);
}

static long raise_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, 0}, {~0u, ~0u, 0}};
    return CALL(SYS_capset, &header, all);
}

static long raise_limit(void) {
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_CORE, &limit);
}

static long make_immutable(void) {
    int fd = open("/tmp/immutable", O_CREAT | O_RDWR, 0644), flags = FS_IMMUTABLE_FL;
    return fd < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static long set_times(int fd) {
    struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    return futimens(fd, long_ago);
}

// What is told of the three standard streams does not matter: the test looks at what they are outside.
static long spoil_streams(void) {
    for (int fd = 0; fd < 3; fd++) {
        if (fchmod(fd, 04777)) {}
        if (fchown(fd, 1, 1)) {}
        if (ftruncate(fd, 0)) {}
        set_times(fd);
    }
    return 0;
}

static long read_back_output(void) {
    int fd = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    char byte;
    return fd < 0 ? -1 : read(fd, &byte, 1);
}

#ifdef __x86_64__
static long old_interface(long number, long argument) {
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(argument), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
    if (answer < 0) { errno = -answer; return -1; }
    return answer;
}
#endif

static const char *const path = "/tmp";


static long attempt(const char *name, const char *argument) {
    char buffer[256] = {0};
    if (!strcmp(name, "abstract")) return connect_abstract(argument);
    if (!strcmp(name, "loopback")) return connect_loopback(argument);
    if (!strcmp(name, "socket")) return socket(atoi(argument), SOCK_STREAM, 0);
    if (!strcmp(name, "datagram")) return socket(atoi(argument), SOCK_DGRAM, 0);
    if (!strcmp(name, "netlink")) return socket(AF_NETLINK, SOCK_RAW, atoi(argument));
    if (!strcmp(name, "personality")) return personality(strtoul(argument, 0, 0));
    if (!strcmp(name, "tiocsti")) return ioctl(0, TIOCSTI, "x");
    if (!strcmp(name, "tioclinux")) return ioctl(0, 0x541c, "\3");
    if (!strcmp(name, "add-key")) return CALL(SYS_add_key, "user", "n", "v", 1, -3);
    if (!strcmp(name, "request-key")) return CALL(SYS_request_key, "user", "n", 0, -3);
    if (!strcmp(name, "keyctl")) return CALL(SYS_keyctl, 6, -4, buffer, sizeof buffer);
    if (!strcmp(name, "unshare-user")) return unshare(CLONE_NEWUSER);
    if (!strcmp(name, "unshare-cgroup")) return unshare(CLONE_NEWCGROUP);
    if (!strcmp(name, "unshare-files")) return unshare(CLONE_FILES | CLONE_FS);
    if (!strcmp(name, "clone-user")) return in_child(CLONE_NEWUSER);
    if (!strcmp(name, "clone-usual")) return in_child(0);
    // With a signal that there is not, so that nothing comes of it where the call is permitted.
    if (!strcmp(name, "clone3")) { buffer[39] = 1; return CALL(SYS_clone3, buffer, 64); }
    if (!strcmp(name, "setns")) return setns(open("/proc/self/ns/user", O_RDONLY), 0);
    if (!strcmp(name, "mount-cgroup")) return mount("none", path, "cgroup2", 0, 0);
    if (!strcmp(name, "remount")) return mount(0, "/proc/sys", 0, MS_REMOUNT | MS_BIND, 0);
    if (!strcmp(name, "umount")) return umount2("/proc/sys", MNT_DETACH);
    if (!strcmp(name, "fsopen")) return CALL(SYS_fsopen, "tmpfs", 0);
    if (!strcmp(name, "open-tree")) return CALL(SYS_open_tree, AT_FDCWD, "/", 1);
    if (!strcmp(name, "move-mount")) return CALL(SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, path);
    if (!strcmp(name, "mount-setattr")) return CALL(SYS_mount_setattr, AT_FDCWD, "/", 0, buffer, 32);
    if (!strcmp(name, "pivot-root")) return CALL(SYS_pivot_root, ".", ".");
    if (!strcmp(name, "chroot")) return chroot(path);
    if (!strcmp(name, "sethostname")) return sethostname("x", 1);
    if (!strcmp(name, "io-uring")) return CALL(SYS_io_uring_setup, 4, buffer);
    if (!strcmp(name, "perf")) return CALL(SYS_perf_event_open, buffer, 0, -1, -1);
    if (!strcmp(name, "bpf")) return CALL(SYS_bpf, 0, buffer, 48);
    if (!strcmp(name, "userfaultfd")) return CALL(SYS_userfaultfd, 1);
    if (!strcmp(name, "fanotify")) return CALL(SYS_fanotify_init, 0x200, 0);
    if (!strcmp(name, "name-to-handle")) return CALL(SYS_name_to_handle_at, AT_FDCWD, "/", buffer, buffer + 128, 0);
    if (!strcmp(name, "open-by-handle")) return CALL(SYS_open_by_handle_at, AT_FDCWD, buffer, 0);
    if (!strcmp(name, "syslog")) return CALL(SYS_syslog, 3, buffer, sizeof buffer);
    if (!strcmp(name, "reboot")) return CALL(SYS_reboot, 0xfee1dead, 672274793, 0);
    if (!strcmp(name, "kexec")) return CALL(SYS_kexec_load, 0, 0, 0, 0);
    if (!strcmp(name, "init-module")) return CALL(SYS_init_module, buffer, 0, "");
    if (!strcmp(name, "finit-module")) return CALL(SYS_finit_module, 0, "", 0);
    if (!strcmp(name, "delete-module")) return CALL(SYS_delete_module, "overlay", 0);
    if (!strcmp(name, "swapon")) return CALL(SYS_swapon, path, 0);
    if (!strcmp(name, "acct")) return CALL(SYS_acct, 0);
    if (!strcmp(name, "quota")) return CALL(SYS_quotactl, 0, 0, 0, 0);
    if (!strcmp(name, "settimeofday")) { struct timeval now = {1, 0}; return CALL(SYS_settimeofday, &now, 0); }
    if (!strcmp(name, "clock-settime")) { struct timespec now = {1, 0}; return CALL(SYS_clock_settime, 0, &now); }
    if (!strcmp(name, "unknown-call")) return CALL(1000, 0);
    if (!strcmp(name, "disk")) return mknod("/tmp/disk", S_IFBLK | 0666, makedev(254, 0));
    if (!strcmp(name, "memory-device")) return mknod("/tmp/mem", S_IFCHR | 0666, makedev(1, 1));
    if (!strcmp(name, "fifo")) return mkfifo("/tmp/fifo", 0666);
    if (!strcmp(name, "capset")) return raise_capabilities();
    if (!strcmp(name, "raise-limit")) return raise_limit();
    if (!strcmp(name, "priority")) return setpriority(PRIO_PROCESS, 0, -20);
    if (!strcmp(name, "immutable")) return make_immutable();
    if (!strcmp(name, "trace-child")) return trace_child();
    if (!strcmp(name, "trace-first")) return ptrace(PTRACE_ATTACH, 1, 0, 0);
    if (!strcmp(name, "seize-first")) return ptrace(PTRACE_SEIZE, 1, 0, 0);
    if (!strcmp(name, "memory-of-first")) return read_memory_of_first();
    if (!strcmp(name, "open")) return open(argument, O_RDONLY);
    if (!strcmp(name, "overwrite")) return open(argument, O_WRONLY);
    if (!strcmp(name, "chmod")) return chmod(argument, 04777);
    if (!strcmp(name, "utimes")) { struct timeval ago[2] = {{1, 0}, {1, 0}}; return utimes(argument, ago); }
    if (!strcmp(name, "spoil-streams")) return spoil_streams();
    if (!strcmp(name, "read-back")) return read_back_output();
    if (!strcmp(name, "crash")) { signal(SIGSEGV, SIG_DFL); raise(SIGSEGV); }
#ifdef __x86_64__
    if (!strcmp(name, "keyctl-32")) return old_interface(288, 0);
    if (!strcmp(name, "socketcall-32")) return old_interface(102, 1);
    if (!strcmp(name, "unshare-32")) return old_interface(310, CLONE_NEWUSER);
    if (!strcmp(name, "getpid-32")) return old_interface(20, 0);
    if (!strcmp(name, "getpid-x32")) return CALL(0x40000000 | SYS_getpid, 0);
#endif
    fprintf(stderr, "no such attempt: %s\n", name);
    exit(99);
}

int main(int count, char **arguments) {
    errno = 0;
    long answer = attempt(arguments[1], count > 2 ? arguments[2] : "");
    puts(answer < 0 ? strerrorname_np(errno) : "done");
    return 0;
}
