use super::*;

#[test]
fn entries_have_the_columns_of_buildstream() {
    for (kind, expect) in [
        (ContentKind::File { size: 12, executable: true }, "-rwxr-xr-x  exe    12          bin/x"),
        (ContentKind::File { size: 0, executable: false }, "-rw-r--r--  reg    0           bin/x"),
        (ContentKind::Symlink { target: "y".to_owned() }, "lrwxrwxrwx  link   1           bin/x -> y"),
        (ContentKind::Directory, "drwxr-xr-x  dir    0           bin/x"),
    ] {
        assert_eq!(with_mode(&ContentEntry { path: "bin/x".to_owned(), kind }), expect);
    }
}
