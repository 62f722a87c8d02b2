//! What components ask for and are told beyond their questions.

use spec_model::{Digest, UserError};
use spec_plugins::{Plugins, SettingValue};
use spec_strategy::{
    Candidate, ChangedInput, Choice, ChoiceObservation, Decision, InputAlternatives, InputOrigins,
    LastDecision, NoFacts, Observation, OriginInfo, OriginKind, OriginState, Outcome, OverlayFacts,
    PastExecution, PrimingFacts, PrimingLoad, ReasonCode, Revision, SessionFacts, SkipReason,
    SubmittedAction, WorkerKind, Workers,
};

use super::{guest, overlay, priming};
use crate::support::options;

/// A session with a stack, number 1, and four workers.
#[derive(Debug)]
struct Session;

impl SessionFacts for Session {
    fn element_name(&self, element: u32) -> Option<String> {
        (element < 2).then(|| format!("{element}.bst"))
    }

    fn element_kind(&self, element: u32) -> Option<String> {
        Some(if element == 1 { "stack" } else { "manual" }.to_owned())
    }

    fn workers(&self) -> Vec<Workers> {
        vec![Workers { kind: WorkerKind::Local, slots: Some(4), busy: 0, latency_us: None }]
    }
}

/// Actions and inputs of that session: action 0 has a changed input.
struct Facts;

impl PrimingFacts for Facts {
    fn session(&self) -> &dyn SessionFacts {
        &Session
    }

    fn command_line(&self, _: u32) -> Vec<String> {
        ["cc", "-c"].map(str::to_owned).into()
    }

    fn changed_inputs(&self, action: u32) -> Vec<ChangedInput> {
        let (path, before) = ("a.h".to_owned(), Some(Digest::of(b"12")));
        let after = if action == 0 { Some(Digest::of(b"123")) } else { before };
        vec![ChangedInput { path, before, after }]
    }
}

impl OverlayFacts for Facts {
    fn session(&self) -> &dyn SessionFacts {
        &Session
    }

    fn path(&self, path: u32) -> Option<String> {
        Some(["src/a.h", "src/a.c"][path as usize].to_owned())
    }

    fn recorded_content(&self, _: u32) -> Option<Digest> {
        Some(Digest::of(b"old"))
    }

    fn current_content(&self, _: u32, alternative: u8) -> Option<Digest> {
        (alternative > 0).then(|| Digest::of(if alternative == 2 { b"old" } else { b"new" }))
    }
}

#[test]
fn a_priming_policy_decides_by_what_it_asks() {
    let mut policy = priming(&guest("asks-priming", &[("who", "a test")])).expect("it opens");
    assert_eq!(policy.wants().largest_batch, Some(2));
    let candidates = [(0, 0), (1, 0), (2, 1)].map(|(action, element)| Candidate {
        action,
        element,
        ..Candidate::default()
    });
    let decided = policy.decide(&candidates, &PrimingLoad::default(), &Facts).expect("it answers");
    let code = ReasonCode::new("of-a-stack").expect("it is a code");
    let expected = [
        Decision::Submit { priority: 2 + 30 + 200 + 4 },
        Decision::Hold,
        Decision::Skip(SkipReason::Other(code)),
    ];
    assert_eq!(decided, expected);
    let decided = policy.decide(&candidates[..1], &PrimingLoad::default(), &NoFacts).expect("it answers");
    assert_eq!(decided, [Decision::Hold], "the facts of a call end with it");
}

/// What is known of how long actions took: of action 0 nothing, action 1 was short, action 2 took much of a processor.
struct Times;

impl PrimingFacts for Times {
    fn last_execution(&self, action: u32) -> Option<PastExecution> {
        let known = |run_ms, cpu_ms| Some(PastExecution { run_ms, cpu_ms });
        [None, known(5, None), known(500, Some(900))][action as usize]
    }
}

