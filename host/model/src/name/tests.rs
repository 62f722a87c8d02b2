use super::*;

#[test]
fn names_print_as_they_are_written() {
    for name in ["app.bst", "core/app.bst", "../app.bst", "sdk.bst:core/app.bst", "a.bst:b.bst:c.bst"] {
        assert_eq!(name.parse::<ElementName>().map(|n| n.to_string()), Ok(name.to_owned()));
    }
}

#[test]
fn normal_names() -> Result<(), ParseNameError> {
    assert_eq!(ElementName::local("core/app.bst")?.normal(), "core-app");
    Ok(())
}

#[test]
fn refuses_what_names_no_element() {
    for bad in
        ["", "app", ".bst", "/app.bst", "..", "../a/../b.bst", "a/../b.bst", "a//b.bst", "a:b.bst", "a?.bst"]
    {
        assert!(bad.parse::<ElementName>().is_err(), "{bad}");
    }
}
