//! What a server has for each digest function.

use std::sync::Arc;

use spec_cas::Cas;
use spec_execution::{ActionError, Executions, ResultCache};
use spec_model::DigestFunction;
use spec_proto::reapi::digest_function::Value;

use crate::assets::Assets;
use crate::request_error::RequestError;

/// A store of one digest function, with its action results and assets, and the executions of its actions if it has any.
pub(crate) struct DigestBackend {
    pub(crate) cas: Cas,
    pub(crate) results: ResultCache,
    pub(crate) assets: Assets,
    executions: Option<Arc<Executions>>,
}

impl DigestBackend {
    pub(crate) fn new(cas: Cas, executions: Option<Arc<Executions>>) -> Self {
        let results = match &executions {
            // They cache what actions ask for.
            Some(executions) => executions.results().clone(),
            None => ResultCache::new(&cas),
        };
        Self { results, assets: Assets::new(&cas), cas, executions }
    }

    /// The executions of the store's actions.
    pub(crate) fn executions(&self) -> Result<Arc<Executions>, RequestError> {
        let none = || {
            RequestError::Unsupported(
                "this server does not execute actions, as its capabilities say".to_owned(),
            )
        };
        self.executions.clone().ok_or_else(none)
    }

    /// The error of an action of this store.
    pub(crate) fn request_error(&self, error: ActionError) -> RequestError {
        RequestError::of_action(self.cas.function(), error)
    }

    /// REAPI's value of the digest function.
    pub(crate) fn wire_function(&self) -> Value {
        wire_function(self.cas.function())
    }
}

/// The backends of a server, at most one for each digest function. The first is of the store that the server was made with.
#[derive(Clone)]
pub(crate) struct DigestBackends(Vec<Arc<DigestBackend>>);

impl DigestBackends {
    pub(crate) fn new(backend: DigestBackend) -> Self {
        Self(vec![Arc::new(backend)])
    }

    /// Has the actions of the first backend executed.
    pub(crate) fn set_executions(&mut self, executions: Arc<Executions>) {
        if let Some(first) = self.0.first_mut() {
            *first = Arc::new(DigestBackend::new(first.cas.clone(), Some(executions)));
        }
    }

    /// Adds a backend, and replaces one with the same function.
    pub(crate) fn add(&mut self, backend: DigestBackend) {
        let function = backend.cas.function();
        self.0.retain(|known| known.cas.function() != function);
        self.0.push(Arc::new(backend));
    }

    /// All backends.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &DigestBackend> {
        self.0.iter().map(Arc::as_ref)
    }

    /// The backend of a digest function.
    pub(crate) fn get(&self, function: DigestFunction) -> Result<Arc<DigestBackend>, RequestError> {
        let found = self.0.iter().find(|backend| backend.cas.function() == function);
        found.cloned().ok_or_else(|| self.unknown_function(wire_function(function).as_str_name()))
    }

    /// The backend of a request with this `digest_function`. REAPI: where it is not set, the length of the hash tells the
    /// function; of those that may be left out, only SHA-256 has the length of ours.
    pub(crate) fn for_request(&self, digest_function: i32) -> Result<Arc<DigestBackend>, RequestError> {
        match Value::try_from(digest_function) {
            Ok(Value::Unknown | Value::Sha256) => self.get(DigestFunction::Sha256),
            Ok(Value::Blake3) => self.get(DigestFunction::Blake3),
            Ok(other) => Err(self.unknown_function(other.as_str_name())),
            Err(_) => Err(RequestError::Invalid(format!("REAPI has no digest function {digest_function}"))),
        }
    }

    /// REAPI's values of the functions of all backends, or of those that execute actions only.
    pub(crate) fn wire_functions(&self, executing: bool) -> Vec<i32> {
        let wanted = self.0.iter().filter(|backend| !executing || backend.executions.is_some());
        wanted.map(|backend| backend.wire_function() as i32).collect()
    }

    fn unknown_function(&self, name: &str) -> RequestError {
        let known: Vec<&str> = self.0.iter().map(|backend| backend.wire_function().as_str_name()).collect();
        RequestError::Invalid(format!(
            "this server does not support the digest function {name}; expected {}",
            known.join(" or ")
        ))
    }
}

fn wire_function(function: DigestFunction) -> Value {
    match function {
        DigestFunction::Sha256 => Value::Sha256,
        DigestFunction::Blake3 => Value::Blake3,
    }
}

#[cfg(test)]
mod tests;
