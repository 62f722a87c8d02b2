//! The facts of a session that its predictions share.

use std::sync::Arc;

use spec_strategy::{NoFacts, SessionFacts};

/// Facts about the session; none by default.
#[derive(Clone, Debug)]
pub(super) struct SharedFacts(pub(super) Arc<dyn SessionFacts>);

impl Default for SharedFacts {
    fn default() -> Self {
        Self(Arc::new(NoFacts))
    }
}
