//! The paths of the checkout and of its cache.

use std::env;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders of a checkout and of its cache.
pub(crate) struct Paths {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// What outlives the checkout's target folder: the Debian base, BuildStream, Bazel, the browser, BuildGrid, the compilers for
    /// guests, cargo-fuzz and the corpora of fuzz targets.
    cache: PathBuf,
}

impl Paths {
    /// The checkout is the one this program was compiled in; the cache is `SPEC_CACHE`, or a folder of
    /// the user's cache folder.
    pub(crate) fn find() -> Result<Paths> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.parent().context("xtask is not inside a checkout")?.to_path_buf();
        let cache = match folder_in_env("SPEC_CACHE") {
            Some(cache) => cache,
            None => user_cache()?.join("spec-host-dev"),
        };
        Ok(Paths { root, cache })
    }

    /// What is made from this checkout. Not moved by `CARGO_TARGET_DIR`, so that a build script of the
    /// host finds the components.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    pub(crate) fn components(&self) -> PathBuf {
        self.target().join("components")
    }

    /// The components of examples in other languages than Rust.
    pub(crate) fn language_components(&self) -> PathBuf {
        self.target().join("language-components")
    }

    pub(crate) fn example(&self) -> PathBuf {
        self.target().join("example/hello")
    }

    pub(crate) fn golden_keys(&self) -> PathBuf {
        self.root.join("tests/golden/keys")
    }

    pub(crate) fn base_tar(&self) -> PathBuf {
        self.cache.join("base.tar")
    }

    /// The folder of the Python environment that holds BuildStream.
    pub(crate) fn bst(&self) -> PathBuf {
        self.cache.join("bst")
    }

    /// The folder of the root that Bazel runs in.
    pub(crate) fn bazel(&self) -> PathBuf {
        self.cache.join("bazel")
    }

    /// The folder of the root that the browser runs in.
    pub(crate) fn browser(&self) -> PathBuf {
        self.cache.join("browser")
    }

    /// The folder of the root that BuildGrid runs in.
    pub(crate) fn buildgrid(&self) -> PathBuf {
        self.cache.join("buildgrid")
    }

    /// The folder of the root that the registry of components runs in.
    pub(crate) fn docker_registry(&self) -> PathBuf {
        self.cache.join("docker-registry")
    }

    /// The folder of what real projects are built with.
    pub(crate) fn build_tools(&self) -> PathBuf {
        self.cache.join("build-tools")
    }

    /// The folder of Debian's compiler for Rust.
    pub(crate) fn rust(&self) -> PathBuf {
        self.cache.join("rust")
    }

    /// The folder of Debian's source archives.
    pub(crate) fn debian_sources(&self) -> PathBuf {
        self.cache.join("debian-sources")
    }

    /// The folder of the tools of other languages than Rust.
    pub(crate) fn languages(&self) -> PathBuf {
        self.cache.join("languages")
    }

    /// The folder of the Python environment that holds mdBook.
    pub(crate) fn mdbook(&self) -> PathBuf {
        self.cache.join("mdbook")
    }

    /// The folder of the base's files.
    pub(crate) fn base_root(&self) -> PathBuf {
        self.cache.join("base")
    }

    /// The folder that cargo-fuzz is installed in.
    pub(crate) fn cargo_fuzz(&self) -> PathBuf {
        self.cache.join("cargo-fuzz")
    }

    /// Corpora and findings of fuzz targets, a folder for each.
    pub(crate) fn fuzz(&self) -> PathBuf {
        self.cache.join("fuzz")
    }

    pub(crate) fn wasm_toolchain(&self) -> PathBuf {
        self.cache.join("wasm-toolchain")
    }

    /// Where cargo puts what it builds for the host in the release profile.
    pub(crate) fn release(&self) -> PathBuf {
        folder_in_env("CARGO_TARGET_DIR").unwrap_or_else(|| self.target()).join("release")
    }
}

fn user_cache() -> Result<PathBuf> {
    if let Some(cache) = folder_in_env("XDG_CACHE_HOME") {
        return Ok(cache);
    }
    let home = folder_in_env("HOME").context("neither SPEC_CACHE nor XDG_CACHE_HOME nor HOME is set")?;
    Ok(home.join(".cache"))
}

fn folder_in_env(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The folders in a folder, sorted; no link is followed.
pub(crate) fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    entries(folder, FileType::is_dir)
}

/// The files in a folder, sorted; no link is followed.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    entries(folder, FileType::is_file)
}

/// The last part of a path.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn entries(folder: &Path, wanted: fn(&FileType) -> bool) -> Result<Vec<PathBuf>> {
    let mut paths = vec![];
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if wanted(&entry.file_type()?) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
