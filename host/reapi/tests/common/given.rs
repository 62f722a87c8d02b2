//! Valid requests, and the ways in which they can be wrong.

use spec_cas::TreeBuilder;
use spec_model::Digest;
use spec_proto::reapi;
use tonic::Code;

use super::calls::{Given, ask, execute};
use super::{Fixture, wire};

/// The data of requests of which everything is stored.
pub(crate) async fn all_is_well(fixture: &Fixture) -> Given {
    let data = b"data".to_vec();
    let mut builder = TreeBuilder::new();
    builder.add_file("d/file", fixture.cas.put_bytes(&data).unwrap(), false).unwrap();
    let mut given = Given {
        instance: String::new(),
        function: 0,
        kind: String::new(),
        blob: wire(&Digest::of(&data)),
        data,
        tree: wire(&builder.store(&fixture.cas).unwrap()),
        action: wire(&fixture.action("true")),
        operation: String::new(),
        uri: "urn:there".to_owned(),
        token: Some("writer"),
    };
    given.operation = execute(&fixture.channel, &given).await.unwrap().0;
    for call in ["PushBlob", "PushDirectory"] {
        assert_eq!(ask(&fixture.channel, call, &given).await, Code::Ok, "{call}");
    }
    given
}

/// The same requests with something wrong.
pub(crate) fn with(good: &Given, situation: &str) -> Given {
    let mut given = good.clone();
    let all = |given: &mut Given, digest: reapi::Digest| {
        (given.blob, given.tree, given.action) = (digest.clone(), digest.clone(), digest);
    };
    match situation {
        "instance" => given.instance = "elsewhere".to_owned(),
        "function" => (given.function, given.kind) = (2, "sha512/".to_owned()),
        "hash" => all(&mut given, reapi::Digest { hash: "../etc/passwd".to_owned(), size_bytes: 4 }),
        "size" => all(&mut given, reapi::Digest { size_bytes: -4, ..good.blob.clone() }),
        "absent" => {
            all(&mut given, wire(&Digest::of(b"absent")));
            (given.operation, given.uri) = ("nobody".to_owned(), "urn:nobody".to_owned());
        }
        "reader" => given.token = Some("reader"),
        "stranger" => given.token = None,
        _ => {}
    }
    given
}
