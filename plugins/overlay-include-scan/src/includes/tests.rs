use super::*;

#[test]
fn every_spelling_is_read() {
    let text = b"#include <a.h>\n  #  include \"sub/b.h\" // why\n#include_next<c.h>\n#import \"d.h\"\n\
                 #include MACRO\n#included <no.h>\nint x; // #include <no.h>\n#include <a.h>\n\
                 #include \"open.h\n#include <>\r\n#include \"e.h\"\r\n#include <\xff.h>\n";
    assert_eq!(includes(text), ["a.h", "sub/b.h", "c.h", "d.h", "e.h"]);
    assert_eq!(includes(b""), [""; 0]);
}
