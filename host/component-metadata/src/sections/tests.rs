use super::*;

/// A component with a custom section `name`, around a module that has one, too.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0\0\x06\x04namex\x01\x10\0asm\x01\0\0\0\0\x06\x04namey";

#[test]
fn a_section_is_added_found_and_replaced() {
    assert_eq!(custom_section(COMPONENT, "mine").expect("it is whole"), None);
    assert_eq!(custom_section(COMPONENT, "name").expect("it is whole"), Some(&b"x"[..]));
    let long = vec![b'a'; 300];
    let once = with_custom_section(COMPONENT, "mine", &long).expect("it is whole");
    assert!(once.starts_with(COMPONENT));
    assert_eq!(custom_section(&once, "mine").expect("it is whole"), Some(&long[..]));
    let twice = with_custom_section(&once, "mine", b"b").expect("it is whole");
    assert_eq!(twice.len(), COMPONENT.len() + 2 + 5 + 1);
    assert_eq!(custom_section(&twice, "mine").expect("it is whole"), Some(&b"b"[..]));
}

#[test]
fn only_outermost_sections_go() {
    let without = without_custom_sections(COMPONENT, |name| name == "name").expect("it is whole");
    assert_eq!(without, [&COMPONENT[..8], &COMPONENT[16..]].concat());
    assert_eq!(without_custom_sections(COMPONENT, |_| false).expect("it is whole"), COMPONENT);
}

#[test]
fn damaged_binaries_are_refused() {
    for length in 0..COMPONENT.len() {
        let cut = &COMPONENT[..length];
        if let Ok(bytes) = without_custom_sections(cut, |_| false) {
            assert_eq!(bytes, cut);
        }
    }
    assert!(custom_section(b"\0asm\x0d\0\x01\0\0\xff\xff\xff\xff\xff", "x").is_err());
}
