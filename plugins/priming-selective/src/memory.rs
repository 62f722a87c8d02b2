//! The statistics of programs, which are kept from one session to the next.

use std::collections::BTreeMap;

/// The number of programs that are remembered: those with most observations.
const MAX_PROGRAMS: usize = 4096;
/// The number of a program's observations after which older ones count half.
const MAX_OBSERVATIONS: u16 = 200;
/// Bytes of an entry: the program, hits, misses.
const ENTRY_BYTES: usize = 8;

/// The statistics of programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Sessions so far.
    pub(crate) sessions: u32,
    /// By program.
    pub(crate) rates: BTreeMap<u32, Rate>,
}

/// How often the build requested the actions of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    hits: u16,
    misses: u16,
}

impl Rate {
    /// Counts an action that the build requested, or did not.
    pub(crate) fn count(&mut self, hit: bool) {
        if self.hits + self.misses >= MAX_OBSERVATIONS {
            (self.hits, self.misses) = (self.hits / 2, self.misses / 2);
        }
        match hit {
            true => self.hits += 1,
            false => self.misses += 1,
        }
    }

    /// How many were asked for, in percent. That of a program without observations is 100.
    pub(crate) fn percent(self) -> u64 {
        let (hits, misses) = (u64::from(self.hits), u64::from(self.misses));
        (100 * (hits + 1)) / (hits + misses + 1)
    }
}

impl Memory {
    /// Reads what [`write`](Self::write) wrote; any other bytes give an empty memory.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let Some((sessions, rest)) = bytes.split_first_chunk::<4>() else { return Self::default() };
        let (entries, []) = rest.as_chunks::<ENTRY_BYTES>() else { return Self::default() };
        let entry = |[p0, p1, p2, p3, h0, h1, m0, m1]: &[u8; ENTRY_BYTES]| {
            let number = |low: &u8, high: &u8| u16::from_le_bytes([*low, *high]).min(MAX_OBSERVATIONS);
            (u32::from_le_bytes([*p0, *p1, *p2, *p3]), Rate { hits: number(h0, h1), misses: number(m0, m1) })
        };
        Self { sessions: u32::from_le_bytes(*sessions), rates: entries.iter().map(entry).collect() }
    }

    /// All of it as bytes, less than 64 KiB.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut rates: Vec<_> = self.rates.iter().collect();
        rates.sort_by_key(|(_, rate)| std::cmp::Reverse(rate.hits + rate.misses));
        let mut bytes = self.sessions.to_le_bytes().to_vec();
        for (program, rate) in rates.into_iter().take(MAX_PROGRAMS) {
            bytes.extend(program.to_le_bytes());
            bytes.extend(rate.hits.to_le_bytes());
            bytes.extend(rate.misses.to_le_bytes());
        }
        bytes
    }
}
