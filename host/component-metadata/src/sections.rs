//! Reads, removes and adds custom sections of components and modules.

use wasmparser::{BinaryReaderError, Parser, Payload};

/// The contents of the first custom section of this name, outside of the modules and components inside; `None` if there is none.
///
/// # Errors
/// When the sections cannot be told apart.
pub fn custom_section<'b>(binary: &'b [u8], name: &str) -> Result<Option<&'b [u8]>, BinaryReaderError> {
    let mut found = None;
    for_each_section(binary, |_, custom| {
        if let Some((own, contents)) = custom
            && own == name
        {
            found = found.or(Some(contents));
        }
    })?;
    Ok(found)
}

/// The binary without those custom sections whose name is unwanted, outside of the modules and components inside.
///
/// # Errors
/// When the sections cannot be told apart.
pub fn without_custom_sections(
    binary: &[u8],
    is_unwanted: impl Fn(&str) -> bool,
) -> Result<Vec<u8>, BinaryReaderError> {
    let mut kept = Vec::with_capacity(binary.len());
    for_each_section(binary, |section, custom| {
        if !custom.is_some_and(|(name, _)| is_unwanted(name)) {
            kept.extend_from_slice(section);
        }
    })?;
    Ok(kept)
}

/// The binary with one custom section of this name, which is the last section.
///
/// # Errors
/// When the sections cannot be told apart.
pub fn with_custom_section(binary: &[u8], name: &str, contents: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut bytes = without_custom_sections(binary, |own| own == name)?;
    let mut section = Vec::new();
    push_number(&mut section, name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(contents);
    bytes.push(0);
    push_number(&mut bytes, section.len());
    bytes.extend(section);
    Ok(bytes)
}

/// Calls `visit` with each outermost section, the header of the binary first: all its bytes, and of a custom section its name
/// and contents.
fn for_each_section<'b>(
    binary: &'b [u8],
    mut visit: impl FnMut(&'b [u8], Option<(&'b str, &'b [u8])>),
) -> Result<(), BinaryReaderError> {
    let (mut start, mut depth) = (0, 0_usize);
    for payload in Parser::new(0).parse_all(binary) {
        let payload = payload?;
        let end = match &payload {
            Payload::Version { range, .. } => Some(range.end),
            other => other.as_section().map(|(_, range)| range.end),
        };
        if let (0, Some(end)) = (depth, end) {
            let custom = match &payload {
                Payload::CustomSection(section) => Some((section.name(), section.data())),
                _ => None,
            };
            // A module inside may say that it is longer than the binary: what is read next is the error.
            let Some(section) = binary.get(start..end) else { continue };
            visit(section, custom);
            start = end;
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Appends a number in LEB128.
fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests;
