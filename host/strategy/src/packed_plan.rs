//! Plans as they are kept until they are executed.

use serde::{Deserialize, Serialize};

use crate::{BuildRefusal, Plan, PublicData};

/// How hard it is tried to make plans small. Most of them have each command three times.
const LEVEL: i32 = 3;

/// A plan that takes a small part of its memory: a project has thousands of them, and executes few. What is asked of plans that
/// are not executed is beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedPlan {
    /// The encoded and compressed plan, without the following.
    packed: Box<[u8]>,
    /// The bytes of the encoded plan.
    size: u32,
    /// [`Plan::no_commands`].
    pub no_commands: bool,
    /// [`Plan::public_data`].
    pub public_data: Vec<(String, PublicData)>,
    /// [`Plan::refusal`].
    pub refusal: Option<Box<BuildRefusal>>,
}

impl PackedPlan {
    /// Packs a plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let Plan { public_data, refusal, no_commands, .. } = plan;
        let rest = Plan { public_data: Vec::new(), refusal: None, ..plan };
        let encoded = postcard::to_allocvec(&rest).expect("a plan is encoded in memory");
        let size = u32::try_from(encoded.len()).expect("a plan has less than 4 GiB");
        let packed = zstd::bulk::compress(&encoded, LEVEL).expect("bytes are compressed in memory").into();
        Self { packed, size, no_commands, public_data, refusal: refusal.map(Box::new) }
    }

    /// The plan.
    ///
    /// # Panics
    /// When it is none that [`PackedPlan::new`] made.
    #[must_use]
    pub fn unpack(&self) -> Plan {
        let made = "it was packed by this program, and what was stored has a checksum";
        let encoded = zstd::bulk::decompress(&self.packed, self.size as usize).expect(made);
        let plan: Plan = postcard::from_bytes(&encoded).expect(made);
        let refusal = self.refusal.as_deref().cloned();
        Plan { public_data: self.public_data.clone(), refusal, ..plan }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, CommandGroup, Step};

    #[test]
    fn a_plan_is_what_was_packed() {
        let text = "make install\n".repeat(100);
        let argv = ["sh", "-c", "-e", &text].map(str::to_owned).to_vec();
        let command = Command { label: text.clone(), argv };
        let group = CommandGroup { label: "g".to_owned(), read_only_root: true, commands: vec![command] };
        let refusal = BuildRefusal {
            reason: "r".to_owned(),
            message: "m".to_owned(),
            hint: None,
            node: None,
            position: None,
        };
        let data = PublicData::Text("t".to_owned());
        let plan = Plan {
            steps: vec![Step::Run(group)],
            public_data: vec![("bst".to_owned(), data)],
            no_commands: true,
            refusal: Some(refusal),
            ..Plan::default()
        };
        let packed = PackedPlan::new(plan.clone());
        assert!(packed.packed.len() < text.len());
        assert_eq!(packed.unpack(), plan);
        assert_eq!(PackedPlan::new(Plan::default()).unpack(), Plan::default());
    }
}
