//! The components of the default element kinds, which are part of the program.

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// The names of the embedded kinds, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().map(|(name, _)| *name)
}

/// The component of an embedded kind.
pub(crate) fn find(name: &str) -> Option<&'static [u8]> {
    COMPONENTS.iter().find(|(kind, _)| *kind == name).map(|(_, bytes)| *bytes)
}
