//! Elements that request other actions than predicted.

use super::*;

const NOT_EXECUTED: ExecutionEnd =
    ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 1, cpu_ms: 1, bytes: 0 };

/// Six compiles of which one is in flight and five are queued. Then the predictions for two of these are wrong.
fn mispredicted(store: &Store, shown: &[(InputId, Content)]) -> (PrimingState, Vec<PrimingEffect>) {
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut priming, sent) = changed(store, 6, GuardedPrimingPolicy::default(), one);
    assert_eq!(sent.len(), 1);
    let open = (0..6).map(ActionId).filter(|action| *action != sent[0].0);
    let mut effects = Vec::new();
    for action in open.take(2) {
        let otherwise = Digest::of(format!("{action:?}").as_bytes());
        effects.extend(priming.request_observed(action, otherwise, shown.to_vec()));
    }
    priming.execution_ended(sent[0].0, sent[0].1, NOT_EXECUTED);
    (priming, effects)
}

#[test]
fn queued_actions_are_held_after_wrong_predictions() {
    let store = Store::new();
    let (mut priming, effects) = mispredicted(&store, &[]);
    assert_eq!(
        (effects, priming.admit()),
        (vec![], vec![]),
        "nothing was corrected, so nothing is submitted"
    );
    let stage = |priming: &PrimingState, action: ActionId| priming.action_state(action).stage;
    let held =
        (0..6).map(ActionId).find(|action| matches!(stage(&priming, *action), ActionStage::Candidate(_)));
    let digest = held.and_then(|action| stage(&priming, action).digest()).expect("some are held");
    priming.action_requested(&digest);
    assert_eq!(submitted(&priming.admit()).len(), 1, "a prediction was right again");
}

#[test]
fn a_wrong_prediction_that_corrects_others_does_not_count() {
    let store = Store::new();
    let (mut priming, effects) = mispredicted(&store, &[(InputId(0), text(&store, "c2"))]);
    let sent = submitted(&carry_out(&mut priming, &store, effects));
    assert_eq!(sent.len(), 1, "corrected predictions are submitted");
}
