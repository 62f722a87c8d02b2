//! Reads and writes the sections of components and modules: the manifest inside, and what a linker left.

use crate::error::{PackageError, Result};
use crate::manifest::PluginManifest;

/// The custom section of a component that holds its manifest.
pub const MANIFEST_SECTION: &str = "spec-plugin";

/// Bytes of the header of a module or component: magic number and version.
const HEADER: usize = 8;

/// A section of a binary.
struct Section<'b> {
    id: u8,
    /// The section with its header.
    whole: &'b [u8],
    contents: &'b [u8],
}

impl<'b> Section<'b> {
    /// The name and the contents of a custom section.
    fn custom(&self) -> Option<(&'b str, &'b [u8])> {
        let (length, rest) = number(self.contents).filter(|_| self.id == 0)?;
        let (name, rest) = rest.split_at_checked(length)?;
        Some((std::str::from_utf8(name).ok()?, rest))
    }
}

/// The sections of a module or component, outermost only; it ends where the binary is damaged.
fn sections(binary: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let mut rest = binary.get(HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (id, after) = rest.split_first()?;
        let (length, body) = number(after)?;
        let (contents, next) = body.split_at_checked(length)?;
        let whole = &rest[..rest.len() - next.len()];
        rest = next;
        Some(Section { id: *id, whole, contents })
    })
}

/// A number in LEB128 of at most 32 bits, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(u32::try_from(value).ok()?).ok()?, &bytes[index + 1..]));
        }
    }
    None
}

fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The component with this manifest inside, in place of one that was there.
#[must_use]
pub fn with_manifest(component: &[u8], manifest: &PluginManifest) -> Vec<u8> {
    let mut bytes = without(component, |name| name == MANIFEST_SECTION);
    let text = serde_yaml::to_string(manifest).unwrap_or_default();
    let mut contents = Vec::new();
    push_number(&mut contents, MANIFEST_SECTION.len());
    contents.extend_from_slice(MANIFEST_SECTION.as_bytes());
    contents.extend_from_slice(text.as_bytes());
    bytes.push(0);
    push_number(&mut bytes, contents.len());
    bytes.extend(contents);
    bytes
}

/// The manifest inside a component, which errors call `file`; `None` if there is none.
///
/// # Errors
/// When it is not valid.
pub fn manifest_of(component: &[u8], file: &str) -> Result<Option<PluginManifest>> {
    let mut custom = sections(component).filter_map(|section| section.custom());
    let Some((_, contents)) = custom.find(|(name, _)| *name == MANIFEST_SECTION) else { return Ok(None) };
    let text = std::str::from_utf8(contents).map_err(|_| PackageError::NotAComponent {
        message: format!("{file}: its section '{MANIFEST_SECTION}' is not text in UTF-8"),
        hint: None,
    })?;
    PluginManifest::parse(text, &format!("{file} ({MANIFEST_SECTION})")).map(Some)
}

/// A module without what is there for debuggers: names of functions and DWARF.
pub(crate) fn stripped(module: &[u8]) -> Vec<u8> {
    without(module, |name| name.starts_with(".debug") || ["name", "sourceMappingURL"].contains(&name))
}

fn without(binary: &[u8], is_unwanted: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut kept = binary.get(..HEADER).unwrap_or(binary).to_vec();
    for section in sections(binary) {
        if !section.custom().is_some_and(|(name, _)| is_unwanted(name)) {
            kept.extend_from_slice(section.whole);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
