//! REAPI's `Directory` and `Tree` messages: the only place that knows their bytes.
//!
//! It is written by hand because these bytes decide the digest of a tree: the canonical form (fields in order,
//! defaults left out, names sorted) must not depend on the version of a library. Decoding checks the form and makes
//! the model's types in one pass.

mod wire;

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};

use wire::{FieldReader, FieldValue, put_bytes, put_bytes_always, put_message, put_uint};

/// Bytes of the longest name, and of the longest target of a symbolic link, on Linux.
const LONGEST_NAME: usize = 255;
const LONGEST_TARGET: usize = 4095;
/// Bits of `st_mode`, including those for the kind of file, which some clients send.
const MODE: u32 = 0o177_777;
const NANOS: std::ops::Range<i32> = 0..1_000_000_000;
/// From the year 1 to the year 9999, as `google.protobuf.Timestamp` has it.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Encodes a directory whose lists are sorted by name.
pub(crate) fn encode(directory: &Directory) -> Vec<u8> {
    let nodes = directory.files.len() + directory.directories.len() + directory.symlinks.len();
    let mut out = Vec::with_capacity(nodes * 112);
    for file in &directory.files {
        put_message(&mut out, 1, |out| {
            put_bytes(out, 1, file.name.as_bytes());
            put_digest(out, 2, &file.digest);
            put_uint(out, 4, u64::from(file.executable));
            put_properties(out, 6, &file.properties);
        });
    }
    for child in &directory.directories {
        put_message(&mut out, 2, |out| {
            put_bytes(out, 1, child.name.as_bytes());
            put_digest(out, 2, &child.digest);
        });
    }
    for link in &directory.symlinks {
        put_message(&mut out, 3, |out| {
            put_bytes(out, 1, link.name.as_bytes());
            put_bytes(out, 2, link.target.as_bytes());
            put_properties(out, 4, &link.properties);
        });
    }
    put_properties(&mut out, 5, &directory.properties);
    out
}

fn put_digest(out: &mut Vec<u8>, field: u32, digest: &Digest) {
    put_message(out, field, |out| {
        put_bytes(out, 1, digest.hex().as_bytes());
        put_uint(out, 2, digest.size());
    });
}

fn put_properties(out: &mut Vec<u8>, field: u32, node: &NodeProperties) {
    if node.is_empty() {
        return;
    }
    put_message(out, field, |out| {
        for (name, value) in &node.properties {
            put_message(out, 1, |out| {
                put_bytes(out, 1, name.as_bytes());
                put_bytes(out, 2, value.as_bytes());
            });
        }
        if let Some((seconds, nanos)) = node.mtime {
            put_message(out, 2, |out| {
                put_uint(out, 1, seconds.cast_unsigned());
                put_uint(out, 2, i64::from(nanos).cast_unsigned());
            });
        }
        if let Some(mode) = node.unix_mode {
            put_message(out, 3, |out| put_uint(out, 1, u64::from(mode)));
        }
    });
}

/// Decodes a directory, and says which rule it breaks if it is not in canonical form. Unknown fields are passed over.
pub(crate) fn decode(bytes: &[u8]) -> Result<Directory, String> {
    let (mut directory, mut properties) = (Directory::default(), None);
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(file)) => directory.files.push(decode_file(file)?),
            (2, FieldValue::Bytes(child)) => directory.directories.push(decode_child(child)?),
            (3, FieldValue::Bytes(link)) => directory.symlinks.push(decode_link(link)?),
            (5, FieldValue::Bytes(message)) => put_once(&mut properties, 5, decode_properties(message)?)?,
            _ => {}
        }
    }
    directory.properties = properties.unwrap_or_default();
    check(&directory)?;
    Ok(directory)
}

fn decode_file(bytes: &[u8]) -> Result<FileNode, String> {
    let (mut name, mut digest, mut executable, mut properties) = (String::new(), None, false, None);
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(text)) => name = decode_text(text)?,
            (2, FieldValue::Bytes(message)) => put_once(&mut digest, 2, decode_digest(message)?)?,
            (4, FieldValue::Uint(flag)) => executable = flag != 0,
            (6, FieldValue::Bytes(message)) => put_once(&mut properties, 6, decode_properties(message)?)?,
            _ => {}
        }
    }
    let digest = digest.ok_or_else(|| format!("the file '{name}' has no digest"))?;
    Ok(FileNode { name, digest, executable, properties: properties.unwrap_or_default() })
}

fn decode_child(bytes: &[u8]) -> Result<DirectoryNode, String> {
    let (mut name, mut digest) = (String::new(), None);
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(text)) => name = decode_text(text)?,
            (2, FieldValue::Bytes(message)) => put_once(&mut digest, 2, decode_digest(message)?)?,
            _ => {}
        }
    }
    let digest = digest.ok_or_else(|| format!("the directory '{name}' has no digest"))?;
    Ok(DirectoryNode { name, digest })
}

fn decode_link(bytes: &[u8]) -> Result<SymlinkNode, String> {
    let (mut name, mut target, mut properties) = (String::new(), String::new(), None);
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(text)) => name = decode_text(text)?,
            (2, FieldValue::Bytes(text)) => target = decode_text(text)?,
            (4, FieldValue::Bytes(message)) => put_once(&mut properties, 4, decode_properties(message)?)?,
            _ => {}
        }
    }
    match target.is_empty() || target.len() > LONGEST_TARGET || target.contains('\0') {
        true => Err(format!(
            "the target of the symbolic link '{name}' is empty, longer than 4095 bytes, or holds a NUL"
        )),
        false => Ok(SymlinkNode { name, target, properties: properties.unwrap_or_default() }),
    }
}

