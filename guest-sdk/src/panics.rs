//! Messages of panics.

use std::sync::Once;

/// Has the messages of panics logged by `log`, which is that of the exported world. Without it the host sees a trap
/// without a message.
pub(crate) fn log_to(log: fn(&str)) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(move |panic| log(&panic.to_string()))));
}
