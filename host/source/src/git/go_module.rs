//! The kind `go_module`: a module of Go from a git repository, for the folder `vendor`.

use spec_model::{Digest, Mapping, NodeError, PluginOrigin, Value};

use super::git_ref::GitRef;
use super::git_repo::{mirror_path, parse_ref, tagged_info};
use super::remote_repository::RemoteRepository;
use crate::context::SourceContext;
use crate::declared_version::DeclaredVersion;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::untracked::not_tracked;

const KEYS: [&str; 6] = ["kind", "directory", "provenance", "ref", "url", "module"];
/// The texts of the plugins of buildstream-plugins-community 2.2.0, 2.3.0, 2.3.1 and 2.3.2. Their keys have the value of `explicit`,
/// which later ones ignore.
pub(crate) const WITH_EXPLICIT: [&str; 4] = [
    "ad7ee8455d23d558dea3750b8cde7e2bf1245c68c1fe0d6ac764a5875bd96c7b",
    "2e7ee63edee413704f7a22dddc003de3ca214806d0749f96ddbad3d62a87e671",
    "edd57ed2b3728ea41d38f00722af2918523526046a662d7c915d3c0dbe838cd7",
    "9ad776fbaffce3476327991be4b40291c560136fc350ca786288b174b579a52c",
];

const REF_KEYS: [&str; 4] = ["go-version", "git-ref", "explicit", "subdirectory"];

/// A module of Go.
#[derive(Debug)]
pub(crate) struct GoModuleSource {
    name: SourceName,
    url: SourceUrl,
    repository: RemoteRepository,
    module: String,
    reference: Option<GoModuleRef>,
}

#[derive(Debug)]
struct GoModuleRef {
    version: String,
    text: String,
    git: GitRef,
    /// What the unique key has for the key `explicit`. Where it is ignored, only whether there is one counts.
    explicit: Option<Value>,
    subdirectory: Option<String>,
}

impl GoModuleSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        origin: &PluginOrigin,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&KEYS)?;
        let with_explicit = origin.has_text(&WITH_EXPLICIT);
        let reference = config.opt_mapping("ref")?;
        let reference = reference.map(|reference| module_ref(&name, reference, with_explicit)).transpose()?;
        let url = SourceUrl::of_node(&name, context, config.require("url")?)?;
        let module = config.str("module")?.to_owned();
        let repository = RemoteRepository::new(&name, context, &url, mirror_path(context, &name, &url));
        Ok(Self { name, url, repository, module, reference })
    }

    fn required_ref(&self) -> Result<&GoModuleRef, SourceError> {
        self.reference.as_ref().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }
}

fn module_ref(
    name: &SourceName,
    reference: &Mapping,
    with_explicit: bool,
) -> Result<GoModuleRef, SourceError> {
    reference.validate_keys(&REF_KEYS)?;
    let explicit = match with_explicit {
        true => Some(Value::Bool(reference.require("explicit")?.as_bool()?)),
        false => reference.get("explicit").map(|_| Value::Null),
    };
    let text = reference.str("git-ref")?;
    let place = reference.get("git-ref").and_then(|node| node.position.as_ref());
    Ok(GoModuleRef {
        version: reference.str("go-version")?.to_owned(),
        git: parse_ref(name, text, place)?,
        text: text.to_owned(),
        explicit,
        subdirectory: reference.opt_str("subdirectory")?.map(str::to_owned),
    })
}

impl Source for GoModuleSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        let entries = |reference| {
            [("ref", reference), ("module", self.module.as_str().into()), ("bugfix", Value::Int(1))]
        };
        Ok(self.reference().map(|reference| Value::map(entries(reference))))
    }

    fn reference(&self) -> Option<Value> {
        let GoModuleRef { version, text, explicit, subdirectory, .. } = self.reference.as_ref()?;
        let mut entries =
            vec![("go-version", Value::from(version.as_str())), ("git-ref", text.as_str().into())];
        entries.extend(explicit.clone().map(|explicit| ("explicit", explicit)));
        entries.extend(subdirectory.as_deref().map(|text| ("subdirectory", text.into())));
        Some(Value::map(entries))
    }

    fn set_ref(&mut self, _: Option<Value>) {}

    fn is_cached(&self) -> bool {
        self.reference.as_ref().is_some_and(|reference| self.repository.has(&reference.git.commit))
    }

    fn check(&self) -> Result<(), SourceError> {
        self.required_ref()?;
        self.repository.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let git = &self.required_ref()?.git;
        self.repository.fetch(&git.commit, &git.history(), monitor)
    }

    fn tracks_previous(&self) -> bool {
        true
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        Err(not_tracked(&self.name))
    }

    fn changes_previous(&self) -> bool {
        true
    }

    fn stage(&self, _: &FetchMonitor) -> Result<Digest, SourceError> {
        let SourceName { kind, position, .. } = &self.name;
        let message = format!("{}: sources of kind '{kind}' cannot be staged yet", self.name);
        let error = NodeError::new("source-kind-not-fetched", position.as_ref(), message);
        Err(error.with_hint("vendor the module in the project").into())
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let info = |of: &GoModuleRef| tagged_info(&self.url, &of.git, &DeclaredVersion::None);
        Ok(self.reference.as_ref().map(info).transpose()?.into_iter().collect())
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}
