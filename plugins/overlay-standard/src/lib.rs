//! The overlay policy `overlay-standard`: every place that an input may have come from is recorded, and the first that is
//! known is taken.
//!
//! The setting `order` says which kinds of origins are recorded, and their order; the default is
//! `source,action,artifact`.

use spec_guest_sdk::overlay::{Choice, InputOrigins, InputStanding, OriginKind, OverlayPolicy, first_known};
use spec_guest_sdk::{Settings, SettingsError, export_overlay_policy};

struct Standard {
    order: Vec<OriginKind>,
}

impl OverlayPolicy for Standard {
    fn configure(settings: &mut Settings) -> Result<Self, SettingsError> {
        let text = settings.text("order").unwrap_or_else(|| "source,action,artifact".to_owned());
        let expected = "some of source, action, artifact, each at most once, with commas between";
        let order = order(&text).ok_or_else(|| SettingsError::invalid_value("order", expected, &text))?;
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

    fn choose(&mut self, input: &InputStanding) -> Choice {
        first_known(input)
    }
}

fn order(text: &str) -> Option<Vec<OriginKind>> {
    let mut kinds = Vec::new();
    for word in text.split(',') {
        let kind = match word.trim() {
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
    Some(kinds)
}

export_overlay_policy!(Standard);

#[cfg(test)]
mod tests;
