use spec_guest_sdk::overlay::Origin;

use super::*;

fn origin(kind: OriginKind) -> Origin {
    Origin { kind, element: None }
}

fn choice(policy: &mut Prototype, kind: OriginKind, state: OriginState) -> Choice {
    let alternatives = vec![Alternative { origin: origin(kind), state }];
    policy.choose(&InputAlternatives { input: 1, alternatives })
}

#[test]
fn one_origin_is_recorded() {
    use OriginKind::{Action, Artifact, Source};
    let cases: [(&[OriginKind], &[u8]); 4] =
        [(&[Source, Action, Artifact], &[0]), (&[Action, Artifact], &[1]), (&[Action], &[0]), (&[], &[])];
    for (kinds, selected) in cases {
        let origins = kinds.iter().map(|kind| origin(*kind)).collect();
        let picks = Prototype::default().select(&InputOrigins { path: 0, origins });
        assert_eq!(picks, selected, "{kinds:?}");
    }
}

#[test]
fn what_is_pending_is_given_up_for_good() {
    for kind in [OriginKind::Action, OriginKind::Artifact] {
        let mut policy = Prototype::default();
        for state in [OriginState::Pending, OriginState::Changed] {
            assert!(matches!(choice(&mut policy, kind, state), Choice::GiveUp));
        }
    }
}

#[test]
fn sources_are_waited_for() {
    let mut policy = Prototype::default();
    assert!(matches!(choice(&mut policy, OriginKind::Source, OriginState::Pending), Choice::Wait));
    assert!(matches!(choice(&mut policy, OriginKind::Source, OriginState::Changed), Choice::Take(0)));
}
