//! The kind `anitya`: the archive of a release whose version release-monitoring.org knows, unpacked without its outermost
//! directory.

mod version_parts;

use std::path::PathBuf;

use serde::Deserialize;
use spec_cas::Cas;
use spec_model::{Digest, FilePosition, Globs, Mapping, Node, NodeError, PluginOrigin, UniqueKey, Value};

use crate::archive::{ArchiveLimits, ArchivePart};
use crate::archive_source::{ArchiveFormat, stage_archive};
use crate::context::SourceContext;
use crate::download::{DownloadableFile, WebQuestion};
use crate::error::{SourceError, SourceName};
use crate::index_error::IndexError;
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_url::SourceUrl;
use crate::url::{directory_name, without_password};
use version_parts::VersionParts;

const KEYS: [&str; 8] = ["kind", "directory", "provenance", "project-id", "url", "ref", "exclude", "api-url"];

/// The server that is asked for versions, unless the source names another.
const API: &str = "https://release-monitoring.org/api/v2/";
/// Bytes of its largest answer. Projects have some hundred versions.
const LARGEST: usize = 16 << 20;

/// The texts of the plugin in KDE's own project, the forerunner of the community's. Its keys have the URL of the release.
pub(crate) const KDE: [&str; 1] = ["fee8be550df14502fedb7bf5fbae082a3c2490df90d8f5528636f2b0f85f0db7"];

/// The plugins of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnityaPlugin {
    Community,
    Kde,
}

/// The archive of a release. Its URL is a template with parts of the version.
#[derive(Debug)]
pub(crate) struct AnityaSource {
    plugin: AnityaPlugin,
    name: SourceName,
    cas: Cas,
    limits: ArchiveLimits,
    context: SourceContext,
    project: i64,
    api: String,
    template: Node,
    /// The template up to its first part of the version.
    base: SourceUrl,
    exclude: Vec<String>,
    excluded: Globs,
    release: Option<Release>,
}

/// What a ref names.
#[derive(Debug)]
struct Release {
    version: String,
    sha256: String,
    file: DownloadableFile,
}

impl AnityaSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        origin: &PluginOrigin,
    ) -> Result<Self, SourceError> {
        let plugin = if origin.has_text(&KDE) { AnityaPlugin::Kde } else { AnityaPlugin::Community };
        config.validate_keys(if plugin == AnityaPlugin::Kde { &KEYS[..6] } else { &KEYS })?;
        let template = config.require("url")?;
        let exclude = config.str_list_or_empty("exclude")?;
        let excluded = Globs::new(exclude.iter().map(|pattern| pattern.trim_start_matches('/')))
            .map_err(|error| NodeError::new("invalid-glob", config.position.as_ref(), error.to_string()))?;
        let reference = config.opt_mapping("ref")?.filter(|reference| !reference.is_empty());
        let release =
            reference.map(|reference| release(&name, context, template, reference, plugin)).transpose()?;
        let text = template.as_str()?;
        let prefix = text.split('{').next().unwrap_or_default();
        Ok(Self {
            plugin,
            cas: context.cas.clone(),
            limits: context.limits,
            project: config.require("project-id")?.as_int()?,
            api: config.opt_str("api-url")?.unwrap_or(API).to_owned(),
            template: template.clone(),
            context: context.clone(),
            base: SourceUrl::new(&name, context, prefix, template.position.clone())?,
            exclude,
            excluded,
            release,
            name,
        })
    }

    /// The newest stable version that the server knows.
    fn newest(&self, monitor: &FetchMonitor) -> Result<String, SourceError> {
        let url = format!("{}versions/?project_id={}", self.api, self.project);
        let index =
            |error| SourceError::Index { name: self.name.clone(), url: without_password(&url), error };
        let unknown = || {
            let what = format!("stable version of a project {}", self.project);
            index(IndexError::NoEntry { what, key: "project-id" })
        };
        let ask = WebQuestion { name: &self.name, options: &self.context.http, monitor };
        let body = ask.get(&url, "application/json", LARGEST).map_err(|error| match error {
            SourceError::Refused { status: 404, .. } => unknown(),
            error => error,
        })?;
        let found: ProjectVersions = serde_json::from_slice(&body).map_err(|error| {
            index(IndexError::answer("the list of the versions of a project in JSON", error))
        })?;
        found.stable_versions.into_iter().next().ok_or_else(unknown)
    }

    fn release(&self) -> Result<&Release, SourceError> {
        self.release.as_ref().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }
}

