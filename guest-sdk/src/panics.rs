//! Panics as last words.

use std::sync::Once;

/// Has panics told to `log`, an export's world's own. Without it a panic is a trap that says nothing.
pub(crate) fn tell(log: fn(&str)) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(move |panic| log(&panic.to_string()))));
}
