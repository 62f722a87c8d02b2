use super::*;

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("short").to_be_bytes();
    [&[0, length[0], length[1], kind, flags, 0, 0, 0, 1][..], payload].concat()
}

/// Rewrites a connection with these frames, split into pieces of several sizes.
fn check(before: &[Vec<u8>], after: &[Vec<u8>]) {
    let whole = |frames: &[Vec<u8>]| [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frames.concat()].concat();
    for size in [1, 2, 7, 1000] {
        let (mut bytes, mut rewriter) = (whole(before), AuthorityRewriter::new());
        bytes.chunks_mut(size).for_each(|part| rewriter.rewrite(part));
        assert_eq!(bytes, whole(after), "in pieces of {size}");
    }
}

#[test]
fn only_the_authority_is_rewritten() {
    let block = |authority: &str| {
        let long = [b"x".repeat(100), b"%".repeat(100)].concat();
        [
            &[0x83, 0x3f, 0xe1, 0x1f, 0x44, 3][..],
            b"/%2",
            &[0x00, 1, b'%', 2, b'%', b'%'],
            &[0x7f, 0x05, 0x7f, 73],
            &long,
            &[0x41, authority.len() as u8],
            authority.as_bytes(),
            &[0x40, 10],
            b":authority",
            &[authority.len() as u8],
            authority.as_bytes(),
            &[0x40, 10],
            b":authoritz\x01%",
            &[0xbe, 0x01, 1, b'a'],
        ]
        .concat()
    };
    let (bad, good) = (block("%2Fa%2Fb"), block("-2Fa-2Fb"));
    let padded = |block: &[u8]| [&[3, 1, 2, 3, 4, 5][..], &block[..60], b"%%%"].concat();
    check(
        &[frame(0, 0, b"\x41\x01%"), frame(HEADERS, 4, &bad), frame(HEADERS, 4, &bad)],
        &[frame(0, 0, b"\x41\x01%"), frame(HEADERS, 4, &good), frame(HEADERS, 4, &good)],
    );
    check(
        &[frame(HEADERS, PADDED | PRIORITY, &padded(&bad)), frame(CONTINUATION, 4, &bad[60..])],
        &[frame(HEADERS, PADDED | PRIORITY, &padded(&good)), frame(CONTINUATION, 4, &good[60..])],
    );
}
