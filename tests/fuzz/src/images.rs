//! Images of containers: their layers, manifests, and what registries want for a login.

use spec_cas::MergeInput;
use spec_source::ArchiveLimits;
use spec_source::fuzzing::{challenge, import_layers, layers};

use crate::archive::{check_tree, entries};
use crate::scratch;

const LIMITS: ArchiveLimits =
    ArchiveLimits { entries: 2000, unpacked: 8 << 20, ratio: 100, ratio_floor: 1 << 20 };

/// The first byte says what the rest is: descriptions of layers, each after its length, a manifest, or a header.
pub fn run(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 4 {
        0 | 1 => stack(rest, *kind < 128),
        2 => {
            for sha256 in layers(rest).unwrap_or_default() {
                assert!(sha256.len() == 64 && sha256.bytes().all(|c| c.is_ascii_hexdigit()), "{sha256:?}");
            }
        }
        _ => drop(std::str::from_utf8(rest).map(challenge)),
    }
}

fn stack(data: &[u8], described: bool) {
    let (mut tars, mut rest) = (Vec::new(), data);
    while let [low, high, after @ ..] = rest
        && tars.len() < 5
    {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
        let tar = &after[..length];
        tars.push(if described { entries(tar).unwrap_or_default() } else { tar.to_vec() });
        rest = &after[length..];
    }
    let cas = scratch::store();
    match import_layers(tars, &cas, LIMITS) {
        Err(error) => assert!(!error.reason().is_empty() && !error.to_string().is_empty()),
        Ok(trees) => {
            check_tree(&cas, &trees, LIMITS.entries);
            let inputs: Vec<MergeInput<'_>> = trees.into_iter().map(MergeInput::whole).collect();
            if let Ok(merged) = cas.merge(&inputs) {
                check_tree(&cas, &[merged.root], 5 * LIMITS.entries);
            }
        }
    }
}

/// A stack of two layers, a manifest, an index and headers.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let layer = crate::archive::seeds().into_iter().find(|seed| seed[0] == 0x10).unwrap_or_default();
    let length = (layer.len() as u16 - 1).to_le_bytes();
    let stack = [&[128], &length[..], &layer[1..], &length, &layer[1..]].concat();
    let sha = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";
    let image = format!(
        "\u{2}{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
         \"layers\":[{{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:{sha}\"}}]}}"
    );
    let index = format!(
        "\u{2}{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":\
         [{{\"mediaType\":\"x\",\"digest\":\"sha256:{sha}\",\"platform\":{{\"architecture\":\"amd64\",\"os\":\"linux\"}}}}]}}"
    );
    let header = "\u{3}Bearer realm=\"https://a/t\",service=\"r\",scope=\"repository:x:pull,push\"";
    vec![stack, image.into_bytes(), index.into_bytes(), header.as_bytes().to_vec()]
}
