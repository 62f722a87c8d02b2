use super::*;

#[test]
fn a_batch_is_within_the_limit() {
    let sized = |size| Digest::new([0; 32], size);
    let [small, half, large] = [10, 500, 1000].map(sized);
    let batch = |digests: &[Digest]| Transfer::Batch(digests.to_vec());
    for (digests, expect) in [
        (vec![], vec![]),
        (vec![small, half], vec![batch(&[small, half])]),
        (vec![half, half], vec![batch(&[half]), batch(&[half])]),
        (vec![small, large, small], vec![Transfer::Stream(large), batch(&[small, small])]),
    ] {
        assert_eq!(Vec::from(plan_transfers(&digests, 1000)), expect, "{digests:?}");
    }
}

/// Moves blobs of these sizes to a server that takes batches of so many bytes; what it comes to, and how often it was asked.
async fn divide(
    sizes: &[u64],
    largest: u64,
    limit: &BatchLimit,
) -> (Result<TransferTotals, RemoteError>, usize) {
    let asked = std::cell::Cell::new(0);
    let digests: Vec<Digest> = (0u8..).zip(sizes).map(|(n, size)| Digest::new([n; 32], *size)).collect();
    let job = |transfer: Transfer| {
        asked.set(asked.get() + 1);
        let taken = match &transfer {
            Transfer::Batch(many) => many.iter().map(Digest::size).sum::<u64>() <= largest,
            Transfer::Stream(_) => largest > 0,
        };
        let (address, action, why) = ("http://a:1".to_owned(), "send blobs", "too large".to_owned());
        let moved = match transfer {
            Transfer::Batch(many) => TransferTotals::of(&many),
            Transfer::Stream(one) => TransferTotals::of([&one]),
        };
        std::future::ready(taken.then_some(moved).ok_or(RemoteError::Refused { address, action, why }))
    };
    let moved = run_divided(Transfer::Batch(digests), limit, job).await;
    (moved, asked.get())
}

#[tokio::test]
async fn a_batch_that_is_refused_is_divided_and_the_next_one_before_it_is_sent() {
    const SIZE: u64 = 100_000;
    let mixed = [SIZE, SIZE, 50 * SIZE, SIZE];
    for (sizes, largest, first, then) in [
        (&[SIZE; 16][..], 16 * SIZE, 1, 1),
        (&[SIZE; 16], 9 * SIZE, 3, 2),
        (&[SIZE; 16], 3 * SIZE / 2, 31, 16),
        // One blob of it is too large for any batch.
        (&mixed, 7 * SIZE / 2, 5, 4),
    ] {
        let limit = BatchLimit::default();
        let all = TransferTotals { blobs: sizes.len() as u64, bytes: sizes.iter().sum() };
        for most in [first, then] {
            let (moved, asked) = divide(sizes, largest, &limit).await;
            assert_eq!(moved.expect("all is moved"), all, "{sizes:?}");
            assert!(asked <= most, "{asked} requests for {sizes:?} of at most {largest}");
        }
        assert_eq!(limit.bytes() == u64::MAX, first == 1, "{limit:?}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_not_asked_for_each_blob() {
    let limit = BatchLimit::default();
    let (moved, asked) = divide(&[100; 200], 0, &limit).await;
    assert!(matches!(moved, Err(RemoteError::Refused { .. })), "{moved:?}");
    assert!(asked <= 10 && limit.bytes() == u64::MAX, "it was asked {asked} times: {limit:?}");
}
