use spec_model::{DomainSelection, Value};
use spec_strategy::{
    BuildRefusal, Command, CommandGroup, Configured, DigestEnvironment, KindDescription, Plan, PublicData,
    Step,
};

use super::*;

fn every_step() -> Vec<Step> {
    let text = str::to_owned;
    let command = Command { label: text("c"), argv: vec![text("sh"), text("-c")] };
    vec![
        Step::StageDependencies { location: text("/"), dependencies: vec![0, 300] },
        Step::Integrate { dependencies: vec![1] },
        Step::StageSources { path: text("/s") },
        Step::MakeDirectory { path: text("/d") },
        Step::CopyTree { from: text("/f"), to: text("/t") },
        Step::Run(CommandGroup { label: text("g"), read_only_root: true, commands: vec![command] }),
        Step::StageFiles {
            location: text("/"),
            dependencies: vec![0],
            domains: DomainSelection::default(),
            runtime: true,
        },
        Step::StageElements { location: text("/"), elements: vec![text("e")] },
        Step::CopyFiles { to: text("/t"), dependencies: vec![0], domains: DomainSelection::default() },
        Step::CopyTreeIfPresent { from: text("/f"), to: text("/t") },
        Step::WriteFile { path: text("/w"), content: text("x"), executable: true },
    ]
}

fn every_data() -> PublicData {
    let text = PublicData::Text("t".to_owned());
    PublicData::Mapping(vec![("a".to_owned(), PublicData::Sequence(vec![text]))])
}

fn every_value() -> Value {
    let leaves = [Value::Null, true.into(), Value::Int(-5), "t".into()];
    Value::map([("a", Value::Seq(leaves.into()))])
}

/// When this fails, raise [`FORMAT`] together with the expected text: files of earlier programs mean something else.
#[test]
fn the_encoding_is_that_of_the_format() -> postcard::Result<()> {
    let digest_environment = vec![DigestEnvironment { variable: "V".to_owned(), dependencies: vec![2] }];
    let plan = Plan {
        digest_environment,
        working_directory: Some("/w".to_owned()),
        marked_directories: vec!["/m".to_owned()],
        steps: every_step(),
        collect: "/c".to_owned(),
        public_data: vec![("p".to_owned(), every_data())],
        no_commands: true,
        refusal: Some(BuildRefusal {
            reason: "r".to_owned(),
            message: "m".to_owned(),
            hint: Some("h".to_owned()),
            node: Some(1),
            position: None,
        }),
    };
    // The encoding of the plan itself is tested as it is before it is compressed.
    let bytes = postcard::to_allocvec(&(every_value(), &plan))?;
    let configured = Configured::new(&every_value(), plan.clone());
    let packed = postcard::to_allocvec(&configured)?;
    assert_eq!(postcard::from_bytes::<Configured>(&packed)?, configured);
    assert_eq!(configured.plan(), plan);
    // A small answer is not compressed.
    let small = postcard::to_allocvec(&Configured::new(&every_value(), Plan::default()))?;
    let description = postcard::to_allocvec(&KindDescription::default())?;
    let [bytes, small, description] =
        [bytes, small, description].map(|bytes| bytes.escape_ascii().to_string());
    let encoded = (FORMAT, bytes, small, description);
    insta::assert_debug_snapshot!(encoded);
    Ok(())
}

#[test]
fn beyond_the_limit_only_used_answers_stay() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let large = "x".repeat(MAX_BYTES as usize / 2 - 100);
    let (old, new) = (answer_key("old", &()), answer_key("new", &()));
    let answers = AnswerCache::open(folder.path(), "component");
    answers.insert(old, &large);
    answers.save()?;
    let answers = AnswerCache::open(folder.path(), "component");
    answers.insert(new, &(large.as_str(), large.as_str()));
    answers.save()?;
    let answers = AnswerCache::open(folder.path(), "component");
    assert!(answers.get::<String>(&old).is_none());
    assert!(answers.get::<(String, String)>(&new).is_some());
    assert!(AnswerCache::open(folder.path(), "another").get::<(String, String)>(&new).is_none());
    Ok(())
}
