//! A server that is killed at any moment loses nothing that it acknowledged, and serves nothing wrong.

mod served;

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use served::{Client, Server, noise, runtime};
use spec_model::Digest;
use spec_testkit::Host;

const ROUNDS: u64 = 250;
/// After this time no further round begins, so that slow machines do fewer.
const LONG_ENOUGH: Duration = Duration::from_secs(35);
const WRITERS: u64 = 4;

/// What was acknowledged: blobs with their seeds, and actions with their outputs.
#[derive(Default)]
struct Acknowledged {
    blobs: Vec<(Digest, u64)>,
    actions: Vec<(Digest, Digest)>,
}

/// Sizes from nothing to larger than what is kept in memory.
fn blob(seed: u64) -> Vec<u8> {
    let size = match seed % 16 {
        0 => 1_500_000,
        1..=3 => 100_000,
        _ => 1 + seed * 37 % 8000,
    };
    noise(seed, size as usize)
}

/// Writes until the server is gone.
async fn write(client: Client, mut seed: u64, acknowledged: Arc<Mutex<Acknowledged>>) {
    loop {
        let seeds: Vec<u64> = (seed..seed + 16).collect();
        let blobs: Vec<Vec<u8>> = seeds.iter().map(|seed| blob(*seed)).collect();
        let (large, small): (Vec<_>, Vec<_>) =
            blobs.into_iter().zip(seeds).partition(|(data, _)| data.len() > 50_000);
        let (data, seeds): (Vec<Vec<u8>>, Vec<u64>) = small.into_iter().unzip();
        let Ok(codes) = client.update(&data).await else { return };
        assert!(codes.iter().all(|code| *code == tonic::Code::Ok), "{codes:?}");
        let digests: Vec<Digest> = data.iter().map(|data| Digest::of(data)).collect();
        let note = |blobs: Vec<(Digest, u64)>| acknowledged.lock().expect("no panic").blobs.extend(blobs);
        note(digests.iter().copied().zip(seeds).collect());
        let action = Digest::of(&seed.to_le_bytes());
        if client.keep(&action, &digests[0]).await.is_err() {
            return;
        }
        acknowledged.lock().expect("no panic").actions.push((action, digests[0]));
        for (data, seed) in large {
            if client.write(&data).await.is_err() {
                return;
            }
            note(vec![(Digest::of(&data), seed)]);
        }
        seed += 16;
    }
}

/// Checks that everything acknowledged is stored, and that the last acknowledged blobs have the right contents.
async fn check(client: &Client, all: &Acknowledged, last: &Acknowledged) {
    let digests: Vec<Digest> = all.blobs.iter().map(|(digest, _)| *digest).collect();
    let missing = client.missing(&digests).await.expect("the server runs");
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
    for (digest, seed) in last.blobs.iter().step_by(5) {
        assert!(client.read(digest).await.expect("it is there") == blob(*seed), "{digest} is wrong");
    }
    for (action, output) in &last.actions {
        assert_eq!(client.result(action).await.expect("it is there"), output.to_string());
    }
}

#[test]
fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let (host, folder) = (Host::new(), tempfile::tempdir().expect("a temporary folder"));
    let runtime = runtime();
    let (start, mut all) = (Instant::now(), Acknowledged::default());
    let mut last = Acknowledged::default();
    let mut rounds = 0;
    while rounds < ROUNDS && start.elapsed() < LONG_ENOUGH {
        let server = Server::start(host.command_in(folder.path()), folder.path(), &[]);
        let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
        runtime.block_on(async {
            let client = server.client().await;
            check(&client, &all, &last).await;
            let mut writers = vec![];
            for writer in 0..WRITERS {
                let seed = (rounds * WRITERS + writer) << 20;
                let client = server.client().await;
                writers.push(tokio::spawn(write(client, seed, acknowledged.clone())));
            }
            // Times spread over the first tenth of a second.
            tokio::time::sleep(Duration::from_micros(1000 + rounds * 7919 % 80_000)).await;
            server.kill();
            for writer in writers {
                writer.await.expect("what a writer asserts holds");
            }
        });
        let noted = std::mem::take(&mut *acknowledged.lock().expect("no panic"));
        all.blobs.extend(&noted.blobs);
        last = noted;
        rounds += 1;
    }
    assert!(rounds > 20 && all.blobs.len() > 1000, "{rounds} rounds, {} blobs", all.blobs.len());

    let server = Server::start(host.command_in(folder.path()), folder.path(), &[]);
    runtime.block_on(async { check(&server.client().await, &all, &last).await });
    server.kill();
    let verified = host.run_in(folder.path(), &["cache", "verify"]);
    assert!(verified.success().contains(" 0 damaged"), "{}", verified.stdout);
    for temporary in fs::read_dir(host.cache().join("cas/tmp")).expect("a store").flatten() {
        let left: Vec<_> = fs::read_dir(temporary.path()).expect("a folder").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    eprintln!("{rounds} kills, {} blobs acknowledged, {:?}", all.blobs.len(), start.elapsed());
}
