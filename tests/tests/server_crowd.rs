//! A thousand clients at a time, in bounded memory.

mod served;

use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use served::{Client, Server, noise, runtime};
use spec_model::Digest;
use spec_testkit::Host;
use tokio::sync::Barrier;

const CLIENTS: u64 = 1000;
/// Bytes that each client writes and reads.
const SIZE: usize = 1 << 20;
/// What `docs/serve.md` promises.
const MEMORY: u64 = 3 << 29;

/// The work of one client, when all are connected.
async fn visit(client: Client, number: u64, all_here: Arc<Barrier>) {
    all_here.wait().await;
    let data = noise(number, SIZE);
    let digest = Digest::of(&data);
    assert_eq!(client.missing(&[digest]).await.expect("an answer").len(), 1);
    client.write(&data).await.expect("there is room");
    assert!(client.missing(&[digest]).await.expect("an answer").is_empty());
    assert!(client.read(&digest).await.expect("it was taken") == data);
}

/// Every client of this process has a connection of its own. The server is started with the usual limit.
fn allow_open_files(limit: Rlimit) {
    let current = limit.maximum.map_or(4096, |most| most.min(4096));
    setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit }).expect("below the maximum");
}

#[test]
fn a_thousand_clients_are_served_in_bounded_memory() {
    let (host, folder) = (Host::new(), tempfile::tempdir().expect("a temporary folder"));
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(1024), ..limit }).expect("below the maximum");
    let server = Server::start(host.command_in(folder.path()), folder.path(), &[]);
    allow_open_files(limit);
    runtime().block_on(async {
        let all_here = Arc::new(Barrier::new(CLIENTS as usize));
        let mut visits = tokio::task::JoinSet::new();
        for number in 0..CLIENTS {
            visits.spawn(visit(server.client().await, number, all_here.clone()));
        }
        while let Some(visit) = visits.join_next().await {
            visit.expect("the client got what it asked for");
        }
    });
    let memory = server.most_memory();
    assert!(memory < MEMORY, "{} MB", memory >> 20);
}
