//! Finds the components of references: vendored, in the cache, or fetched; always with the digest of the lock.

use std::path::{Path, PathBuf};

use crate::error::{PackageError, Result};
use crate::fetch::fetch;
use crate::inspect::{ComponentSummary, summarize};
use crate::lock::{LOCK_FILE, LockedPlugin, PluginLock};
use crate::network_options::NetworkOptions;
use crate::reference::PluginReference;
use crate::sha256::Sha256;
use crate::store::ComponentStore;

/// Finds the components of a project's references.
#[derive(Clone, Debug)]
pub struct ComponentFinder {
    project: PathBuf,
    lock: PluginLock,
    vendored: ComponentStore,
    cached: ComponentStore,
    network: NetworkOptions,
}

/// The file of a component, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundComponent {
    /// The file, whose digest was checked.
    pub file: PathBuf,
    /// Where it was found.
    pub place: ComponentPlace,
}

/// Where a component was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentPlace {
    /// At the path of its reference.
    Path,
    /// In the project's folder of vendored components.
    Vendored,
    /// In the cache.
    Cached,
    /// It was fetched now.
    Fetched,
}

impl ComponentPlace {
    /// What lists call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "file",
            Self::Vendored => "vendored",
            Self::Cached => "cached",
            Self::Fetched => "fetched",
        }
    }
}

impl ComponentFinder {
    /// That of a project whose lock is read now; fetched components are kept in `cached`.
    ///
    /// # Errors
    /// When the lock cannot be read, or is not valid.
    pub fn new(project: &Path, cached: ComponentStore, network: NetworkOptions) -> Result<Self> {
        let (lock, vendored) = (PluginLock::read(project)?, ComponentStore::of_project(project));
        Ok(Self { project: project.to_owned(), lock, vendored, cached, network })
    }

    /// The lock as it was read.
    #[must_use]
    pub fn lock(&self) -> &PluginLock {
        &self.lock
    }

    /// The project's folder of vendored components.
    #[must_use]
    pub fn vendor_folder(&self) -> &Path {
        self.vendored.folder()
    }

    /// The component of a reference.
    ///
    /// # Errors
    /// When it is not locked, cannot be had, or has another digest than the lock or the reference says.
    pub fn find(&self, reference: &PluginReference) -> Result<FoundComponent> {
        let sha256 = match (self.lock.plugins.get(reference), reference) {
            (locked, PluginReference::Path(path)) => return self.at_path(path, locked),
            (Some(locked), _) => &locked.sha256,
            (None, PluginReference::Url { sha256, .. }) => sha256,
            (None, PluginReference::Oci(_)) => {
                let lock = self.project.join(LOCK_FILE);
                return Err(PackageError::NotLocked { reference: reference.to_string(), lock });
            }
        };
        if let Some(file) = self.vendored.find(sha256)? {
            return Ok(FoundComponent { file, place: ComponentPlace::Vendored });
        }
        if let Some(file) = self.cached.find(sha256)? {
            return Ok(FoundComponent { file, place: ComponentPlace::Cached });
        }
        if self.network.offline {
            let sha256 = sha256.hex().to_owned();
            return Err(PackageError::Offline { reference: reference.to_string(), sha256 });
        }
        let component = fetch(reference, Some(sha256), &self.project, &self.network)?;
        Ok(FoundComponent { file: self.cached.add(&component)?, place: ComponentPlace::Fetched })
    }

    /// Where the component of a locked reference is now; `None` if it has to be fetched. A file that is not as the lock says
    /// is an error.
    ///
    /// # Errors
    /// When it has another digest than the lock says, or cannot be read.
    pub fn place(&self, reference: &PluginReference) -> Result<Option<ComponentPlace>> {
        let Some(locked) = self.lock.plugins.get(reference) else { return Ok(None) };
        if let PluginReference::Path(path) = reference {
            return self.at_path(path, Some(locked)).map(|found| Some(found.place));
        }
        if self.vendored.find(&locked.sha256)?.is_some() {
            return Ok(Some(ComponentPlace::Vendored));
        }
        Ok(self.cached.find(&locked.sha256)?.map(|_| ComponentPlace::Cached))
    }

    fn at_path(&self, path: &str, locked: Option<&LockedPlugin>) -> Result<FoundComponent> {
        let reference = PluginReference::Path(path.to_owned());
        if let Some(locked) = locked {
            fetch(&reference, Some(&locked.sha256), &self.project, &self.network)?;
        }
        Ok(FoundComponent { file: self.project.join(path), place: ComponentPlace::Path })
    }

    /// Looks at the component of a reference that need not be locked, and returns what it is, and its entry in a lock. A
    /// fetched component is kept.
    ///
    /// # Errors
    /// When it cannot be had, is no component, or implements none of the worlds.
    pub fn look_at(&self, reference: &PluginReference) -> Result<(ComponentSummary, LockedPlugin)> {
        let component = self.read(reference)?;
        let summary = summarize(&component, &reference.to_string())?;
        let Some((world, _)) = summary.world else {
            let exports = summary.exports.join(", ");
            let message = format!("{reference} implements no world of spec:plugin; it exports: {exports}");
            return Err(PackageError::NotAComponent { message, hint: None });
        };
        if reference.is_remote() {
            self.cached.add(&component)?;
        }
        let manifest = summary.manifest.as_ref();
        let locked = LockedPlugin {
            sha256: Sha256::of(&component),
            size: summary.size,
            world,
            name: manifest.map(|manifest| manifest.name.clone()),
            version: manifest.map(|manifest| manifest.version),
        };
        Ok((summary, locked))
    }

    /// The bytes of the component of a reference that need not be locked.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn read(&self, reference: &PluginReference) -> Result<Vec<u8>> {
        if let PluginReference::Url { sha256, .. } = reference
            && let Some(file) = self.cached.find(sha256)?
        {
            return fetch(
                &PluginReference::Path(file.display().to_string()),
                None,
                &self.project,
                &self.network,
            );
        }
        if self.network.offline && reference.is_remote() {
            let sha256 = "not known".to_owned();
            return Err(PackageError::Offline { reference: reference.to_string(), sha256 });
        }
        fetch(reference, None, &self.project, &self.network)
    }

    /// The new lock of these references: entries that are there stay, unless all are to be looked at again; paths are
    /// always looked at.
    ///
    /// # Errors
    /// Those of [`look_at`](Self::look_at).
    pub fn new_lock(&self, references: &[PluginReference], update: bool) -> Result<PluginLock> {
        let mut lock = PluginLock::default();
        for reference in references {
            let kept = self.lock.plugins.get(reference).filter(|_| !update && reference.is_remote());
            let locked = match kept {
                Some(locked) => locked.clone(),
                None => self.look_at(reference)?.1,
            };
            lock.plugins.insert(reference.clone(), locked);
        }
        Ok(lock)
    }

    /// Copies the components of all remote references of the lock into the project; returns how many there are.
    ///
    /// # Errors
    /// When one cannot be had, or a copy cannot be written.
    pub fn vendor(&self) -> Result<usize> {
        let remote: Vec<_> = self.lock.plugins.keys().filter(|reference| reference.is_remote()).collect();
        for reference in &remote {
            let found = self.find(reference)?;
            if found.place != ComponentPlace::Vendored {
                let file = PluginReference::Path(found.file.display().to_string());
                self.vendored.add(&fetch(&file, None, &self.project, &self.network)?)?;
            }
        }
        Ok(remote.len())
    }
}
