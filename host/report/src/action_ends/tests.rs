use super::*;
use crate::samples::small;

#[test]
fn each_action_has_its_end_and_why() {
    let times = small().read().expect("it is good");
    let ends = action_ends(&times);
    let expected = [
        (ActionEnd::Used, "executed ahead; its result was there when the build asked for it"),
        (ActionEnd::Joined, "it ran or waited when the build asked for it, so that the build waited less"),
        (ActionEnd::PredictedWrongly, "predicted otherwise: </script></style>"),
        (ActionEnd::TooLate, "the priming policy held it"),
        (ActionEnd::NotPredicted, "what it reads was not known before its element ended"),
    ];
    for (action, (end, text)) in expected.into_iter().enumerate() {
        assert_eq!(ends[action], end, "action {action}");
        let why = why(&times, &times.actions[action], end);
        assert!(why.starts_with(text), "action {action}: {why}");
    }
}

#[test]
fn what_was_executed_and_not_asked_for_is_unused() {
    let mut sample = small();
    sample.predicted(4, "a4", &[]).primed(4, "a4", 10, 20, "succeeded");
    assert_eq!(action_ends(&sample.read().expect("it is good"))[4], ActionEnd::Unused);
    sample.request(1, "a4", 5, 30, "executed");
    assert_eq!(action_ends(&sample.read().expect("it is good"))[4], ActionEnd::TooLate);
}

#[test]
fn a_worker_that_was_taken_is_a_reason() {
    let mut sample = small();
    sample
        .predicted(4, "a4", &[])
        .primed(4, "a4", 10, 20, "not-executed")
        .request(1, "a4", 30, 40, "executed");
    let times = sample.read().expect("it is good");
    assert_eq!(why_late(&times, &times.actions[4]), "its worker was taken for requests of the build");
}

#[test]
fn what_was_asked_for_as_recorded_is_unchanged() {
    let mut sample = small();
    sample.request(1, "base 1 4", 30, 40, "cache-hit");
    let times = sample.read().expect("it is good");
    assert_eq!(action_ends(&times)[4], ActionEnd::Unchanged);
    assert_eq!(times.requests.last().map(|request| times.name_of(request)).as_deref(), Some("cpp"));
}
