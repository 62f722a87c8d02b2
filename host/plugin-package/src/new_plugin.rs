//! Begins a new plugin: writes its folder from a template.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{PackageError, Result};
use crate::manifest::PluginName;
use crate::templates::{self, SDK_FOLDER, TemplateValues};
use crate::world::{Language, PluginWorld};

/// What plugin to begin.
#[derive(Clone, Debug)]
pub struct NewPlugin {
    /// Its name.
    pub name: PluginName,
    /// What it implements.
    pub world: PluginWorld,
    /// The language.
    pub language: Language,
    /// Its folder, which must not exist or be empty.
    pub folder: PathBuf,
    /// Where a plugin in Rust has its SDK from.
    pub sdk: SdkSource,
}

/// Where a plugin in Rust has `spec-guest-sdk` from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SdkSource {
    /// From this program, which writes it into the plugin's folder.
    #[default]
    Embedded,
    /// From a folder.
    Path(String),
    /// From a git repository.
    Git(String),
    /// From the registry of crates, in this version.
    Registry(String),
}

impl FromStr for SdkSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "embedded" => Ok(Self::Embedded),
            Some(("path", path)) if !path.is_empty() => Ok(Self::Path(path.to_owned())),
            Some(("git", url)) if !url.is_empty() => Ok(Self::Git(url.to_owned())),
            Some(("registry", version)) if !version.is_empty() => Ok(Self::Registry(version.to_owned())),
            _ => Err("expected embedded, path=FOLDER, git=URL or registry=VERSION".to_owned()),
        }
    }
}

impl SdkSource {
    /// The value of the dependency in a Cargo.toml.
    fn dependency(&self) -> String {
        match self {
            Self::Embedded => format!("{{ path = {SDK_FOLDER:?} }}"),
            Self::Path(path) => format!("{{ path = {path:?} }}"),
            Self::Git(url) => format!("{{ git = {url:?} }}"),
            Self::Registry(version) => format!("{version:?}"),
        }
    }
}

/// Writes the folder of a new plugin; returns the files, relative to it.
///
/// # Errors
/// When the folder is not empty or cannot be written, and when there is no such template.
pub fn new_plugin(new: &NewPlugin) -> Result<Vec<String>> {
    if !templates::exists(new.language, new.world) {
        return Err(no_template(new));
    }
    require_empty(&new.folder)?;
    let sdk = new.sdk.dependency();
    let values = TemplateValues { name: &new.name, language: new.language, world: new.world, sdk: &sdk };
    let mut files = templates::render(&values);
    match (new.language, &new.sdk) {
        (Language::Rust, SdkSource::Embedded) => {
            files.extend(templates::sdk());
            let lock = templates::cargo_lock(&new.name);
            files.extend(lock.map(|lock| ("Cargo.lock".to_owned(), lock.into_bytes())));
        }
        (Language::Rust, _) => {}
        (Language::JavaScript, _) => {
            files.extend(templates::wit("wit"));
            files.insert("package-lock.json".to_owned(), templates::npm_lock(&new.name).into_bytes());
        }
        (Language::C | Language::Python, _) => files.extend(templates::wit("wit")),
    }
    if new.world != PluginWorld::ElementKind {
        files.extend([templates::recording()]);
    }
    for (path, contents) in &files {
        let file = new.folder.join(path);
        let folder = file.parent().unwrap_or(&new.folder);
        fs::create_dir_all(folder).map_err(|error| PackageError::io("make", folder, error))?;
        fs::write(&file, contents).map_err(|error| PackageError::io("write", &file, error))?;
    }
    Ok(files.into_keys().collect())
}

fn require_empty(folder: &Path) -> Result<()> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => false,
        Err(error) => return Err(PackageError::io("read", folder, error)),
    };
    if is_empty { Ok(()) } else { Err(PackageError::FolderInUse { path: folder.to_owned() }) }
}

fn no_template(new: &NewPlugin) -> PackageError {
    let all = Language::ALL.into_iter().flat_map(|language| PluginWorld::ALL.map(|world| (language, world)));
    let known = all.filter(|(language, world)| templates::exists(*language, *world));
    let known: Vec<String> = known.map(|(language, world)| format!("{world} in {language}")).collect();
    PackageError::NoTemplate {
        world: new.world.as_str(),
        language: new.language.as_str(),
        known: known.join(", "),
    }
}
