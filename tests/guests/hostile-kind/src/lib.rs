//! An element kind that does harm in every way that the contract lets it try; the element's name says which.

use std::hint::black_box;

use exports::spec::plugin::kind::{
    Description, ElementInput, Forbids, Guest, KeyValue, Rejection, RejectionReason, Traits, UniqueKey,
};
use spec::plugin::log::{Level, log};
use spec::plugin::plan::{self, Command, CommandGroup};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({ path: "../../../wit", world: "element-kind" });

    export!(Hostile);
    use super::Hostile;
}

use bindings::{exports, spec};

struct Hostile;

impl Guest for Hostile {
    fn describe() -> Description {
        Description {
            name: "hostile-kind".to_owned(),
            version: "0.1.0".to_owned(),
            defaults: String::new(),
            artifact_version: 0,
            traits: Traits::RUNS_COMMANDS | Traits::HAS_ARTIFACT,
            forbids: Forbids::empty(),
        }
    }

    fn configure(input: ElementInput) -> Result<UniqueKey, Rejection> {
        let does = input.name.trim_end_matches(".bst");
        if !matches!(does, "collects-nothing" | "collects-nonsense") {
            plan::collect("/output");
        }
        match does {
            "collects-nothing" => {}
            "collects-nonsense" => plan::collect("out\0put/.."),
            "collects-twice" => plan::collect("/other"),
            "makes-endlessly" => loop {
                plan::make_directory("/again");
            },
            "runs-endlessly" => loop {
                plan::run(&group(1000));
            },
            "makes-long-paths" => loop {
                plan::make_directory(&"/x".repeat(1 << 19));
            },
            "runs-millions" => plan::run(&group(1 << 20)),
            "stages-nobody" => plan::stage_dependencies("/", &[u32::MAX]),
            "stages-millions" => plan::stage_dependencies("/", &vec![0; 5 << 20]),
            "sets-nonsense" => plan::set_digest_environment("A=B\0", &[]),
            "runs-nothing" => {
                plan::run(&CommandGroup {
                    label: String::new(),
                    read_only_root: false,
                    commands: vec![Command { label: String::new(), argv: Vec::new() }],
                });
            }
            "loops" => loop {
                black_box(0);
            },
            "recurses" => {
                black_box(recurse(0));
            }
            "logs-endlessly" => loop {
                log(Level::Error, "again");
            },
            "key-millions" => return Ok(UniqueKey { values: vec![KeyValue::Null; 5 << 20] }),
            "key-itself" => return Ok(UniqueKey { values: vec![KeyValue::Sequence(vec![0])] }),
            "rejects-at-length" => return Err(rejection("x".repeat(1 << 20), None)),
            "rejects-nobody" => return Err(rejection("it is wrong".to_owned(), Some(u32::MAX))),
            other => panic!("no such harm: {other}"),
        }
        Ok(UniqueKey { values: vec![KeyValue::Null] })
    }
}

fn group(commands: usize) -> CommandGroup {
    let command = Command { label: "true".to_owned(), argv: vec!["true".to_owned()] };
    CommandGroup { label: "again".to_owned(), read_only_root: false, commands: vec![command; commands] }
}

fn rejection(message: String, node: Option<u32>) -> Rejection {
    Rejection { reason: RejectionReason::InvalidData, message, hint: None, node }
}

#[allow(unconditional_recursion, reason = "this is what is tested")]
fn recurse(depth: u64) -> u64 {
    black_box([depth; 16])[black_box(0)] + recurse(black_box(depth + 1))
}
