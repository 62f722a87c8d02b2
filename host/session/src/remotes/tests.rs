use std::path::{Path, PathBuf};
use std::time::Duration;

use spec_cas::Limits;
use spec_model::{Mapping, UserError};

use super::*;

fn mapping(text: &str) -> Mapping {
    spec_project::yaml::parse_text(text, "my.conf").unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn paths() -> CredentialPaths {
    CredentialPaths { base: PathBuf::new(), home: "/home/me".into() }
}

fn user(text: &str) -> Result<UserRemotes, String> {
    let shown = |error: spec_model::NodeError| {
        let position = error.position().map(ToString::to_string).unwrap_or_default();
        format!("{} {position} {error} {}", error.reason(), error.hint().unwrap_or_default())
    };
    UserRemotes::from_config(&mapping(text), &paths()).map_err(shown)
}

fn good(text: &str) -> UserRemotes {
    user(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn urls(servers: &[RemoteSpec]) -> Vec<String> {
    servers.iter().map(|server| server.address.to_string()).collect()
}

#[test]
fn every_key_is_taken() {
    let all = good(
        "
artifacts:
  override-project-caches: True
  servers:
  - url: https://cache.example.com:11001
    instance-name: main
    type: index
    push: True
    auth: {server-cert: s.pem, client-cert: ~/c.pem, client-key: /k.pem, access-token: t, access-token-reload-interval: 5}
    connection-config: {keepalive-time: 60, retry-limit: 3, retry-delay: 500, request-timeout: 20}
  - url: http://localhost:8980
source-caches: {servers: [{url: 'unix:/run/cache', type: storage}]}
cache: {storage-service: {url: 'http://storage:1'}}
remote-execution: {execution-service: {url: 'grpc://e:2', instance-name: x}, action-cache-service: {url: 'http://a:3', push: True}}
",
    );
    let [first, second] = all.all.artifacts.servers.as_slice() else { panic!("two servers") };
    assert_eq!((first.kind, first.push, first.instance.as_str()), (RemoteType::Index, true, "main"));
    assert_eq!((second.kind, second.push, second.instance.as_str()), (RemoteType::All, false, ""));
    let path = |file: &Option<CredentialFile>| file.as_ref().map(|file| file.path.clone());
    assert_eq!(path(&first.auth.server_certificate), Some("s.pem".into()));
    let client = first.auth.client.as_ref().expect("a client");
    assert_eq!(
        (&*client.certificate.path, &*client.key.path),
        (Path::new("/home/me/c.pem"), Path::new("/k.pem"))
    );
    assert_eq!(path(&first.auth.access_token), Some("t".into()));
    assert_eq!(first.auth.token_reload_interval, Some(Duration::from_secs(300)));
    let connection = ConnectionConfig {
        keepalive_time: Some(Duration::from_secs(60)),
        retry_limit: Some(3),
        retry_delay: Some(Duration::from_millis(500)),
        request_timeout: Some(Duration::from_secs(20)),
    };
    assert_eq!((first.connection, second.connection), (connection, ConnectionConfig::default()));
    assert!(all.all.artifacts.override_projects && !all.all.sources.override_projects);
    let execution = all.execution_servers("any").expect("it is configured");
    assert_eq!(execution.execution.as_ref().map(|spec| spec.kind), Some(RemoteType::Endpoint));
    assert_eq!(execution.action_cache.as_ref().map(|spec| spec.push), Some(true));
    assert_eq!((execution.storage.is_some(), all.storage.is_some()), (false, true));
}

#[test]
fn wrong_ones_say_what_and_where() {
    let server = |text: &str| format!("artifacts:\n  servers:\n  - {text}\n");
    for (text, expect) in [
        (server("{}"), "invalid-data my.conf:3:5 the key 'url' is missing here"),
        (server("{url: ''}"), "my.conf:3:11 expected the URL of a server such as https://HOST:PORT"),
        (server("{url: 'ftp://a'}"), "found 'ftp://a'"),
        (server("{url: 'http://a', type: both}"), "my.conf:3:29 expected one of index, storage, all, found 'both'"),
        (server("{url: 'http://a', push: maybe}"), "expected a boolean"),
        (server("{url: 'http://a', instance: b}"), "invalid-data my.conf:3:23 unexpected key 'instance'"),
        (server("{url: 'http://a', server-cert: b}"), "unexpected key 'server-cert'"),
        (server("{url: 'http://a', auth: {client-key: k}}"), "my.conf:3:42 'client-key' is given without 'client-cert'"),
        (server("{url: 'http://a', auth: {client-cert: k}}"), "'client-cert' is given without 'client-key'"),
        (server("{url: 'http://a', auth: {access-token-reload-interval: 0}}"), "a whole number of minutes"),
        (server("{url: 'http://a', auth: {token: t}}"), "unexpected key 'token'; known keys: server-cert"),
        (server("{url: 'http://a', connection-config: {retry-limit: -1}}"), "expected a whole number of retries"),
        (server("{url: 'http://a', connection-config: {request-timeout: 1s}}"), "expected an integer, found '1s'"),
        (server("{url: 'http://a', connection-config: {retries: 1}}"), "unexpected key 'retries'"),
        (server("http://a"), "my.conf:3:5 expected a dictionary, found 'http://a'"),
        ("artifacts: {url: 'http://a'}".to_owned(), "my.conf:1:13 unexpected key 'url'"),
        ("artifacts: [{url: 'http://a'}]".to_owned(), "expected a dictionary, found a list"),
        ("source-caches: {servers: {}}".to_owned(), "expected a list, found a dictionary"),
        ("projects: {p: {source-caches: {server: []}}}".to_owned(), "did you mean 'servers'?"),
        ("remote-execution: {execution-service: {url: 'http://a'}}".to_owned(), "needs a 'storage-service'"),
        ("remote-execution: {storage-service: {url: 'http://a'}}".to_owned(), "needs an 'execution-service'"),
        ("remote-execution: {url: 'http://a'}".to_owned(), "unexpected key 'url'"),
        (
            "remote-execution: {storage-service: {url: 'http://a', push: True}, execution-service: {url: 'http://a'}}"
                .to_owned(),
            "unexpected key 'push'",
        ),
        ("cache: {storage-service: {url: a}}".to_owned(), "found 'a'"),
    ] {
        let error = user(&text).expect_err(&text);
        assert!(error.contains(expect), "{text}: {error}");
    }
}

#[test]
fn the_nearest_list_counts_and_recommendations_come_last() {
    let config = "
artifacts: {servers: [{url: 'http://all'}]}
projects:
  own: {artifacts: {servers: [{url: 'http://own'}, {url: 'http://twice'}]}}
  strict: {artifacts: {override-project-caches: True}}
";
    let user = good(config);
    let nodes = mapping("a: [{url: 'http://project'}, {url: 'http://twice'}]");
    let nodes = nodes.sequence_or_empty("a").expect("a list");
    let project = recommended(nodes, Path::new("/p"), Path::new("/home/me")).expect("they are right");
    let line = |servers: &[&str], ignore_project| CommandLineRemotes {
        servers: servers
            .iter()
            .map(|url| RemoteSpec::from_text(url, RemotePurpose::Pull, Path::new("/")).expect("a server"))
            .collect(),
        ignore_project,
    };
    for (name, line, expect) in [
        ("other", line(&[], false), vec!["http://all", "http://project", "http://twice"]),
        ("own", line(&[], false), vec!["http://own", "http://twice", "http://project"]),
        ("strict", line(&[], false), vec!["http://all"]),
        ("own", line(&[], true), vec!["http://own", "http://twice"]),
        ("own", line(&["http://line"], false), vec!["http://line", "http://project", "http://twice"]),
        ("own", line(&["http://line"], true), vec!["http://line"]),
        ("strict", line(&["http://line"], false), vec!["http://line"]),
    ] {
        assert_eq!(urls(&user.artifact_servers(name, &project, &line)), expect, "{name} {line:?}");
    }
    assert!(user.source_servers("own", &[], &CommandLineRemotes::default()).is_empty());
}

#[test]
fn the_storage_of_the_cache_is_read_after_the_servers() {
    let storage = "cache: {storage-service: {url: 'http://storage', push: True}}\n";
    let line = CommandLineRemotes::default();
    for (servers, expect) in [
        ("artifacts: {servers: [{url: 'http://a', type: index}]}", vec!["http://a", "http://storage"]),
        ("artifacts: {servers: [{url: 'http://storage', push: True}]}", vec!["http://storage"]),
        ("", vec![]),
    ] {
        let user = good(&format!("{storage}{servers}"));
        let found = user.artifact_servers("any", &[], &line);
        assert_eq!(urls(&found), expect, "{servers}");
        let added = found.last().filter(|server| found.len() > 1 && server.kind == RemoteType::Storage);
        assert_eq!(added.map(|server| server.push), (found.len() > 1).then_some(false));
    }
}

#[test]
fn a_projects_paths_are_relative_to_it() {
    let nodes = mapping("a: [{url: 'https://project', auth: {server-cert: certs/ca.pem}}]");
    let nodes = nodes.sequence_or_empty("a").expect("a list");
    let project = recommended(nodes, Path::new("/p"), Path::new("/home/me")).expect("they are right");
    let file = project[0].auth.server_certificate.as_ref().expect("it is named");
    assert_eq!(file.path, Path::new("/p/certs/ca.pem"));
}

#[test]
fn the_command_line_is_read_as_bst_reads_it() {
    let read = |text: &str, purpose| RemoteSpec::from_text(text, purpose, Path::new("/home/me"));
    let spec = read("http://a:1", RemotePurpose::All).expect("a URL alone");
    assert_eq!((spec.kind, spec.push, spec.position), (RemoteType::All, true, None));
    assert!(!read("url=http://a", RemotePurpose::Pull).expect("a key alone").push);
    assert!(read("http://a", RemotePurpose::Push).expect("a URL alone").push);
    let all = "url=https://a,instance-name=i,type=storage,push=False,server-cert=s,client-cert=c,client-key=~/k,access-token=t";
    let spec = read(all, RemotePurpose::All).expect("every key");
    assert_eq!((spec.kind, spec.push, &*spec.instance), (RemoteType::Storage, false, "i"));
    let client = spec.auth.client.expect("a client");
    assert_eq!((&*client.certificate.path, &*client.key.path), (Path::new("c"), Path::new("/home/me/k")));
    for (text, purpose, expect) in [
        ("", RemotePurpose::All, "no URL"),
        ("type=all,push=True", RemotePurpose::All, "no URL"),
        ("url=http://a,push", RemotePurpose::All, "'push' of 'url=http://a,push' is not KEY=VALUE"),
        ("url=http://a,type=a=b", RemotePurpose::All, "is not KEY=VALUE"),
        ("url=http://a,type=endpoint", RemotePurpose::All, "expected one of index, storage, all"),
        ("url=http://a,push=yes", RemotePurpose::All, "expected True or False"),
        ("url=http://a,push=True", RemotePurpose::Pull, "takes it to be false"),
        ("url=http://a,push=True", RemotePurpose::Push, "takes it to be true"),
        ("url=http://a,token=t", RemotePurpose::All, "unexpected key 'token'"),
        ("url=http://a,client-key=k", RemotePurpose::All, "without 'client-cert'"),
        ("a", RemotePurpose::All, "'a' is not the address of a server"),
    ] {
        let error = read(text, purpose).expect_err(text);
        assert!(error.contains(expect), "{text}: {error}");
    }
}

#[test]
fn wrong_credentials_are_refused_with_their_place_and_never_told() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    write("rubbish", "sesame")?;
    write("two-lines", "ses\u{e4}me")?;
    write("empty", "\n")?;
    let base = CredentialPaths { base: folder.path().to_owned(), home: PathBuf::new() };
    let auth = |auth: &str| {
        let text = format!("url: https://a\nauth: {{{auth}}}\n");
        let spec = RemoteSpec::from_node(&mapping(&text), RemoteService::Cache, &base);
        spec.expect("the keys are right").options(Limits::default())
    };
    for (text, expect) in [
        ("server-cert: missing.pem", "No such file"),
        ("server-cert: rubbish", "there is no certificate in it"),
        ("client-cert: rubbish, client-key: rubbish", "as the client-cert of https://a"),
        ("access-token: empty", "it is empty"),
        ("access-token: two-lines", "expected one line of printable characters"),
        ("access-token: .", "as the access-token of https://a"),
    ] {
        let error = auth(text).expect_err(text);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expect) && !shown.contains("ses"), "{text}: {shown}");
        assert_eq!(error.reason(), "load-remote-creds-failed");
        assert!(error.position().is_some_and(|position| position.line == 2), "{text}");
    }
    write("token", "sesame\n")?;
    let options = auth("access-token: token").expect("a token");
    assert!(!format!("{options:?}").contains("sesame"), "{options:?}");
    Ok(())
}
