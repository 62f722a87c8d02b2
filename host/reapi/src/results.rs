//! Results of actions as clients get them.

use spec_cas::Cas;
use spec_proto::reapi::{ActionResult, Digest};

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

impl Inline {
    /// Whether digests are all that is wanted.
    pub(crate) fn is_empty(&self) -> bool {
        !self.stdout && !self.stderr && self.files.is_empty()
    }
}

/// Puts contents into a result, as far as they fit into a message. What does not is left to its digest.
pub(crate) fn inline(cas: &Cas, result: &mut ActionResult, wanted: &Inline) -> Result<(), Refusal> {
    let mut room = MAX_BATCH / 2;
    let mut fill = |raw: &mut Vec<u8>, digest: Option<&Digest>| -> Result<(), Refusal> {
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
