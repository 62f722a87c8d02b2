//! The messages that a record needs in one blob, so that a machine which has none of them fetches them with one request
//! instead of one for each level of directories.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use spec_action::NeededMessages;
use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::buildstream::v2::speculative_actions::RecordedMessages;

use crate::record::Record;

/// Bytes of the messages of one blob. What is more is left out, and fetched by itself.
const MAX_BYTES: u64 = 64 << 20;
/// Bytes of the largest compressed blob that is read.
const MAX_PACKED: u64 = 32 << 20;
/// Bytes of the messages of all blobs that are unpacked together.
const MAX_UNPACKED: u64 = 256 << 20;
/// zstd's level: half of the messages are digests, which no level makes smaller.
const LEVEL: i32 = 3;

/// Stores the messages that a record needs as one blob. `None` when none of them is here.
///
/// # Errors
/// When the store fails.
pub(crate) fn store_messages(cas: &Cas, record: &Record) -> Result<Option<Digest>, CasError> {
    let (mut packed, mut bytes) = (RecordedMessages::default(), 0);
    let mut needed = NeededMessages::of(cas, bases([record]));
    loop {
        let level = needed.level();
        if level.is_empty() {
            break;
        }
        for digest in &level {
            if bytes + digest.size() <= MAX_BYTES
                && let Ok(message) = cas.get(digest)
            {
                bytes += digest.size();
                packed.messages.push(message);
            }
        }
        needed.descend();
    }
    if packed.messages.is_empty() {
        return Ok(None);
    }
    // Without the blob the messages are fetched by themselves.
    let Ok(compressed) = zstd::bulk::compress(&packed.encode_to_vec(), LEVEL) else { return Ok(None) };
    cas.put_bytes(&compressed).map(Some)
}

/// Has the store have the messages that these records need, as far as `fetch` finds them: it gets digests, and is to store
/// the blobs that the store lacks. First it is asked for the blobs in which records have all their messages, and then,
/// level by level, for what is not among these. Returns the files that the messages name.
///
/// # Errors
/// When the store or `fetch` fails.
pub fn fetch_messages<'r, E: From<CasError>>(
    cas: &Cas,
    records: impl IntoIterator<Item = &'r Record> + Clone,
    mut fetch: impl FnMut(&[Digest]) -> Result<(), E>,
) -> Result<HashSet<Digest>, E> {
    let mut needed = NeededMessages::of(cas, bases(records.clone()));
    let mut packed = PackedMessages::default();
    if !cas.missing(&needed.level())?.is_empty() {
        let blobs: Vec<Digest> = records.into_iter().filter_map(|record| record.messages).collect();
        fetch(&blobs)?;
        packed = PackedMessages::of(cas, &blobs);
    }
    loop {
        let level = needed.level();
        if level.is_empty() {
            return Ok(needed.into_files());
        }
        let messages = packed.take(&level);
        cas.put_many(&messages.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        fetch(&level)?;
        needed.descend();
    }
}

/// The recorded actions.
fn bases<'r>(records: impl IntoIterator<Item = &'r Record>) -> impl Iterator<Item = Digest> {
    records.into_iter().flat_map(|record| &record.actions).map(|action| action.base)
}

/// The messages of blobs that came from elsewhere, by their digests.
#[derive(Debug, Default)]
struct PackedMessages(HashMap<Digest, Vec<u8>>);

impl PackedMessages {
    /// The messages of those of `blobs` that are in the store, and that are what they should be.
    fn of<'a>(cas: &Cas, blobs: impl IntoIterator<Item = &'a Digest>) -> Self {
        let (mut all, mut left) = (HashMap::new(), MAX_UNPACKED);
        for blob in blobs.into_iter().filter(|blob| blob.size() <= MAX_PACKED) {
            let Ok(compressed) = cas.get(blob) else { continue };
            for message in unpack(&compressed, left.min(2 * MAX_BYTES)).unwrap_or_default() {
                left = left.saturating_sub(message.len() as u64);
                all.insert(cas.digest(&message), message);
            }
        }
        Self(all)
    }

    /// Takes out those of these messages that it has.
    fn take(&mut self, digests: &[Digest]) -> Vec<Vec<u8>> {
        digests.iter().filter_map(|digest| self.0.remove(digest)).collect()
    }
}

/// The messages of a blob, unless they are more than `limit` bytes.
fn unpack(compressed: &[u8], limit: u64) -> Option<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(compressed).ok()?;
    // What is cut off cannot be decoded.
    decoder.take(limit).read_to_end(&mut bytes).ok()?;
    RecordedMessages::decode(&*bytes).ok().map(|packed| packed.messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expanded_record::ExpandedRecord;
    use crate::record_store::RecordFormat;
    use crate::testing::{RecordDraft, Store};

    #[test]
    fn a_machine_without_messages_has_all_from_one_blob() {
        let (here, there) = (Store::new(), Store::new());
        let mut draft = RecordDraft::of(&there, "app.bst");
        for number in 0..3 {
            let own = format!("src/{number}.c=text {number}");
            draft.action(&format!("cc {number}.c"), &["usr/include/lib/lib.h=h", &own], &[]);
        }
        let stored = draft.record.store_packed(&there.cas, RecordFormat::Compact).expect("the store works");
        let record = Record::load(&there.cas, &stored, "app.bst").expect("it is a record");
        let mut asked = Vec::new();
        let fetch = |digests: &[Digest]| {
            let missing = here.cas.missing(digests)?;
            missing.iter().try_for_each(|digest| here.cas.put_bytes(&there.cas.get(digest)?).map(drop))?;
            asked.extend(missing);
            Ok::<_, CasError>(())
        };
        let files = fetch_messages(&here.cas, [&record], fetch).expect("the stores work");
        assert_eq!(asked, record.messages.into_iter().collect::<Vec<_>>(), "all else is in this blob");
        assert_eq!(files.len(), 4);
        assert_eq!(ExpandedRecord::of(&here.cas, record).expect("all is here").actions.len(), 3);
    }

    #[test]
    fn what_is_not_in_the_blob_is_fetched_by_itself() {
        let (here, there) = (Store::new(), Store::new());
        let mut draft = RecordDraft::of(&there, "app.bst");
        draft.action("cc x.c", &["src/x.c=x"], &[]);
        let other = there.cas.put_bytes(b"no messages").expect("the store works");
        for messages in [None, Some(other)] {
            let record = Record { messages, ..draft.record.clone() };
            let fetch = |digests: &[Digest]| {
                let blobs =
                    digests.iter().map(|digest| there.cas.get(digest)).collect::<Result<Vec<_>, _>>()?;
                blobs.iter().try_for_each(|bytes| here.cas.put_bytes(bytes).map(drop))
            };
            assert_eq!(fetch_messages(&here.cas, [&record], fetch).expect("the stores work").len(), 1);
        }
    }

    #[test]
    fn a_blob_of_something_else_has_no_messages() {
        let store = Store::new();
        let wrong = [b"no zstd".to_vec(), zstd::bulk::compress(b"\x08\x96", LEVEL).expect("it compresses")];
        for bytes in wrong {
            let blob = store.cas.put_bytes(&bytes).expect("the store works");
            assert!(PackedMessages::of(&store.cas, [&blob]).0.is_empty());
        }
        let absent = Digest::of(b"absent");
        assert!(PackedMessages::of(&store.cas, [&absent]).0.is_empty());
    }

    #[test]
    fn no_blob_is_made_of_nothing() {
        let store = Store::new();
        assert_eq!(store_messages(&store.cas, &Record::of("app.bst")).expect("the store works"), None);
    }
}
