//! One observer for several.

use std::sync::Arc;

use spec_scheduler::{Event, Observer};

/// Passes every event on to all of its observers, in their order.
pub struct FanOut(pub Vec<Arc<dyn Observer>>);

impl Observer for FanOut {
    fn event(&self, event: &Event) {
        self.0.iter().for_each(|observer| observer.event(event));
    }
}
