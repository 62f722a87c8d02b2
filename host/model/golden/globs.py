"""Prints which paths match which patterns, as BuildStream itself sees it.

Run with a Python that has BuildStream: python host/model/golden/globs.py > host/model/golden/globs.txt
"""

import re
import warnings

from buildstream import utils

warnings.simplefilter("ignore")

PATHS = """
/ /a /a.b /a/b /a/b/c /usr/bin/gcc /usr/lib/libc.so /usr/lib/libc.so.6 /usr/lib/debug/x /usr/lib
/usr/include/a.h /usr/share/doc/a /[ /] /[] /[a] /! /^ /- /\\ /\\d /& /&& /~ /| /.hidden /a+b /a(b) /a$ /aa /b /c /d
/a-b /a- /z /A /\u00e4 /\u00e4b a a/b /a* /a? /x]y /x[y /*
""".split()

PATTERNS = """
* ** /* /** /a /a* /a** /*/* /**/b /a/**/c /usr/bin/* /usr/lib/lib*.so /usr/lib/lib*.so* /usr/lib/debug**
/usr/include/**.h /usr/** /? /a? /?? /a/?
/[ /] /[] /[]] /[[] /[!] /[!]] /[!]a] /[a] /[abc] /[a-c] /[!a-c] /[!a] /[^] /[^a] /[!^] /[a^] /[-a] /[a-] /[a-c-z]
/[--a] /[z-a] /[a-c-] /[\\] /[\\d] /[\\-a] /[!\\] /[a&&b] /[&&] /[~~a] /[||] /[[:alpha:]] /[a[] /[]-a] /[!--a] /[/] a[/]b /[!/]
/a+b /a(b) /a$ /a.b /a|b /\u00e4 /[\u00e4] /\u00e4? /*** /**** /a[ /a[b /x]y /x[[]y /x[y /[*] /a[*] /a[?] /[!!] /[!-] /[a-a] /\\ /\\d
""".split()


def matches(pattern):
    try:
        expression = re.compile("^(?:" + utils._glob2re(pattern) + ")$", re.MULTILINE | re.DOTALL)
    except re.error:
        return ["!"]
    return [path for path in PATHS if expression.match(path)]


print("# Made by host/model/golden/globs.py: the paths; then in each line a pattern and the paths it matches.")
print("\t".join(PATHS))
for pattern in PATTERNS:
    print(pattern + "\t" + "\t".join(matches(pattern)))
