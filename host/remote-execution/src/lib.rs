//! Executes actions on a cluster: servers of the Remote Execution API.
//!
//! A [`Cluster`] is the connections to the servers that execute, store blobs and keep results. [`RemoteExecutor`] executes
//! actions there: it uploads what the cluster lacks, and leaves the outputs there until somebody reads them, for which
//! [`RemoteOutputs`] is given to handles on the store. [`HybridExecutor`] executes on the cluster as long as it is there and
//! has room, and on this machine otherwise; with [`RequiredExecutor`] actions wait for the cluster instead.

mod back_off;
mod cluster;
mod error;
mod event;
mod executor;
mod hybrid;
mod inputs;
mod local_slots;
mod lost_inputs;
mod outputs;
mod received;
mod required;
mod runtime;
mod sent_action;
mod server_logs;
mod subactions;

pub use cluster::{Cluster, ClusterOptions, ClusterRole};
pub use error::SOCKET_HINT;
pub use event::{ClusterEvent, ClusterObserver, Meanwhile};
pub use executor::RemoteExecutor;
pub use hybrid::HybridExecutor;
pub use outputs::RemoteOutputs;
pub use required::RequiredExecutor;
pub use sent_action::RootForm;
