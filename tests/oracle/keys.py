"""Prints what BuildStream knows of the elements of a project, one line for each.

Usage: keys.py [BST OPTION ...] -- [ELEMENT ...]

    NAME STRONG-KEY WEAK-KEY SOURCES-DIGEST FILES-DIGEST

in the order of `bst show`. A digest is HASH/SIZE, or `-` where BuildStream has none: the sources are
those it can stage without a download, the files those of an artifact in its cache, and those of an
element without sources or files are the empty directory. Without ELEMENT: the whole project.

Where ORACLE_TEXTS names a file, each key is written to it with the text that it is the hash of, to find
out why a key of ours differs.

BuildStream itself loads the project and calculates; this only replaces how `bst show` prints.
"""

import hashlib
import os
import sys

import ujson
from buildstream import _cachekey
from buildstream._frontend import cli as bst
from buildstream._frontend import widget
from buildstream.types import _KeyStrength


def digest_text(digest):
    return f"{digest.hash}/{digest.size_bytes}" if digest.hash else "-"


def sources_digest(element):
    if not all(source._is_cached() for source in element.sources()):
        return "-"
    sources = element._Element__sources
    element._query_source_cache()
    if not sources.cached():
        element._fetch()
    return digest_text(sources.get_files()._get_digest())


def files_digest(element):
    if not element._cached():
        return "-"
    return digest_text(element._get_artifact()._get_proto().files)


def line(element):
    strong = element._get_cache_key() or "-"
    weak = element._get_cache_key(strength=_KeyStrength.WEAK) or "-"
    return " ".join((element._get_full_name(), strong, weak, sources_digest(element), files_digest(element)))


def report(_self, dependencies, _format):
    return "\n".join(line(element) for element in dependencies)


def explained_key(value):
    text = ujson.dumps(value, sort_keys=True, escape_forward_slashes=False)
    key = hashlib.sha256(text.encode("utf-8")).hexdigest()
    with open(os.environ["ORACLE_TEXTS"], "a", encoding="utf-8") as texts:
        texts.write(f"{key} {text}\n")
    return key


if __name__ == "__main__":
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options, elements = sys.argv[1:split], sys.argv[split + 1 :]
    widget.LogLine.show_pipeline = report
    if "ORACLE_TEXTS" in os.environ:
        _cachekey.generate_key = explained_key
    # The format asks for the state, so that artifacts are looked up.
    sys.argv = ["bst", "--no-colors", *options, "show", "--deps", "all", "--format", "%{state}%{full-key}", *elements]
    bst()
