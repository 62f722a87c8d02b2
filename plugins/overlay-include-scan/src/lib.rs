//! The overlay policy `overlay-include-scan`: as the built-in one. In addition it proposes changes of inputs when the
//! `#include` lines of a file change.

mod includes;

use std::collections::BTreeSet;

use spec_guest_sdk::overlay::{ChangedFile, Choice, InputStanding, Policy, Renaming, SetEdit, first_known};
use spec_guest_sdk::{Refused, Settings, export_overlay_policy};

struct IncludeScan;

impl Policy for IncludeScan {
    const SCANS: bool = true;

    fn configure(_: &mut Settings) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn choose(&mut self, input: &InputStanding) -> Choice {
        first_known(input)
    }

    fn propose(&mut self, file: &ChangedFile) -> Vec<SetEdit> {
        edits(&includes::includes(&file.before), &includes::includes(&file.after))
    }
}

/// The changes between two lists of names. A removed and an added name are a rename if they are the only ones, or if
/// they have the same file name in different folders.
fn edits(before: &[&str], after: &[&str]) -> Vec<SetEdit> {
    let only = |these: &[&str], those: &[&str]| -> Vec<String> {
        let those: BTreeSet<&str> = those.iter().copied().collect();
        these.iter().filter(|name| !those.contains(*name)).map(|name| (*name).to_owned()).collect()
    };
    let (gone, mut come) = (only(before, after), only(after, before));
    let one_of_each = gone.len() == 1 && come.len() == 1;
    let mut edits = Vec::new();
    for from in gone {
        let heir = come.iter().position(|to| one_of_each || file_name(to) == file_name(&from));
        edits.push(match heir {
            Some(heir) => SetEdit::Rename(Renaming { from, to: come.remove(heir) }),
            None => SetEdit::Remove(from),
        });
    }
    edits.extend(come.into_iter().map(SetEdit::Add));
    edits
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

export_overlay_policy!(IncludeScan);

#[cfg(test)]
mod tests {
    use super::*;

    /// Edits as `+name`, `-name`, `from>to`.
    fn shown(before: &[&str], after: &[&str]) -> Vec<String> {
        let show = |edit| match edit {
            SetEdit::Add(name) => format!("+{name}"),
            SetEdit::Remove(name) => format!("-{name}"),
            SetEdit::Rename(Renaming { from, to }) => format!("{from}>{to}"),
        };
        edits(before, after).into_iter().map(show).collect()
    }

    #[test]
    fn what_changed_is_proposed() {
        assert_eq!(shown(&["a.h"], &["a.h"]), [""; 0]);
        assert_eq!(shown(&["b.h", "a.h"], &["a.h", "b.h"]), [""; 0]);
        assert_eq!(shown(&["a.h"], &["a.h", "b.h"]), ["+b.h"]);
        assert_eq!(shown(&["a.h", "b.h"], &["b.h"]), ["-a.h"]);
        assert_eq!(shown(&["a.h", "b.h"], &["c.h", "b.h"]), ["a.h>c.h"]);
        assert_eq!(shown(&["a.h", "b.h"], &["x/a.h", "c.h"]), ["a.h>x/a.h", "-b.h", "+c.h"]);
        assert_eq!(shown(&["a.h", "b.h"], &["c.h", "d.h"]), ["-a.h", "-b.h", "+c.h", "+d.h"]);
    }
}
