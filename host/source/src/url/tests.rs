use super::*;

fn alias(name: &str) -> Result<Option<Alias>, AliasRefusal> {
    let mirrors = vec!["https://mirror/".to_owned()];
    match name {
        "closed" | "https" => Err(AliasRefusal { reason: "closed", message: "closed".to_owned() }),
        _ => Ok((name == "up").then(|| Alias { url: "https://up.org/".to_owned(), mirrors })),
    }
}

#[test]
fn aliases_are_replaced() -> Result<(), AliasProblem> {
    let url = AliasedUrl::new("up:a/b.tar", alias)?;
    assert_eq!(url.resolved, "https://up.org/a/b.tar");
    assert_eq!(url.fetch_order().next(), Some("https://mirror/a/b.tar"));
    assert_eq!(url.track_order().next(), Some("https://up.org/a/b.tar"));
    assert!(!url.unaliased);
    assert_eq!(AliasedUrl::new("down:a", alias), Err(AliasProblem::Unknown("down".to_owned())));
    assert!(matches!(AliasedUrl::new("closed:a", alias), Err(AliasProblem::Refused(_))));
    assert!(AliasedUrl::new("https://a/b", alias)?.unaliased);
    assert!(AliasedUrl::new("HTTP://a/b", alias)?.unaliased);
    Ok(())
}

#[test]
fn mirror_directories_are_named_as_buildstream_names_them() -> Result<(), AliasProblem> {
    let name = |url| AliasedUrl::new(url, alias).map(|url| url.directory_name());
    assert_eq!(name("up:a/b-1.0.tar")?, "up_a_b_1_0_tar");
    assert_eq!(name("http://h/%20é?x")?, "http___h_%20__x");
    Ok(())
}

#[test]
fn targets() {
    let file = |path: &str| Ok(UrlTarget::File(path.into()));
    for (url, expect) in [
        ("http://h/a", Ok(UrlTarget::Http)),
        ("HTTPS://h/a", Ok(UrlTarget::Http)),
        ("file:///a/b%20c", file("/a/b c")),
        ("file://localhost/a", file("/a")),
        ("file:/a", file("/a")),
        ("file:///a%2", file("/a%2")),
        ("file:///a b", file("/a b")),
        ("file://host/a", Err("a file URL needs an absolute path, as in file:///PATH")),
        ("ftp://h/a", Ok(UrlTarget::Ftp)),
        ("ftp://me:pw@h:2121/a/b%20c;type=i", Ok(UrlTarget::Ftp)),
        ("ftp://h/", Err("its path names no file")),
        ("ftp://h/a/", Err("its path names no file")),
        ("ftp://h/a%0D%0ADELE%20b", Err("its path names no file")),
        ("ftp://me%0D%0ADELE%20b:pw@h/a", Err("its login has a control character")),
        ("ftp://me:p%0Aw@h/a", Err("its login has a control character")),
        ("sftp://h/a", Err("its scheme is not supported")),
        ("a.tar", Err("it has no scheme")),
        ("http://h/a b", Err("a URL must not have a space (character 11); expected %20 for it")),
        (
            "http://h/\u{e9}",
            Err("a URL must not have the character 'é' (character 10); expected %C3%A9 for it"),
        ),
        ("http://h/a\tb", Err("a URL must not have the character '\\t' (character 11); expected %09 for it")),
        (
            "http://h/\x1b",
            Err("a URL must not have the character '\\u{1b}' (character 10); expected %1B for it"),
        ),
        ("http://h:99999/", Err("invalid port number")),
        ("http:///", Err("empty host")),
        ("https://h/%20?a={b}|[c]", Ok(UrlTarget::Http)),
    ] {
        assert_eq!(UrlTarget::of(url), expect.map_err(str::to_owned), "{url}");
    }
}

#[test]
fn passwords_are_not_shown() {
    for (url, expect) in [
        ("http://h/a@b:c", "http://h/a@b:c"),
        ("http://me:secret@h:80/a", "http://***@h:80/a"),
        ("http://token@h", "http://***@h"),
        ("http://me:it's mine@h/a", "http://***@h/a"),
        ("http://me:a@b@h/a", "http://***@h/a"),
        ("file:/a", "file:/a"),
        ("ssh://git@h/a", "ssh://git@h/a"),
        ("ssh://git:secret@h/a", "ssh://***@h/a"),
        ("git@h:a", "git@h:a"),
    ] {
        assert_eq!(without_password(url), expect);
    }
}
