//! Engines of others, and networks between machines, for tests: each is a process of ours, or a thread, that ends with its owner.

mod buildgrid;
mod casd;
mod docker_registry;
mod engine_root;
mod owned_process;
mod ports;
mod recc_client;
mod serve_host;
mod wire;

pub use buildgrid::{BuildGrid, BuildGridWorker, make_database};
pub use casd::Casd;
pub use docker_registry::DockerRegistry;
pub use engine_root::{EngineRoot, SCRATCH, TREE};
pub use owned_process::{OwnedProcess, owned};
pub use recc_client::ReccClient;
pub use serve_host::ServeHost;
pub use wire::{FarEnd, NewConnections, Wire};
