//! A server whose disk is full reports it, and keeps serving what it has.

mod served;

use std::path::Path;
use std::process::Command;

use served::{Client, Server, noise, runtime};
use spec_model::Digest;
use spec_testkit::Host;
use tonic::Code;

/// The command in a mount namespace of its own, where a small file system is at `place`.
fn on_small_disk(command: &Command, place: &Path) -> Command {
    let mut inside = Command::new("unshare");
    let script = "mount -t tmpfs -o size=24m tmpfs \"$0\" && exec \"$@\"";
    inside.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(place);
    inside.arg(command.get_program()).args(command.get_args());
    inside
}

/// Uploads until that is refused; returns the seeds of the stored blobs.
async fn fill(client: &Client, size: usize, seeds: &mut std::ops::RangeFrom<u64>) -> (Vec<u64>, Code) {
    let mut taken = vec![];
    for seed in seeds {
        match client.write(&noise(seed, size)).await {
            Ok(()) => taken.push(seed),
            Err(status) => return (taken, status.code()),
        }
    }
    unreachable!("the disk is small")
}

#[test]
fn a_full_disk_is_told_and_what_is_there_stays_readable() {
    let (host, folder) = (Host::new(), tempfile::tempdir().expect("a temporary folder"));
    std::fs::create_dir_all(host.cache()).expect("a temporary folder");
    let command = on_small_disk(&host.command_in(folder.path()), &host.cache());
    let server = Server::start(command, folder.path(), &[]);
    runtime().block_on(async {
        let client = server.client().await;
        let (action, output) = (Digest::of(b"action"), noise(1, 5000));
        client.update(std::slice::from_ref(&output)).await.expect("there is room");
        client.keep(&action, &Digest::of(&output)).await.expect("there is room");
        let mut seeds = 2..;
        let (mut taken, mut codes) = (vec![], vec![]);
        // Smaller and smaller blobs fill the disk.
        for size in [3_000_000, 300_000, 20_000] {
            let (seeds, code) = fill(&client, size, &mut seeds).await;
            taken.extend(seeds.into_iter().map(|seed| (seed, size)));
            codes.push(code);
        }
        assert_eq!(codes, [Code::ResourceExhausted; 3]);
        let batch: Vec<Vec<u8>> = (0..20).map(|n| noise(1000 + n, 150_000)).collect();
        let codes = client.update(&batch).await.expect("an answer for each");
        assert!(codes.contains(&Code::ResourceExhausted), "{codes:?}");
        let refused = loop {
            let salt = seeds.next().expect("there is no end").to_le_bytes();
            if let Err(refused) = client.keep(&Digest::of(&salt), &Digest::of(&output)).await {
                break refused;
            }
        };
        assert_eq!(refused.code(), Code::ResourceExhausted);

        assert!(taken.len() > 10, "{}", taken.len());
        for (seed, size) in taken {
            let data = noise(seed, size);
            assert!(client.read(&Digest::of(&data)).await.expect("it was taken") == data);
        }
        assert_eq!(client.result(&action).await.expect("it is there"), Digest::of(&output).to_string());
        // Uploading an existing blob needs no space.
        assert_eq!(client.update(&[output]).await.expect("an answer"), [Code::Ok]);
    });
}
