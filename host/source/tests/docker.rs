//! Images of a registry that answers as it should, and of some that do not.

mod common;
#[path = "common/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use common::{Lab, append, sha256, silent, spec};
use flate2::Compression;
use flate2::write::GzEncoder;
use server::{Answer, Server};
use spec_model::{Digest, UserError, Value};
use spec_source::{ElementSources, SourceError, SourceSpec};
use tar::EntryType;

/// An entry of a layer: its type, name, mode, and the target of a link or the contents.
type Entry<'e> = (EntryType, &'e str, u32, &'e str);

fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, name, mode, text) in entries {
        let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
        let (link, data) = if is_link { (*text, "") } else { ("", *text) };
        append(&mut tar, *kind, name, *mode, link, data.as_bytes());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&tar.into_inner().expect("it is written to memory")).expect("as well");
    encoder.finish().expect("it is written to memory")
}

fn manifest(layers: &[Vec<u8>]) -> Vec<u8> {
    let one = |layer: &Vec<u8>| {
        format!(
            "{{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:{}\",\"size\":{}}}",
            sha256(layer),
            layer.len()
        )
    };
    let layers: Vec<String> = layers.iter().map(one).collect();
    format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":[{}]}}",
        layers.join(",")
    )
    .into_bytes()
}

fn index(platforms: &[(&str, &[u8])]) -> Vec<u8> {
    let one = |(architecture, manifest): &(&str, &[u8])| {
        format!(
            "{{\"mediaType\":\"x\",\"digest\":\"sha256:{}\",\"platform\":{{\"architecture\":\"{architecture}\",\
             \"os\":\"linux\"}}}}",
            sha256(manifest)
        )
    };
    let platforms: Vec<String> = platforms.iter().map(one).collect();
    format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{}]}}",
        platforms.join(",")
    )
    .into_bytes()
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    Arc::make_mut(&mut lab.context.http).backoff = std::time::Duration::from_millis(1);
    lab
}

fn image(server: &Server, more: &[(&str, &str)]) -> SourceSpec {
    let registry = server.url("");
    spec(
        "docker",
        &[&[("registry-url", registry.trim_end_matches('/')), ("image", "lib/app")], more].concat(),
    )
}

