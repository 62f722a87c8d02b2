//! The encodings that files of a working tree may have.

use encoding_rs::Encoding;

/// An encoding of a working tree, where repositories have UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum WorkingEncoding {
    /// Units of two or four bytes, perhaps with a mark of their order before them.
    Units { bytes: UnitBytes, order: ByteOrder, mark: bool },
    /// ISO 8859-1, whose characters are the first ones of Unicode.
    Latin1,
    /// One that browsers know, too.
    Web(&'static Encoding),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum UnitBytes {
    Two,
    Four,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl WorkingEncoding {
    /// The encoding of a name: `Some(None)` for UTF-8 and for none, `None` for an unknown one.
    pub(super) fn named(name: &str) -> Option<Option<Self>> {
        use ByteOrder::{Big, Little};
        use UnitBytes::{Four, Two};
        let plain = plain(name);
        let units = |bytes, order, mark| Some(Self::Units { bytes, order, mark });
        Some(match plain.as_str() {
            "" | "UTF8" => None,
            "UTF16" | "UTF16LEBOM" => units(Two, Little, true),
            "UTF16BEBOM" => units(Two, Big, true),
            "UTF16LE" => units(Two, Little, false),
            "UTF16BE" => units(Two, Big, false),
            "UTF32" => units(Four, Little, true),
            "UTF32LE" => units(Four, Little, false),
            "UTF32BE" => units(Four, Big, false),
            "ISO88591" | "LATIN1" => Some(Self::Latin1),
            _ => Some(Self::Web(web(name, &plain)?)),
        })
    }

    /// Text in this encoding; `None` if it is no UTF-8, or has characters that the encoding lacks.
    pub(super) fn encode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(bytes).ok()?;
        match self {
            Self::Units { bytes, order, mark } => Some(units(text, bytes, order, mark)),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::Web(encoding) => {
                let (encoded, _, lacks) = encoding.encode(text);
                (!lacks).then(|| encoded.into_owned())
            }
        }
    }
}

/// A name without what is written in different ways.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_uppercase()).collect()
}

/// The encoding with this name. Browsers take some names for others that have more characters, which git does not.
fn web(name: &str, plain_name: &str) -> Option<&'static Encoding> {
    let found = Encoding::for_label(name.as_bytes())?;
    let own = plain(found.name());
    let page = own.strip_prefix("WINDOWS").filter(|page| plain_name.strip_prefix("CP") == Some(page));
    let same = own == plain_name || page.is_some();
    let is_encoder = found.output_encoding() == found;
    (same && is_encoder).then_some(found)
}

fn units(text: &str, bytes: UnitBytes, order: ByteOrder, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let chars = mark.chars().chain(text.chars());
    let mut encoded = Vec::with_capacity(text.len() * 2);
    let mut buffer = [0; 2];
    for character in chars {
        match bytes {
            UnitBytes::Two => {
                for unit in character.encode_utf16(&mut buffer) {
                    encoded.extend(match order {
                        ByteOrder::Little => unit.to_le_bytes(),
                        ByteOrder::Big => unit.to_be_bytes(),
                    });
                }
            }
            UnitBytes::Four => encoded.extend(match order {
                ByteOrder::Little => u32::from(character).to_le_bytes(),
                ByteOrder::Big => u32::from(character).to_be_bytes(),
            }),
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
