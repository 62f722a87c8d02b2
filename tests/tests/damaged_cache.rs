//! Any small file of the cache may be damaged: it counts as missing, is reported once, and is made again.

use std::fs;
use std::path::{Path, PathBuf};

use spec_testkit::{Host, Project};

const IMPORT: &str = "kind: import\nsources:\n- kind: local\n  path: files/NAME\n";
const STACK: &str = "kind: stack\ndepends: [low.bst, high.bst]\n";

/// Files up to this many bytes.
const SMALL: u64 = 64 << 10;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the cache");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Damages a file with these bytes.
type Damage = fn(&Path, &[u8]);

/// Kinds of damage by a disk, a killed process or a person.
const DAMAGES: [(&str, Damage); 4] = [
    ("random", |file, bytes| {
        // Of another length, and not a text.
        let noise: Vec<u8> =
            (0..bytes.len() as u32 + 3).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        fs::write(file, noise).expect("the cache is ours");
    }),
    ("empty", |file, _| fs::write(file, "").expect("the cache is ours")),
    ("truncated", |file, bytes| fs::write(file, &bytes[..bytes.len() / 2]).expect("the cache is ours")),
    ("a folder", |file, _| {
        fs::create_dir(file).and_then(|()| fs::write(file.join("in-it"), "")).expect("the cache is ours");
    }),
];

#[test]
fn every_damaged_file_is_made_again() {
    let (host, project) = (Host::new(), Project::of(&[("elements/all.bst", STACK)]));
    for name in ["low", "high"] {
        project.write(&format!("elements/{name}.bst"), &IMPORT.replace("NAME", name));
        project.write(&format!("files/{name}/{name}.txt"), &format!("{name}\n"));
    }
    host.configure("cache:\n  quota: 10G\n  reserved-disk-space: 0\n");
    let build = || host.run(&project, &["build", "all.bst"]);
    let clean = || host.run(&project, &["cache", "clean"]);
    let _ = build().success();
    let _ = clean().success();
    let all = files(&host.cache());
    assert!(all.len() > 20, "{all:?}");
    for file in all {
        // Compiled code has a checksum and its own test.
        if file.starts_with(host.cache().join("plugins/code")) || !file.is_file() {
            continue;
        }
        let bytes = fs::read(&file).expect("the cache is ours");
        if bytes.is_empty() || bytes.len() as u64 > SMALL {
            continue;
        }
        for (what, damage) in DAMAGES {
            fs::remove_file(&file).expect("the cache is ours");
            damage(&file, &bytes);
            for outcome in [build(), clean(), build()] {
                let text = format!("{} is {what}", file.display());
                assert_eq!(outcome.code, Some(0), "{text}:\n{}", outcome.stderr);
                assert!(outcome.stderr.matches("warning[").count() <= 1, "{text}:\n{}", outcome.stderr);
            }
            let _ = fs::remove_file(&file).or_else(|_| fs::remove_dir_all(&file));
            fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the cache is ours");
            fs::write(&file, &bytes).expect("the cache is ours");
        }
    }
}

#[test]
fn a_damaged_record_is_told_once_and_replaced() {
    let (host, project) = (Host::new(), Project::of(&[("elements/low.bst", &IMPORT.replace("NAME", "low"))]));
    project.write("files/low/low.txt", "low\n");
    let build = || host.run(&project, &["build", "low.bst"]);
    let _ = build().success();
    let key = host.run(&project, &["show", "--deps", "none", "--format", "%{full-key}", "low.bst"]);
    let record = host.cache().join("cas/refs/artifacts/test/low").join(key.success().trim());
    let bytes = fs::read(&record).expect("a record of the artifact");
    for (what, damage) in DAMAGES {
        fs::remove_file(&record).expect("the cache is ours");
        damage(&record, &bytes);
        let built = build();
        let _ = built.success();
        let told = built.stderr.matches(&record.display().to_string()).count();
        assert_eq!(told, 1, "{what}:\n{}", built.stderr);
        assert!(built.stderr.contains("warning[damaged-file]"), "{what}:\n{}", built.stderr);
        assert!(record.is_file(), "{what}: it was replaced");
        assert!(!build().stderr.contains("warning["), "{what}");
    }
}
