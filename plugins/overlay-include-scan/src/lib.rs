//! The overlay policy `overlay-include-scan`: as the built-in one. In addition it proposes changes of inputs when the
//! `#include` lines of a file change.

mod includes;

use std::collections::BTreeSet;

use spec_guest_sdk::export;
use spec_guest_sdk::overlay::{
    ChangedFile, Choice, Description, InputAlternatives, OverlayPolicy, Renaming, SetEdit, Wants, first_known,
};
use spec_guest_sdk::settings::{Refusal, Settings};

struct IncludeScan;

impl OverlayPolicy for IncludeScan {
    fn describe() -> Description {
        let summary = "Proposes inputs to add, remove or rename when the #include lines of a file change.";
        Description::new("overlay-include-scan", env!("CARGO_PKG_VERSION"), summary)
    }

    fn open(_: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn wants(&self) -> Wants {
        Wants::PROPOSE
    }

    fn choose(&mut self, input: &InputAlternatives) -> Choice {
        first_known(input)
    }

    fn propose(&mut self, file: &ChangedFile) -> Vec<SetEdit> {
        edits(&includes::includes(&file.before), &includes::includes(&file.after))
    }
}

/// The edits for the names that only one of both texts has. If each has one, the new name replaces the old one; so does a
/// file of the same name in another folder.
fn edits(before: &[&str], after: &[&str]) -> Vec<SetEdit> {
    let only = |these: &[&str], those: &[&str]| -> Vec<String> {
        let those: BTreeSet<&str> = those.iter().copied().collect();
        these.iter().filter(|name| !those.contains(*name)).map(|name| (*name).to_owned()).collect()
    };
    let (old, mut new) = (only(before, after), only(after, before));
    let one_of_each = old.len() == 1 && new.len() == 1;
    let mut edits = Vec::new();
    for removed in old {
        let replacement = new.iter().position(|added| one_of_each || file_name(added) == file_name(&removed));
        edits.push(match replacement {
            Some(index) => SetEdit::Rename(Renaming { removed, added: new.remove(index) }),
            None => SetEdit::Remove(removed),
        });
    }
    edits.extend(new.into_iter().map(SetEdit::Add));
    edits
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

export!(IncludeScan as OverlayPolicy);

#[cfg(test)]
mod tests;
