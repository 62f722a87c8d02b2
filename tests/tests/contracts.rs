//! The texts of the contracts with plugins: those of a released version do not change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use spec_model::Digest;

/// The texts of released versions, with their SHA-256. Components were built with them, so that no line changes: what is
/// new belongs into the next version. A text is added here when its version is released.
const FROZEN: [(&str, &str); 9] = [
    ("0.1/element-kind/kind.wit", "a07d969f7c55afa4a694668e3465d9f629c97ffc3f23e6eb7270c4bc8e194f89"),
    ("0.1/element-kind/log.wit", "dec716bd414f930c44de8ea7701e6613ab543a27ac0ac944efe811ddbca267e8"),
    ("0.1/element-kind/world.wit", "e08bb469c5769c2c03d226eaeb94e987a14afa3e5eb0e141c222a91346fe9fb2"),
    ("0.1/overlay-policy/log.wit", "dec716bd414f930c44de8ea7701e6613ab543a27ac0ac944efe811ddbca267e8"),
    ("0.1/overlay-policy/policy.wit", "e16cf508559d51ced2f1db6424883ac8bd59483254f6e2d8263e87061b5f36e0"),
    ("0.1/overlay-policy/world.wit", "5f6b53f31fbe3771f265427b6b0485dbb196977e6fb57bae340b636967c66a3d"),
    ("0.1/priming-policy/log.wit", "dec716bd414f930c44de8ea7701e6613ab543a27ac0ac944efe811ddbca267e8"),
    ("0.1/priming-policy/policy.wit", "4f883e6eb3a3a75f4f28f9d6886355a216aec5a49ce24608eecd88eab839c0c4"),
    ("0.1/priming-policy/world.wit", "c22e560c0bf6a4510060c18b817bcff201032c93144a9bcef3892fe543037c5b"),
];

#[test]
fn texts_of_released_versions_do_not_change() {
    let frozen: BTreeMap<String, String> =
        FROZEN.iter().map(|(file, hash)| ((*file).to_owned(), (*hash).to_owned())).collect();
    let released = texts().join("0.1");
    let mut found = BTreeMap::new();
    for file in wit_files(&released) {
        let name = file.strip_prefix(texts()).expect("it is below").to_string_lossy().into_owned();
        let text = fs::read(&file).expect("the file can be read");
        found.insert(name, Digest::of(&text).hex());
    }
    assert_eq!(found, frozen, "texts of a released version were changed, added or removed");
}

#[test]
fn every_text_parses() {
    let folders = [".", "0.1/element-kind", "0.1/overlay-policy", "0.1/priming-policy"];
    for folder in folders.map(|folder| texts().join(folder)) {
        let mut resolve = wit_parser::Resolve::default();
        let parsed = resolve.push_dir(&folder);
        parsed.unwrap_or_else(|error| panic!("{}: {error:#}", folder.display()));
    }
}

/// The SDK has the texts, so that it builds without the rest of this checkout.
#[test]
fn the_sdk_has_the_present_texts() {
    let contents = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("the folder can be read");
        let files = entries.map(|entry| entry.expect("the folder can be read").path());
        let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "wit"));
        let read = |file: PathBuf| {
            let name = file.file_name().expect("it has a name").to_owned();
            (name, fs::read_to_string(&file).expect("the file can be read"))
        };
        files.map(read).collect::<BTreeMap<_, _>>()
    };
    let copies = texts().join("../guest-sdk/wit");
    assert!(contents(&copies) == contents(&texts()), "run: cp wit/*.wit guest-sdk/wit/");
}

fn texts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn wit_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.expect("the folder can be read").path()) {
        if path.is_dir() {
            files.extend(wit_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}
