//! The names of this machine's system and architecture.

/// The names of architectures that BuildStream knows, and its canonical name for each. Looked up in lower case and
/// with dashes for underscores.
const ARCHITECTURES: [(&str, &[&str]); 12] = [
    ("x86-64", &["x86-64", "amd64"]),
    ("aarch64", &["aarch64", "armv8l"]),
    ("aarch64-be", &["aarch64-be", "armv8b"]),
    ("aarch32", &["aarch32", "arm"]),
    ("x86-32", &["x86-32", "i386", "i486", "i586", "i686"]),
    ("power-isa-be", &["power-isa-be", "powerpc", "powerpc64", "ppc64"]),
    ("power-isa-le", &["power-isa-le", "powerpc64le", "ppc64le"]),
    ("rv32g", &["rv32g", "riscv32"]),
    ("rv64g", &["rv64g", "riscv64"]),
    ("sparc-v9", &["sparc-v9", "sparc", "sparc64", "sun4v"]),
    ("la64v100", &["la64v100", "loong64", "loongarch64"]),
    ("unknown", &[]),
];

/// The canonical name of an architecture; `None` when it is not known.
pub(crate) fn canonical_arch(name: &str) -> Option<&'static str> {
    let name = name.replace('_', "-").to_ascii_lowercase();
    ARCHITECTURES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(canonical, _)| *canonical)
}

/// The canonical name of this machine's architecture, as its kernel tells it.
#[must_use]
pub fn host_arch() -> &'static str {
    let uname = rustix::system::uname();
    uname.machine().to_str().ok().and_then(canonical_arch).unwrap_or("unknown")
}

/// The name of this machine's system in lower case, such as `linux`.
#[must_use]
pub fn host_os() -> String {
    system_name().to_ascii_lowercase()
}

/// The name of this machine's system as `uname` tells it, such as `Linux`.
pub(crate) fn system_name() -> String {
    rustix::system::uname().sysname().to_string_lossy().into_owned()
}

/// The number of CPUs this process may use, at most 8: BuildStream's default for `max-jobs`.
pub(crate) fn default_jobs() -> u32 {
    rustix::thread::sched_getaffinity(None).map_or(1, |cpus| cpus.count().clamp(1, 8))
}
