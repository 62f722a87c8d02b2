//! Logins of registries, from the file in which container tools keep them.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;

/// Bytes of such a file.
const LARGEST: u64 = 1 << 20;

#[derive(Deserialize)]
struct LoginFile {
    #[serde(default)]
    auths: BTreeMap<String, Login>,
}

#[derive(Deserialize)]
struct Login {
    /// `USER:PASSWORD` in base64.
    auth: Option<String>,
}

/// The login at a registry. Without an entry, or when the file cannot be read, it is asked without one.
pub(crate) fn login(file: &Path, registry: &str) -> RegistryAuth {
    let Ok(text) = spec_files::read_text(file, LARGEST) else { return RegistryAuth::Anonymous };
    let parsed: Option<LoginFile> = serde_yaml::from_str(&text).ok();
    let auth = parsed.and_then(|file| file.auths.get(registry)?.auth.clone());
    let decoded = auth.and_then(|auth| String::from_utf8(BASE64_STANDARD.decode(auth).ok()?).ok());
    match decoded.as_deref().and_then(|login| login.split_once(':')) {
        Some((user, password)) => RegistryAuth::Basic(user.to_owned(), password.to_owned()),
        None => RegistryAuth::Anonymous,
    }
}
