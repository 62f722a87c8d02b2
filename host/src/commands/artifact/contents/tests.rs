use super::*;

#[test]
fn modes_are_written_as_ls_does() {
    for (kind, expect) in [
        (ContentKind::File { size: 12, executable: true }, "-rwxr-xr-x         12 bin/x"),
        (ContentKind::File { size: 0, executable: false }, "-rw-r--r--          0 bin/x"),
        (ContentKind::Symlink { target: "y".to_owned() }, "lrwxrwxrwx          1 bin/x -> y"),
        (ContentKind::Directory, "drwxr-xr-x          0 bin/x"),
    ] {
        assert_eq!(with_mode(&ContentEntry { path: "bin/x".to_owned(), kind }), expect);
    }
}
