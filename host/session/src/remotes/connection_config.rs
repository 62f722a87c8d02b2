//! `connection-config`: how patient a connection is.

use std::time::Duration;

use spec_model::{Mapping, Node, NodeError};

/// How patient a connection is. What is absent is left to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionConfig {
    /// The time between signs of life on an idle connection; zero for the client's default.
    pub keepalive_time: Option<Duration>,
    /// How often a request is retried after a transient error.
    pub retry_limit: Option<u32>,
    /// The pause before the first retry.
    pub retry_delay: Option<Duration>,
    /// How long one request may take; zero for the client's default.
    pub request_timeout: Option<Duration>,
}

impl ConnectionConfig {
    /// Reads the section. BuildStream passes over keys of it that it does not know; here these are refused.
    pub(super) fn from_node(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&["keepalive-time", "retry-limit", "retry-delay", "request-timeout"])?;
        let number = |key: &str, unit: &str| section.get(key).map(|node| number(node, unit)).transpose();
        let seconds = |key: &str| Ok(number(key, "seconds")?.map(|count| Duration::from_secs(count.into())));
        Ok(Self {
            keepalive_time: seconds("keepalive-time")?,
            retry_limit: number("retry-limit", "retries")?,
            retry_delay: number("retry-delay", "milliseconds")?
                .map(|count| Duration::from_millis(count.into())),
            request_timeout: seconds("request-timeout")?,
        })
    }
}

fn number(node: &Node, unit: &str) -> Result<u32, NodeError> {
    let number = u32::try_from(node.as_int()?).ok();
    number.ok_or_else(|| node.expected(&format!("a whole number of {unit}, at least 0")))
}
