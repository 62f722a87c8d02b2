//! The overlay policy `overlay-standard`: every origin of an input is recorded, and the first one that is known is
//! chosen.
//!
//! The setting `order` says which kinds of origins are recorded, and their order; the default is
//! `source,action,artifact`.

use spec_guest_sdk::overlay::{Choice, InputOrigins, InputStanding, OriginKind, Policy, first_known};
use spec_guest_sdk::{Refused, Settings, export_overlay_policy};

struct Standard {
    order: Vec<OriginKind>,
}

impl Policy for Standard {
    fn configure(settings: &mut Settings) -> Result<Self, Refused> {
        let text = settings.text("order").unwrap_or_else(|| "source,action,artifact".to_owned());
        let expected = "some of source, action, artifact, each at most once, with commas between";
        let order = order(&text).ok_or_else(|| Refused::value("order", expected, &text))?;
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
mod tests {
    use spec_guest_sdk::overlay::Origin;

    use super::*;

    fn selected(order: &str, kinds: &[OriginKind]) -> Result<Vec<u8>, Refused> {
        let mut settings = Settings::new(vec![("order".to_owned(), order.to_owned())]);
        let origins = kinds.iter().map(|kind| Origin { kind: *kind, element: 0 }).collect();
        Ok(Standard::configure(&mut settings)?.select(&InputOrigins { path: 0, origins }))
    }

    #[test]
    fn the_order_is_that_of_the_setting() -> Result<(), Refused> {
        let kinds = [OriginKind::Source, OriginKind::Action, OriginKind::Artifact, OriginKind::Artifact];
        assert_eq!(selected("source,action,artifact", &kinds)?, [0, 1, 2, 3]);
        assert_eq!(selected("artifact, source", &kinds)?, [2, 3, 0]);
        assert_eq!(selected("action", &[OriginKind::Source])?, [0; 0]);
        Ok(())
    }

    #[test]
    fn another_word_is_refused() {
        for wrong in ["", "sources", "source,source", "source;action"] {
            assert!(selected(wrong, &[]).is_err(), "{wrong}");
        }
    }
}
