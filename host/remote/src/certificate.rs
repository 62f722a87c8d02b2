//! Tells connections that fail because of certificates from all others.

use std::error::Error;
use std::io;

/// What TLS says when the other side does not accept a certificate, as rustls names it.
const ALERTS: [&str; 9] = [
    "NoCertificate",
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "CertificateRequired",
    "UnknownCA",
    "AccessDenied",
];

/// Why one of both ends does not accept the other's certificate, if a connection failed because of that.
pub(crate) fn refused_certificate(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let is_ours = matches!(
            error.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        );
        // An alert comes after the handshake, when HTTP/2 reads: it keeps the text alone.
        if is_ours || is_alert(&error.to_string()) {
            return Some(error.to_string());
        }
        // The cause of such an error is that of the error in it.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn is_alert(text: &str) -> bool {
    let alert = text.rsplit_once("received fatal alert: ");
    alert.is_some_and(|(_, name)| ALERTS.contains(&name))
}
