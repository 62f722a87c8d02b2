//! The answer of a kind, as it is kept until the element is built.

use std::borrow::Cow;
use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use spec_model::Value;
use zstd::bulk::Decompressor;

use crate::{BuildRefusal, Plan, PublicData};

/// How hard it is tried to make answers small. Most of them have each command four times.
const LEVEL: i32 = 3;

/// Answers of fewer bytes, which are those of kinds without commands, are left as they are.
const MIN_COMPRESSED: usize = 256;

/// Why what was packed can be unpacked.
const MADE_HERE: &str = "it was packed by this program, and what was stored has a checksum";

thread_local! {
    /// To make one takes longer than to unpack an answer.
    static DECOMPRESSOR: RefCell<Decompressor<'static>> =
        RefCell::new(Decompressor::new().expect("it needs memory only"));
}

/// A kind's answer for one element: the unique key, and how the host builds the element. It takes a small part of its memory, because
/// a project has thousands of them and executes few. What is asked of plans that are not executed is beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// The encoded key and plan, without the following, compressed from [`MIN_COMPRESSED`] bytes on.
    packed: Box<[u8]>,
    /// The bytes of the encoded ones.
    size: u32,
    /// [`Plan::no_commands`].
    pub no_commands: bool,
    /// [`Plan::public_data`].
    pub public_data: Vec<(String, PublicData)>,
    /// [`Plan::refusal`].
    pub refusal: Option<Box<BuildRefusal>>,
}

impl Configured {
    /// The answer with this unique key and plan.
    #[must_use]
    pub fn new(unique_key: &Value, plan: Plan) -> Self {
        let Plan { public_data, refusal, no_commands, .. } = plan;
        let rest = Plan { public_data: Vec::new(), refusal: None, ..plan };
        let encoded =
            postcard::to_allocvec(&(unique_key.canonical(), rest)).expect("it is encoded in memory");
        let size = u32::try_from(encoded.len()).expect("a plan has less than 4 GiB");
        let packed = match encoded.len() < MIN_COMPRESSED {
            true => encoded,
            false => zstd::bulk::compress(&encoded, LEVEL).expect("bytes are compressed in memory"),
        };
        let packed = packed.into_boxed_slice();
        Self { packed, size, no_commands, public_data, refusal: refusal.map(Box::new) }
    }

    /// The canonical text of BuildStream's `get_unique_key()`: every setting that can change the artifact.
    ///
    /// # Panics
    /// When it is none that [`Configured::new`] made.
    #[must_use]
    pub fn key_text(&self) -> String {
        // The plan follows.
        postcard::take_from_bytes(&self.encoded()).expect(MADE_HERE).0
    }

    /// How the host builds the element.
    ///
    /// # Panics
    /// As [`Configured::key_text`].
    #[must_use]
    pub fn plan(&self) -> Plan {
        let encoded = self.encoded();
        let (_, plan): (&str, Plan) = postcard::from_bytes(&encoded).expect(MADE_HERE);
        let refusal = self.refusal.as_deref().cloned();
        Plan { public_data: self.public_data.clone(), refusal, ..plan }
    }

    fn encoded(&self) -> Cow<'_, [u8]> {
        let size = self.size as usize;
        if size < MIN_COMPRESSED {
            return Cow::from(&*self.packed);
        }
        DECOMPRESSOR
            .with_borrow_mut(|decompressor| decompressor.decompress(&self.packed, size))
            .expect(MADE_HERE)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, CommandGroup, Step};

    #[test]
    fn an_answer_is_what_was_packed() {
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
        let key = Value::from(text.as_str());
        let packed = Configured::new(&key, plan.clone());
        assert!(packed.packed.len() < text.len());
        assert_eq!((packed.key_text(), packed.plan()), (key.canonical(), plan));
        let least = Configured::new(&Value::Null, Plan::default());
        assert_eq!((least.key_text(), least.plan()), (Value::Null.canonical(), Plan::default()));
    }
}
