//! Fetches and stages the sources of junctions while a project is loaded.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use spec_cas::{Cas, CasError, Hold, LayerCache, LayerGuard};
use spec_model::{LayerForm, UserError};
use spec_project::{JunctionSources, SourcesFolder, SubprojectError, SubprojectSources};
use spec_source::{ElementSources, FetchMonitor, LocalFiles};

use crate::options::SourceOptions;
use crate::sources;

/// Has the sources of junctions for a project that is being loaded. The trees that it stages are layers of the store, which
/// removes them when nobody has used them for a long time; the loaded project keeps those that it uses.
pub struct JunctionStaging<'a> {
    options: &'a SourceOptions,
    open: Box<dyn Fn() -> Result<Cas, CasError> + 'a>,
    monitor: FetchMonitor,
    store: OnceCell<Store>,
    staged: RefCell<Vec<LayerGuard>>,
    /// The files of each project that has junctions, by its folder.
    local_files: RefCell<HashMap<PathBuf, Arc<LocalFiles>>>,
}

/// The store, opened for the first junction that is not in the project itself.
struct Store {
    cas: Cas,
    /// What is fetched is not evicted before it is staged.
    _hold: Hold,
}

impl<'a> JunctionStaging<'a> {
    /// Stages with these options into the store that `open` opens, which it does only when it is needed. The monitor is told of
    /// downloads.
    pub fn new(
        options: &'a SourceOptions,
        open: impl Fn() -> Result<Cas, CasError> + 'a,
        monitor: FetchMonitor,
    ) -> Self {
        let (store, staged) = (OnceCell::new(), RefCell::default());
        Self { options, open: Box::new(open), monitor, store, staged, local_files: RefCell::default() }
    }

    /// What keeps the staged sources.
    pub(crate) fn take_staged(&self) -> Vec<LayerGuard> {
        self.staged.take()
    }

    fn store(&self) -> Result<&Store, CasError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let cas = (self.open)()?;
        let store = Store { _hold: cas.hold()?, cas };
        Ok(self.store.get_or_init(|| store))
    }

    fn stage(&self, junction: &JunctionSources<'_>) -> Result<SourcesFolder, SubprojectError> {
        let cas = &self.store().map_err(refused)?.cas;
        let mut context = sources::context(self.options, junction.project, cas);
        let mut local_files = self.local_files.borrow_mut();
        let of_project = local_files.entry(context.project_directory.clone());
        context.local_files = Arc::clone(of_project.or_insert_with(|| Arc::clone(&context.local_files)));
        let specs: Vec<_> = junction.sources.iter().map(sources::spec).collect();
        let sources = ElementSources::new(junction.name, &context, &specs).map_err(refused)?;
        if sources.key().map_err(refused)?.is_none() {
            return Err(SubprojectError::NoRef);
        }
        if sources.cached().map_err(refused)?.is_none() {
            self.monitor
                .note("fetching-junction", &format!("fetching the project behind '{}'", junction.name));
        }
        let tree = sources.fetch(&self.monitor).map_err(refused)?;
        context.local_files.save();
        let layer = LayerCache::new(cas.clone(), LayerForm::Copied).layer(&tree).map_err(refused)?;
        let path = layer.path().to_owned();
        self.staged.borrow_mut().push(layer);
        Ok(SourcesFolder::Staged(path))
    }
}

impl SubprojectSources for JunctionStaging<'_> {
    fn folder(&self, junction: &JunctionSources<'_>) -> Result<SourcesFolder, SubprojectError> {
        match junction.sources {
            [only] if only.kind == "workspace" => match only.config.str("path") {
                Ok(path) => Ok(SourcesFolder::InProject(path.into())),
                Err(error) => Err(refused(error)),
            },
            [only] if only.kind == "local" => {
                let path = spec_source::local_path(&junction.project.directory, &only.config);
                path.map(SourcesFolder::InProject).map_err(refused)
            }
            _ => self.stage(junction),
        }
    }
}

fn refused(error: impl UserError) -> SubprojectError {
    SubprojectError::Source(Box::new(error))
}
