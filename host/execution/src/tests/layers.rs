//! Input roots, small ones that are copied and large ones that become layers, in every form that works here.

use spec_cas::{FoundLayerForm, TreeBuilder};
use spec_model::{Digest, LayerForm};

use super::fixture::Fixture;

use crate::staging::LayerSupport;

/// More files than are copied for anybody.
const MANY: usize = 5_200;

fn forms() -> impl Iterator<Item = LayerForm> {
    let best = LayerSupport::examine(&Fixture::new().cas).form;
    [LayerForm::Image, LayerForm::Metacopy, LayerForm::Copied]
        .into_iter()
        .skip_while(move |form| *form != best)
}

fn fixture(form: LayerForm) -> Fixture {
    let fixture = Fixture::with_programs(&["/usr/bin/perl"]);
    assert_eq!(fixture.cas.layer_form(|| FoundLayerForm { form, is_best: false }), form);
    fixture
}

/// An input root with `more` files beside those of interest.
fn inputs(fixture: &Fixture, more: usize) -> Digest {
    let mut builder = TreeBuilder::new();
    let same = fixture.blob("same");
    for (path, digest, executable) in [
        ("in/one", same, false),
        ("in/other", same, false),
        ("in/run", same, true),
        ("d/a", fixture.blob("a"), false),
        ("d/deep/b", fixture.blob("b"), true),
    ] {
        builder.add_file(path, digest, executable).expect("the path is good");
    }
    for number in 0..more {
        builder.add_file(&format!("more/{}/{number}", number % 50), same, false).expect("the path is good");
    }
    builder.store(&fixture.cas).expect("the store takes it")
}

const LOOK: &str = r#"
    sub say { print $out @_, "\n" }
    open($out, ">", "out");
    for (qw(in/one in/other in/run d/a)) { my @s = stat; say sprintf("%s %o %d %d", $_, $s[2], $s[3], $s[7]) }
    say((stat "in/one")[1] == (stat "in/other")[1] ? "one file" : "two files");
    open(my $one, ">>", "in/one"); print $one " and more"; close $one;
    open(my $other, "<", "in/other"); say <$other>;
    chmod 0755, "in/other"; rename "in/run", "moved"; link "moved", "linked";
    say rename("d", "e") ? "renamed" : "$!";
"#;

#[test]
fn staged_files_are_the_sandboxes_own_whatever_the_size() {
    for form in forms() {
        let fixture = fixture(form);
        for more in [0, 1000, MANY] {
            let outputs = ["out", "e", "in", "moved", "linked"];
            let draft = fixture.script("", &outputs).inputs(inputs(&fixture, more));
            let draft = draft.with(|draft| {
                draft.command.arguments = ["/bin/perl", "-e", LOOK].map(str::to_owned).into();
            });
            let result = fixture.run(&draft).expect("it runs");
            let file = |path: &str| result.files.iter().find(|file| file.path == path).expect("an output");
            // Only real root has layers whose folders can be renamed; copying this many takes others too long.
            let renamed = form == LayerForm::Image || more < MANY;
            let last = if renamed { "renamed" } else { "Invalid cross-device link" };
            let expected = format!(
                "in/one 100644 1 4\nin/other 100644 1 4\nin/run 100755 1 4\nd/a 100644 1 1\ntwo files\nsame\n{last}\n"
            );
            assert_eq!(fixture.text(&file("out").digest), expected, "{form:?} {more}");
            for path in ["moved", "linked"] {
                let file = file(path);
                assert_eq!((file.digest, file.executable), (fixture.blob("same"), true), "{form:?} {more}");
            }
            let folder = |path: &str| result.directories.iter().find(|folder| folder.path == path);
            let tree = |path: &str| folder(path).and_then(|folder| folder.tree);
            let tree_of = |entries: &[(&str, &str)]| {
                fixture.cas.store_tree_message(&fixture.tree(entries)).expect("the store takes it")
            };
            assert_eq!(
                tree("in"),
                Some(tree_of(&[("one", "same and more"), ("other*", "same")])),
                "{form:?}"
            );
            let expected = renamed.then(|| tree_of(&[("a", "a"), ("deep/b*", "b")]));
            assert_eq!(tree("e"), expected, "{form:?} {more}");
        }
    }
}

#[test]
fn no_tree_gives_the_files_of_another_other_contents() {
    for form in forms() {
        let fixture = fixture(form);
        let blob = fixture.blob("mine").hex();
        let (folder, path) = (&blob[..2], format!("{}/{blob}", &blob[..2]));
        for (path, text) in [
            (path.clone(), "yours"),
            (format!("{path}/"), ""),
            (path, "->/etc/passwd"),
            (folder.to_owned(), "yours"),
            (folder.to_owned(), "->bin"),
        ] {
            let hostile = fixture.over_chroot(&[(path.as_str(), text), ("yours", "yours")]);
            let mut inputs = TreeBuilder::new();
            inputs.add_file("mine", fixture.blob("mine"), false).expect("the path is good");
            for number in 0..MANY {
                inputs
                    .add_file(&format!("more/{number}"), fixture.blob("yours"), false)
                    .expect("the path is good");
            }
            let inputs = inputs.store(&fixture.cas).expect("the store takes it");
            let mut draft = fixture.script("read text < mine; echo $text > out", &["out"]).inputs(inputs);
            draft.properties = vec![("chrootRootDigest".to_owned(), hostile.to_string())];
            let result = fixture.run(&draft).expect("it runs");
            assert_eq!(fixture.text(&result.files[0].digest), "mine\n", "{form:?} {path} {text}");
        }
    }
}
