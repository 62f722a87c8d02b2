use super::map;

#[test]
fn every_message_is_replaced_and_the_rest_stays() {
    let shout = |message: &[u8]| [message, b"!"].concat();
    assert_eq!(map(b"\0\0\0\0\x02hi\0\0\0\0\0", shout), b"\0\0\0\0\x03hi!\0\0\0\0\x01!");
    assert_eq!(map(b"\0\0\0\0\x09hi", shout), b"\0\0\0\0\x09hi", "a message that is not whole");
    assert_eq!(map(b"\x01\0\0\0\x02hi", shout), b"\x01\0\0\0\x02hi", "a compressed one");
}
