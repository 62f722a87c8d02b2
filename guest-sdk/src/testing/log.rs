//! Messages that a plugin logs in a test.

use std::cell::{Cell, RefCell};

use crate::log::Level;

thread_local! {
    static MESSAGES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
    static LOWEST: Cell<Level> = const { Cell::new(Level::Trace) };
}

/// The messages that this thread logged since the last call.
#[must_use]
pub fn logged() -> Vec<(Level, String)> {
    MESSAGES.take()
}

/// Somebody reads messages of this level and above; all by default.
pub fn set_lowest_level(level: Level) {
    LOWEST.set(level);
}

pub(crate) fn is_enabled(level: Level) -> bool {
    level >= LOWEST.get()
}

pub(crate) fn take_message(level: Level, message: String) {
    eprintln!("{level:?}: {message}");
    MESSAGES.with_borrow_mut(|messages| messages.push((level, message)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_below_the_level_are_not_made() {
        set_lowest_level(Level::Info);
        let expensive = || -> u32 { panic!("nobody reads it") };
        if crate::log::is_enabled(Level::Debug) {
            crate::debug!("{}", expensive());
        }
        crate::warning!("{} left", 2);
        assert_eq!(logged(), [(Level::Warning, "2 left".to_owned())]);
        assert_eq!(logged(), []);
    }
}
