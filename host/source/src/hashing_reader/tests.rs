use spec_model::Cancel;

use super::*;

fn reader(bytes: &[u8], cancel: &Cancel) -> HashingReader {
    HashingReader::new(io::Cursor::new(bytes.to_vec()), None, &FetchMonitor::silent(cancel.clone()))
}

#[test]
fn the_digest_is_of_all_bytes_however_many_were_taken() -> io::Result<()> {
    let bytes: Vec<u8> = (0..CHUNK * 3 + 7).map(|i| (i % 251) as u8).collect();
    for take in [0, 1, CHUNK, CHUNK * 2 + 1, bytes.len()] {
        let mut reader = reader(&bytes, &Cancel::new());
        let mut taken = vec![0; take];
        reader.read_exact(&mut taken)?;
        assert_eq!(taken, bytes[..take]);
        assert_eq!(reader.taken().load(Ordering::Relaxed), take as u64);
        assert_eq!(reader.finish()?, Digest::of(&bytes));
    }
    Ok(())
}

#[test]
fn cancelling_ends_it() {
    let cancel = Cancel::new();
    cancel.cancel();
    let error = reader(b"abc", &cancel).finish().expect_err("it was cancelled");
    assert_eq!(error.kind(), io::ErrorKind::Interrupted);
}
