//! The record of what a build asked for.

use std::time::{Duration, SystemTime};

use spec_model::{ActionFailure, ActionResult, AnswerSource, Subaction};
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
        asked: time::time_to_proto(Some(subaction.asked)),
        took: Some(time::duration_to_proto(subaction.took)),
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

fn origin_to_proto(answered: AnswerSource) -> Origin {
    match answered {
        AnswerSource::Executed => Origin::Executed,
        AnswerSource::Joined => Origin::Joined,
        AnswerSource::CacheHit => Origin::CacheHit,
        AnswerSource::Uploaded => Origin::Uploaded,
    }
}

fn origin(number: i32) -> Result<AnswerSource, String> {
    match Origin::try_from(number) {
        Ok(Origin::Executed) => Ok(AnswerSource::Executed),
        Ok(Origin::Joined) => Ok(AnswerSource::Joined),
        Ok(Origin::CacheHit) => Ok(AnswerSource::CacheHit),
        Ok(Origin::Uploaded) => Ok(AnswerSource::Uploaded),
        Ok(Origin::Unknown) | Err(_) => Err(format!("an answer has the unknown origin {number}")),
    }
}

#[cfg(test)]
mod tests;
