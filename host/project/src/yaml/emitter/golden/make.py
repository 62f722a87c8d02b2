"""Writes dump.json: texts, and what BuildStream's `_yaml.roundtrip_dump` makes of them as values and as keys.

Usage: python make.py > dump.json, with a Python that has BuildStream.
"""

import hashlib
import io
import json
import sys

from buildstream import _yaml

SHORT = [
    "", "a", "a b", "a  b", "true", "False", "1", "0x1F", "1.5", "null", "~", "=", "<<", "2001-01-01", "-", "--",
    "---", "--- a", "---a", "...", "-a", "- a", "?", "? a", "?a", ":", ":a", ": a", "a:", "a: b", "a:b", "a :b",
    "#", "a#b", "a #b", "#a", ",a", "a,b", "[a", "]", "a]b", "{a}", "a}", "&a", "*", "*/x", "!", "!a", "|", ">",
    "'", "'a", "a'b", "it's", "''", '"', 'a"b', "a: 'b'", "%a", "%{x}", "@a", "`a", "a`", "/usr/bin/*", "a\nb",
    "a\nb\n", "a'\nb", "\na", "a\n", "a\n\nb", "\n", "\n\n", "a\tb", "\ta", "a\t", " a", "a ", " ", "  ", "a \nb",
    "a\n b", "a' \n", "a\r\nb", "a\rb", "é", "日本", "😀", "a: é", "\x80", "\x85", "a\x85b", "\u2028", "a\u2029b",
    "\ufeff", "\ufffe", "\uffff", "\x00", "\x07", "\x1b", "\x7f", "\\", "a\\b", "a\\\nb", "\xa0a", "a\xa0", "a' b\tc",
    "first\nsecond it's \"quoted\"\n  indented\nend", "x" * 122, "x" * 123, "x" * 200, "a: " + "y" * 119, "é" * 122,
]

# A text is the first repeated, then the second.
LONG = [
    ("word ", 3000, "end"), ("q' ", 4000, "end"), ("w: ", 4000, "end"), ("long ", 2500, ""), ("n\n", 3000, ""),
    ("n\n", 9000, "end"), ("two words\n", 3000, ""), ("x", 20000, ""), ("x", 20000, "\n"), ("it's \t", 4000, "end"),
    ("a\n  b ", 3000, "end"), ('say "yes" ', 2500, "\nend"), ("ä ö\n", 5000, ""), ("a  b\n", 4000, ""),
]


def texts(value):
    texts = []
    for contents in (
        {"k": value, "l": [value, [value, value], {"m": value, "n": value}], "d": {"e": value, "f": {"g": value}}},
        {value: "x", "d": {value: ["y", "z"]}, "e": [{value: {"f": "g"}}]},
    ):
        stream = io.StringIO()
        _yaml.roundtrip_dump(contents, stream)
        texts.append(stream.getvalue())
    return texts


def main():
    cases = []
    for value in SHORT:
        as_value, as_key = texts(value)
        cases.append({"text": value, "repeat": 1, "end": "", "value": as_value, "key": as_key})
    for start, count, end in LONG:
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts(start * count + end)]
        cases.append({"text": start, "repeat": count, "end": end, "value": digests[0], "key": digests[1]})
    json.dump(cases, sys.stdout, indent=0)
    print()


main()
