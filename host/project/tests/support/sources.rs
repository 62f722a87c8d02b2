//! The unique keys of the sources `local`, `remote` and `tar`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use spec_model::{Digest, SourceKey, Value};
use spec_project::{
    JunctionSources, Project, SourceConfig, SourcesFolder, SubprojectError, SubprojectSources,
};

/// Has the sources of junctions with a local folder.
pub(crate) struct LocalJunctions;

impl SubprojectSources for LocalJunctions {
    fn folder(&self, junction: &JunctionSources<'_>) -> Result<SourcesFolder, SubprojectError> {
        match junction.sources {
            [only] if only.kind == "local" => {
                let path =
                    only.config.str("path").map_err(|error| SubprojectError::Source(Box::new(error)))?;
                Ok(SourcesFolder::InProject(junction.project.directory.join(path)))
            }
            [only] if only.kind == "staged" => {
                let path =
                    only.config.str("path").map_err(|error| SubprojectError::Source(Box::new(error)))?;
                Ok(SourcesFolder::Staged(junction.project.directory.join(path)))
            }
            _ => Err(SubprojectError::NoRef),
        }
    }
}

/// What an element's sources contribute to its keys; `None` when one has no ref.
pub(crate) fn key_text(project: &Project, element: usize) -> Option<String> {
    let one = |source: &SourceConfig| {
        let directory = &project.config_of(&project.elements[element]).directory;
        let key = unique_key(directory, source)?;
        Some(SourceKey { kind: source.kind.clone(), directory: source.directory.clone(), key: key.into() })
    };
    let keys: Option<Vec<SourceKey>> = project.elements[element].sources.iter().map(one).collect();
    keys.map(|keys| SourceKey::canonical_list(&keys))
}

fn unique_key(directory: &Path, source: &SourceConfig) -> Option<Value> {
    let text = |name: &str| source.config.opt_str(name).expect("a scalar");
    if source.kind == "local" {
        return Some(local(&directory.join(text("path")?)).into());
    }
    let url = text("url")?;
    let mut key: Vec<Value> = vec![url.into(), text("ref")?.into()];
    key.extend(text("version").or(text("version-guess-pattern")).map(Value::from));
    if source.kind == "tar" {
        key.push(text("base-dir").unwrap_or("*").into());
    } else {
        key.push(text("filename").unwrap_or(url.rsplit(['/', ':']).next()?).into());
        key.push(source.config.bool_or("executable", false).expect("a boolean").into());
    }
    Some(Value::Seq(key))
}

/// The digest of the tree that a path is imported as.
fn local(path: &Path) -> String {
    let path = path.components().collect::<std::path::PathBuf>();
    if path.is_dir() {
        return Digest::of(&directory(&path)).hex();
    }
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    Digest::of(&[field(1, &file(&path, name))].concat()).hex()
}

/// A REAPI `Directory` message.
fn directory(path: &Path) -> Vec<u8> {
    let (mut files, mut directories, mut links) = (Vec::new(), Vec::new(), Vec::new());
    let mut entries: Vec<_> = fs::read_dir(path).expect("a directory").flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().into_string().expect("UTF-8"));
        if path.is_symlink() {
            let target = fs::read_link(&path).expect("a link").into_os_string().into_string().expect("UTF-8");
            links.extend(field(3, &[field(1, name.as_bytes()), field(2, target.as_bytes())].concat()));
        } else if path.is_dir() {
            let inner = digest(Digest::of(&directory(&path)));
            directories.extend(field(2, &[field(1, name.as_bytes()), field(2, &inner)].concat()));
        } else {
            files.extend(field(1, &file(&path, &name)));
        }
    }
    [files, directories, links].concat()
}

fn file(path: &Path, name: &str) -> Vec<u8> {
    let contents = digest(Digest::of(&fs::read(path).expect("a file")));
    let executable = path.metadata().expect("a file").permissions().mode() & 0o100 != 0;
    let flag = if executable { vec![0x20, 1] } else { Vec::new() };
    [field(1, name.as_bytes()), field(2, &contents), flag].concat()
}

fn digest(digest: Digest) -> Vec<u8> {
    let size = if digest.size() == 0 { Vec::new() } else { [vec![0x10], varint(digest.size())].concat() };
    [field(1, digest.hex().as_bytes()), size].concat()
}

/// A length-delimited field of a protobuf message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![number << 3 | 2], varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
