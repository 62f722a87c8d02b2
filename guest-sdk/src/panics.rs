//! Messages of panics.

use std::sync::Once;

use crate::log::{self, Level};

/// Has the messages of panics logged, for a component. Without it the host sees a trap without a message.
pub(crate) fn log_all() {
    static ONCE: Once = Once::new();
    if cfg!(target_family = "wasm") {
        ONCE.call_once(|| {
            std::panic::set_hook(Box::new(|panic| log::write(Level::Error, format_args!("{panic}"))));
        });
    }
}
