use super::*;

fn options(token: Token) -> RemoteOptions {
    let mut options = RemoteOptions::new("http://localhost:1".parse().expect("an address"));
    options.token = Some(token);
    options
}

#[test]
fn a_file_is_read_again_when_it_is_due_and_when_the_token_is_not_accepted() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("token");
    std::fs::write(&path, "first\n")?;
    let file = |reload| Token::File { path: path.clone(), reload };
    let kept = BearerToken::read(&options(file(None))).expect("a token");
    let reloaded = BearerToken::read(&options(file(Some(Duration::ZERO)))).expect("a token");
    std::fs::write(&path, "second")?;
    let text = |token: &BearerToken| token.header().expect("a header").to_str().expect("text").to_owned();
    assert_eq!(text(&kept), "Bearer first");
    assert_eq!(text(&reloaded), "Bearer second");
    assert!(kept.replace() && !kept.replace(), "it changed once");
    std::fs::remove_file(&path)?;
    assert_eq!((text(&kept), text(&reloaded)), ("Bearer second".to_owned(), "Bearer second".to_owned()));
    Ok(())
}

#[test]
fn what_cannot_be_a_token_is_refused_without_showing_it() {
    for bad in ["", " \n", "se\u{7}cret", "sec\nret"] {
        let error = BearerToken::read(&options(Token::Fixed(bad.to_owned()))).expect_err(bad).to_string();
        assert!(!error.contains("ret"), "{error}");
    }
    let fine = BearerToken::read(&options(Token::Fixed("secret".to_owned()))).expect("a token");
    let shown = format!("{fine:?} {:?} {:?}", fine.header(), options(Token::Fixed("secret".to_owned())));
    assert!(!shown.contains("secret"), "{shown}");
}
