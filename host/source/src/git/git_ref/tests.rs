use super::GitRef;

const COMMIT: &str = "d63cbb6fdc0bbdadc4a1b92284826a6d63a7ebcd";

#[test]
fn refs_are_read_as_the_plugins_of_buildstream_read_them() {
    let tagged = |tag: &str, depth| Some((tag.to_owned(), depth));
    for (text, tag) in [
        (COMMIT.to_owned(), None),
        (format!("{COMMIT}rest"), None),
        (format!("v1.2-0-g{COMMIT}"), tagged("v1.2", 0)),
        (format!("v-1-g2-12-g{COMMIT}"), tagged("v-1-g2", 12)),
        (format!("-3-g{COMMIT}"), tagged("", 3)),
    ] {
        assert_eq!(GitRef::parse(&text), Some(GitRef { tag, commit: COMMIT.to_owned() }), "{text}");
    }
    for text in ["", "main", "v1.2", "d63cbb6", &COMMIT.to_uppercase(), &format!("v1-g{COMMIT}"), "é-1-gé"]
    {
        assert_eq!(GitRef::parse(text), None, "{text}");
    }
}
