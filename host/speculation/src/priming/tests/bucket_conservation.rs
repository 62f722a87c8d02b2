use proptest::prelude::*;

use super::*;

/// An event.
#[derive(Clone, Debug)]
enum TestEvent {
    Header(u8),
    Adapt,
    Finish(u8),
    Request(u8),
    Show(u8, u8),
    Lost,
    End,
}

fn any_event() -> impl Strategy<Value = TestEvent> {
    prop_oneof![
        (0u8..4).prop_map(TestEvent::Header),
        Just(TestEvent::Adapt),
        any::<u8>().prop_map(TestEvent::Finish),
        any::<u8>().prop_map(TestEvent::Request),
        (0u8..5, 0u8..3).prop_map(|(action, config)| TestEvent::Show(action, config)),
        Just(TestEvent::Lost),
        Just(TestEvent::End),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// In whatever order events come: every action is in one bucket, no more are in flight than the budget allows, and
    /// each submission ends once.
    #[test]
    fn buckets_are_conserved(events in prop::collection::vec(any_event(), 0..40)) {
        let store = Store::new();
        let budget = Budget { in_flight: 3, ..Budget::default() };
        let (mut priming, origin) = compiles(&store, 5, GuardedPrimingPolicy::default(), budget);
        let (mut adapting, mut in_flight, mut sent) = (Vec::new(), Vec::new(), 0);
        for event in events {
            let mut effects = match event {
                TestEvent::Header(version) => priming.origins_known(vec![(origin, Some(text(&store, &version.to_string())))]),
                TestEvent::Adapt => match adapting.pop() {
                    Some((action, round, digest)) => {
                        priming.action_adapted(action, round, AdaptResult::Action { digest, command: digest })
                    }
                    None => Vec::new(),
                },
                TestEvent::Finish(pick) => match in_flight.pop() {
                    Some((action, digest)) => {
                        let outcome = match pick % 3 {
                            0 => ExecutionOutcome::Succeeded(Vec::new()),
                            1 => ExecutionOutcome::Failed,
                            _ => ExecutionOutcome::NotExecuted,
                        };
                        priming.execution_ended(action, digest, ExecutionEnd { outcome, took_ms: 1, cpu_ms: 1, bytes: 1 })
                    }
                    None => Vec::new(),
                },
                TestEvent::Request(pick) => {
                    let digest = in_flight.get(usize::from(pick) % in_flight.len().max(1)).map(|(_, digest)| *digest);
                    _ = digest.map(|digest| priming.action_requested(&digest));
                    Vec::new()
                }
                TestEvent::Show(action, config) => {
                    let shown = vec![(InputId(0), text(&store, &config.to_string()))];
                    priming.request_observed(ActionId(u32::from(action)), Digest::of(&[action, config]), shown)
                }
                TestEvent::Lost => priming.origins_known(vec![(origin, None)]),
                TestEvent::End => priming.element_ended(priming.resolver().element_of(COMPILE)),
            };
            effects.extend(priming.admit());
            for command in effects {
                match command {
                    PrimingEffect::Adapt { action, round, adaptation, .. } => {
                        adapting.push((action, round, store.blob(&format!("{action:?} {adaptation:?}"))));
                    }
                    PrimingEffect::Submit { action, digest, .. } => {
                        sent += 1;
                        in_flight.push((action, digest));
                    }
                    PrimingEffect::Scan => prop_assert!(false, "the policy scans nothing"),
                    PrimingEffect::Cancel { action, digest } => {
                        prop_assert!(in_flight.contains(&(action, digest)), "it was never sent");
                    }
                }
            }
            prop_assert!(in_flight.len() <= 3);
            prop_assert_eq!(priming.totals().recorded(), 5);
        }
        prop_assert_eq!(priming.totals().sent, sent);
        prop_assert!(priming.totals().primed() as u64 <= sent);
    }
}
