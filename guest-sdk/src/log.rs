//! Logging. Messages have no effect on results.
//!
//! ```
//! spec_guest_sdk::debug!("{} candidates", 3);
//! assert!(spec_guest_sdk::testing::logged().iter().any(|(_, message)| message == "3 candidates"));
//! ```

use std::fmt;

pub use crate::bindings::imports::spec::plugin::log::Level;

/// Whether somebody reads messages of this level. The macros ask before they make a message.
#[must_use]
pub fn is_enabled(level: Level) -> bool {
    #[cfg(target_family = "wasm")]
    let enabled = crate::bindings::imports::spec::plugin::log::enabled(level);
    #[cfg(not(target_family = "wasm"))]
    let enabled = crate::testing::is_enabled(level);
    enabled
}

/// Logs a message, if somebody reads messages of its level. In native tests it goes to standard error, and
/// [`testing::logged`](crate::testing::logged) has it.
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    if !is_enabled(level) {
        return;
    }
    #[cfg(target_family = "wasm")]
    crate::bindings::imports::spec::plugin::log::log(level, &message.to_string());
    #[cfg(not(target_family = "wasm"))]
    crate::testing::take_message(level, message.to_string());
}

/// Logs every step.
#[macro_export]
macro_rules! trace {
    ($($message:tt)*) => { $crate::log::write($crate::log::Level::Trace, ::core::format_args!($($message)*)) };
}

/// Logs for the plugin's author.
#[macro_export]
macro_rules! debug {
    ($($message:tt)*) => { $crate::log::write($crate::log::Level::Debug, ::core::format_args!($($message)*)) };
}

/// Logs for users who follow a build closely.
#[macro_export]
macro_rules! info {
    ($($message:tt)*) => { $crate::log::write($crate::log::Level::Info, ::core::format_args!($($message)*)) };
}

/// Logs that something is wrong, though the answer is valid.
#[macro_export]
macro_rules! warning {
    ($($message:tt)*) => { $crate::log::write($crate::log::Level::Warning, ::core::format_args!($($message)*)) };
}

/// Logs why the plugin is about to trap. The host adds the last such message to its error.
#[macro_export]
macro_rules! error {
    ($($message:tt)*) => { $crate::log::write($crate::log::Level::Error, ::core::format_args!($($message)*)) };
}
