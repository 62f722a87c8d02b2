//! The recorded inputs of a session, and their predicted contents.

use spec_strategy::{InputAlternatives, OriginInfo, OriginKind, OriginState};

use super::ids::{ActionId, ElementId, OriginId};
use super::origin_table::{OriginContent, OriginTable};
use crate::path_table::PathId;
use crate::record::Content;

/// A recorded input in a session.
#[derive(Debug)]
pub(super) struct SessionInput {
    pub(super) element: ElementId,
    pub(super) path: PathId,
    /// Its contents when it was recorded.
    pub(super) recorded: Content,
    /// Its origins.
    pub(super) alternatives: Vec<(OriginInfo, OriginId)>,
    /// The alternatives by preference, once the overlay policy ranked them. It is not asked any more then.
    pub(super) ranking: Option<Vec<u8>>,
    /// The alternative that the overlay policy took last.
    pub(super) taken: Option<u8>,
    /// Whether the overlay policy decided on it and was not told yet what came of that.
    pub(super) awaits_feedback: bool,
    pub(super) value: InputValue,
    /// Whether the value was seen in a request of the build. Origins do not change it any more.
    pub(super) is_observed: bool,
    /// Whether the overlay policy has not seen its new contents yet: see [`input_set`](super::input_set).
    pub(super) needs_scan: bool,
    /// The actions that read it.
    pub(super) readers: Vec<ActionId>,
}

/// The predicted contents of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InputValue {
    Known(Content),
    Pending,
    Gone,
}

/// What an input means for the predictions of the actions that read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputClass {
    Unchanged,
    Changed,
    Pending,
    Gone,
}

impl InputClass {
    pub(super) const COUNT: usize = 4;
}

impl SessionInput {
    pub(super) fn class(&self) -> InputClass {
        match &self.value {
            _ if self.needs_scan => InputClass::Pending,
            InputValue::Known(content) if *content == self.recorded => InputClass::Unchanged,
            InputValue::Known(_) => InputClass::Changed,
            InputValue::Pending => InputClass::Pending,
            InputValue::Gone => InputClass::Gone,
        }
    }

    /// Its contents, if they are known and differ from the recorded ones.
    pub(super) fn changed(&self) -> Option<&Content> {
        match &self.value {
            InputValue::Known(content) if *content != self.recorded => Some(content),
            _ => None,
        }
    }

    /// What the artifact that the input is staged from has, once that is known.
    pub(super) fn staged(&self, origins: &OriginTable) -> Option<Content> {
        let artifact = self.alternatives.iter().position(|(info, _)| info.kind == OriginKind::Artifact)?;
        self.content_from(artifact, origins)
    }

    /// Its contents if it comes from an alternative, once that is known.
    pub(super) fn content_from(&self, alternative: usize, origins: &OriginTable) -> Option<Content> {
        let (info, origin) = self.alternatives[alternative];
        let OriginContent::Known(content) = origins.content(origin) else { return None };
        match (content, &self.recorded) {
            // Installing a file sets its mode. The prediction is that it sets the same mode again.
            (Content::File { digest, .. }, Content::File { executable, .. }) if info.is_installed() => {
                Some(Content::File { digest: *digest, executable: *executable })
            }
            _ => Some(content.clone()),
        }
    }

    /// The best alternative by a ranking, and the contents that follow: those of the first one that is not gone.
    pub(super) fn ranked(&self, ranking: &[u8], origins: &OriginTable) -> (Option<u8>, InputValue) {
        for &index in ranking {
            let alternative = usize::from(index);
            match origins.content(self.alternatives[alternative].1) {
                OriginContent::Known(_) => {
                    let content = self.content_from(alternative, origins);
                    return (Some(index), content.map_or(InputValue::Gone, InputValue::Known));
                }
                OriginContent::Pending => return (None, InputValue::Pending),
                OriginContent::Gone => {}
            }
        }
        (None, InputValue::Gone)
    }

    /// The states of its alternatives, for the overlay policy.
    pub(super) fn for_policy(&self, number: usize, origins: &OriginTable) -> InputAlternatives {
        let state = |alternative: usize, origin| match origins.content(origin) {
            OriginContent::Known(_)
                if self.content_from(alternative, origins).as_ref() == Some(&self.recorded) =>
            {
                OriginState::Unchanged
            }
            OriginContent::Known(_) => OriginState::Changed,
            OriginContent::Pending => OriginState::Pending,
            OriginContent::Gone => OriginState::Gone,
        };
        let alternatives = self.alternatives.iter().enumerate();
        let alternatives = alternatives.map(|(index, (info, origin))| (*info, state(index, *origin)));
        InputAlternatives { input: number as u32, alternatives: alternatives.collect() }
    }
}
