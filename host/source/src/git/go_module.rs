//! The kind `go_module`: a module of Go from a git repository, for the folder `vendor`.

use std::sync::Arc;

use spec_cas::{Cas, CasError, MergeInput, TreeBuilder};
use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, PluginOrigin, UniqueKey, Value};

use super::attributes::AttributeRules;
use super::git_ref::GitRef;
use super::git_repo::{mirror_path, parse_ref, tagged_info};
use super::go_files::{GoFileError, GoMod, go_line, root_module, version_in_sum};
use super::go_version::GoVersion;
use super::remote_repository::RemoteRepository;
use super::staged_repository::StagedRepository;
use super::tracked_ref::{RefFormat, RefPatterns};
use crate::context::SourceContext;
use crate::declared_version::DeclaredVersion;
use crate::download::WebQuestion;
use crate::error::{SourceError, SourceName};
use crate::http_options::HttpOptions;
use crate::index_error::IndexError;
use crate::monitor::FetchMonitor;
use crate::previous_file::PreviousFile;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;

const KEYS: [&str; 6] = ["kind", "directory", "provenance", "ref", "url", "module"];
/// The texts of the plugins of buildstream-plugins-community 2.2.0, 2.3.0, 2.3.1 and 2.3.2. Their refs say whether a module is
/// `explicit`, in keys and in `vendor/modules.txt`; later ones ignore that, and ask `go.mod` when they stage.
pub(crate) const WITH_EXPLICIT: [&str; 4] = [
    "ad7ee8455d23d558dea3750b8cde7e2bf1245c68c1fe0d6ac764a5875bd96c7b",
    "2e7ee63edee413704f7a22dddc003de3ca214806d0749f96ddbad3d62a87e671",
    "edd57ed2b3728ea41d38f00722af2918523526046a662d7c915d3c0dbe838cd7",
    "9ad776fbaffce3476327991be4b40291c560136fc350ca786288b174b579a52c",
];

const REF_KEYS: [&str; 4] = ["go-version", "git-ref", "explicit", "subdirectory"];

/// The folder of modules, and the file that lists their packages.
const VENDOR: &str = "vendor";
const MODULES: &str = "vendor/modules.txt";

