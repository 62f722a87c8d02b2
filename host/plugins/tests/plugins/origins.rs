//! Tests of where components come from, and of files that are not components.

use std::path::PathBuf;

use spec_model::{FolderPlugin, PluginOrigin};
use spec_plugins::{Options, Plugins};
use spec_strategy::{KindError, KindRegistry, KindRequest};

use crate::support::{check_error, component, options, request, temporary};

fn with_override(kind: &str, file: PathBuf) -> Plugins {
    Plugins::new(Options { overrides: vec![(kind.to_owned(), file)], ..options() })
}

fn error_of(plugins: &Plugins, kind: &str, file: Option<PathBuf>) -> KindError {
    match plugins.kind(&request(kind, file)) {
        Err(error) => error,
        Ok(_) => panic!("'{kind}' is there"),
    }
}

#[test]
fn an_unknown_kind_is_refused_with_the_known_ones() {
    let plugins = with_override("script-like", component("script-like"));
    let plugin = FolderPlugin { file: "plugins/homemade.py".to_owned(), ..FolderPlugin::default() };
    let request = KindRequest { name: "homemade".to_owned(), origin: PluginOrigin::Folder(plugin) };
    let error = plugins.kind(&request).err().expect("it is not there");
    let mut known: Vec<_> = spec_plugins::default_kinds().chain(["script-like"]).collect();
    known.sort_unstable();
    check_error(&error, "unknown-kind", &["plugins/homemade.wasm", &known.join(", ")]);
    check_error(&error_of(&plugins, "homemade", None), "plugin-not-found", &["'homemade'"]);
}

#[test]
fn the_command_line_goes_before_the_project_and_that_before_the_embedded() {
    let (given, project) = (PathBuf::from("/nowhere/given.wasm"), PathBuf::from("/nowhere/project.wasm"));
    let plugins = with_override("manual", given);
    let error = error_of(&plugins, "manual", Some(project.clone()));
    check_error(&error, "plugin-unreadable", &["/nowhere/given.wasm"]);
    let error = error_of(&plugins, "import", Some(project));
    check_error(&error, "plugin-unreadable", &["/nowhere/project.wasm"]);
    assert!(plugins.kind(&request("import", None)).is_ok());
}

#[test]
fn a_kind_can_be_added_and_is_then_the_same() {
    let plugins = with_override("script-like", component("script-like"));
    let first = plugins.kind(&request("script-like", None)).expect("it was given");
    let second = plugins.kind(&request("script-like", None)).expect("it was given");
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert_eq!(first.description().name, "script-like");
}

#[test]
fn a_component_for_another_kind_is_refused() {
    let plugins = with_override("manual", component("script-like"));
    let error = error_of(&plugins, "manual", None);
    check_error(&error, "plugin-wrong-kind", &["'script-like'", "'manual'"]);
    // Its instance must not be used for the kind that is loaded next.
    assert!(plugins.kind(&request("stack", None)).is_ok());
}

#[test]
fn what_is_no_component_is_refused() {
    let sound = std::fs::read(component("manual")).expect("the component was made");
    let cut = &sound[..sound.len() / 2];
    let folder = temporary();
    let cases: [(&str, &[u8], &str, &str); 5] = [
        ("empty", b"", "plugin-not-a-component", "not WebAssembly"),
        ("text", b"(component)", "plugin-not-a-component", "not WebAssembly"),
        ("module", b"\0asm\x01\0\0\0", "plugin-not-a-component", "core module"),
        ("future", b"\0asm\x99\0\x01\0", "plugin-not-a-component", "damaged"),
        ("cut", cut, "plugin-not-a-component", "damaged"),
    ];
    for (name, bytes, reason, says) in cases {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("the folder is ours");
        let error = error_of(&Plugins::new(options()), name, Some(file));
        check_error(&error, reason, &[name, says]);
    }
    let error = error_of(&Plugins::new(options()), "folder", Some(folder.path().to_owned()));
    check_error(&error, "plugin-unreadable", &["folder"]);
}

/// A component of one empty core module, of which it has this many instances, from 43 to 127. It exports an empty instance
/// under the name of a kind.
fn component_with_instances(count: u8) -> Vec<u8> {
    let header = b"\0asm\x0d\0\x01\0";
    let module = [&[1, 8][..], b"\0asm\x01\0\0\0"].concat();
    let size = 1 + 3 * u16::from(count);
    let size = [(size & 0x7f) as u8 | 0x80, (size >> 7) as u8];
    let instances = [&[2][..], &size, &[count], &vec![0; 3 * usize::from(count)]].concat();
    let name = b"spec:plugin/kind@0.2.0";
    let exported = [&[5, 3, 1, 1, 0, 11, 28, 1, 0, 22][..], name, &[5, 0, 0]].concat();
    [&header[..], &module, &instances, &exported].concat()
}

#[test]
fn a_component_with_too_many_instances_is_refused_with_the_limit() {
    let folder = temporary();
    let file = folder.path().join("large.wasm");
    std::fs::write(&file, component_with_instances(50)).expect("the folder is ours");
    let error = error_of(&Plugins::new(options()), "large", Some(file));
    check_error(&error, "plugin-too-large", &["needs 50 core instances; the limit is 40"]);
}

/// Loading neither waits for one of these files nor reads it to its end.
#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = temporary();
    let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("the folder is ours");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("the folder is ours");
    for (file, says) in [
        (pipe, "a pipe"),
        (socket, "a socket"),
        (PathBuf::from("/dev/zero"), "a device"),
        (folder.path().to_owned(), "a folder"),
    ] {
        let error = error_of(&Plugins::new(options()), "odd", Some(file));
        check_error(&error, "plugin-unreadable", &[says, "a regular file is expected"]);
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = temporary();
    let file = folder.path().join("huge.wasm");
    std::fs::File::create(&file).and_then(|file| file.set_len(1 << 40)).expect("it takes no space");
    let error = error_of(&Plugins::new(options()), "huge", Some(file));
    check_error(&error, "plugin-too-large", &["67108864 bytes"]);
}