fn decode_digest(bytes: &[u8]) -> Result<Digest, String> {
    let (mut hash, mut size) = (String::new(), 0);
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(text)) => hash = decode_text(text)?,
            (2, FieldValue::Uint(value)) => size = value,
            _ => {}
        }
    }
    if i64::try_from(size).is_err() {
        return Err(format!("the digest {hash} has a negative size"));
    }
    Digest::from_hex(&hash, size).map_err(|error| error.to_string())
}

fn decode_properties(bytes: &[u8]) -> Result<NodeProperties, String> {
    let mut properties = NodeProperties::default();
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(property)) => {
                let [name, value] = decode_pair(property)?;
                properties.properties.push((name, value));
            }
            (2, FieldValue::Bytes(time)) => {
                put_once(&mut properties.mtime, 2, decode_time(time)?)?;
            }
            (3, FieldValue::Bytes(mode)) => put_once(&mut properties.unix_mode, 3, decode_mode(mode)?)?,
            _ => {}
        }
    }
    match properties.properties.is_sorted_by(|a, b| a.0 < b.0) {
        true => Ok(properties),
        false => Err("node properties are not sorted by name".to_owned()),
    }
}

fn decode_time(bytes: &[u8]) -> Result<(i64, i32), String> {
    let [seconds, nanos] = decode_uints(bytes)?;
    let (seconds, nanos) = (seconds.cast_signed(), nanos.cast_signed());
    let part = i32::try_from(nanos).ok().filter(|nanos| NANOS.contains(nanos) && SECONDS.contains(&seconds));
    match part {
        Some(nanos) => Ok((seconds, nanos)),
        None => Err(format!("the time of {seconds} seconds and {nanos} nanoseconds is not a valid time")),
    }
}

fn decode_mode(bytes: &[u8]) -> Result<u32, String> {
    let [mode, _] = decode_uints(bytes)?;
    u32::try_from(mode)
        .ok()
        .filter(|mode| mode & !MODE == 0)
        .ok_or_else(|| format!("{mode:o} is not the mode of a file"))
}

/// Refuses a second message in the same field. Other decoders merge the two, so they would see another tree than one
/// that takes the last, under the same digest.
fn put_once<T>(place: &mut Option<T>, field: u32, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("the field {field} of a message occurs twice")),
    }
}

fn decode_pair(bytes: &[u8]) -> Result<[String; 2], String> {
    let mut pair = [String::new(), String::new()];
    for field in FieldReader::new(bytes) {
        if let (number @ 1..=2, FieldValue::Bytes(text)) = field? {
            pair[number as usize - 1] = decode_text(text)?;
        }
    }
    Ok(pair)
}

fn decode_uints(bytes: &[u8]) -> Result<[u64; 2], String> {
    let mut pair = [0, 0];
    for field in FieldReader::new(bytes) {
        if let (number @ 1..=2, FieldValue::Uint(value)) = field? {
            pair[number as usize - 1] = value;
        }
    }
    Ok(pair)
}

fn decode_text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| format!("'{}' is not UTF-8", String::from_utf8_lossy(bytes)))
}

/// Encodes a tree from the bytes of its directories, which the message holds unchanged.
pub(crate) fn encode_tree<'a>(root: &[u8], children: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes_always(&mut out, 1, root);
    children.for_each(|child| put_bytes_always(&mut out, 2, child));
    out
}

/// Decodes the directories of a `Tree` message, the root first.
pub(crate) fn decode_tree(bytes: &[u8]) -> Result<Vec<Directory>, String> {
    let (mut root, mut children) = (None, Vec::new());
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(directory)) => root = Some(decode(directory)?),
            (2, FieldValue::Bytes(directory)) => children.push(decode(directory)?),
            _ => {}
        }
    }
    let root = root.ok_or_else(|| "it is a tree without a root".to_owned())?;
    Ok(std::iter::once(root).chain(children).collect())
}

/// REAPI's rules: each list sorted by name, no name twice in the directory, each name one path component.
fn check(directory: &Directory) -> Result<(), String> {
    let files: Vec<&str> = directory.files.iter().map(|node| node.name.as_str()).collect();
    let children: Vec<&str> = directory.directories.iter().map(|node| node.name.as_str()).collect();
    let links: Vec<&str> = directory.symlinks.iter().map(|node| node.name.as_str()).collect();
    for list in [&files, &children, &links] {
        if let Some(pair) = list.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(format!("'{}' does not belong before '{}'", pair[0], pair[1]));
        }
        if let Some((name, why)) = list.iter().find_map(|name| bad_name(name).map(|why| (name, why))) {
            return Err(format!("the name '{name}' {why}"));
        }
    }
    for (shorter, longer) in [(&children, &files), (&links, &files), (&links, &children)] {
        if let Some(name) = shorter.iter().find(|name| longer.binary_search(name).is_ok()) {
            return Err(format!("the name '{name}' occurs twice"));
        }
    }
    Ok(())
}

/// Why `name` cannot be a path component in a tree, if it cannot.
pub(crate) fn bad_name(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("is empty"),
        "." | ".." => Some("is not a name"),
        _ if name.contains('/') => Some("holds a slash"),
        _ if name.contains('\0') => Some("holds a NUL"),
        _ if name.len() > LONGEST_NAME => Some("is longer than 255 bytes"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
