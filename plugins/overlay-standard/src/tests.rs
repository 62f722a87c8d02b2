use spec_guest_sdk::overlay::Origin;

use super::*;

fn selected(order: &str, kinds: &[OriginKind]) -> Result<Vec<u8>, SettingsError> {
    let mut settings = Settings::new(vec![("order".to_owned(), order.to_owned())]);
    let origins = kinds.iter().map(|kind| Origin { kind: *kind, element: 0 }).collect();
    Ok(Standard::configure(&mut settings)?.select(&InputOrigins { path: 0, origins }))
}

#[test]
fn the_order_is_that_of_the_setting() -> Result<(), SettingsError> {
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
