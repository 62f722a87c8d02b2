//! Where element kinds come from.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_strategy::{ElementKind, KindError, KindRegistry, KindRequest};

use crate::answers::Answers;
use crate::host::Host;
use crate::kind::Kind;
use crate::lazy::LazyComponent;
use crate::pool::KindId;
use crate::source::Source;
use crate::{Options, embedded, private};

/// The element kinds of the program: components given on the command line go before those of a project, and those
/// before the embedded ones.
///
/// A component is loaded when a kind is asked something that it was not asked before, and then stays.
pub struct Plugins {
    pub(crate) options: Options,
    pub(crate) host: Arc<Host>,
    /// Where answers are kept, if they are.
    answers: Option<PathBuf>,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    kinds: HashMap<(String, Source), Arc<Kind>>,
    attempts: KindId,
}

impl Plugins {
    /// The kinds that `options` give. Nothing is loaded yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let folder = options.keep_answers.then(|| private::folder(&options.cache_dir).ok()).flatten();
        let answers = folder.map(|folder| folder.join("answers"));
        Self { host: Host::new(&options).into(), options, answers, state: Mutex::default() }
    }

    /// Keeps the answers that were given so far for later programs. What cannot be written is asked again.
    pub fn keep_answers(&self) {
        self.lock().kinds.values().for_each(|kind| kind.keep_answers());
    }

    fn source(&self, request: &KindRequest) -> Result<Source, KindError> {
        let overrides = &self.options.overrides;
        // The last one given counts, as with other options.
        let given = overrides.iter().rfind(|(kind, _)| *kind == request.name).map(|(_, file)| file);
        if let Some(file) = given.or(request.component.as_ref()) {
            return Ok(Source::File(file.clone()));
        }
        let embedded = embedded::kind(&request.name).map(Source::Embedded);
        embedded.ok_or_else(|| KindError::Unknown { kind: request.name.clone(), known: self.known() })
    }

    fn known(&self) -> String {
        let mut names: BTreeSet<&str> = embedded::default_kinds().collect();
        names.extend(self.options.overrides.iter().map(|(kind, _)| kind.as_str()));
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// A panic elsewhere leaves at most a kind unloaded.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KindRegistry for Plugins {
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError> {
        let key = (request.name.clone(), self.source(request)?);
        let mut known = self.lock();
        if let Some(kind) = known.kinds.get(&key) {
            return Ok(Arc::clone(kind) as Arc<dyn ElementKind>);
        }
        known.attempts += 1;
        let name = key.1.plugin_name(&request.name);
        let bytes = key.1.read(&self.options.limits).map_err(|failure| failure.of(&name, "load"))?;
        let answers = self.answers.as_deref().map(|folder| Answers::open(folder, &bytes));
        let component = LazyComponent::new(name, known.attempts, bytes, Arc::clone(&self.host));
        let kind = Arc::new(Kind::new(&request.name, component, answers)?);
        known.kinds.insert(key, Arc::clone(&kind));
        Ok(kind)
    }
}
