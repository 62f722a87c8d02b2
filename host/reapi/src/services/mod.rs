//! The gRPC services, one file for each: thin methods over plain logic.

pub(crate) mod action_cache;
pub(crate) mod asset_fetch;
pub(crate) mod asset_push;
pub(crate) mod byte_stream;
pub(crate) mod capabilities;
pub(crate) mod content_addressable_storage;
pub(crate) mod execution;
pub(crate) mod health;
pub(crate) mod operations;
pub(crate) mod reflection;
