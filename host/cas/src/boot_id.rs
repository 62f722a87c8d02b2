//! The start of the machine, told from others.

/// The kernel's name for the time since the machine was last started (`boot_id`); empty where it has none.
pub(crate) fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}
