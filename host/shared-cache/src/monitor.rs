//! What pulls and pushes tell, and how they are stopped.

use spec_model::Cancel;

/// Hears what a pull or a push does, and may stop it.
pub trait CacheMonitor {
    /// What is being done now.
    fn activity(&self, text: &str);

    /// What happened, with a stable code.
    fn info(&self, reason: &'static str, text: String);

    /// A server failed: a stable code, and a sentence that says what, since when, and what is done instead.
    fn warning(&self, reason: &str, text: String);

    /// Asks to stop.
    fn cancel(&self) -> &Cancel;
}
