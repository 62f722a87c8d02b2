//! The kind `docker`: the files of an image of a registry, its layers unpacked over each other.

mod challenge;
mod manifest;
mod registry;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use spec_cas::{Cas, MergeInput};
use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, UniqueKey, Value};

use crate::archive::{ArchiveLimits, LayerEntries, build_layers, read_layer};
use crate::context::SourceContext;
use crate::download::{DownloadFolder, WebQuestion};
use crate::error::{SourceError, SourceName};
use crate::hashing_reader::HashingReader;
use crate::http_options::HttpOptions;
use crate::index_error::IndexError;
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;
use crate::url::{EXPECTED_OF_SERVICES, without_password};
use crate::url_attempts::try_urls;
use manifest::{Layer, Manifest};
use registry::{ReceivedManifest, Registry};

const KEYS: [&str; 11] = [
    "kind",
    "directory",
    "provenance",
    "architecture",
    "registry-url",
    "image",
    "os",
    "ref",
    "track",
    "url",
    "version",
];
const HUB: &str = "https://registry.hub.docker.com";
/// Bytes of the largest manifest.
const LARGEST_MANIFEST: u64 = 4 << 20;

/// An image of a registry.
#[derive(Debug)]
pub(crate) struct DockerSource {
    name: SourceName,
    cas: Cas,
    limits: ArchiveLimits,
    http: Arc<HttpOptions>,
    /// The registry; of a `url` all of it, image included.
    url: SourceUrl,
    /// The image, as it is written; `None` where the URL names it.
    image: Option<String>,
    track: Option<String>,
    architecture: String,
    version: Option<String>,
    reference: TextRef,
    ref_place: Option<FilePosition>,
    folder: PathBuf,
}

