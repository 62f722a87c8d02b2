//! The rights of clients' actions.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;

use bazel_remote_apis::google::rpc;
use common::{Fixture, wire};
use prost::Message;
use spec_execution::{AllowedIds, Rights};
use spec_model::Digest;
use spec_proto::reapi;
use spec_reapi::Options;
use tonic::{Code, Status};

/// `google.rpc.PreconditionFailure`
#[derive(Clone, PartialEq, Message)]
struct PreconditionFailure {
    #[prost(message, repeated, tag = "1")]
    violations: Vec<Violation>,
}

#[derive(Clone, PartialEq, Message)]
struct Violation {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "2")]
    subject: String,
    #[prost(string, tag = "3")]
    description: String,
}

/// An action with these properties.
fn action(fixture: &Fixture, properties: &[(&str, &str)]) -> Digest {
    let action = reapi::Action::decode(&*fixture.cas.get(&fixture.action("true")).unwrap()).unwrap();
    let property = |(name, value): &(&str, &str)| reapi::platform::Property {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let platform = Some(reapi::Platform { properties: properties.iter().map(property).collect() });
    fixture.cas.put_bytes(&reapi::Action { platform, ..action }.encode_to_vec()).unwrap()
}

async fn execute(fixture: &Fixture, action: &Digest) -> Result<(), Status> {
    let request = reapi::ExecuteRequest { action_digest: Some(wire(action)), ..Default::default() };
    let mut told = fixture.execution().execute(request).await?.into_inner();
    while told.message().await?.is_some() {}
    Ok(())
}

async fn get(fixture: &Fixture, action: &Digest) -> Result<(), Status> {
    let request = reapi::GetActionResultRequest { action_digest: Some(wire(action)), ..Default::default() };
    fixture.results().get_action_result(request).await.map(drop)
}

async fn update(fixture: &Fixture, action: &Digest) -> Result<(), Status> {
    let request = reapi::UpdateActionResultRequest {
        action_digest: Some(wire(action)),
        action_result: Some(reapi::ActionResult::default()),
        ..Default::default()
    };
    fixture.results().update_action_result(request).await.map(drop)
}

fn violations(status: &Status) -> Vec<Violation> {
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    let details = rpc::Status::decode(status.details()).unwrap().details;
    let failure = PreconditionFailure::decode(&*details[0].value).unwrap();
    failure.violations
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gives_what_its_settings_allow() {
    let few =
        Rights { users: AllowedIds::zero_and(vec![1000..=1000]), sockets: false, ..Rights::of_clients() };
    let online = Rights { network: true, ..Rights::of_clients() };
    let with = |rights: &Rights| Options { rights: Arc::new(rights.clone()), ..Options::default() };
    let (usual, few, online) =
        (Fixture::new().await, Fixture::with(with(&few)).await, Fixture::with(with(&online)).await);
    type Row<'a> = (&'a Fixture, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let table: [Row<'_>; 8] = [
        (&usual, &[("network", "off"), ("unixUID", "1"), ("remoteApisSocketPath", "/run/s")], &[]),
        (&usual, &[("network", "on")], &["network"]),
        (&online, &[("network", "on")], &[]),
        (&few, &[("unixUID", "1000")], &[]),
        (&few, &[], &[]),
        (&few, &[("unixUID", "1001")], &["unixUID"]),
        (&few, &[("remoteApisSocketPath", "/run/s")], &["remoteApisSocketPath"]),
        (&few, &[("network", "on"), ("unixUID", "5")], &["network", "unixUID"]),
    ];
    for (fixture, properties, refused) in table {
        let action = action(fixture, properties);
        let executed = execute(fixture, &action).await;
        if refused.is_empty() {
            executed.unwrap();
            get(fixture, &action).await.unwrap();
            update(fixture, &action).await.unwrap();
            continue;
        }
        for status in [executed.unwrap_err(), update(fixture, &action).await.unwrap_err()] {
            let found = violations(&status);
            let subjects: Vec<&str> = found.iter().map(|violation| violation.subject.as_str()).collect();
            assert_eq!(subjects, refused, "{properties:?}");
            for violation in &found {
                assert_eq!(violation.kind, "BEYOND_SESSION_RIGHTS");
                let (_, asked) = properties.iter().find(|(name, _)| *name == violation.subject).unwrap();
                assert!(violation.description.contains(asked), "{violation:?}");
            }
        }
        assert_eq!(get(fixture, &action).await.unwrap_err().code(), Code::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_for_those_who_may_have_the_action() {
    let online = Rights { network: true, ..Rights::of_clients() };
    let online = Fixture::with(Options { rights: Arc::new(online), ..Options::default() }).await;
    let offline = Fixture::over(&online.cas, Options::default()).await;
    let action = action(&online, &[("network", "on")]);
    execute(&online, &action).await.unwrap();
    get(&online, &action).await.unwrap();
    assert_eq!(get(&offline, &action).await.unwrap_err().code(), Code::NotFound);
    let refused = execute(&offline, &action).await.unwrap_err();
    let description = "the action asks for on; its session has off".to_owned();
    let (kind, subject) = ("BEYOND_SESSION_RIGHTS".to_owned(), "network".to_owned());
    assert_eq!(violations(&refused), [Violation { kind, subject, description }]);
}
