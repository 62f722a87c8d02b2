use spec_execution::ActionError;

use super::*;

#[test]
fn a_cancelled_operation_stays_cancelled() {
    let metrics = Arc::new(Metrics::new());
    let state = OperationState::new(Digest::of(b""), Arc::clone(&metrics));
    state.advance(ExecutionStage::Queued);
    state.advance(ExecutionStage::Completed(Err(ActionError::Cancelled)));
    let late = ActionError::Exhausted { what: "late".to_owned() };
    for next in [ExecutionStage::Executing, ExecutionStage::Completed(Err(late))] {
        state.advance(next.clone());
        assert!(matches!(state.stage(), ExecutionStage::Completed(Err(ActionError::Cancelled))), "{next:?}");
    }
    let text = metrics.text(metrics::GaugeValues::default()).expect("text can be written");
    let counted: Vec<&str> =
        text.lines().filter(|line| line.starts_with("spec_host_actions_total")).collect();
    assert_eq!(counted, ["spec_host_actions_total{outcome=\"cancelled\"} 1"]);
}