impl DockerSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&KEYS)?;
        let (url, image) = image(&name, context, config)?;
        let text = |key: &str| -> Result<Option<String>, NodeError> {
            Ok(config.opt_str(key)?.filter(|text| !text.is_empty()).map(str::to_owned))
        };
        // Only the architecture chooses among the images of several platforms, as for BuildStream's plugin.
        text("os")?;
        Ok(Self {
            cas: context.cas.clone(),
            limits: context.limits,
            http: Arc::clone(&context.http),
            url,
            image,
            track: text("track")?,
            architecture: text("architecture")?.unwrap_or_else(|| own_architecture().to_owned()),
            version: config.opt_str("version")?.map(str::to_owned),
            reference: TextRef::configure(config)?,
            ref_place: config.get("ref").and_then(|node| node.position.clone()),
            folder: context.download_directory.join(name.kind),
            name,
        })
    }

    /// The URL of a registry and the name of the image at a URL of the source.
    fn place(&self, url: &str) -> Result<(String, String), SourceError> {
        if let Some(image) = &self.image {
            return Ok((url.to_owned(), image.clone()));
        }
        let parsed = reqwest::Url::parse(url).map_err(|error| SourceError::BadUrl {
            name: self.name.clone(),
            url: without_password(url),
            why: error.to_string(),
            expected: EXPECTED_OF_SERVICES,
            position: self.url.position.clone(),
        })?;
        let image = parsed.path().to_owned();
        let registry = url.find("://").and_then(|at| url[at + 3..].find('/').map(|end| at + 3 + end));
        Ok((url[..registry.unwrap_or(url.len())].to_owned(), image))
    }

    fn registry<'r>(&'r self, url: &str, monitor: &'r FetchMonitor) -> Result<Registry<'r>, SourceError> {
        let (base, image) = self.place(url)?;
        let ask = WebQuestion { name: &self.name, options: &self.http, monitor };
        Ok(Registry { ask, base, image, authorization: RefCell::new(None) })
    }

    /// The ref, which must be a SHA-256.
    fn required_ref(&self) -> Result<&str, SourceError> {
        self.reference.required_sha256(&self.name, self.ref_place.as_ref())
    }

    fn manifest_file(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("sha256:{sha256}.manifest.json"))
    }

    fn layer_file(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("sha256:{sha256}.tar.gz"))
    }

    /// The layers of the image that was fetched; `None` if its manifest is not there.
    fn fetched_layers(&self, sha256: &str) -> Result<Option<Vec<Layer>>, SourceError> {
        let path = self.manifest_file(sha256);
        let bytes = match spec_files::read(&path, LARGEST_MANIFEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.name.io_error("read", &path, error)),
        };
        let actual = Digest::of(&bytes).hex();
        if actual != sha256 {
            return Err(SourceError::DamagedDownload { name: self.name.clone(), path, actual });
        }
        self.layers(&bytes, None, "").map(Some)
    }

    /// The layers that the manifest of an image lists.
    fn layers(&self, manifest: &[u8], kind: Option<&str>, url: &str) -> Result<Vec<Layer>, SourceError> {
        match Manifest::parse(manifest, kind.or(Some(manifest::IMAGE))) {
            Ok(Manifest::Image(layers)) => Ok(layers),
            Ok(Manifest::Index(_)) => {
                Err(self.index(url, manifest::wrong("the ref is that of an image for several platforms")))
            }
            Err(error) => Err(self.index(url, error)),
        }
    }

    fn index(&self, url: &str, error: IndexError) -> SourceError {
        SourceError::Index { name: self.name.clone(), url: without_password(url), error }
    }

    /// Tries the URLs of the source one after the other.
    fn try_urls<T>(
        &self,
        urls: &[&str],
        attempt: impl Fn(&str) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        try_urls(&self.name, urls, |_, _| {}, attempt)
    }

    /// The digest of the image of a tag, for the architecture.
    fn digest_of_tag(&self, tag: &str, registry: &Registry<'_>) -> Result<String, SourceError> {
        let url = registry.url("manifests", tag);
        let ReceivedManifest { bytes, content_type } =
            registry.manifest(tag).map_err(|error| match error {
                SourceError::Refused { status: 404, .. } => {
                    let what = format!("tag '{tag}' of an image '{}'", registry.image);
                    self.index(&url, IndexError::NoEntry { what, key: "track" })
                }
                error => error,
            })?;
        match Manifest::parse(&bytes, content_type.as_deref()).map_err(|error| self.index(&url, error))? {
            Manifest::Image(_) => Ok(Digest::of(&bytes).hex()),
            Manifest::Index(platforms) => {
                let mut fitting = platforms
                    .iter()
                    .filter(|platform| platform.architecture == self.architecture && !platform.os.is_empty());
                let found = fitting.next().ok_or_else(|| {
                    let what = format!("image of the tag '{tag}' for {}", self.architecture);
                    self.index(&url, IndexError::NoEntry { what, key: "architecture" })
                })?;
                // What it names must be there, and be an image.
                self.fetch_manifest(&found.sha256, registry)?;
                Ok(found.sha256.clone())
            }
        }
    }

    /// The manifest of a digest, and its layers.
    fn fetch_manifest(
        &self,
        sha256: &str,
        registry: &Registry<'_>,
    ) -> Result<(Vec<u8>, Vec<Layer>), SourceError> {
        let reference = format!("sha256:{sha256}");
        let url = registry.url("manifests", &reference);
        let ReceivedManifest { bytes, content_type } = registry.manifest(&reference)?;
        let actual = Digest::of(&bytes).hex();
        if actual != sha256 {
            return Err(self.name.wrong_ref(&url, sha256, actual));
        }
        let layers = self.layers(&bytes, content_type.as_deref(), &url)?;
        Ok((bytes, layers))
    }

    /// Downloads what is missing of an image: the layers first, then the manifest.
    fn fetch_from(&self, sha256: &str, registry: &Registry<'_>) -> Result<(), SourceError> {
        let folder = DownloadFolder::new(self.folder.clone());
        let disk = |error| self.name.io_error("write to", &self.folder, error);
        let (manifest, layers) = match self.fetched_layers(sha256)? {
            Some(layers) => (None, layers),
            None => {
                let (bytes, layers) = self.fetch_manifest(sha256, registry)?;
                (Some(bytes), layers)
            }
        };
        for layer in &layers {
            let path = self.layer_file(&layer.sha256);
            if path.is_file() {
                continue;
            }
            let part = folder.part().map_err(disk)?;
            let actual = registry.blob(&layer.sha256, self.limits.unpacked, &part)?.hex();
            if actual != layer.sha256 {
                let url = registry.url("blobs", &format!("sha256:{}", layer.sha256));
                return Err(self.name.wrong_ref(&url, &layer.sha256, actual));
            }
            folder.publish_as(part, &file_name(&path)).map_err(disk)?;
        }
        if let Some(bytes) = manifest {
            let mut part = folder.part().map_err(disk)?;
            part.file.write_all(&bytes).map_err(disk)?;
            folder.publish_as(part, &file_name(&self.manifest_file(sha256))).map_err(disk)?;
        }
        Ok(())
    }

    /// The entries of a layer that was fetched.
    fn read_layer(
        &self,
        layer: &Layer,
        cas: &Cas,
        monitor: &FetchMonitor,
    ) -> Result<LayerEntries, SourceError> {
        let path = self.layer_file(&layer.sha256);
        let file = match spec_files::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SourceError::NotFetched { name: self.name.clone() });
            }
            file => file.map_err(|error| self.name.io_error("read", &path, error))?,
        };
        let total = File::metadata(&file).map(|metadata| metadata.len()).ok();
        let mut input = HashingReader::new(file, total, monitor);
        let entries = read_layer(&mut input, cas, self.limits);
        let actual = input.finish().map_err(|error| self.name.io_error("read", &path, error))?.hex();
        if actual != layer.sha256 {
            return Err(SourceError::DamagedDownload { name: self.name.clone(), path, actual });
        }
        entries.map_err(|error| self.name.import_error(&self.url.url.resolved, error))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The URL that the configuration has, and the image beside it.
