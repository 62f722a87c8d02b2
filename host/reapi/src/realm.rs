//! What a server holds for one digest function.

use std::sync::Arc;

use spec_cas::Cas;
use spec_execution::{ActionError, Executions, ResultCache};
use spec_model::DigestFunction;
use spec_proto::reapi::digest_function::Value;

use crate::assets::Assets;
use crate::refusal::Refusal;

/// A store, the results of its actions, and who runs those, if anybody does.
pub(crate) struct Realm {
    pub(crate) cas: Cas,
    pub(crate) results: ResultCache,
    pub(crate) assets: Assets,
    executions: Option<Arc<Executions>>,
}

impl Realm {
    pub(crate) fn new(cas: Cas, executions: Option<Arc<Executions>>) -> Self {
        let results = match &executions {
            // They remember what actions ask for.
            Some(executions) => executions.results().clone(),
            None => ResultCache::new(&cas),
        };
        Self { results, assets: Assets::new(&cas), cas, executions }
    }

    /// Who runs actions.
    pub(crate) fn executions(&self) -> Result<Arc<Executions>, Refusal> {
        let none = || Refusal::Unsupported("this server runs no actions; see its capabilities".to_owned());
        self.executions.clone().ok_or_else(none)
    }

    /// Why an action here has no result.
    pub(crate) fn refusal(&self, error: ActionError) -> Refusal {
        Refusal::of_action(self.cas.function(), error)
    }

    /// REAPI's name of the function.
    pub(crate) fn value(&self) -> Value {
        value(self.cas.function())
    }
}

/// The realms of a server; at most one for each function. The first is the server's own.
#[derive(Clone)]
pub(crate) struct Realms(Vec<Arc<Realm>>);

impl Realms {
    pub(crate) fn of(realm: Realm) -> Self {
        Self(vec![Arc::new(realm)])
    }

    /// Has the actions of the first realm run.
    pub(crate) fn employ(&mut self, executions: Arc<Executions>) {
        if let Some(first) = self.0.first_mut() {
            *first = Arc::new(Realm::new(first.cas.clone(), Some(executions)));
        }
    }

    /// Adds a realm, in the place of one with the same function.
    pub(crate) fn add(&mut self, realm: Realm) {
        let function = realm.cas.function();
        self.0.retain(|known| known.cas.function() != function);
        self.0.push(Arc::new(realm));
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Realm> {
        self.0.iter().map(Arc::as_ref)
    }

    /// The realm of a function.
    pub(crate) fn get(&self, function: DigestFunction) -> Result<Arc<Realm>, Refusal> {
        let found = self.0.iter().find(|realm| realm.cas.function() == function);
        found.cloned().ok_or_else(|| self.without(value(function).as_str_name()))
    }

    /// The realm of a request with this `digest_function`. REAPI: where it is not set, the hash's length tells; of
    /// the functions that may be left out SHA-256 has ours.
    pub(crate) fn of_request(&self, digest_function: i32) -> Result<Arc<Realm>, Refusal> {
        match Value::try_from(digest_function) {
            Ok(Value::Unknown | Value::Sha256) => self.get(DigestFunction::Sha256),
            Ok(Value::Blake3) => self.get(DigestFunction::Blake3),
            Ok(other) => Err(self.without(other.as_str_name())),
            Err(_) => Err(Refusal::Invalid(format!("there is no digest function {digest_function}"))),
        }
    }

    /// The functions of all realms, or of those that run actions.
    pub(crate) fn values(&self, running: bool) -> Vec<i32> {
        let wanted = self.0.iter().filter(|realm| !running || realm.executions.is_some());
        wanted.map(|realm| realm.value() as i32).collect()
    }

    fn without(&self, name: &str) -> Refusal {
        let known: Vec<&str> = self.0.iter().map(|realm| realm.value().as_str_name()).collect();
        Refusal::Invalid(format!("this server has no digest function {name}; use {}", known.join(" or ")))
    }
}

fn value(function: DigestFunction) -> Value {
    match function {
        DigestFunction::Sha256 => Value::Sha256,
        DigestFunction::Blake3 => Value::Blake3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_tells_the_realm() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let realm = |function| Realm::new(Cas::open_with(folder.path(), function).expect("a store"), None);
        let one = Realms::of(realm(DigestFunction::Sha256));
        let mut both = one.clone();
        both.add(realm(DigestFunction::Blake3));
        assert_eq!((one.values(false), both.values(false), both.values(true)), (vec![1], vec![1, 9], vec![]));
        for (number, with_one, with_both) in [
            (0, Some("sha256"), Some("sha256")),
            (1, Some("sha256"), Some("sha256")),
            (9, None, Some("blake3")),
            (2, None, None),
            (99, None, None),
            (-1, None, None),
        ] {
            for (realms, expect) in [(&one, with_one), (&both, with_both)] {
                let found = realms.of_request(number).map(|realm| realm.cas.function().name());
                assert_eq!(found.map_err(|refusal| refusal.reason()), expect.ok_or("invalid"), "{number}");
            }
        }
    }
}