/// A module of Go.
#[derive(Debug)]
pub(crate) struct GoModuleSource {
    name: SourceName,
    cas: Cas,
    http: Arc<HttpOptions>,
    module_place: Option<FilePosition>,
    url: SourceUrl,
    repository: RemoteRepository,
    module: String,
    /// Whether the plugin has `explicit` in its refs.
    with_explicit: bool,
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
        let node = config.require("module")?;
        let (module, module_place) = (node.as_str()?.to_owned(), node.position.clone());
        if module.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Err(node.expected("the path of a module, such as golang.org/x/text").into());
        }
        let repository = RemoteRepository::new(&name, context, &url, mirror_path(context, &name, &url));
        let (cas, http) = (context.cas.clone(), Arc::clone(&context.http));
        Ok(Self { name, cas, http, module_place, url, repository, module, with_explicit, reference })
    }

    fn required_ref(&self) -> Result<&GoModuleRef, SourceError> {
        self.reference.as_ref().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }

    fn previous<'f>(&'f self, root: &'f Digest, path: &'f str) -> PreviousFile<'f> {
        PreviousFile { name: &self.name, cas: &self.cas, root, path }
    }

    /// The folder of the repository that the module is in, without the folder of a major version; empty for its root.
    fn subdirectory(&self, monitor: &FetchMonitor) -> Result<String, SourceError> {
        // What comes after the name of a repository there is a folder in it.
        if self.module.starts_with("github.com") {
            return Ok(self.module.split('/').skip(3).collect::<Vec<_>>().join("/"));
        }
        let url = format!("https://{}?go-get=1", self.module);
        let ask = WebQuestion { name: &self.name, options: &self.http, monitor };
        let page = ask.get_page(&url)?;
        let root = root_module(&String::from_utf8_lossy(&page)).ok_or_else(|| {
            let error = IndexError::answer("a page with the repository of a module", "it has no 'go-import'");
            SourceError::Index { name: self.name.clone(), url, error }
        })?;
        let below = self.module.strip_prefix(&root).unwrap_or_default();
        Ok(below.strip_prefix('/').unwrap_or(below).to_owned())
    }

    /// The commit of a version, as refs have it, and the folder of the module.
    fn resolve(&self, version: &str, monitor: &FetchMonitor) -> Result<(String, String), SourceError> {
        let mut folder = self.subdirectory(monitor)?;
        match GoVersion::of(version) {
            Some(GoVersion::Commit(start)) => Ok((self.repository.commit_from(start, monitor)?, folder)),
            Some(GoVersion::Tag { tag, major }) => {
                // Whether the folder of a major version exists is seen when it is staged.
                let shorter = folder.strip_suffix(&format!("v{major}"));
                let shorter = shorter.map(|shorter| shorter.strip_suffix('/').unwrap_or(shorter).to_owned());
                folder = shorter.unwrap_or(folder);
                let full = if folder.is_empty() { tag.to_owned() } else { format!("{folder}/{tag}") };
                let patterns = RefPatterns::new(&full, Vec::new());
                Ok((self.repository.track(&patterns, RefFormat::GitDescribe, monitor)?, folder))
            }
            None => Err(self.wrong_file("go.sum", format!("'{version}' is no version of Go"))),
        }
    }

    /// The tree of the module in its repository.
    fn module_tree(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let reference = self.required_ref()?;
        let staging =
            StagedRepository { name: &self.name, cas: &self.cas, monitor, rules: AttributeRules::Dulwich };
        let mut tree = staging.files(&self.repository, &reference.git.commit)?;
        if let Some(folder) = reference.subdirectory.as_deref().filter(|folder| !folder.is_empty()) {
            let inner = self.cas.subtree(&tree, folder).map_err(|error| self.name.cas_error(error))?;
            tree = inner.ok_or_else(|| self.no_folder(folder))?;
        }
        if let Some(GoVersion::Tag { major, .. }) = GoVersion::tag_of(&reference.version)
            && major >= 2
        {
            let inner = self.cas.subtree(&tree, &format!("v{major}"));
            tree = inner.map_err(|error| self.name.cas_error(error))?.unwrap_or(tree);
        }
        Ok(tree)
    }

    /// What `vendor/modules.txt` says of the module.
    fn packages(&self, root: &Digest) -> Result<String, SourceError> {
        let reference = self.required_ref()?;
        let text;
        let go_mod = match reference.explicit {
            Some(Value::Bool(is_explicit)) => GoMod::of_ref(&self.module, is_explicit),
            _ => {
                text = self.previous(root, "go.mod").text()?;
                GoMod::parse(&text).map_err(|error| self.wrong_line("go.mod", &error))?
            }
        };
        let (original, _) = go_mod.original(&self.module, &reference.version);
        let folder = format!("{VENDOR}/{original}");
        let own = self.previous(root, &format!("{folder}/go.mod")).text_if_there()?;
        let mut lines = go_mod.heading(&self.module, &reference.version, own.as_deref().and_then(go_line));
        let tree = self.cas.subtree(root, &folder);
        let listed = tree.and_then(|tree| match tree {
            Some(tree) => self.list_packages(&tree, original, &mut lines),
            None => Ok(()),
        });
        listed.map_err(|error| self.name.cas_error(error))?;
        Ok(lines)
    }

    /// Lists a folder and those below it that have files of Go.
    fn list_packages(&self, folder: &Digest, path: &str, lines: &mut String) -> Result<(), CasError> {
        let folder = self.cas.directory(folder)?;
        let links = folder.symlinks.iter().map(|link| &link.name);
        let mut names = folder.files.iter().map(|file| &file.name).chain(links);
        if names.any(|name| name == "go.mod" || name.ends_with(".go")) {
            lines.push_str(path);
            lines.push('\n');
        }
        for inner in folder.directories.iter().filter(|inner| inner.name != ".git") {
            self.list_packages(&inner.digest, &format!("{path}/{}", inner.name), lines)?;
        }
        Ok(())
    }

    fn no_folder(&self, folder: &str) -> SourceError {
        let message = format!("{}: the commit has no folder '{folder}'", self.name);
        let error = NodeError::new("invalid-ref", self.name.position.as_ref(), message);
        error
            .with_hint(format!(
                "to have the right one written, run: spec-host source track {}",
                self.name.element
            ))
            .into()
    }

    fn wrong_file(&self, file: &str, why: String) -> SourceError {
        let message = format!("{}: '{file}' of the sources before it: {why}", self.name);
        let error = NodeError::new("lock-file-invalid", self.name.position.as_ref(), message);
        error.with_hint("make the file again with: go mod tidy").into()
    }

    fn wrong_line(&self, file: &str, error: &GoFileError) -> SourceError {
        self.wrong_file(file, format!("line {}: {}", error.line, error.why))
    }

    fn not_in_sum(&self) -> SourceError {
        let message =
            format!("{}: 'go.sum' of the sources before it has no module '{}'", self.name, self.module);
        let position = self.module_place.as_ref().or(self.name.position.as_ref());
        let error = NodeError::new("lock-file-invalid", position, message);
        error.with_hint("check the key 'module', or remove the source if it is not needed any more").into()
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

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let entries = |reference| {
            [("ref", reference), ("module", self.module.as_str().into()), ("bugfix", Value::Int(1))]
        };
        Ok(self.reference().map(|reference| Value::map(entries(reference)).into()))
    }

    fn reference(&self) -> Option<Value> {
        let GoModuleRef { version, text, explicit, subdirectory, .. } = self.reference.as_ref()?;
        let mut entries =
            vec![("go-version", Value::from(version.as_str())), ("git-ref", text.as_str().into())];
        entries.extend(explicit.clone().map(|explicit| ("explicit", explicit)));
        entries.extend(subdirectory.as_deref().map(|text| ("subdirectory", text.into())));
        Some(Value::map(entries))
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference = Some(module_ref(&self.name, reference.as_mapping()?, self.with_explicit)?);
        Ok(())
    }

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

    fn track(
        &self,
        previous: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let root = previous.tree()?;
        let text = self.previous(&root, "go.sum").text()?;
        let version = version_in_sum(&text, &self.module);
        let version = version.map_err(|error| self.wrong_line("go.sum", &error))?;
        let version = version.ok_or_else(|| self.not_in_sum())?;
        let (commit, folder) = self.resolve(version, monitor)?;
        let mut new = Mapping::new();
        new.set("go-version", Node::text(version));
        new.set("git-ref", Node::text(commit));
        if self.with_explicit {
            let is_explicit = self.previous(&root, "go.mod").text()?.contains(&self.module);
            new.set("explicit", Node::text(if is_explicit { "True" } else { "False" }));
        }
        if !folder.is_empty() {
            new.set("subdirectory", Node::text(folder));
        }
        Ok(Some(TrackedRef::new(self.reference(), new)))
    }

    fn changes_previous(&self) -> bool {
        true
    }

    /// Without sources before it there is no `go.mod`.
    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let empty =
            StagedRepository { name: &self.name, cas: &self.cas, monitor, rules: AttributeRules::Dulwich }
                .empty()?;
        self.stage_onto(empty, monitor)
    }

    fn stage_onto(&self, previous: Digest, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let place = format!("{VENDOR}/{}", self.module);
        let module = MergeInput { root: self.module_tree(monitor)?, location: &place, filter: None };
        let with_module = self.cas.merge(&[MergeInput::whole(previous), module]);
        let with_module = with_module.map_err(|error| self.name.cas_error(error))?.root;
        let mut modules = self.previous(&with_module, MODULES).text_if_there()?.unwrap_or_default();
        modules.push_str(&self.packages(&with_module)?);
        let stored = self.cas.put_bytes(modules.as_bytes()).and_then(|digest| {
            let mut builder = TreeBuilder::new();
            builder.add_file(MODULES, digest, false)?;
            let list = MergeInput::whole(builder.store(&self.cas)?);
            Ok(self.cas.merge(&[MergeInput::whole(with_module), list])?.root)
        });
        stored.map_err(|error| self.name.cas_error(error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let info = |of: &GoModuleRef| tagged_info(&self.url, &of.git, &DeclaredVersion::None);
        Ok(self.reference.as_ref().map(info).transpose()?.into_iter().collect())
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}
