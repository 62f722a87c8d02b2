//! Answers that are not true.

use bazel_remote_apis::build::bazel::semver::SemVer;
use bazel_remote_apis::google::bytestream::ReadResponse;
use bazel_remote_apis::google::longrunning::{Operation, operation};
use spec_proto::reapi::{
    ActionResult, BatchReadBlobsResponse, Digest, ExecuteResponse, FindMissingBlobsResponse, GetTreeResponse,
    ServerCapabilities,
};
use spec_proto::{Message, asset};

use super::fault::Fault;

/// No blob has this digest.
const NOBODY: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

/// `NOT_FOUND`, as a status in an answer says it.
const NOT_FOUND: i32 = 5;

/// Whether a method that forgets blobs answers with an error. `FindMissingBlobs` and batches have answers of their own.
pub(super) fn forgets(method: &str) -> bool {
    matches!(method, "Read" | "GetTree")
}

/// What becomes of a message of an answer. A message that a fault has nothing to do with stays as it is.
pub(super) fn falsify(
    method: &str,
    fault: &Fault,
    message: &[u8],
    others: &mut Option<ActionResult>,
) -> Vec<u8> {
    let edited = match (method, fault) {
        (_, Fault::Garbage) => Some(vec![0xff; message.len().max(7)]),
        ("BatchReadBlobs", _) => edit(message, |answer| edit_batch(answer, fault)),
        ("Read", Fault::WrongBytes) => edit(message, |answer: &mut ReadResponse| {
            answer.data.iter_mut().take(1).for_each(|byte| *byte ^= 1)
        }),
        ("FindMissingBlobs", Fault::Forget) => {
            edit(message, |answer: &mut FindMissingBlobsResponse| answer.missing_blob_digests.clear())
        }
        ("FindMissingBlobs", Fault::WrongDigests) => {
            edit(message, |answer: &mut FindMissingBlobsResponse| answer.missing_blob_digests.push(nobody(1)))
        }
        ("GetTree", Fault::WrongBytes) => edit(message, |answer: &mut GetTreeResponse| {
            answer.directories.iter_mut().flat_map(|one| &mut one.files).for_each(|file| file.name.push('x'));
        }),
        ("GetCapabilities", _) => edit(message, |answer| edit_capabilities(answer, fault)),
        ("GetActionResult", _) => edit(message, |result| edit_result(result, fault, others)),
        ("Execute" | "WaitExecution", _) => {
            edit(message, |operation| edit_operation(operation, fault, others))
        }
        ("FetchBlob", Fault::WrongDigests) => {
            edit(message, |answer: &mut asset::FetchBlobResponse| wrong(&mut answer.blob_digest))
        }
        ("FetchDirectory", Fault::WrongDigests) => {
            edit(message, |answer: &mut asset::FetchDirectoryResponse| {
                wrong(&mut answer.root_directory_digest)
            })
        }
        _ => None,
    };
    edited.unwrap_or_else(|| message.to_vec())
}

/// Edits what a message says; nothing where it cannot be read.
fn edit<M: Message + Default>(message: &[u8], edit: impl FnOnce(&mut M)) -> Option<Vec<u8>> {
    let mut read = M::decode(message).ok()?;
    edit(&mut read);
    Some(read.encode_to_vec())
}

fn edit_capabilities(answer: &mut ServerCapabilities, fault: &Fault) {
    let version = |(major, minor)| SemVer { major, minor, ..SemVer::default() };
    match fault {
        Fault::Versions(oldest, newest) => {
            answer.low_api_version = Some(version(*oldest));
            answer.high_api_version = Some(version(*newest));
        }
        Fault::DigestFunction(number) => {
            answer.cache_capabilities.iter_mut().for_each(|cache| cache.digest_functions = vec![*number]);
            answer.execution_capabilities.iter_mut().for_each(|execution| {
                (execution.digest_function, execution.digest_functions) = (*number, vec![*number]);
            });
        }
        _ => {}
    }
}

fn edit_batch(answer: &mut BatchReadBlobsResponse, fault: &Fault) {
    for blob in &mut answer.responses {
        match fault {
            Fault::WrongBytes => blob.data.iter_mut().take(1).for_each(|byte| *byte ^= 1),
            Fault::WrongDigests => wrong(&mut blob.digest),
            Fault::Forget => {
                blob.data.clear();
                blob.status.get_or_insert_default().code = NOT_FOUND;
            }
            _ => {}
        }
    }
}

fn edit_result(result: &mut ActionResult, fault: &Fault, others: &mut Option<ActionResult>) {
    match fault {
        Fault::OthersResult => *result = others.get_or_insert_with(|| result.clone()).clone(),
        Fault::NoOutputs => {
            result.output_files.clear();
            result.output_directories.clear();
            result.output_symlinks.clear();
        }
        Fault::WrongDigests => {
            result.output_files.iter_mut().for_each(|file| wrong(&mut file.digest));
            result.output_directories.iter_mut().for_each(|folder| {
                wrong(&mut folder.tree_digest);
                wrong(&mut folder.root_directory_digest);
            });
        }
        _ => {}
    }
}

fn edit_operation(operation: &mut Operation, fault: &Fault, others: &mut Option<ActionResult>) {
    let Some(operation::Result::Response(any)) = &mut operation.result else { return };
    let edited = edit(&any.value, |answer: &mut ExecuteResponse| {
        answer.result.iter_mut().for_each(|result| edit_result(result, fault, others));
    });
    if let Some(edited) = edited {
        any.value = edited;
    }
}

fn wrong(digest: &mut Option<Digest>) {
    digest.iter_mut().for_each(|digest| *digest = nobody(digest.size_bytes));
}

fn nobody(size_bytes: i64) -> Digest {
    Digest { hash: NOBODY.to_owned(), size_bytes }
}
