//! Outputs of primed actions that a build is going to read: they are brought from a cluster while it prepares, so that each of its
//! requests does not wait for a round trip.

use std::collections::{HashMap, HashSet};

use spec_cas::Cas;
use spec_model::Digest;
use spec_speculation::Content;
use spec_speculation::priming::{ExecutionEnd, ExecutionOutcome};

/// Bytes of the largest output that is brought before it is read: what is larger takes longer than a round trip anyway.
const LARGEST: u64 = 1 << 20;

/// The outputs of primed actions, by element.
pub(super) struct PrimedOutputs {
    /// Whether builds request their actions here.
    is_read_here: bool,
    /// Of elements whose builds have not begun.
    waiting: HashMap<usize, Vec<Digest>>,
    /// The elements that are being built.
    building: HashSet<usize>,
}

impl PrimedOutputs {
    /// Outputs of primed actions, which are brought only if builds request their actions here.
    pub(super) fn new(is_read_here: bool) -> Self {
        Self { is_read_here, waiting: HashMap::new(), building: HashSet::new() }
    }

    /// A primed action has ended.
    pub(super) fn made(&mut self, cas: &Cas, element: usize, end: &ExecutionEnd) {
        let ExecutionOutcome::Succeeded(files) = &end.outcome else { return };
        if !self.is_read_here {
            return;
        }
        let files = files.iter().filter_map(|(_, content)| match content {
            Content::File { digest, .. } if digest.size() <= LARGEST => Some(*digest),
            _ => None,
        });
        if self.building.contains(&element) {
            cas.expect(&files.collect::<Vec<_>>());
        } else {
            self.waiting.entry(element).or_default().extend(files);
        }
    }

    /// An element is going to be built now.
    pub(super) fn build_begins(&mut self, cas: &Cas, element: usize) {
        self.building.insert(element);
        cas.expect(&self.waiting.remove(&element).unwrap_or_default());
    }

    /// The build of an element has ended.
    pub(super) fn build_ended(&mut self, element: usize) {
        self.building.remove(&element);
        self.waiting.remove(&element);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use spec_cas::{BlobSource, CasError};

    use super::*;

    #[derive(Debug, Default)]
    struct Expected(Mutex<Vec<Digest>>);

    impl BlobSource for Expected {
        fn has(&self, _: &Digest) -> bool {
            true
        }
        fn bring(&self, _: &[Digest]) -> Result<(), CasError> {
            Ok(())
        }
        fn expect(&self, digests: &[Digest]) {
            self.0.lock().expect("no panic").extend(digests);
        }
    }

    fn made(name: &str, size: u64) -> (Digest, ExecutionEnd) {
        let digest = Digest::new(*Digest::of(name.as_bytes()).hash(), size);
        let file = Content::File { digest, executable: false };
        let outcome = ExecutionOutcome::Succeeded(vec![(name.to_owned(), file)]);
        (digest, ExecutionEnd { outcome, took_ms: 1, cpu_ms: 1, bytes: size })
    }

    #[test]
    fn outputs_are_expected_from_the_beginning_of_a_build_to_its_end() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let expected = Arc::new(Expected::default());
        let cas =
            Cas::open(folder.path()).expect("a store").with_blob_source(Arc::<Expected>::clone(&expected));
        let take = || std::mem::take(&mut *expected.0.lock().expect("no panic"));
        let mut elsewhere = PrimedOutputs::new(false);
        elsewhere.made(&cas, 1, &made("1", 1).1);
        elsewhere.build_begins(&cas, 1);
        assert_eq!(take(), [], "nobody reads them here");
        let mut outputs = PrimedOutputs::new(true);
        let [(first, of_first), (other, of_other), (second, of_second), (_, of_large), (_, of_late)] =
            [("1", 1), ("other", 1), ("2", 2), ("large", LARGEST + 1), ("late", 1)]
                .map(|(name, size)| made(name, size));
        outputs.made(&cas, 1, &of_first);
        outputs.made(&cas, 2, &of_other);
        assert_eq!(take(), [], "nothing is built yet");
        outputs.build_begins(&cas, 1);
        assert_eq!(take(), [first]);
        outputs.made(&cas, 1, &of_second);
        outputs.made(&cas, 1, &of_large);
        assert_eq!(take(), [second], "the large one is not worth it");
        outputs.build_ended(1);
        outputs.made(&cas, 1, &of_late);
        outputs.build_begins(&cas, 2);
        assert_eq!(take(), [other]);
    }
}
