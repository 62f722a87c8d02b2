//! What all services share.

use std::sync::Arc;

use spec_cas::Cas;

use crate::blocking::Blocking;
use crate::from_proto;
use crate::options::Options;
use crate::refusal::Refusal;
use crate::uploads::Uploads;

/// A handle on what all services share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) cas: Cas,
    pub(crate) options: Arc<Options>,
    pub(crate) blocking: Blocking,
    pub(crate) uploads: Uploads,
}

impl Context {
    pub(crate) fn new(cas: Cas, options: Options) -> Self {
        Self {
            cas,
            blocking: Blocking::new(&options.limits),
            uploads: Uploads::new(&options.limits),
            options: Arc::new(options),
        }
    }

    /// Refuses an instance that is not served, and a digest function that is not known.
    pub(crate) fn admit(&self, instance: &str, digest_function: i32) -> Result<(), Refusal> {
        self.instance(instance)?;
        from_proto::digest_function(digest_function)
    }

    /// Refuses an instance that is not served.
    pub(crate) fn instance(&self, name: &str) -> Result<(), Refusal> {
        if self.options.instances.iter().any(|known| known == name) {
            return Ok(());
        }
        let shown: String = name.chars().take(80).collect();
        Err(Refusal::Invalid(format!("this server has no instance '{shown}'")))
    }

    /// Refuses to change anything where that is not allowed.
    pub(crate) fn writable(&self) -> Result<(), Refusal> {
        match self.options.writable {
            true => Ok(()),
            false => Err(Refusal::Forbidden("this server may only be read".to_owned())),
        }
    }

    /// Refuses results of actions where only our own count.
    pub(crate) fn may_update_results(&self) -> Result<(), Refusal> {
        self.writable()?;
        match self.options.update_results {
            true => Ok(()),
            false => Err(Refusal::Forbidden("this server takes no results of actions".to_owned())),
        }
    }
}
