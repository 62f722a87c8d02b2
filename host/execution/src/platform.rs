//! The platform of this machine, in the words of REAPI's platform lexicon.

/// The property `OSFamily`.
pub(crate) const OS_FAMILY: &str = "linux";

/// The property `ISA`.
pub(crate) fn isa() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "x86" => "x86-32",
        "powerpc64" => "power-isa-be",
        other => other,
    }
}
