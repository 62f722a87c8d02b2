//! REAPI's messages about actions, and our types: conversions without logic.
//!
//! They are here and not in the store's codec, because none of these messages is named by the bytes that we encode:
//! clients name actions and commands by their own bytes, and results are not named at all.

mod from_proto;
mod outputs;
mod record;
mod subactions;
mod time;
mod to_proto;
mod usage;

pub use from_proto::{action, action_result, command, digest};
pub use record::{build_record, build_record_to_proto};
pub use subactions::{
    action_result_from_bytes, action_result_to_bytes, add_subactions, subactions_of_response,
};
pub use time::{check_timestamp, duration};
pub use to_proto::{
    action as action_to_proto, action_result as action_result_to_proto, command as command_to_proto,
    digest as digest_to_proto, directory as directory_to_proto,
};

#[cfg(test)]
mod tests;
