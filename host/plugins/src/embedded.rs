//! The components that are embedded in the program.

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// A component that is part of the program.
#[derive(Clone, Copy)]
pub(crate) struct EmbeddedComponent {
    pub(crate) bytes: &'static [u8],
    /// Their digest, in hexadecimal digits: where answers are kept, nobody reads the bytes.
    pub(crate) sha256: &'static str,
}

type NamedComponents = &'static [(&'static str, EmbeddedComponent)];

/// The names of the embedded element kinds, sorted.
pub fn default_kinds() -> impl Iterator<Item = &'static str> {
    names(KINDS)
}

/// The names of the embedded overlay policies, sorted.
pub fn overlay_policies() -> impl Iterator<Item = &'static str> {
    names(OVERLAY_POLICIES)
}

/// The names of the embedded priming policies, sorted.
pub fn priming_policies() -> impl Iterator<Item = &'static str> {
    names(PRIMING_POLICIES)
}

/// The component of an embedded kind.
pub(crate) fn kind(name: &str) -> Option<EmbeddedComponent> {
    find(KINDS, name)
}

/// The component of a kind that is the Python plugin of some projects, and that nobody else has by its name.
pub(crate) fn project_kind(name: &str) -> Option<EmbeddedComponent> {
    find(PROJECT_KINDS, name)
}

/// The component of an embedded overlay policy.
pub(crate) fn overlay_policy(name: &str) -> Option<EmbeddedComponent> {
    find(OVERLAY_POLICIES, name)
}

/// The component of an embedded priming policy.
pub(crate) fn priming_policy(name: &str) -> Option<EmbeddedComponent> {
    find(PRIMING_POLICIES, name)
}

fn names(components: NamedComponents) -> impl Iterator<Item = &'static str> {
    components.iter().map(|(name, _)| *name)
}

fn find(components: NamedComponents, name: &str) -> Option<EmbeddedComponent> {
    components.iter().find(|(own, _)| *own == name).map(|(_, component)| *component)
}
