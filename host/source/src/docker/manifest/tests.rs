use proptest::prelude::*;

use super::*;

const SHA: &str = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";

fn image(media: &str, layer: &str, digest: &str) -> String {
    format!(
        "{{\"schemaVersion\":2{media},\"config\":{{}},\
         \"layers\":[{{\"mediaType\":\"{layer}\",\"digest\":\"{digest}\",\"size\":3}}]}}"
    )
}

#[test]
fn manifests_are_read() {
    let layers = vec![Layer { sha256: SHA.to_owned(), size: 3 }];
    let digest = format!("sha256:{SHA}");
    for (kind, layer) in IMAGES.into_iter().zip(LAYERS) {
        let text = image(&format!(",\"mediaType\":\"{kind}\""), layer, &digest);
        let found = Manifest::parse(text.as_bytes(), None).expect("a good manifest");
        assert_eq!(found, Manifest::Image(layers.clone()));
        let found =
            Manifest::parse(image("", layer, &digest).as_bytes(), Some(kind)).expect("a good manifest");
        assert_eq!(found, Manifest::Image(layers.clone()));
    }
    let index = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"manifests\":[{{\"mediaType\":\"x\",\"digest\":\"{digest}\",\
         \"platform\":{{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}}}},\
         {{\"mediaType\":\"x\",\"digest\":\"{digest}\"}}]}}",
        INDEXES[1]
    );
    let found = Manifest::parse(index.as_bytes(), None).expect("a good index");
    let arm =
        PlatformManifest { sha256: SHA.to_owned(), architecture: "arm64".to_owned(), os: "linux".to_owned() };
    assert_eq!(found, Manifest::Index(vec![arm]));
}

#[test]
fn wrong_manifests_are_refused() {
    let media = format!(",\"mediaType\":\"{}\"", IMAGES[0]);
    let digest = format!("sha256:{SHA}");
    for (text, part) in [
        (String::new(), "EOF"),
        ("<html>".to_owned(), "expected value"),
        ("{\"schemaVersion\":1}".to_owned(), "version is 1"),
        (image("", LAYERS[0], &digest), "it is ''"),
        (image(&media, "application/x", &digest), "a layer is 'application/x'"),
        (image(&media, LAYERS[0], "sha256:12"), "'sha256:12'"),
        (image(&media, LAYERS[0], &format!("sha512:{SHA}")), "sha512"),
    ] {
        let error = Manifest::parse(text.as_bytes(), None).expect_err(&text);
        assert_eq!(error.reason(), "index-answer");
        assert!(error.to_string().contains(part), "{error}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), digest in "\\PC{0,80}", layer in "\\PC{0,80}") {
        let _ = Manifest::parse(&bytes, Some(IMAGES[0]));
        let _ = Manifest::parse(image("", &layer, &digest).as_bytes(), Some(IMAGES[0]));
    }
}
