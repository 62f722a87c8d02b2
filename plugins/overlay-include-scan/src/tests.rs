use super::*;

/// Edits as `+name`, `-name`, `removed>added`.
fn shown(before: &[&str], after: &[&str]) -> Vec<String> {
    let show = |edit| match edit {
        SetEdit::Add(name) => format!("+{name}"),
        SetEdit::Remove(name) => format!("-{name}"),
        SetEdit::Rename(Renaming { removed, added }) => format!("{removed}>{added}"),
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
