//! The overlay policy `overlay-include-scan`: as the built-in one. In addition it proposes changes of inputs when the
//! `#include` lines of a file change.

mod includes;

use std::collections::BTreeSet;

use spec_guest_sdk::overlay::{
    ChangedFile, Choice, InputStanding, OverlayPolicy, Renaming, SetEdit, first_known,
};
use spec_guest_sdk::{Settings, SettingsError, export_overlay_policy};

struct IncludeScan;

impl OverlayPolicy for IncludeScan {
    const SCANS: bool = true;

    fn configure(_: &mut Settings) -> Result<Self, SettingsError> {
        Ok(Self)
    }

    fn choose(&mut self, input: &InputStanding) -> Choice {
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
    for from in old {
        let replacement = new.iter().position(|to| one_of_each || file_name(to) == file_name(&from));
        edits.push(match replacement {
            Some(index) => SetEdit::Rename(Renaming { from, to: new.remove(index) }),
            None => SetEdit::Remove(from),
        });
    }
    edits.extend(new.into_iter().map(SetEdit::Add));
    edits
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

export_overlay_policy!(IncludeScan);

#[cfg(test)]
mod tests;