fn release(
    name: &SourceName,
    context: &SourceContext,
    template: &Node,
    reference: &Mapping,
    plugin: AnityaPlugin,
) -> Result<Release, SourceError> {
    reference.validate_keys(&["version", "sha256sum"])?;
    let (version, sha256) = (reference.str("version")?, reference.require("sha256sum")?);
    let (url, folder) = place(name, context, template, version, plugin)?;
    let position: Option<FilePosition> = sha256.position.clone();
    let sha256 = sha256.as_str()?;
    Ok(Release {
        version: version.to_owned(),
        sha256: sha256.to_owned(),
        file: DownloadableFile::with_sha256(name, context, url, folder, sha256, position),
    })
}

/// The URL of a version, and the folder of its downloads.
fn place(
    name: &SourceName,
    context: &SourceContext,
    template: &Node,
    version: &str,
    plugin: AnityaPlugin,
) -> Result<(SourceUrl, PathBuf), SourceError> {
    let parts = match plugin {
        AnityaPlugin::Community => VersionParts::of(version),
        AnityaPlugin::Kde => VersionParts::between_dots(version),
    };
    let url = version_parts::render(template.as_str()?, version, &parts)
        .map_err(|message| NodeError::new("invalid-data", template.position.as_ref(), message))?;
    let url = SourceUrl::new(name, context, &url, template.position.clone())?;
    let folder = context.download_directory.join(name.kind).join(directory_name(template.as_str()?));
    Ok((url, folder))
}

/// What the server says of a project. The newest version comes first.
#[derive(Deserialize)]
struct ProjectVersions {
    #[serde(default)]
    stable_versions: Vec<String>,
}

impl Source for AnityaSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let key = |release: &Release| match self.plugin {
            AnityaPlugin::Kde => Value::seq([
                release.file.url.original.as_str(),
                release.sha256.as_str(),
                release.version.as_str(),
            ]),
            AnityaPlugin::Community => Value::Seq(vec![
                self.template.to_value(),
                release.version.as_str().into(),
                release.sha256.as_str().into(),
                Value::seq(self.exclude.iter().map(String::as_str)),
            ]),
        };
        Ok(self.release.as_ref().map(|release| key(release).into()))
    }

    fn reference(&self) -> Option<Value> {
        let entry = |release: &Release| {
            Value::map([
                ("version", Value::from(release.version.as_str())),
                ("sha256sum", release.sha256.as_str().into()),
            ])
        };
        self.release.as_ref().map(entry)
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        let reference = reference.as_mapping()?;
        self.release = Some(release(&self.name, &self.context, &self.template, reference, self.plugin)?);
        Ok(())
    }

    fn is_cached(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.file.is_cached())
    }

    fn check(&self) -> Result<(), SourceError> {
        self.release()?.file.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.release()?.file.fetch(monitor)
    }

    fn track(
        &self,
        _: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let version = self.newest(monitor)?;
        let (url, folder) = place(&self.name, &self.context, &self.template, &version, self.plugin)?;
        let file = DownloadableFile::at(self.name.clone(), &self.context, url, folder);
        let mut new = Mapping::new();
        new.set("version", Node::text(version));
        new.set("sha256sum", file.track(monitor)?.new);
        Ok(Some(TrackedRef::new(self.reference(), new)))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let cas = self.cas.clone().with_cancel(&monitor.cancel);
        let part = match (self.plugin, self.exclude.is_empty()) {
            (AnityaPlugin::Kde, _) => ArchivePart::BaseDir("*"),
            (AnityaPlugin::Community, true) => ArchivePart::BelowTop,
            (AnityaPlugin::Community, false) => ArchivePart::BelowTopExcept(&self.excluded),
        };
        stage_archive(&self.release()?.file, ArchiveFormat::Tar, part, &cas, self.limits, monitor)
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.base.warning(&self.name).into_iter().collect()
    }
}
