//! A client of the Remote Execution API, version 2.
//!
//! [`Remote::connect`] reaches a server and learns what it offers; the handle is cheap to clone and then asks which
//! blobs are missing there ([`Remote::missing`]), sends blobs from a [`Provider`] ([`Remote::upload`]), brings them to
//! a [`Receiver`] ([`Remote::download`]), and does the same with whole trees ([`Remote::push`], [`Remote::pull`]).
//! The store is a provider and a receiver, and so are folders of this machine ([`Folder`], [`Landing`]).
//!
//! Every request has a deadline and is tried again when the server or the way to it may be better soon; what is
//! received is checked against its digest before anybody sees it. Errors say whose fault they are.

mod address;
mod blob;
mod connect;
mod download;
mod error;
mod folder;
#[cfg(fuzzing)]
pub mod fuzzing;
mod kept;
mod landing;
mod missing;
mod offer;
mod options;
mod read;
mod remote;
mod retry;
mod share;
mod store;
mod tree;
mod upload;
mod wire;
mod write;

pub use address::Address;
pub use blob::{Blob, Moved, Provider, Receiver, Sink};
pub use error::RemoteError;
pub use folder::Folder;
pub use landing::Landing;
pub use offer::Offer;
pub use options::{RemoteOptions, Tls, Token};
pub use remote::Remote;
