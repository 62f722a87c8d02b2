//! System calls by name, with their numbers in every binary interface.

/// A binary interface between programs and the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abi {
    X86_64,
    Aarch64,
    /// 32-bit programs on x86_64.
    X86,
    /// 32-bit programs on aarch64.
    Arm,
}

impl Abi {
    /// The interfaces of programs that this machine runs.
    pub(super) const HERE: [Self; 2] =
        if cfg!(target_arch = "x86_64") { [Self::X86_64, Self::X86] } else { [Self::Aarch64, Self::Arm] };

    /// The kernel's `AUDIT_ARCH_*`.
    pub(super) const fn audit(self) -> u32 {
        match self {
            Self::X86_64 => 0xc000_003e,
            Self::Aarch64 => 0xc000_00b7,
            Self::X86 => 0x4000_0003,
            Self::Arm => 0x4000_0028,
        }
    }
}

/// A system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SystemCall {
    pub(super) name: &'static str,
    numbers: [Option<u32>; 4],
}

impl SystemCall {
    /// Its number in `abi`, where it exists.
    pub(super) fn number(&self, abi: Abi) -> Option<u32> {
        self.numbers[abi as usize]
    }
}

macro_rules! number {
    (-) => {
        None
    };
    ($number:literal) => {
        Some($number)
    };
}

macro_rules! calls {
    ($($(#[$doc:meta])* $list:ident { $($name:ident: $x86_64:tt $aarch64:tt $x86:tt $arm:tt,)* })*) => {$(
        $(#[$doc])*
        pub(super) const $list: &[SystemCall] = &[$(SystemCall {
            name: stringify!($name),
            numbers: [number!($x86_64), number!($aarch64), number!($x86), number!($arm)],
        },)*];
    )*};
}

/// The highest number, in all interfaces, of the calls that were reviewed one by one: `file_setattr`, Linux 6.17.
pub(super) const LAST_KNOWN: u32 = 469;

/// Private calls of 32-bit ARM start here; every program needs some of them.
pub(super) const FIRST_OF_ARM: u32 = 0x000f_0000;

calls! {
    /// Calls for keys, settings and memory of the whole machine, and parts of the kernel with a history of
    /// vulnerabilities that builds do not need. `socketcall` makes sockets of any kind, and a filter cannot read
    /// which.
    OF_THE_MACHINE {
        acct: 163 89 51 51,
        add_key: 248 217 286 309,
        bpf: 321 280 357 386,
        clock_settime: 227 112 264 262,
        clock_settime64: - - 404 404,
        delete_module: 176 106 129 129,
        fanotify_init: 300 262 338 367,
        finit_module: 313 273 350 379,
        get_mempolicy: 239 236 275 320,
        init_module: 175 105 128 128,
        ioperm: 173 - 101 -,
        iopl: 172 - 110 -,
        kcmp: 312 272 349 378,
        kexec_file_load: 320 294 - 401,
        kexec_load: 246 104 283 347,
        keyctl: 250 219 288 311,
        lookup_dcookie: 212 18 253 249,
        mbind: 237 235 274 319,
        migrate_pages: 256 238 294 400,
        move_pages: 279 239 317 344,
        name_to_handle_at: 303 264 341 370,
        nfsservctl: 180 42 169 169,
        open_by_handle_at: 304 265 342 371,
        perf_event_open: 298 241 336 364,
        pidfd_getfd: 438 438 438 438,
        quotactl: 179 60 131 131,
        quotactl_fd: 443 443 443 443,
        reboot: 169 142 88 88,
        request_key: 249 218 287 310,
        set_mempolicy: 238 237 276 321,
        set_mempolicy_home_node: 450 450 450 450,
        settimeofday: 164 170 79 79,
        socketcall: - - 102 -,
        stime: - - 25 -,
        swapoff: 168 225 115 115,
        swapon: 167 224 87 87,
        sysctl: 156 - 149 149,
        sysfs: 139 - 135 135,
        syslog: 103 116 103 103,
        uselib: 134 - 86 86,
        userfaultfd: 323 282 374 388,
        ustat: 136 - 62 62,
        vhangup: 153 58 111 111,
    }
    /// Calls for processes with user namespaces.
    OF_NAMESPACES {
        fsconfig: 431 431 431 431,
        fsmount: 432 432 432 432,
        fsopen: 430 430 430 430,
        fspick: 433 433 433 433,
        mount: 165 40 21 21,
        mount_setattr: 442 442 442 442,
        move_mount: 429 429 429 429,
        open_tree: 428 428 428 428,
        open_tree_attr: 467 467 467 467,
        pivot_root: 155 41 217 218,
        setdomainname: 171 162 121 121,
        sethostname: 170 161 74 74,
        setns: 308 268 346 375,
        umount: - - 22 -,
        umount2: 166 39 52 52,
    }
    /// New calls, which programs do not need, since older kernels lack them.
    NEW {
        io_uring_enter: 426 426 426 426,
        io_uring_register: 427 427 427 427,
        io_uring_setup: 425 425 425 425,
    }
    /// Its flags are in memory, which a filter cannot read. C libraries then call `clone`.
    CLONE3 {
        clone3: 435 435 435 435,
    }
    /// Whose first argument is a domain of sockets, and the third a protocol.
    SOCKET {
        socket: 41 198 359 281,
        socketpair: 53 199 360 288,
    }
    /// Whose first argument has namespaces among its flags.
    FLAGS {
        clone: 56 220 120 120,
        unshare: 272 97 310 337,
    }
    /// Whose second argument is what to do.
    IOCTL {
        ioctl: 16 29 54 54,
    }
    /// Whose first argument is a way of executing programs.
    PERSONALITY {
        personality: 135 92 136 136,
    }
}
