//! The cluster of the test `remote_executor::cost`, in a process of its own: it prints its address, and ends with its input.

#[allow(dead_code, reason = "the tests of the executor use the rest")]
#[path = "../tests/remote_executor/cluster.rs"]
mod cluster;

use std::io::Read;

#[allow(clippy::print_stdout, reason = "the test reads the address")]
fn main() {
    let cluster = cluster::TestCluster::start();
    println!("{}", cluster.address());
    // Its input ends with the test, however that ends.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
