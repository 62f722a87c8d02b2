use spec_model::UserError;

use super::*;

#[test]
fn names_are_normalised_as_buildstream_does() {
    for (element, expect) in [
        ("app.bst", "app"),
        ("core/app.bst", "core-app"),
        ("core/gtk+ 3.bst", "core-gtk__3"),
        ("a.bst.bst", "a.bst"),
        ("über.bst", "_ber"),
        ("junction.bst:core/app.bst", "core-app"),
        ("..bst", "..bst"),
    ] {
        let name = ArtifactName::new("p", &element.parse().expect("an element name"), Key::of(b"k"));
        assert_eq!(name.element(), expect);
        assert_eq!(name.to_string().parse::<ArtifactName>().expect("its own text"), name);
    }
}

#[test]
fn refuses_what_names_no_artifact() {
    let key = Key::of(b"k");
    let bad = ["", "p", "p/app", "p/app/x", &format!("p/a/b/{key}"), &format!("../app/{key}")];
    for text in
        bad.into_iter().chain([format!("p/../{key}"), format!("p/a b/{key}")].iter().map(String::as_str))
    {
        let error = text.parse::<ArtifactName>().expect_err(text);
        assert_eq!(error.reason(), "bad-artifact-name");
    }
}
