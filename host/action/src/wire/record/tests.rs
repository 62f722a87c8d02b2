use proptest::prelude::*;
use spec_model::Digest;
use spec_proto::Message;

use super::*;

fn result() -> impl Strategy<Value = ActionResult> {
    (any::<i32>(), prop::collection::vec(any::<u8>(), 0..3), any::<[bool; 2]>()).prop_map(
        |(exit_code, raw, subactions)| ActionResult {
            exit_code,
            stdout: spec_model::StreamOutput { raw, digest: None },
            subactions: subactions.iter().map(|one| Digest::of(&[u8::from(*one)])).collect(),
            ..ActionResult::default()
        },
    )
}

fn subaction() -> impl Strategy<Value = Subaction> {
    let failure =
        ("[a-z]{1,3}", ".{0,3}", prop::option::of(result())).prop_map(|(reason, message, partial)| {
            ActionFailure { reason, message, partial: partial.map(Box::new) }
        });
    let outcome = prop_oneof![result().prop_map(Ok), failure.prop_map(Err)];
    let all = [AnswerSource::Executed, AnswerSource::Joined, AnswerSource::CacheHit, AnswerSource::Uploaded];
    (any::<u8>(), prop::sample::select(all.to_vec()), any::<u32>(), any::<u32>(), outcome).prop_map(
        |(action, answered, asked, took, outcome)| Subaction {
            action: Digest::of(&[action]),
            answered,
            asked: SystemTime::UNIX_EPOCH + Duration::from_millis(asked.into()),
            took: Duration::from_nanos(took.into()),
            outcome,
        },
    )
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_went(record in prop::collection::vec(subaction(), 0..4)) {
        let bytes = build_record_to_proto(&record).encode_to_vec();
        let message = BuildRecord::decode(&*bytes).expect("we have encoded it");
        prop_assert_eq!(build_record(message), Ok(record.clone()));
        let as_result = crate::wire::action_result_from_bytes(&bytes).expect("it can be read as a result");
        let actions: Vec<Digest> = record.iter().map(|subaction| subaction.action).collect();
        prop_assert_eq!(as_result.subactions, actions);
    }
}

#[test]
fn what_is_wrong_with_a_record_is_said() {
    let digest = to_proto::digest(&Digest::of(b""));
    let result = || Some(Default::default());
    let one = |answer: Answer| BuildRecord { subactions: vec![digest.clone()], answers: vec![answer] };
    let executed = Origin::Executed.into();
    for (record, expected) in [
        (BuildRecord { subactions: vec![digest.clone()], answers: vec![] }, "1 actions and 0 answers"),
        (one(Answer { result: result(), ..Default::default() }), "unknown origin 0"),
        (one(Answer { origin: executed, ..Default::default() }), "neither a result nor a failure"),
    ] {
        let error = build_record(record).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
}
