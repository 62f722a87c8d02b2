//! Where element kinds come from.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_strategy::{ElementKind, KindError, KindRegistry, KindRequest};
use wasmtime::component::Linker;

use crate::clock::Clock;
use crate::failure::{Failure, PluginName};
use crate::instance::State;
use crate::kind::{ComponentKind, Shared};
use crate::pool::{KindId, Pool};
use crate::{Limits, Options, component, embedded, engine};

/// The element kinds of the program: components given on the command line go before those of a project, and those
/// before the embedded ones.
///
/// A component is loaded when a kind is asked for the first time, and then stays.
pub struct Plugins {
    options: Options,
    state: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    host: Option<Host>,
    kinds: HashMap<(String, Source), Arc<dyn ElementKind>>,
    attempts: KindId,
}

struct Host {
    linker: Linker<State>,
    shared: Arc<Shared>,
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
        Self { options, state: Mutex::default() }
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
    fn lock(&self) -> MutexGuard<'_, Loaded> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KindRegistry for Plugins {
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError> {
        let source = self.source(request)?;
        let key = (request.name.clone(), source);
        let mut loaded = self.lock();
        if let Some(kind) = loaded.kinds.get(&key) {
            return Ok(Arc::clone(kind));
        }
        let name = key.1.plugin_name(&request.name);
        loaded.attempts += 1;
        let id = loaded.attempts;
        let host = match loaded.host.take() {
            Some(host) => host,
            None => Host::start(&self.options).map_err(|failure| failure.of(&name, "load"))?,
        };
        let host = loaded.host.insert(host);
        let kind: Arc<dyn ElementKind> = Arc::new(host.load(&key.1, name, &request.name, id)?);
        loaded.kinds.insert(key, Arc::clone(&kind));
        Ok(kind)
    }
}

impl Host {
    fn start(options: &Options) -> Result<Self, Failure> {
        let cannot = |error: wasmtime::Error| {
            Failure::host(format!("the WebAssembly engine does not start: {error:#}; see 'spec-host doctor'"))
        };
        let limits = options.limits;
        let engine = engine::new(&options.cache_dir, &limits).map_err(cannot)?;
        let linker = component::linker(&engine).map_err(cannot)?;
        let clock = Clock::start(engine).map_err(|error| cannot(error.into()))?;
        Ok(Self {
            linker,
            shared: Arc::new(Shared { pool: Pool::new(limits.instances), limits, _clock: clock }),
        })
    }

    fn load(
        &self,
        source: &Source,
        name: PluginName,
        kind: &str,
        id: u64,
    ) -> Result<ComponentKind, KindError> {
        let component = source
            .read(&self.shared.limits)
            .and_then(|bytes| component::prepare(&self.linker, &bytes))
            .map_err(|failure| failure.of(&name, "load"))?;
        ComponentKind::new(name, kind, id, component, Arc::clone(&self.shared))
    }
}

impl Source {
    fn plugin_name(&self, kind: &str) -> PluginName {
        PluginName(match self {
            Self::File(file) => format!("{kind} ({})", file.display()),
            Self::Embedded(_) => format!("{kind} (built in)"),
        })
    }

    fn read(&self, limits: &Limits) -> Result<std::borrow::Cow<'static, [u8]>, Failure> {
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
