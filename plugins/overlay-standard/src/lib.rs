//! The overlay policy `overlay-standard`: every place that an input may have come from is recorded, and the first that is
//! known is taken.
//!
//! The setting `order` says which kinds of origins are recorded, and their order; the default is
//! `source,action,artifact`.

use spec_guest_sdk::export;
use spec_guest_sdk::overlay::{
    Choice, Description, InputAlternatives, InputOrigins, OriginKind, OverlayPolicy, first_known,
};
use spec_guest_sdk::settings::{Refusal, Settings, Texts};

const ORDER: Texts = Texts::new("order", "The kinds of origins that are recorded, in order of preference.")
    .default(&["source", "action", "artifact"]);

struct Standard {
    order: Vec<OriginKind>,
}

impl OverlayPolicy for Standard {
    fn describe() -> Description {
        let summary = "Takes the first origin that is known, of the kinds that are recorded.";
        Description::new("overlay-standard", env!("CARGO_PKG_VERSION"), summary).setting(&ORDER)
    }

    fn open(settings: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        let words = settings.get(&ORDER);
        let order = order(&words).ok_or_else(|| {
            let expected = "expected some of source, action, artifact, each at most once";
            Refusal::invalid(&ORDER, format!("{expected}, found '{}'", words.join(",")))
        })?;
        Ok(Self { order })
    }

    fn select(&mut self, input: &InputOrigins) -> Vec<u8> {
        let all = || (0u8..).zip(&input.origins);
        let of = |kind: &OriginKind| {
            let kind = *kind;
            all().filter(move |(_, origin)| origin.kind == kind).map(|(index, _)| index)
        };
        self.order.iter().flat_map(of).collect()
    }

    fn choose(&mut self, input: &InputAlternatives) -> Choice {
        first_known(input)
    }
}

/// `None` when a word is unknown or occurs twice, or there is none.
fn order(words: &[String]) -> Option<Vec<OriginKind>> {
    let mut kinds = Vec::new();
    for word in words {
        let kind = match word.as_str() {
            "source" => OriginKind::Source,
            "action" => OriginKind::Action,
            "artifact" => OriginKind::Artifact,
            _ => return None,
        };
        if kinds.contains(&kind) {
            return None;
        }
        kinds.push(kind);
    }
    Some(kinds).filter(|kinds| !kinds.is_empty())
}

export!(Standard as OverlayPolicy);

#[cfg(test)]
mod tests;