fn paths(requests: &[String]) -> Vec<String> {
    requests.iter().map(|head| head.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

/// What a tree has: files with their text and `x` if they are executable, links with their targets, and empty folders.
fn contents(lab: &Lab, root: &Digest) -> BTreeMap<String, String> {
    let cas = &lab.context.cas;
    let mut found = BTreeMap::new();
    let mut folders = vec![(String::new(), *root)];
    while let Some((path, digest)) = folders.pop() {
        let folder = cas.directory(&digest).expect("it is in the store");
        for file in &folder.files {
            let text = String::from_utf8(cas.get(&file.digest).expect("it is there")).expect("it is text");
            let x = if file.executable { " x" } else { "" };
            found.insert(format!("{path}{}", file.name), format!("{text}{x}"));
        }
        for link in &folder.symlinks {
            found.insert(format!("{path}{}", link.name), format!("-> {}", link.target));
        }
        for inner in &folder.directories {
            found.insert(format!("{path}{}/", inner.name), String::new());
            folders.push((format!("{path}{}/", inner.name), inner.digest));
        }
    }
    found
}

fn fetched(lab: &Lab, server: &Server, manifest: &[u8]) -> Result<Digest, SourceError> {
    lab.sources(&[image(server, &[("ref", &sha256(manifest))])])?.fetch(&silent())
}

#[test]
fn layers_are_unpacked_over_each_other() -> Result<(), SourceError> {
    use EntryType::{Char, Directory, Link, Regular, Symlink};
    let lower = layer(&[
        (Directory, "bin/", 0o755, ""),
        (Regular, "bin/tool", 0o755, "lower"),
        (Link, "bin/same", 0o755, "bin/tool"),
        (Symlink, "lib", 0o777, "/usr/lib"),
        (Directory, "etc/", 0o700, ""),
        (Regular, "etc/gone", 0o600, "gone"),
        (Regular, "etc/old/a", 0o644, "a"),
        (Directory, "dev/", 0o755, ""),
        (Char, "dev/null", 0o666, ""),
        (Regular, "dev/file", 0o644, "no"),
    ]);
    let upper = layer(&[
        (Regular, "bin/tool", 0o644, "upper"),
        (Regular, "etc/.wh.gone", 0o644, ""),
        (Directory, "etc/old/", 0o755, ""),
        (Regular, "etc/old/.wh..wh..opq", 0o644, ""),
        (Regular, "etc/old/b", 0o755, "b"),
    ]);
    let manifest = manifest(&[lower.clone(), upper.clone()]);
    let lab = lab();
    let server = Server::new(vec![Answer::whole(&manifest), Answer::whole(&lower), Answer::whole(&upper)]);
    let tree = fetched(&lab, &server, &manifest)?;
    let expect = [
        ("bin/", ""),
        ("bin/same", "lower x"),
        ("bin/tool", "upper"),
        ("dev/", ""),
        ("etc/", ""),
        ("etc/old/", ""),
        ("etc/old/b", "b x"),
        ("lib", "-> /usr/lib"),
    ];
    let expect: BTreeMap<String, String> =
        expect.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    assert_eq!(contents(&lab, &tree), expect);
    assert_eq!(
        paths(&server.requests()),
        [
            format!("/v2/lib/app/manifests/sha256:{}", sha256(&manifest)),
            format!("/v2/lib/app/blobs/sha256:{}", sha256(&lower)),
            format!("/v2/lib/app/blobs/sha256:{}", sha256(&upper)),
        ]
    );
    Ok(())
}

/// The files are where BuildStream's plugin keeps them, and what is there is not downloaded again.
#[test]
fn downloads_are_kept_as_buildstream_keeps_them() -> Result<(), SourceError> {
    let lab = lab();
    let only = layer(&[(EntryType::Regular, "a", 0o644, "a")]);
    let manifest = manifest(&[only.clone(), only.clone()]);
    let server = Server::new(vec![Answer::whole(&manifest), Answer::whole(&only)]);
    fetched(&lab, &server, &manifest)?;
    let mut names: Vec<String> = std::fs::read_dir(lab.context.download_directory.join("docker"))
        .expect("it was fetched")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut expect =
        [format!("sha256:{}.manifest.json", sha256(&manifest)), format!("sha256:{}.tar.gz", sha256(&only))];
    expect.sort();
    assert_eq!(names, expect);
    let path = lab.context.download_directory.join("docker").join(format!("sha256:{}.tar.gz", sha256(&only)));
    std::fs::write(path, layer(&[])).expect("it can be written");
    let second = lab.sources(&[image(&server, &[("ref", &sha256(&manifest)), ("version", "2")])])?;
    let error = second.fetch(&silent()).expect_err("a layer is damaged");
    assert_eq!(error.reason(), "mirror-corrupt");
    Ok(())
}

fn track(lab: &Lab, server: &Server, more: &[(&str, &str)]) -> Result<Value, SourceError> {
    let mut sources: ElementSources = lab.sources(&[image(server, more)])?;
    let tracked = sources.track(&silent())?;
    Ok(tracked[0].1.new.to_value())
}

#[test]
fn tags_are_tracked_for_an_architecture() -> Result<(), SourceError> {
    let lab = lab();
    let (amd, arm) = (manifest(&[]), manifest(&[layer(&[])]));
    let index = index(&[("arm64", &arm), ("amd64", &amd), ("arm64", &amd)]);
    let tag = [("track", "latest"), ("architecture", "arm64")];
    let server = Server::new(vec![Answer::whole(&index), Answer::whole(&arm)]);
    assert_eq!(track(&lab, &server, &tag)?, Value::from(sha256(&arm)));
    let expect =
        ["/v2/lib/app/manifests/latest".to_owned(), format!("/v2/lib/app/manifests/sha256:{}", sha256(&arm))];
    assert_eq!(paths(&server.requests()), expect);
    let server = Server::new(vec![Answer::whole(&amd)]);
    assert_eq!(track(&lab, &server, &tag)?, Value::from(sha256(&amd)), "an image for one platform");
    Ok(())
}

/// A registry names the server that gives tokens; the token goes to the registry alone, also after a redirect.
#[test]
fn tokens() -> Result<(), SourceError> {
    let mut lab = lab();
    let only = layer(&[(EntryType::Regular, "a", 0o644, "a")]);
    let manifest = manifest(std::slice::from_ref(&only));
    let elsewhere = Server::new(vec![Answer::whole(&only)]);
    let logins = Server::new(vec![Answer::whole(b"{\"token\": \"t1\"}")]);
    let challenge = format!(
        "Bearer realm=\"{}\",service=\"reg\",scope=\"repository:lib/app:pull,push\"",
        logins.url("token")
    );
    let registry = Server::new(vec![
        Answer::status(401).header("WWW-Authenticate", &challenge),
        Answer::whole(&manifest),
        Answer::status(307).header("Location", &elsewhere.url("blob")),
    ]);
    let netrc = lab.folder.path().join("netrc");
    std::fs::write(&netrc, "machine 127.0.0.1 login me password secret\n").expect("the folder is new");
    Arc::make_mut(&mut lab.context.http).netrc = Some(netrc);
    fetched(&lab, &registry, &manifest)?;
    assert_eq!(paths(&logins.heads()), ["/token?service=reg&scope=repository%3Alib%2Fapp%3Apull%2Cpush"]);
    assert!(logins.logins()[0].as_deref().is_none_or(|login| login.starts_with("Basic ")));
    let bearer = Some("Bearer t1".to_owned());
    assert_eq!(registry.logins(), [None, bearer.clone(), bearer]);
    assert_eq!(elsewhere.logins(), [None]);
    Ok(())
}

#[track_caller]
fn refused(answers: Vec<Answer>, more: &[(&str, &str)], tracked: bool, reason: &str, part: &str) {
    let lab = lab();
    let server = Server::new(answers);
    let mut sources = lab.sources(&[image(&server, more)]).expect("the configuration is right");
    let error = match tracked {
        true => sources.track(&silent()).expect_err("it cannot be tracked"),
        false => sources.fetch(&silent()).expect_err("it cannot be fetched"),
    };
    assert_eq!(error.reason(), reason, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert!(error.hint().is_some() || reason == "archive-format", "{error}");
}

#[test]
fn registries_that_are_of_no_use() {
    let tag = [("track", "latest"), ("architecture", "riscv64")];
    let empty = manifest(&[]);
    let amd = index(&[("amd64", &empty)]);
    refused(vec![Answer::status(404)], &tag, true, "index-no-entry", "tag 'latest'");
    refused(vec![Answer::whole(b"<html>")], &tag, true, "index-answer", "manifest");
    refused(vec![Answer::whole(&amd)], &tag, true, "index-no-entry", "riscv64");
    let riscv = index(&[("riscv64", b"other")]);
    refused(vec![Answer::whole(&riscv), Answer::whole(&empty)], &tag, true, "wrong-ref", "SHA-256");
    let digest = sha256(&empty);
    let by_ref = [("ref", digest.as_str())];
    refused(vec![Answer::status(404)], &by_ref, false, "download-refused", "404");
    refused(vec![Answer::whole(&amd)], &by_ref, false, "wrong-ref", "SHA-256");
    let digest = sha256(&amd);
    refused(vec![Answer::whole(&amd)], &[("ref", &digest)], false, "index-answer", "several platforms");
    let only = layer(&[]);
    let one = manifest(std::slice::from_ref(&only));
    let digest = sha256(&one);
    let answers = |blob: Answer| vec![Answer::whole(&one), blob];
    refused(answers(Answer::whole(b"other")), &[("ref", &digest)], false, "wrong-ref", &sha256(&only));
    refused(answers(Answer::status(404)), &[("ref", &digest)], false, "download-refused", "blobs");
    let text = b"no archive".to_vec();
    let broken = manifest(std::slice::from_ref(&text));
    let digest = sha256(&broken);
    let answers = vec![Answer::whole(&broken), Answer::whole(&text)];
    refused(answers, &[("ref", &digest)], false, "archive-format", "tar");
    refused(Vec::new(), &[("ref", "12")], false, "invalid-ref", "'12'");
    refused(Vec::new(), &[], false, "missing-ref", "no ref");
}

#[test]
fn logins_that_are_refused() {
    let by_ref = [("track", "x")];
    let challenge = |text: &str| Answer::status(401).header("WWW-Authenticate", text);
    refused(vec![Answer::status(401)], &by_ref, true, "download-refused", "401");
    refused(vec![challenge("Negotiate")], &by_ref, true, "download-refused", "401");
    refused(vec![challenge("Basic realm=\"x\"")], &by_ref, true, "download-refused", "401");
    refused(vec![challenge("Bearer realm=\"file:///etc\"")], &by_ref, true, "download-failed", "https");
    refused(vec![challenge("Bearer realm=\"x\"")], &by_ref, true, "download-failed", "no URL");
    for (answer, part) in [
        (Answer::whole(b"{}"), "no token"),
        (Answer::whole(b"<html>"), "JSON"),
        (Answer::status(403), "403"),
        (Answer::whole(b"{\"token\":\"a\\nb\"}"), "not text"),
    ] {
        let logins = Server::new(vec![answer]);
        let text = format!("Bearer realm=\"{}\"", logins.url("t"));
        refused(vec![challenge(&text)], &by_ref, true, "download-failed", part);
    }
}

/// Keys and origins, as BuildStream's plugin makes them.
#[test]
fn keys_and_origins() -> Result<(), SourceError> {
    let lab = lab();
    let digest = sha256(b"x");
    let key = |spec: SourceSpec| -> Result<String, SourceError> {
        let text = lab.sources(&[spec])?.key_text()?.expect("there is a ref");
        let key =
            text.strip_prefix("[{\"key\":").and_then(|rest| rest.strip_suffix(",\"name\":\"docker\"}]"));
        Ok(key.expect("it is the key of one source").to_owned())
    };
    let hub = spec("docker", &[("image", "library/alpine"), ("ref", &digest), ("version", "3")]);
    assert_eq!(
        key(hub)?,
        format!("[\"https://registry.hub.docker.com\",\"library/alpine\",\"sha256:{digest}\",\"3\"]")
    );
    let url = spec("docker", &[("url", "https://reg.org/a/b"), ("ref", &digest)]);
    assert_eq!(key(url.clone())?, format!("[\"https://reg.org/a/b\",\"sha256:{digest}\"]"));
    let sources = lab.sources(&[url])?;
    let infos = sources.sources().next().expect("one").infos()?;
    assert_eq!((infos[0].url.as_str(), infos[0].medium), ("https://reg.org", "oci-image"));
    assert_eq!(infos[0].extra_data, [("image-name", "a/b".to_owned())]);
    Ok(())
}
