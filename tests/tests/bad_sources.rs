//! Wrong archives and downloads: refused with a reason and the place of the source, leaving nothing in the cache.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use spec_testkit::{Host, Project};

/// A tar with unchecked names of entries, which no tool would write.
fn tar(entries: &[(&[u8], &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        header.set_cksum();
        builder.append(&header, text.as_bytes()).expect("writing to memory");
    }
    builder.into_inner().expect("writing to memory")
}

/// A small file that unpacks to a gigabyte.
fn bomb() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").expect("a short name");
    header.set_size(1 << 30);
    header.set_cksum();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(header.as_bytes()).expect("writing to memory");
    let zeros = vec![0; 1 << 20];
    (0..1 << 10).for_each(|_| gzip.write_all(&zeros).expect("writing to memory"));
    gzip.finish().expect("writing to memory")
}

#[test]
fn archives_that_do_harm_are_refused_and_leave_nothing() {
    let outside = [(&b"a/fine"[..], "x"), (b"a/../../climbed", "x")];
    let damaged = &tar(&[(b"a/b", "text")])[..700];
    for (bytes, reason, says) in [
        (&tar(&outside)[..], "archive-entry-climbs", "'../../climbed'"),
        (&bomb(), "archive-bomb", "bomb"),
        (damaged, "archive-damaged", "cut off"),
        (b"no archive at all", "archive-format", "no tar"),
        (&tar(&[(b"a", "x")]), "base-dir-missing", "base-dir '*'"),
    ] {
        let (host, project) = (Host::new(), tar_project(bytes));
        let track = host.run(&project, &["source", "track", "a.bst"]);
        let _ = track.success();
        // The archive itself, which was fetched when it was tracked.
        let tracked = host.left();
        let outcome = host.run(&project, &["build", "a.bst"]);
        outcome.refused(1, reason, &[says, "elements/a.bst:3:3", "a.tar"]);
        assert!(!project.path().join("../climbed").exists());
        assert_eq!((tracked.len(), host.left()), (1, tracked), "{reason}");
    }
}

#[test]
fn a_download_that_is_not_what_the_ref_says_is_refused_and_leaves_nothing() {
    let (host, project) = (Host::new(), tar_project(&tar(&[(b"a/b", "text")])));
    let build = ["--network-retries", "0", "build", "a.bst"];
    host.run(&project, &build).refused(2, "inconsistent-pipeline", &["source track a.bst"]);

    let zeros = "0".repeat(64);
    project.replace("elements/a.bst", "a.tar\n", &format!("a.tar\n  ref: '{zeros}'\n"));
    let says = ["elements/a.bst:3:3", "source track a.bst", &zeros];
    host.run(&project, &build).refused(1, "wrong-ref", &says);

    fs::remove_file(project.path().join("a.tar")).expect("it was just made");
    let says = ["elements/a.bst:3:3", "No such file"];
    host.run(&project, &build).refused(1, "download-failed", &says);
    assert_eq!(host.left(), Vec::<PathBuf>::new());
}

/// A project that imports this archive, with no ref yet.
fn tar_project(bytes: &[u8]) -> Project {
    let conf =
        "name: test\nmin-version: 2.0\nelement-path: elements\naliases:\n  here: '%{project-root-uri}/'\n";
    let element = "kind: import\nsources:\n- kind: tar\n  url: here:a.tar\n";
    let project = Project::of(&[("project.conf", conf), ("elements/a.bst", element)]);
    fs::write(project.path().join("a.tar"), bytes).expect("a folder of our own is writable");
    project
}
