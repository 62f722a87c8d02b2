//! Samples for priming policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SampleSettings;
use crate::world::PluginWorld;

/// A session of a priming policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimingSample {
    /// `priming-policy`.
    pub world: PluginWorld,
    /// What the session is opened with.
    #[serde(default, skip_serializing_if = "SampleSettings::is_empty")]
    pub settings: SampleSettings,
    /// What the policy hears when it asks.
    #[serde(default, skip_serializing_if = "SampleFacts::is_empty")]
    pub facts: SampleFacts,
    /// The calls, in order.
    pub steps: Vec<PrimingStep>,
}

/// A call: one of `decide`, `revise` and `observe`, and the answer that is expected.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimingStep {
    /// Decide on these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decide: Vec<SampleCandidate>,
    /// Decide again on these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revise: Vec<SampleSubmitted>,
    /// Hear of these; there is no answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observe: Vec<SampleObservation>,
    /// The load at the time of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<SampleLoad>,
    /// A line for each entry: `submit PRIORITY`, `hold`, `skip REASON`; of `revise`: `keep`, `reprioritise PRIORITY`, `cancel`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
}

/// A candidate, as in WIT; numbers that are not given are 0 or not known.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[allow(missing_docs, reason = "the WIT text describes them")]
pub struct SampleCandidate {
    pub action: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub element: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub program: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    pub hits: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub misses: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub element_hits: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub element_misses: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub fan_out: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub critical_ms: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub distance: u32,
}

/// The load, as in WIT; what is not given has no limit or is 0.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[allow(missing_docs, reason = "the WIT text describes them")]
pub struct SampleLoad {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    pub requested: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub primed: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub submitted: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub hits: u32,
    pub free: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_left_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_left: Option<u64>,
}

impl Default for SampleLoad {
    fn default() -> Self {
        Self {
            slots: None,
            requested: 0,
            primed: 0,
            submitted: 0,
            hits: 0,
            free: 1000,
            cpu_left_ms: None,
            bytes_left: None,
        }
    }
}

/// A submitted action, as in WIT.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the WIT text describes them")]
pub struct SampleSubmitted {
    pub action: u32,
    pub priority: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_ms: Option<u32>,
}

/// An observation, as in WIT.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the WIT text describes them")]
pub struct SampleObservation {
    pub action: u32,
    pub decision: SampleDecision,
    pub outcome: SampleOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u32>,
}

/// The last decision on an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the WIT text describes them")]
pub enum SampleDecision {
    Submitted,
    Held,
    Skipped,
}

/// What became of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the WIT text describes them")]
pub enum SampleOutcome {
    Used,
    Joined,
    Unused,
    Failed,
    Overtaken,
}

/// What a policy hears when it asks; what is not given is not known.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SampleFacts {
    /// Names of elements, by their numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub elements: BTreeMap<u32, String>,
    /// Names of programs, by their numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub programs: BTreeMap<u32, String>,
    /// Programs and arguments of actions, by their numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub command_lines: BTreeMap<u32, Vec<String>>,
    /// Paths of inputs of overlay policies, by their numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<u32, String>,
}

impl SampleFacts {
    pub(super) fn is_empty(&self) -> bool {
        let maps = [&self.elements, &self.programs, &self.paths];
        self.command_lines.is_empty() && maps.iter().all(|map| map.is_empty())
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
