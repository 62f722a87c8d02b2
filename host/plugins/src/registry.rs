//! Where element kinds come from.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_strategy::{ElementKind, KindError, KindRegistry, KindRequest};

use crate::answers::Answers;
use crate::failure::{Failure, PluginName};
use crate::host::Host;
use crate::kind::Kind;
use crate::lazy::LazyComponent;
use crate::pool::KindId;
use crate::{Limits, Options, embedded, private};

/// The element kinds of the program: components given on the command line go before those of a project, and those
/// before the embedded ones.
///
/// A component is loaded when a kind is asked something that it was not asked before, and then stays.
pub struct Plugins {
    options: Options,
    host: Arc<Host>,
    /// Where answers are kept, if they are.
    answers: Option<PathBuf>,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    kinds: HashMap<(String, Source), Arc<Kind>>,
    attempts: KindId,
}

/// Where a component comes from.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Source {
    File(PathBuf),
    Embedded(&'static [u8]),
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
        let embedded = embedded::find(&request.name).map(Source::Embedded);
        embedded.ok_or_else(|| KindError::Unknown { kind: request.name.clone(), known: self.known() })
    }

    fn known(&self) -> String {
        let mut names: BTreeSet<&str> = embedded::names().collect();
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

impl Source {
    fn plugin_name(&self, kind: &str) -> PluginName {
        PluginName(match self {
            Self::File(file) => format!("{kind} ({})", file.display()),
            Self::Embedded(_) => format!("{kind} (built in)"),
        })
    }

    fn read(&self, limits: &Limits) -> Result<Cow<'static, [u8]>, Failure> {
        match self {
            Self::Embedded(bytes) => Ok((*bytes).into()),
            Self::File(file) => read_file(file, limits.component).map(Into::into),
        }
    }
}

fn read_file(file: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::plugin("plugin-unreadable", format!("the file cannot be read: {error}; check its name"))
    };
    let mut bytes = Vec::new();
    let file = File::open(file).map_err(unreadable)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        let message = format!("the file is larger than {most} bytes; build the component smaller");
        return Err(Failure::plugin("plugin-too-large", message));
    }
    Ok(bytes)
}
