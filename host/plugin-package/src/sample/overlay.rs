//! Samples for overlay policies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{SampleFacts, SampleSettings};
use crate::checked_text::text_in_yaml;
use crate::world::PluginWorld;

/// A session of an overlay policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlaySample {
    /// `overlay-policy`.
    pub world: PluginWorld,
    /// What the session is opened with.
    #[serde(default, skip_serializing_if = "SampleSettings::is_empty")]
    pub settings: SampleSettings,
    /// What the policy hears when it asks.
    #[serde(default, skip_serializing_if = "SampleFacts::is_empty")]
    pub facts: SampleFacts,
    /// The calls, in order.
    pub steps: Vec<OverlayStep>,
}

/// A call: one of `select`, `choose` and `propose`, and the answer that is expected.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlayStep {
    /// Select origins of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub select: Vec<SampleInput>,
    /// Choose alternatives of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choose: Vec<SampleAlternatives>,
    /// Propose changes because of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub propose: Vec<SampleFile>,
    /// A line for each entry. Of `select`: the indices in order, or `generated`; of `choose`: `take INDEX`, `rank INDEX...`,
    /// `wait`, `give-up`. Of `propose` a line for each proposal: `FILE add NAME`, `FILE remove NAME`, `FILE rename OLD NEW`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
}

/// An input and its possible origins.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleInput {
    /// The number of its path.
    pub path: u32,
    /// The origins: `source`, `action` or `artifact`, with ` of ELEMENT` for those of another element.
    pub origins: Vec<SampleOrigin>,
}

/// An input and its recorded alternatives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleAlternatives {
    /// Its number.
    pub input: u32,
    /// The alternatives: an origin and `unchanged`, `changed`, `pending` or `gone`.
    pub alternatives: Vec<SampleStateOfOrigin>,
}

/// A changed file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleFile {
    /// Its path in the sandbox.
    pub path: String,
    /// Its contents when it was recorded.
    pub before: String,
    /// Its contents now.
    pub after: String,
}

/// The kind of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleOriginKind {
    /// An element's sources.
    Source,
    /// The result of an action.
    Action,
    /// An element's artifact.
    Artifact,
}

/// An origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOrigin {
    /// Its kind.
    pub kind: SampleOriginKind,
    /// The number of the element that it belongs to; `None` for the recorded element itself.
    pub element: Option<u32>,
}

/// The state of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleState {
    /// As recorded.
    Unchanged,
    /// Known, and not as recorded.
    Changed,
    /// Not known yet.
    Pending,
    /// Never known.
    Gone,
}

/// An origin and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleStateOfOrigin {
    /// The origin.
    pub origin: SampleOrigin,
    /// Its state.
    pub state: SampleState,
}

const KINDS: [(&str, SampleOriginKind); 3] = [
    ("source", SampleOriginKind::Source),
    ("action", SampleOriginKind::Action),
    ("artifact", SampleOriginKind::Artifact),
];

const STATES: [(&str, SampleState); 4] = [
    ("unchanged", SampleState::Unchanged),
    ("changed", SampleState::Changed),
    ("pending", SampleState::Pending),
    ("gone", SampleState::Gone),
];

fn named<T: Copy>(names: &[(&str, T)], text: &str) -> Option<T> {
    names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

fn name<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, one)| *one == value).map_or("", |(name, _)| name)
}

impl FromStr for SampleOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, element) = match text.split_once(" of ") {
            Some((kind, element)) => (kind, element.parse().ok().map(Some)),
            None => (text, Some(None)),
        };
        let origin = named(&KINDS, kind).zip(element).map(|(kind, element)| Self { kind, element });
        origin.ok_or_else(|| {
            format!("'{text}' is no origin: expected source, action or artifact, perhaps with ' of ELEMENT'")
        })
    }
}

impl fmt::Display for SampleOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&KINDS, self.kind))?;
        self.element.iter().try_for_each(|element| write!(f, " of {element}"))
    }
}

impl FromStr for SampleStateOfOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (origin, state) = text.rsplit_once(' ').unwrap_or((text, ""));
        let state = named(&STATES, state)
            .ok_or_else(|| format!("'{text}' does not end with unchanged, changed, pending or gone"))?;
        Ok(Self { origin: origin.parse()?, state })
    }
}

impl fmt::Display for SampleStateOfOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.origin, name(&STATES, self.state))
    }
}

text_in_yaml!(SampleOrigin);
text_in_yaml!(SampleStateOfOrigin);
