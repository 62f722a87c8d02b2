//! Inlines contents of outputs into action results, as clients request it.

use spec_cas::Cas;
use spec_proto::reapi::{ActionResult, Digest};

use crate::from_proto;
use crate::options::MAX_BATCH;
use crate::request_error::RequestError;

/// Which contents a client wants in the result itself, in addition to their digests.
#[derive(Clone, Debug, Default)]
pub(crate) struct InlineRequest {
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    /// Paths of output files.
    pub(crate) files: Vec<String>,
}

impl InlineRequest {
    /// Whether no contents are wanted.
    pub(crate) fn is_empty(&self) -> bool {
        !self.stdout && !self.stderr && self.files.is_empty()
    }
}

/// Puts the wanted contents into a result, as far as they fit into a message. For the others there are only digests.
pub(crate) fn inline(
    cas: &Cas,
    result: &mut ActionResult,
    wanted: &InlineRequest,
) -> Result<(), RequestError> {
    let mut bytes_left = MAX_BATCH / 2;
    let mut fill = |raw: &mut Vec<u8>, digest: Option<&Digest>| -> Result<(), RequestError> {
        let Some(digest) = digest.map(from_proto::digest).transpose()? else { return Ok(()) };
        if raw.is_empty() && digest.size() <= bytes_left {
            *raw = cas.get(&digest)?;
            bytes_left -= digest.size();
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
