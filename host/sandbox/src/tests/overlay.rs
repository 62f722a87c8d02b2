//! Layers and what the upper directory captures.

use super::fixture::{Fixture, shell};
use crate::clear_work;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

#[test]
fn upper_captures_changes_and_nothing_else() {
    let mut fixture = Fixture::new();
    fixture.layer(&[("gone", "old"), ("dir/old", "old"), ("kept", "old"), ("changed", "old")]);
    fixture.check(
        "rm gone; rm -r dir; mkdir dir; echo new > dir/new; echo more >> changed; cat changed",
        "oldmore\n",
    );
    assert_eq!(fixture.upper(), ["changed", "dir", "gone"]);
    let upper = |name: &str| fixture.root.upper.join(name);
    let whiteout = fs::symlink_metadata(upper("gone")).expect("a whiteout");
    assert!(whiteout.file_type().is_char_device() && whiteout.rdev() == 0);
    let mut value = [0; 8];
    let len = rustix::fs::lgetxattr(upper("dir"), "user.overlay.opaque", &mut value).expect("an attribute");
    assert_eq!(&value[..len], b"y");
    assert_eq!(fs::read_to_string(upper("dir/new")).expect("a file"), "new\n");
    assert_eq!(fs::read_to_string(fixture.root.layers[1].path().join("gone")).expect("untouched"), "old");
    // The next command sees the same root.
    fixture.check("ls -d gone dir/* kept changed 2>/dev/null; :", "changed\ndir/new\nkept\n");
    clear_work(&fixture.root.work).expect("nothing runs any more");
    assert_eq!(fs::read_dir(&fixture.root.work).expect("the work directory").count(), 0);
}

#[test]
fn places_that_the_command_filled_stay() {
    let mut fixture = Fixture::new();
    let socket = fixture.path().join("socket");
    fs::write(&socket, "").expect("a file");
    fixture.root.bind(socket, "/run/deep/socket", false);
    fixture.check(": > /run/mine", "");
    assert_eq!(fixture.upper(), ["run"]);
    let left: Vec<_> = fs::read_dir(fixture.root.upper.join("run")).expect("kept").collect();
    assert_eq!(left.len(), 1);
}

fn many_layers(classic: bool) {
    let mut fixture = Fixture::new();
    fixture.root.classic_overlay = classic;
    for number in 0..200 {
        fixture.layer(&[(&format!("many/{number}"), ""), ("top", &number.to_string())]);
    }
    fixture.check("ls many | wc -l; cat top; echo x > many/new", "200\n199");
    assert_eq!(fixture.upper(), ["many"]);
}

#[test]
fn two_hundred_layers() {
    many_layers(false);
}

#[test]
fn two_hundred_layers_with_classic_mount_options() {
    many_layers(true);
}

#[test]
fn a_layer_that_does_not_do_is_named() {
    type Spoil = dyn Fn(&mut Fixture);
    let table: [(&Spoil, &str, &str); 6] = [
        (&|f| f.root.layers.insert(0, "/no/such/layer".into()), "sandbox-overlay-failed", "/no/such/layer"),
        (&|f| f.root.upper = "/no/such/upper".into(), "sandbox-overlay-failed", "/no/such/upper"),
        (&|f| f.root.work = "/no/such/work".into(), "sandbox-overlay-failed", "/no/such/work"),
        (&|f| f.root.layers.clear(), "sandbox-bad-spec", "1 to 500"),
        (&|f| f.root.layers = vec!["/x".into(); 501], "sandbox-bad-spec", "501"),
        (&|f| _ = f.root.bind("/no/such/source", "/x", false), "sandbox-setup-failed", "/no/such/source"),
    ];
    for (spoil, reason, place) in table {
        for classic in [false, true] {
            let mut fixture = Fixture::new();
            fixture.root.classic_overlay = classic;
            spoil(&mut fixture);
            let error = fixture.run(shell("true")).expect_err(place);
            assert_eq!(error.reason(), reason, "{error}");
            assert!(classic || error.to_string().contains(place), "{error}");
        }
    }
}
