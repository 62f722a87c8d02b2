//! Actions as messages: what the Remote Execution API says about them, as the types of spec-model.
//!
//! Servers, clients of other servers and speculation all need these messages, and none of them needs a sandbox for it. So
//! this crate converts messages ([`wire`]), reads actions and commands from the store ([`read_action`]), says what else an
//! action is made of ([`NeededMessages`]) and keeps the records of what builds asked for ([`record`]); it executes nothing.

mod error;
mod needed_messages;
pub mod path;
mod read;
pub mod record;
pub mod wire;
mod write;

pub use error::ActionReadError;
pub use needed_messages::NeededMessages;
pub use read::{command_of_action, read_action, read_command};
pub use write::{store_action, store_command};
