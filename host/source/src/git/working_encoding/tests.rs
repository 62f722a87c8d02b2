use super::*;

#[test]
fn names_are_known() {
    for name in ["UTF-8", "utf8", ""] {
        assert_eq!(WorkingEncoding::named(name), Some(None), "{name}");
    }
    for name in
        ["UTF-16", "utf16le-bom", "UTF32LE", "latin1", "CP1252", "windows-1251", "EUC-JP", "koi8-r", "GBK"]
    {
        assert!(matches!(WorkingEncoding::named(name), Some(Some(_))), "{name}");
    }
    // Browsers take the first five for other encodings.
    for name in ["us-ascii", "tis-620", "iso-8859-9", "gb2312", "dos-874", "nope", "\u{e4}", "utf-7"] {
        assert_eq!(WorkingEncoding::named(name), None, "{name}");
    }
}

#[test]
fn what_an_encoding_lacks_is_not_encoded() {
    let encode = |name: &str, text: &str| {
        let encoding = WorkingEncoding::named(name).flatten().expect("it is one");
        encoding.encode(text.as_bytes())
    };
    assert_eq!(encode("latin1", "\u{e4}"), Some(vec![0xe4]));
    assert_eq!(encode("latin1", "\u{20ac}"), None);
    assert_eq!(encode("cp1252", "\u{20ac}"), Some(vec![0x80]));
    assert_eq!(encode("koi8-r", "\u{e4}"), None);
    assert_eq!(encode("UTF-16BE", "a\u{1f600}"), Some(vec![0, b'a', 0xd8, 0x3d, 0xde, 0x00]));
    assert_eq!(encode("UTF-32", "a"), Some(vec![0xff, 0xfe, 0, 0, b'a', 0, 0, 0]));
}
