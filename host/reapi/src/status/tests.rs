use super::*;

#[test]
fn a_status_ends_with_what_to_do_next() {
    let digests = vec![Digest::of(b"absent")];
    for (error, hint) in [
        (RequestError::Missing(DigestFunction::Sha256, digests), "upload them and try again"),
        (RequestError::Busy("all threads are busy".to_owned()), "try again later"),
        (
            RequestError::TooLarge("the tree has 5 entries".to_owned(), "tree-entries"),
            "if it is meant to, set 'tree-entries' below 'limits' in the user configuration",
        ),
        (RequestError::Internal("cannot mount".to_owned(), "modprobe overlay"), "modprobe overlay"),
        (RequestError::Internal("cannot mount".to_owned(), ""), "see the server's log"),
    ] {
        let expected = format!("{error}; {hint}");
        assert_eq!(to_rpc(&error).message, expected);
        assert_eq!(Status::from(error).message(), expected);
    }
    let invalid = RequestError::invalid("the page size is negative");
    assert_eq!(to_rpc(&invalid).message, "the page size is negative");
}