#[test]
fn a_priming_policy_is_told_how_long_actions_took() {
    let mut policy = priming(&guest("priming-selective", &[])).expect("it opens");
    let candidates = [0, 1, 2].map(|action| Candidate { action, critical_ms: 1000, ..Candidate::default() });
    let load = PrimingLoad { free: 3, cpu_left_ms: Some(1000), ..PrimingLoad::default() };
    let decided = policy.decide(&candidates, &load, &Times).expect("it answers");
    assert!(matches!(decided[0], Decision::Submit { .. }), "{decided:?}");
    assert_eq!(decided[1..], [SkipReason::TooCheap, SkipReason::TooDear].map(Decision::Skip));
    let decided = policy.decide(&candidates[2..], &load, &NoFacts).expect("it answers");
    assert!(matches!(decided[..], [Decision::Submit { .. }]), "{decided:?}");
}

#[test]
fn a_priming_policy_revises_and_is_told_of_all() {
    let mut policy = priming(&guest("asks-priming", &[("who", "a test")])).expect("it opens");
    assert!(policy.wants().revise && policy.wants().observe_all);
    let submitted =
        [None, Some(1), Some(1001)].map(|running_ms| SubmittedAction { action: 0, priority: 5, running_ms });
    let revised = policy.revise(&submitted, &PrimingLoad::default(), &Facts).expect("it answers");
    assert_eq!(revised, [Revision::Reprioritise { priority: 6 }, Revision::Keep, Revision::Cancel]);
    let ended = [LastDecision::Submitted, LastDecision::Held, LastDecision::Skipped].map(|decision| {
        Observation { action: 0, decision, outcome: Outcome::Overtaken, run_ms: None, cpu_ms: Some(1) }
    });
    policy.observe(&ended, &Facts).expect("it listens");
    assert_eq!(policy.remember().expect("it answers"), b"shk");
}

#[test]
fn settings_have_types_and_defaults() {
    let plugins = Plugins::new(options());
    let request = guest("asks-priming", &[("who", "a test"), ("mode", "nothing")]);
    let mut loaded = plugins.priming_policy(&request, "project").expect("it opens");
    assert_eq!((&*loaded.description.name, &*loaded.description.version), ("asks-priming", "0.1.0"));
    let settings: Vec<(String, String)> =
        loaded.settings.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    let expected = [("least", "7"), ("mode", "nothing"), ("strict", "False"), ("who", "a test")];
    assert_eq!(settings, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(loaded.settings[0].1, SettingValue::Number(7));
    let decided = loaded.policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts);
    assert_eq!(decided.expect("it answers"), [Decision::Submit { priority: 7 }]);
    loaded.memory.store(b"something").expect("the folder is ours");
    for (settings, reason, says) in [
        (&[][..], "policy-invalid-setting", "'who': it has no default; expected a text"),
        (&[("who", "x"), ("least", "1001")], "policy-invalid-setting", "from 0 to 1000, found '1001'"),
        (&[("who", "x"), ("mode", "both")], "policy-invalid-setting", "one of facts, nothing"),
        (&[("who", "x"), ("strict", "yes")], "policy-invalid-setting", "True or False"),
        (&[("who", "x"), ("whom", "y")], "policy-unknown-setting", "known settings: least, mode"),
        (&[("who", "x"), ("strict", "True")], "policy-invalid-setting", "there is a memory"),
    ] {
        let refused = plugins.priming_policy(&guest("asks-priming", settings), "project");
        let error = refused.err().expect("the settings are wrong");
        assert_eq!(error.reason(), reason, "{error}");
        assert!(error.to_string().contains(says), "'{says}' is not in: {error}");
    }
}

#[test]
fn an_overlay_policy_decides_by_what_it_asks_and_learns() {
    let mut policy = overlay(&guest("asks-overlay", &[])).expect("it opens");
    let origin = |element| OriginInfo { kind: OriginKind::Source, element };
    let input = |path| InputOrigins { path, origins: vec![origin(None), origin(Some(1)), origin(Some(7))] };
    let selected = policy.select(&[input(0), input(1)], &Facts).expect("it answers");
    assert_eq!(selected, [vec![0, 1], vec![]]);
    let alternatives = vec![(origin(Some(1)), OriginState::Changed); 3];
    let choices = policy.choose(&[InputAlternatives { input: 0, alternatives }], &Facts);
    assert_eq!(choices.expect("it answers"), [Choice::Rank(vec![2, 0, 1])]);
    let told = ChoiceObservation { input: 0, taken: Some(2), right: vec![1, 2] };
    policy.observe(&[told], &Facts).expect("it listens");
    assert_eq!(policy.remember().expect("it answers"), [1, 2]);
}
