//! Figures of the storage.

use crate::client::{Client, batches, digest, messages};
use crate::{Outcome, timed};

const MANY: usize = 10_000;
const SMALL: usize = 4096;
const LARGE: usize = 500_000_000;

/// 10,000 digests of which the server has none: seven requests, the first of which warms up.
pub(crate) async fn find_missing(client: &Client, seed: u64) -> Outcome<Vec<f64>> {
    let digests: Vec<_> =
        (0..MANY as u64).map(|n| digest(&[seed, n].map(u64::to_le_bytes).concat())).collect();
    let mut times = vec![];
    for _ in 0..7 {
        times.push(timed(client.find_missing(&digests)).await?);
    }
    Ok(times.split_off(1))
}

/// 10,000 blobs of 4 KB in batches: the first time, and once more.
pub(crate) async fn batch(client: &Client, seed: u64) -> Outcome<Vec<f64>> {
    let mut random = Random(seed);
    let blobs: Vec<Vec<u8>> = (0..MANY).map(|_| random.bytes(SMALL)).collect();
    let mut times = vec![];
    for _ in 0..2 {
        let requests = batches(&blobs);
        times.push(
            timed(async {
                for request in requests {
                    client.update(request).await?;
                }
                Ok(())
            })
            .await?,
        );
    }
    Ok(times)
}

/// One blob of 500 MB.
pub(crate) async fn write(client: &Client, seed: u64) -> Outcome<Vec<f64>> {
    let blob = Random(seed).bytes(LARGE);
    let wire = digest(&blob);
    let (messages, name) =
        (messages(&blob), format!("uploads/{seed}/blobs/{}/{}", wire.hash, wire.size_bytes));
    drop(blob);
    warm_memory();
    Ok(vec![timed(client.write(name, messages)).await?])
}

/// A virtual machine gets memory from its host first, which takes longer than all else that a write does. Memory that
/// was in use a moment ago needs no host.
fn warm_memory() {
    let pages = vec![1u8; 2 * LARGE];
    std::hint::black_box(&pages);
}

/// Numbers that no disk compresses; the same ones for the same seed.
struct Random(u64);

impl Random {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            // SplitMix64
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
