//! Components of version 0.1 of the contracts load and answer: those in `tests/golden/components-0.1`.

use std::path::{Path, PathBuf};

use spec_model::{Node, UserError, Value};
use spec_plugins::{ComponentWorld, LoadedPolicy, Plugins, PolicyComponent, PolicyLoadError, PolicyRequest};
use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, ElementInput, InputAlternatives, InputOrigins, KindError,
    KindRegistry, LastDecision, NoDependencies, NoFacts, Observation, OriginInfo, OriginKind, OriginState,
    Outcome, OverlayPolicy, OverlayWants, PrimingLoad, PrimingPolicy, PrimingWants, Proposal, SetEdit,
    SkipReason, Step,
};

use crate::support::{check_error, element, mapping, options, request};

fn component(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/components-0.1");
    folder.join(format!("{name}.wasm"))
}

fn policy(name: &str, settings: &[(&str, &str)]) -> PolicyRequest {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    PolicyRequest { component: PolicyComponent::File(component(name)), settings: settings.collect() }
}

fn priming(settings: &[(&str, &str)]) -> Result<LoadedPolicy<dyn PrimingPolicy>, PolicyLoadError> {
    Plugins::new(options()).priming_policy(&policy("priming-selective", settings), "0.1")
}

fn overlay(name: &str) -> Box<dyn OverlayPolicy> {
    Plugins::new(options()).overlay_policy(&policy(name, &[]), "0.1").expect("it loads").policy
}

#[test]
fn their_worlds_are_recognised() {
    let plugins = Plugins::new(options());
    for (name, world) in [
        ("import", ComponentWorld::ElementKind),
        ("overlay-standard", ComponentWorld::OverlayPolicy),
        ("priming-selective", ComponentWorld::PrimingPolicy),
    ] {
        assert_eq!(plugins.world_of(&component(name)).expect("it is one"), world, "{name}");
    }
    let error = plugins.priming_policy(&policy("overlay-standard", &[]), "0.1").err().expect("it is another");
    assert_eq!(error.reason(), "plugin-wrong-world", "{error}");
}

#[test]
fn a_kind_answers() {
    let kind = Plugins::new(options()).kind(&request("import", Some(component("import"))));
    let kind = kind.expect("it loads");
    assert_eq!((&*kind.description().name, kind.description().runs_commands), ("import", false));
    let config = mapping(&[("source", Node::text("/doc")), ("target", Node::text("/usr"))]);
    let configured =
        kind.configure(&ElementInput { config, ..element("a.bst") }, &NoDependencies).expect("it is good");
    let key = Value::map([("source", "/doc".into()), ("target", "/usr".into())]);
    assert_eq!(configured.key_text(), key.canonical());
    let plan = configured.plan();
    let copy = Step::CopyTree { from: "/input/doc".to_owned(), to: "/output/usr".to_owned() };
    assert_eq!(plan.steps, [Step::StageSources { path: "/input".to_owned() }, copy]);
    assert_eq!(plan.collect, "/output");
    let config = mapping(&[("source", Node::text("/")), ("targets", Node::text("/"))]);
    let error = kind
        .configure(&ElementInput { config, ..element("a.bst") }, &NoDependencies)
        .expect_err("it is wrong");
    check_error(&error, "invalid-data", &["targets"]);
    let KindError::Rejected { position, .. } = error else { panic!("{error}") };
    assert!(position.is_some());
}

#[test]
fn an_overlay_policy_answers() {
    let mut policy = overlay("overlay-standard");
    assert_eq!(policy.wants(), OverlayWants::default());
    let origin = |kind, element| OriginInfo { kind, element };
    let origins = vec![origin(OriginKind::Source, None), origin(OriginKind::Artifact, Some(3))];
    let selected = policy.select(&[InputOrigins { path: 0, origins: origins.clone() }], &NoFacts);
    assert_eq!(selected.expect("it answers"), [[0, 1]]);
    let states = [OriginState::Gone, OriginState::Changed];
    let alternatives = origins.into_iter().zip(states).collect();
    let chosen = policy.choose(&[InputAlternatives { input: 0, alternatives }], &NoFacts);
    assert_eq!(chosen.expect("it answers"), [Choice::Take(1)]);
    policy.observe(&[], &NoFacts).expect("it is not told");
    assert_eq!(policy.remember().expect("it has no memory"), b"");
}

#[test]
fn an_overlay_policy_proposes() {
    let mut policy = overlay("overlay-include-scan");
    assert!(policy.wants().propose);
    let file = ChangedFile {
        path: "usr/include/a.h".to_owned(),
        before: b"#include <b.h>\n".to_vec(),
        after: b"#include <c.h>\n".to_vec(),
    };
    let edit = SetEdit::Rename { removed: "b.h".to_owned(), added: "c.h".to_owned() };
    assert_eq!(policy.propose(&[file], &NoFacts).expect("it answers"), [Proposal { file: 0, edit }]);
}

#[test]
fn a_priming_policy_answers_and_remembers() {
    let mut loaded = priming(&[("least-ms", "20")]).expect("it loads");
    assert_eq!((loaded.policy.wants(), loaded.description.settings), (PrimingWants::default(), None));
    let candidate = |action, run_ms| Candidate { action, run_ms, program: 7, ..Candidate::default() };
    let candidates = [candidate(0, Some(19)), candidate(1, Some(20)), candidate(2, None)];
    let load = PrimingLoad { slots: Some(2), free: 9, ..PrimingLoad::default() };
    let decided = loaded.policy.decide(&candidates, &load, &NoFacts).expect("it answers");
    assert_eq!(decided[0], Decision::Skip(SkipReason::TooCheap));
    assert!(decided[1..].iter().all(|decision| matches!(decision, Decision::Submit { .. })), "{decided:?}");
    let ended = |outcome| Observation {
        action: 1,
        decision: LastDecision::Submitted,
        outcome,
        run_ms: None,
        cpu_ms: None,
    };
    let before = loaded.policy.remember().expect("it answers");
    loaded.policy.observe(&[ended(Outcome::Overtaken)], &NoFacts).expect("it is not told of that");
    assert_eq!(loaded.policy.remember().expect("it answers"), before);
    loaded.policy.observe(&[ended(Outcome::Used)], &NoFacts).expect("it listens");
    assert_ne!(loaded.policy.remember().expect("it answers"), before);
}

#[test]
fn a_priming_policy_refuses_settings() {
    for (name, value, reason) in
        [("least-ms", "soon", "policy-invalid-setting"), ("most-ms", "1", "policy-unknown-setting")]
    {
        let error = priming(&[(name, value)]).err().expect("it is wrong");
        assert_eq!((error.reason(), error.key()), (reason, Some(name)), "{error}");
    }
}
