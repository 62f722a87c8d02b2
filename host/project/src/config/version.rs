//! The check of `min-version`.

use spec_model::{Mapping, Node};

use crate::LoadError;

/// The version of BuildStream's project format that is understood: major and minor.
pub const FORMAT_VERSION: (u32, u32) = (2, 8);

/// Checks that the project has a format version that this program supports.
///
/// # Errors
/// `invalid-data` when `min-version` is missing or not a version, `unsupported-project` when it is another major
/// version or a later minor one.
pub(super) fn check(config: &Mapping) -> Result<(), LoadError> {
    let Some(node) = config.get("min-version") else {
        let message =
            "the key 'min-version' is missing; BuildStream 1 projects have none and are not supported";
        return Err(LoadError::at("invalid-data", config.position.as_ref(), message));
    };
    let (major, minor) = parse(node)?;
    let (our_major, our_minor) = FORMAT_VERSION;
    if major == our_major && minor <= our_minor {
        return Ok(());
    }
    let message =
        format!("the project needs BuildStream {major}.{minor}, and {our_major}.{our_minor} is understood");
    Err(LoadError::at("unsupported-project", node.position.as_ref(), message))
}

fn parse(node: &Node) -> Result<(u32, u32), LoadError> {
    let mut numbers = node.as_str()?.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(node.expected("a version such as 2.0").into()),
    }
}
