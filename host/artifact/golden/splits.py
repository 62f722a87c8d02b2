"""Prints which files a selection of split domains keeps, as BuildStream itself sees it.

Run with a Python that has BuildStream: python host/artifact/golden/splits.py > host/artifact/golden/splits.txt
"""

import itertools
from types import SimpleNamespace

from buildstream.element import Element
from buildstream.node import Node

PREFIX = "_Element__"

RULES = {
    "runtime": ["/usr/bin/*", "/usr/lib/lib*.so*", "/etc/**"],
    "devel": ["/usr/include/**", "/usr/lib/lib*.so", "/usr/lib/*.a"],
    "doc": ["/usr/share/doc/**", "/usr/share/man"],
    "none": [],
}

PATHS = """
usr/bin/gcc usr/bin/x/y usr/lib/libc.so usr/lib/libc.so.6 usr/lib/libc.a usr/include/a/b.h etc/passwd
usr/share/doc usr/share/doc/readme usr/share/man usr/share/man/1 var/x
""".split()

DOMAINS = [[], ["runtime"], ["devel"], ["devel", "doc"], ["none"], ["unknown"], ["unknown", "runtime"]]


def element():
    node = Node.from_dict({"split-rules": RULES})
    fake = SimpleNamespace(get_public_data=lambda domain: node)
    setattr(fake, PREFIX + "splits", None)
    for method in ("init_splits", "split_filter"):
        setattr(fake, PREFIX + method, getattr(Element, PREFIX + method).__get__(fake))
    return fake


def main():
    print("# Made by host/artifact/golden/splits.py: rules; then include | exclude | orphans | the files kept.")
    for domain, patterns in RULES.items():
        print("rule", domain, *patterns)
    print("files", *PATHS)
    make = getattr(Element, PREFIX + "split_filter_func")
    for include, exclude, orphans in itertools.product(DOMAINS, DOMAINS, (True, False)):
        keep = make(element(), include, exclude, orphans) or (lambda path: True)
        kept = " ".join(path for path in PATHS if keep(path))
        print(" ".join(include), " ".join(exclude), str(orphans).lower(), kept, sep="|")


main()
