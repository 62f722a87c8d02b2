//! Cached answers of kinds: unique keys, plans, descriptions.

use serde_free::round_trip;
use spec_model::Value;
use spec_strategy::{Command, CommandGroup, Configured, DigestEnvironment, KindDescription, Plan, Step};

/// The input is a cache file, and each kind of answer.
pub fn run(data: &[u8]) {
    round_trip::<Vec<([u8; 32], Vec<u8>)>>(data);
    round_trip::<Configured>(data);
    round_trip::<KindDescription>(data);
}

mod serde_free {
    use std::fmt::Debug;

    /// Encoding a decoded value and decoding it again gives the same value.
    pub(super) fn round_trip<T>(data: &[u8])
    where
        T: super::Kept + Debug + PartialEq,
    {
        let Some(value) = T::decode(data) else { return };
        assert_eq!(T::decode(&value.encode()).as_ref(), Some(&value));
    }
}

/// A type whose values are cached.
trait Kept: Sized {
    fn decode(bytes: &[u8]) -> Option<Self>;
    fn encode(&self) -> Vec<u8>;
}

macro_rules! kept {
    ($($kept:ty),*) => {
        $(impl Kept for $kept {
            fn decode(bytes: &[u8]) -> Option<Self> {
                postcard::from_bytes(bytes).ok()
            }

            fn encode(&self) -> Vec<u8> {
                postcard::to_allocvec(self).expect("it is encoded in memory")
            }
        })*
    };
}

kept!(Vec<([u8; 32], Vec<u8>)>, Configured, KindDescription);

/// An answer with every step, a description, and a file of both.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let text = str::to_owned;
    let command = Command { label: text("c"), argv: vec![text("sh"), text("-c")] };
    let steps = vec![
        Step::StageDependencies { location: text("/"), dependencies: vec![0, 300] },
        Step::Integrate { dependencies: vec![1] },
        Step::StageSources { path: text("/s") },
        Step::MakeDirectory { path: text("/d") },
        Step::CopyTree { from: text("/f"), to: text("/t") },
        Step::Run(CommandGroup { label: text("g"), read_only_root: true, commands: vec![command] }),
    ];
    let plan = Plan {
        digest_environment: vec![DigestEnvironment { variable: text("V"), dependencies: vec![2] }],
        working_directory: Some(text("/w")),
        marked_directories: vec![text("/m")],
        steps,
        collect: text("/c"),
        ..Plan::default()
    };
    let leaves = vec![Value::Null, true.into(), Value::Int(-5), "t".into()];
    let configured = Configured::new(&Value::map([("a", Value::Seq(leaves))]), plan).encode();
    let description = KindDescription { name: text("k"), ..KindDescription::default() }.encode();
    let file = vec![([7; 32], configured.clone()), ([9; 32], description.clone())].encode();
    vec![configured, description, file]
}
