//! One observer for several.

use std::sync::Arc;

use spec_scheduler::{Event, Observer};

/// Tells every event to all of some observers, in order.
pub(crate) struct Fan(pub(crate) Vec<Arc<dyn Observer>>);

impl Observer for Fan {
    fn event(&self, event: &Event) {
        self.0.iter().for_each(|observer| observer.event(event));
    }
}
