use super::*;

fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn good_ones_pass() {
    let (certificate, key) = pair();
    assert_eq!(check_authorities(&certificate), Ok(()));
    assert_eq!(check_certificates(&certificate), Ok(()));
    assert_eq!(check_key(&key), Ok(()));
    assert_eq!(check_identity(&certificate, &key), Ok(()));
}

#[test]
fn wrong_ones_are_told_apart() {
    let ((certificate, key), (_, other)) = (pair(), pair());
    let cut = format!("{}\n", &certificate[..certificate.len() / 2]);
    for (found, expect) in [
        (check_authorities(""), "expected '-----BEGIN CERTIFICATE-----'"),
        (check_certificates("rubbish"), "there is no certificate in it"),
        (check_certificates(&key), "there is no certificate in it"),
        (check_certificates(&cut), "not in PEM form"),
        (check_authorities(&certificate.replacen('M', "A", 1)), "malformed"),
        (check_key(&certificate), "there is no private key in it"),
        (check_identity(&certificate, &other), "does not fit the certificate"),
    ] {
        let why = found.expect_err(expect);
        assert!(why.contains(expect), "{why}");
        assert!(!key.lines().any(|line| line.len() > 40 && why.contains(line)), "a key is told: {why}");
    }
}
