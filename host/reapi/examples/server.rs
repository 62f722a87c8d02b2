//! Serves a store: `server FOLDER ADDRESS...`. For measuring the room by itself.

use spec_cas::Cas;
use spec_reapi::{Listener, Options, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let server = Server::new(Cas::open(arguments.next().ok_or("no folder")?)?, Options::default());
    let mut running = tokio::task::JoinSet::new();
    for address in arguments {
        let listener = Listener::open(&address.parse()?).await?;
        let server = server.clone();
        running.spawn(async move { server.serve(listener, std::future::pending()).await });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}
