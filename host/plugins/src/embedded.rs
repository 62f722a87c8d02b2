//! The components that are embedded in the program.

include!(concat!(env!("OUT_DIR"), "/components.rs"));

type EmbeddedComponent = (&'static str, &'static [u8]);

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
pub(crate) fn kind(name: &str) -> Option<&'static [u8]> {
    find(KINDS, name)
}

/// The component of a kind that is the Python plugin of some projects, and that nobody else has by its name.
pub(crate) fn project_kind(name: &str) -> Option<&'static [u8]> {
    find(PROJECT_KINDS, name)
}

/// The component of an embedded overlay policy.
pub(crate) fn overlay_policy(name: &str) -> Option<&'static [u8]> {
    find(OVERLAY_POLICIES, name)
}

/// The component of an embedded priming policy.
pub(crate) fn priming_policy(name: &str) -> Option<&'static [u8]> {
    find(PRIMING_POLICIES, name)
}

fn names(components: &'static [EmbeddedComponent]) -> impl Iterator<Item = &'static str> {
    components.iter().map(|(name, _)| *name)
}

fn find(components: &[EmbeddedComponent], name: &str) -> Option<&'static [u8]> {
    components.iter().find(|(own, _)| *own == name).map(|(_, bytes)| *bytes)
}
