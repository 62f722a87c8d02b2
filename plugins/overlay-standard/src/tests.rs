use spec_guest_sdk::overlay::Origin;
use spec_guest_sdk::testing;

use super::*;

fn selected(order: &str, kinds: &[OriginKind]) -> Result<Vec<u8>, Refusal> {
    let origins = kinds.iter().map(|kind| Origin { kind: *kind, element: None }).collect();
    Ok(testing::open_overlay::<Standard>(&[("order", order)])?.select(&InputOrigins { path: 0, origins }))
}

#[test]
fn the_order_is_that_of_the_setting() -> Result<(), Refusal> {
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
