//! Reads the host's script. Host and init are compiled from the same source, so a script that cannot be parsed is a
//! bug: the init panics.

use crate::sys::{self, Ret};
use core::ffi::CStr;

/// The part of the script that is not yet read.
#[derive(Clone, Copy)]
pub struct ScriptReader(&'static [u8]);

impl ScriptReader {
    pub fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    pub fn word(&mut self) -> u64 {
        let (word, rest) = self.0.split_first_chunk::<8>().expect("the host wrote the number");
        self.0 = rest;
        u64::from_le_bytes(*word)
    }

    /// Whether the next number is `word`; if so it is read.
    pub fn word_is(&mut self, word: u64) -> bool {
        let mut ahead = *self;
        let same = ahead.word() == word;
        if same {
            *self = ahead;
        }
        same
    }

    pub fn size(&mut self) -> usize {
        self.word() as usize
    }

    pub fn text(&mut self) -> &'static CStr {
        let len = self.size();
        let (text, rest) = self.0.split_at(len + 1);
        self.0 = rest;
        CStr::from_bytes_with_nul(text).expect("the host ended the text")
    }

    /// A list of texts as the kernel takes it: pointers and a null.
    pub fn texts(&mut self) -> Ret<&'static mut [u64]> {
        let count = self.size();
        let pointers = sys::memory(count + 1)?;
        for pointer in &mut pointers[..count] {
            *pointer = self.text().as_ptr() as u64;
        }
        Ok(pointers)
    }
}
