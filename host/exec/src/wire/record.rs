//! The record of what a build asked for.

use std::time::{Duration, SystemTime};

use spec_model::{ActionFailure, ActionResult, Answered, Subaction};
use spec_proto::spec::v1::answer::{Failure, Origin};
use spec_proto::spec::v1::{Answer, BuildRecord};

use super::{from_proto, subactions, time, to_proto};

/// A record.
#[must_use]
pub fn build_record_to_proto(record: &[Subaction]) -> BuildRecord {
    BuildRecord {
        subactions: record.iter().map(|subaction| to_proto::digest(&subaction.action)).collect(),
        answers: record.iter().map(answer_to_proto).collect(),
    }
}

/// A record.
///
/// # Errors
/// What is wrong with it.
pub fn build_record(record: BuildRecord) -> Result<Vec<Subaction>, String> {
    let actions = subactions::digests(record.subactions)?;
    if actions.len() != record.answers.len() {
        return Err(format!("it has {} actions and {} answers", actions.len(), record.answers.len()));
    }
    let pairs = actions.into_iter().zip(record.answers);
    pairs
        .map(|(action, answer)| {
            Ok(Subaction {
                action,
                answered: origin(answer.origin)?,
                asked: time::time("asked", answer.asked)?.unwrap_or(SystemTime::UNIX_EPOCH),
                took: answer.took.as_ref().map_or(Ok(Duration::ZERO), |took| time::duration("took", took))?,
                outcome: outcome(answer)?,
            })
        })
        .collect()
}

fn answer_to_proto(subaction: &Subaction) -> Answer {
    let result = subaction.result();
    let failure = subaction.outcome.as_ref().err();
    Answer {
        origin: origin_to_proto(subaction.answered).into(),
        asked: to_proto::time(Some(subaction.asked)),
        took: Some(to_proto::duration(subaction.took)),
        result: result.map(|result| {
            let mut message = to_proto::action_result(result);
            // They are in the store.
            message.output_files.iter_mut().for_each(|file| file.contents.clear());
            message
        }),
        subactions: result.into_iter().flat_map(|result| &result.subactions).map(to_proto::digest).collect(),
        failure: failure
            .map(|failure| Failure { reason: failure.reason.clone(), message: failure.message.clone() }),
    }
}

fn outcome(answer: Answer) -> Result<Result<ActionResult, ActionFailure>, String> {
    let result = answer.result.map(from_proto::action_result).transpose()?;
    let subactions = subactions::digests(answer.subactions)?;
    let result = result.map(|result| ActionResult { subactions, ..result });
    Ok(match answer.failure {
        Some(Failure { reason, message }) => {
            Err(ActionFailure { reason, message, partial: result.map(Box::new) })
        }
        None => Ok(result.ok_or("an answer has neither a result nor a failure")?),
    })
}

fn origin_to_proto(answered: Answered) -> Origin {
    match answered {
        Answered::Executed => Origin::Executed,
        Answered::Joined => Origin::Joined,
        Answered::CacheHit => Origin::CacheHit,
        Answered::Uploaded => Origin::Uploaded,
    }
}

fn origin(number: i32) -> Result<Answered, String> {
    match Origin::try_from(number) {
        Ok(Origin::Executed) => Ok(Answered::Executed),
        Ok(Origin::Joined) => Ok(Answered::Joined),
        Ok(Origin::CacheHit) => Ok(Answered::CacheHit),
        Ok(Origin::Uploaded) => Ok(Answered::Uploaded),
        Ok(Origin::Unknown) | Err(_) => Err(format!("an answer has the unknown origin {number}")),
    }
}

#[cfg(test)]
mod tests {
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
        let all = [Answered::Executed, Answered::Joined, Answered::CacheHit, Answered::Uploaded];
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
            let as_result = super::super::action_result_from_bytes(&bytes).expect("it can be read as a result");
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
}
