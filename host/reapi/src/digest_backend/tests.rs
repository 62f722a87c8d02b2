use super::*;

#[test]
fn the_digest_function_selects_the_backend() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let backend =
        |function| DigestBackend::new(Cas::open_with(folder.path(), function).expect("a store"), None);
    let one = DigestBackends::new(backend(DigestFunction::Sha256));
    let mut both = one.clone();
    both.add(backend(DigestFunction::Blake3));
    assert_eq!(
        (one.wire_functions(false), both.wire_functions(false), both.wire_functions(true)),
        (vec![1], vec![1, 9], vec![])
    );
    for (number, with_one, with_both) in [
        (0, Some("sha256"), Some("sha256")),
        (1, Some("sha256"), Some("sha256")),
        (9, None, Some("blake3")),
        (2, None, None),
        (99, None, None),
        (-1, None, None),
    ] {
        for (backends, expect) in [(&one, with_one), (&both, with_both)] {
            let found = backends.for_request(number).map(|backend| backend.cas.function().name());
            assert_eq!(found.map_err(|error| error.reason()), expect.ok_or("invalid"), "{number}");
        }
    }
}
