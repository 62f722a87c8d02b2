//! What `cargo xtask bench` needs of the binary, and nobody else: compiled with the feature `bench` only.

pub(crate) mod command;
mod simulated_cluster;

pub(crate) use simulated_cluster::SimulatedCluster;
