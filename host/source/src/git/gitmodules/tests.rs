use super::*;

#[test]
fn submodules_are_read_as_git_writes_them() {
    let text = "# comment\n[core]\n\tpath = not/this\n[submodule \"a\"]\n\tpath = lib/a\n\turl = ../a.git ; why\n\
                [submodule \"b c\"]\n  url=\"https://h/b c.git#x\"\n  path = \"b c\"\n  branch = main\n\
                [Submodule \"no-url\"]\npath = x/\n[submodule \"no-path\"]\n\turl = y\n";
    let entry =
        |path: &str, url: Option<&str>| ModuleEntry { path: path.to_owned(), url: url.map(str::to_owned) };
    let expect =
        [entry("lib/a", Some("../a.git")), entry("b c", Some("https://h/b c.git#x")), entry("x", None)];
    assert_eq!(parse_gitmodules(text), expect);
}
