//! Checks certificates and keys before anything is connected, so that what is wrong with them can be told by file.

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// Checks that a text holds certificates that can vouch for a server, in PEM form.
///
/// # Errors
/// What is wrong, and what was expected.
pub fn check_authorities(pem: &str) -> Result<(), String> {
    let mut store = RootCertStore::empty();
    let added = certificates(pem)?.into_iter().try_for_each(|certificate| store.add(certificate));
    added.map_err(|error| format!("a certificate in it is malformed: {error}"))
}

/// Checks that a text holds certificates in PEM form.
///
/// # Errors
/// What is wrong, and what was expected.
pub fn check_certificates(pem: &str) -> Result<(), String> {
    certificates(pem).map(drop)
}

/// Checks that a text holds a private key in PEM form.
///
/// # Errors
/// What is wrong, and what was expected. The text itself is never in it.
pub fn check_key(pem: &str) -> Result<(), String> {
    key(pem).map(drop)
}

/// Checks that a private key can be used, and is that of the certificate; both in PEM form.
///
/// # Errors
/// What is wrong.
pub fn check_identity(certificate: &str, private_key: &str) -> Result<(), String> {
    let pair =
        CertifiedKey::from_der(certificates(certificate)?, key(private_key)?, &ring::default_provider());
    pair.map(drop).map_err(|error| format!("it does not fit the certificate: {error}"))
}

pub(crate) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let all = all.map_err(|error| format!("it is not in PEM form: {error}"))?;
    if all.is_empty() {
        return Err("there is no certificate in it; expected '-----BEGIN CERTIFICATE-----'".to_owned());
    }
    Ok(all)
}

pub(crate) fn key(pem: &str) -> Result<PrivateKeyDer<'static>, String> {
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    key.map_err(|_| "there is no private key in it; expected '-----BEGIN PRIVATE KEY-----'".to_owned())
}

#[cfg(test)]
mod tests;
