//! Results of actions as clients send and get them.

use prost::Message;
use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::reapi::{ActionResult, OutputDirectory};

use crate::from_proto;
use crate::options::MAX_BATCH;
use crate::refusal::Refusal;

/// What a client wants inside the result, beside its digest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inline {
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    /// Paths of output files.
    pub(crate) files: Vec<String>,
}

/// The cached result of an action, if all that it speaks of is here.
pub(crate) fn get(cas: &Cas, action: &Digest) -> Result<Option<ActionResult>, Refusal> {
    let Some(bytes) = cas.action_cache().get(action)? else { return Ok(None) };
    // What does not decode was written by somebody else; a miss mends it.
    Ok(ActionResult::decode(&bytes[..]).ok())
}

/// Caches a result that a client brings.
pub(crate) fn put(cas: &Cas, action: &Digest, result: &ActionResult) -> Result<(), Refusal> {
    let needs = needs(cas, result)?;
    let missing = cas.missing(&needs)?;
    if !missing.is_empty() {
        return Err(Refusal::Missing(missing));
    }
    Ok(cas.action_cache().put(action, &needs, &result.encode_to_vec())?)
}

/// All blobs that a result speaks of, sorted, each once.
fn needs(cas: &Cas, result: &ActionResult) -> Result<Vec<Digest>, Refusal> {
    let streams = [&result.stdout_digest, &result.stderr_digest];
    let mut needs: Vec<Digest> =
        streams.into_iter().flatten().map(from_proto::digest).collect::<Result<_, _>>()?;
    for file in &result.output_files {
        needs.push(from_proto::required(file.digest.as_ref(), &format!("digest of {}", file.path))?);
    }
    for directory in &result.output_directories {
        needs.extend(needs_of(cas, directory).map_err(|refusal| match refusal {
            Refusal::NotFound(_) => Refusal::Missing(named(directory)),
            other => other,
        })?);
    }
    needs.sort_unstable();
    needs.dedup();
    Ok(needs)
}

fn needs_of(cas: &Cas, directory: &OutputDirectory) -> Result<Vec<Digest>, Refusal> {
    let mut needs = named(directory);
    if needs.is_empty() {
        return Err(Refusal::Invalid(format!("the output directory {} has no digest", directory.path)));
    }
    if let Some(tree) = &directory.tree_digest {
        needs.extend(cas.files_of_tree_message(&from_proto::digest(tree)?)?);
    }
    if let Some(root) = &directory.root_directory_digest {
        needs.extend(cas.blobs_of_tree(&from_proto::digest(root)?)?);
    }
    Ok(needs)
}

fn named(directory: &OutputDirectory) -> Vec<Digest> {
    let digests = [&directory.tree_digest, &directory.root_directory_digest].into_iter().flatten();
    digests.filter_map(|digest| from_proto::digest(digest).ok()).collect()
}

/// Puts contents into a result, as far as they fit into a message. What does not is left to its digest.
pub(crate) fn inline(cas: &Cas, result: &mut ActionResult, wanted: &Inline) -> Result<(), Refusal> {
    let mut room = MAX_BATCH / 2;
    let mut fill = |raw: &mut Vec<u8>, digest: Option<&spec_proto::reapi::Digest>| -> Result<(), Refusal> {
        let Some(digest) = digest.map(from_proto::digest).transpose()? else { return Ok(()) };
        if raw.is_empty() && digest.size() <= room {
            *raw = cas.get(&digest)?;
            room -= digest.size();
        }
        Ok(())
    };
    if wanted.stdout {
        fill(&mut result.stdout_raw, result.stdout_digest.as_ref())?;
    }
    if wanted.stderr {
        fill(&mut result.stderr_raw, result.stderr_digest.as_ref())?;
    }
    for file in result.output_files.iter_mut().filter(|file| wanted.files.contains(&file.path)) {
        fill(&mut file.contents, file.digest.as_ref())?;
    }
    Ok(())
}