fn image(
    name: &SourceName,
    context: &SourceContext,
    config: &Mapping,
) -> Result<(SourceUrl, Option<String>), SourceError> {
    let wrong = |message: &str| {
        NodeError::new("invalid-data", config.position.as_ref(), format!("{name}: {message}"))
    };
    match (config.get("url"), config.get("image")) {
        (Some(_), Some(_)) => Err(wrong("'url' and 'image' exclude each other").into()),
        (Some(_), None) if config.get("registry-url").is_some() => {
            Err(wrong("'url' and 'registry-url' exclude each other").into())
        }
        (None, None) => Err(wrong("either 'url' or 'image' is missing").into()),
        (Some(node), None) => Ok((SourceUrl::of_node(name, context, node)?, None)),
        (None, Some(image)) => {
            let registry = config.opt_str("registry-url")?.unwrap_or(HUB);
            let position = config.get("registry-url").and_then(|node| node.position.clone());
            let url = SourceUrl::new(name, context, registry, position)?;
            Ok((url, Some(image.as_str()?.to_owned())))
        }
    }
}

/// The architecture of this machine, in the words of images.
fn own_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl Source for DockerSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let Some(reference) = self.reference.text() else { return Ok(None) };
        let mut key = vec![Value::from(self.url.url.original.as_str())];
        key.extend(self.image.as_deref().map(Value::from));
        key.push(format!("sha256:{reference}").into());
        key.extend(self.version.as_deref().map(Value::from));
        Ok(Some(Value::Seq(key).into()))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    fn is_cached(&self) -> bool {
        let layers = self.reference.text().and_then(|sha256| self.fetched_layers(sha256).ok().flatten());
        layers.is_some_and(|layers| layers.iter().all(|layer| self.layer_file(&layer.sha256).is_file()))
    }

    fn check(&self) -> Result<(), SourceError> {
        self.required_ref()?;
        self.place(&self.url.url.resolved).map(drop)
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let sha256 = self.required_ref()?;
        if self.is_cached() {
            return Ok(());
        }
        let urls: Vec<&str> = self.url.url.fetch_order().collect();
        self.try_urls(&urls, |url| self.fetch_from(sha256, &self.registry(url, monitor)?))
    }

    fn track(
        &self,
        _: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let Some(tag) = &self.track else { return Ok(None) };
        let urls: Vec<&str> = self.url.url.track_order().collect();
        let new = self.try_urls(&urls, |url| self.digest_of_tag(tag, &self.registry(url, monitor)?))?;
        Ok(Some(TrackedRef::text(self.reference(), new)))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let cas = self.cas.clone().with_cancel(&monitor.cancel);
        let layers = self.fetched_layers(self.required_ref()?)?;
        let layers = layers.ok_or_else(|| SourceError::NotFetched { name: self.name.clone() })?;
        let entries: Vec<LayerEntries> =
            layers.iter().map(|layer| self.read_layer(layer, &cas, monitor)).collect::<Result<_, _>>()?;
        let trees = build_layers(entries, &cas, self.limits)
            .map_err(|error| self.name.import_error(&self.url.url.resolved, error))?;
        let inputs: Vec<MergeInput<'_>> = trees.into_iter().map(MergeInput::whole).collect();
        Ok(cas.merge(&inputs).map_err(|error| self.name.cas_error(error))?.root)
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let Some(sha256) = self.reference.text() else { return Ok(Vec::new()) };
        let (registry, image) = self.place(&self.url.url.resolved)?;
        let info = SourceInfo::image(&registry, sha256, self.version.clone());
        Ok(vec![info.with("image-name", Some(image.trim_start_matches('/')))])
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::challenge::Challenge;
    use super::manifest::Manifest;

    /// The SHA-256 of the layers of a manifest, or of the images that it lists; the error is its reason.
    ///
    /// # Errors
    /// When it is no manifest.
    pub fn layers(manifest: &[u8]) -> Result<Vec<String>, &'static str> {
        match Manifest::parse(manifest, None).map_err(|error| error.reason())? {
            Manifest::Image(layers) => Ok(layers.into_iter().map(|layer| layer.sha256).collect()),
            Manifest::Index(platforms) => Ok(platforms.into_iter().map(|platform| platform.sha256).collect()),
        }
    }

    /// The server for logins that a header names.
    #[must_use]
    pub fn challenge(header: &str) -> Option<String> {
        match Challenge::parse(header)? {
            Challenge::Basic => None,
            Challenge::Token { realm, .. } => Some(realm),
        }
    }
}
