//! Our own protocol messages, and one name for those of the Remote Execution API.
//!
//! The messages of [`buildstream::v2`] are BuildStream 2's wire format, so that both tools can read the same cache.
//! They and those of [`spec::v1`] are compiled from `proto/` at build time; everything of the Remote Execution API
//! comes from the `bazel-remote-apis` crate. Crates convert these types to the model's at their boundary, and have
//! none of them in their public interface.

/// The package `buildstream`.
pub mod buildstream {
    /// Version 2: artifacts, sources and speculative actions.
    pub mod v2 {
        include!(concat!(env!("OUT_DIR"), "/buildstream.v2.rs"));
    }
}

/// Messages of spec-host.
pub mod spec {
    /// Version 1: records of builds.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/spec.v1.rs"));
    }
}

/// Messages of files that other programs read.
pub mod spec_host {
    /// Recordings of sessions.
    pub mod recording {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/spec_host.recording.v1.rs"));
        }
    }
}

/// The Remote Execution API, version 2.
pub use bazel_remote_apis::build::bazel::remote::execution::v2 as reapi;

/// The Remote Asset API, version 1.
pub use bazel_remote_apis::build::bazel::remote::asset::v1 as asset;

/// Protocol Buffers' own messages, such as `Timestamp`, as the Remote Execution API uses them.
pub use bazel_remote_apis::google::protobuf as well_known;

/// An encoded `FileDescriptorSet` of the APIs above, for gRPC's reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/reflection.bin"));

pub use prost::{DecodeError, Message};

#[cfg(test)]
mod tests;
